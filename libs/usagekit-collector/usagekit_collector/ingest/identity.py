"""Who is who: facts in the order in which they arrived, folded into persons. Pure; no I/O.

The rules, M0 to M10 and P1 to P6, are PostHog's, and are described in ``docs/collector.md``; M11,
M12 and P7 are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from usagekit_collector.ingest.people import Identities, Person

FULL, PROPERTYLESS, FORCE_UPGRADE = "full", "propertyless", "force_upgrade"
# The events that fold one distinct_id into another, and the property that names the other.
MERGES = {
    "$create_alias": "alias",
    "$merge_dangerously": "alias",
    "$identify": "$anon_distinct_id",
}
# These belong to whoever is there, and neither make nor change anybody.
BYSTANDERS = frozenset(["$exception", "$$heatmap"])
# This one is of no use without a profile.
_GROUP = "$groupidentify"
# What is said where a person would have more than one can have (P7).
TOO_LARGE = "a person's properties are too large: not changed"
NO_ROOM = "a merged person's properties find no room: left out"
# Stands for an ID that an event named in vain (M9), and that was deleted since. No ID has a NUL.
FORGOTTEN = "\0"
# A personless event this soon after its person's creation stays one (P2).
_GRACE = timedelta(minutes=1)
_ILLEGAL_IN_ANY_CASE = frozenset(
    [
        "anonymous",
        "guest",
        "distinctid",
        "distinct_id",
        "id",
        "not_authenticated",
        "email",
        "undefined",
        "true",
        "false",
    ]
)
_ILLEGAL = frozenset(["[object Object]", "NaN", "None", "none", "null", "0"])


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one event says of who is who.

    Attributes:
        project: its project's number.
        event: its name.
        distinct_id: T, whom it belongs to.
        merged_id: S, whom it wishes to fold into T; empty where it wishes nothing.
        personless: ``$process_person_profile`` is false.
        timestamp: when it happened.
        changes: its ``$set``, ``$set_once`` and ``$unset``, those that it has.
    """

    project: int
    event: str
    distinct_id: str
    timestamp: datetime
    merged_id: str = ""
    personless: bool = False
    changes: dict[str, Any] = {}


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of an event.

    Attributes:
        mode: ``full``, ``propertyless`` or ``force_upgrade``; None for an event that is dropped.
        warning: what its sender should know, or empty.
    """

    mode: str | None = FULL
    warning: str = ""


def fold(identities: Identities, fact: Fact) -> Verdict:
    """Take in one fact. Changes ``identities``; the same facts in the same order, the same map."""
    if fact.event in BYSTANDERS:
        return _bystander(identities, fact)
    if fact.event == _GROUP and fact.personless:
        return Verdict(None, f"{fact.event} without a person profile is dropped")
    if fact.event in MERGES:
        if fact.personless:
            return Verdict(None, f"{fact.event} without a person profile is dropped")  # M1
        if fact.event == "$merge_dangerously" and not identities.merges_dangerously:
            warning = f"{fact.event} is switched off: not merged"  # M12
            return Verdict(warning=_ordinary(identities, fact).warning or warning)
        if fact.merged_id and fact.merged_id != fact.distinct_id:  # else M0, M2
            return _merge(identities, fact)
    if fact.personless:
        return _personless(identities, fact)
    return _ordinary(identities, fact)


def is_illegal(distinct_id: str) -> bool:
    """Whether so many strangers go by this ID that nobody may be merged by it."""
    bare = distinct_id
    if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"":
        bare = bare[1:-1]
    return not bare.strip() or bare.lower() in _ILLEGAL_IN_ANY_CASE or bare in _ILLEGAL


def _bystander(identities: Identities, fact: Fact) -> Verdict:
    person = identities.person_of(fact.project, fact.distinct_id)
    return _personless(identities, fact) if fact.personless or person is None else Verdict()


def _ordinary(identities: Identities, fact: Fact) -> Verdict:
    person = identities.person_of(fact.project, fact.distinct_id) or identities.create(
        fact.project, fact.distinct_id, fact.timestamp
    )
    return Verdict(warning=_apply(identities, person, fact))


def _personless(identities: Identities, fact: Fact) -> Verdict:
    person = identities.person_of(fact.project, fact.distinct_id)
    if person is None or fact.timestamp <= person.created_at + _GRACE:
        return Verdict(PROPERTYLESS)  # P1, P2
    return Verdict(FORCE_UPGRADE)  # P3


def _merge(identities: Identities, fact: Fact) -> Verdict:
    project, target, source = fact.project, fact.distinct_id, fact.merged_id
    if is_illegal(target) or is_illegal(source):
        return Verdict(warning=_ordinary(identities, fact).warning or "an illegal ID: not merged")
    person, other = (identities.person_of(project, one) for one in (target, source))
    if source == FORGOTTEN:
        person, warning = person or identities.create(project, target, fact.timestamp), ""
    else:
        person, warning = _together(identities, fact, person, other)
    if not person.is_identified:
        person.is_identified = True
        identities.touch(person)
    return Verdict(warning=_apply(identities, person, fact) or warning)


def _together(
    identities: Identities, fact: Fact, person: Person | None, other: Person | None
) -> tuple[Person, str]:
    """The person of T once S was folded into it, as far as that may be; and a warning, or nothing.
    ``person`` and ``other`` are those that T and S have had."""
    project, target, source = fact.project, fact.distinct_id, fact.merged_id
    if person is not None and person is other:
        return person, ""  # M7
    if not identities.have_room(person, other):
        person = person or identities.create(project, target, fact.timestamp)
        return person, "too many IDs of one person: not merged"  # M11
    if person is None and other is not None:
        identities.assign(target, other)
        return other, ""  # M6
    person = person or identities.create(project, target, fact.timestamp)
    if other is None:
        identities.assign(source, person)
        return person, ""  # M4, M5
    if other.is_identified and fact.event != "$merge_dangerously":
        return person, "already identified: not merged"  # M9
    fits = identities.absorb(person, other)  # M8, M10
    return person, "" if fits else NO_ROOM


def _apply(identities: Identities, person: Person, fact: Fact) -> str:
    """Change a person's properties as the event wishes. Returns a warning, or nothing."""
    changed = _changed(person.properties, fact.changes) if fact.changes else {}
    if not changed:
        return ""
    if not identities.has_room(person, changed):
        return TOO_LARGE
    for name, value in changed.items():
        if value is UNSET:
            del person.properties[name]
        else:
            person.properties[name] = value
    identities.touch(person)
    return ""


def _changed(properties: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What is another than before; UNSET for what is no more."""
    once = changes.get("$set_once", {})
    wished = {name: value for name, value in once.items() if name not in properties}
    wished |= changes.get("$set", {})
    wished |= dict.fromkeys(changes.get("$unset", ()), UNSET)
    return {
        name: value
        for name, value in wished.items()
        if not _is_same(value, properties.get(name, UNSET))
    }


def _is_same(value: object, other: object) -> bool:
    """As JSON has it: to Python, True is 1."""
    if value is UNSET or other is UNSET:
        return value is other
    return value == other and msgspec.json.encode(value) == msgspec.json.encode(other)
