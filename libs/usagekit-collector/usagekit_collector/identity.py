"""Who is who: facts in the order in which they arrived, folded into persons. Pure; no I/O.

The rules, M0 to M10 and P1 to P6, are PostHog's, and are described in ``docs/collector.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET

# Where PostHog makes the UUIDs of persons.
PERSONS = UUID("932979b4-65c3-4424-8467-0b66ec27bc22")
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
# Stands for an ID that an event named in vain (M9), and that was deleted since. No ID has a NUL.
FORGOTTEN = "\0"
# A personless event this soon after its person's creation stays one (P2).
_GRACE = timedelta(minutes=1)
# Bytes of JSON; what would make a person larger is left out.
_LARGEST_PERSON = 512 * 1024
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


class Fact(msgspec.Struct, frozen=True, kw_only=True):
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


class Person(msgspec.Struct):
    """Somebody with a profile."""

    project: int
    person_id: UUID
    created_at: datetime
    is_identified: bool = False
    properties: dict[str, Any] = {}


class Identities:
    """Who is who, as far as it was loaded, and what has changed since.

    Attributes:
        persons: by ``person_id``.
        ids: the person of each distinct_id, by (project, distinct_id).
        changed_ids: keys of ``ids`` whose person is another than before.
        changed_persons: those that were made, changed, or are no more.
    """

    def __init__(self) -> None:
        self.persons: dict[UUID, Person] = {}
        self.ids: dict[tuple[int, str], UUID] = {}
        self.changed_ids: set[tuple[int, str]] = set()
        self.changed_persons: dict[UUID, int] = {}
        self._members: dict[UUID, set[str]] = {}
        self._sizes: dict[UUID, int] = {}

    def load(self, person: Person) -> None:
        """Take in a person as it is stored."""
        self.persons[person.person_id] = person

    def place(self, project: int, distinct_id: str, person_id: UUID) -> None:
        """Take in whose a distinct_id is, as it is stored."""
        before = self.ids.get((project, distinct_id))
        if before is not None:
            self._members[before].discard(distinct_id)
        self.ids[project, distinct_id] = person_id
        self._members.setdefault(person_id, set()).add(distinct_id)

    def person_of(self, project: int, distinct_id: str) -> Person | None:
        """The person of a distinct_id, if it has one."""
        person_id = self.ids.get((project, distinct_id))
        return None if person_id is None else self.persons[person_id]

    def create(self, project: int, distinct_id: str, created_at: datetime) -> Person:
        """A new person, of one distinct_id."""
        person = Person(project, own_id(project, distinct_id), created_at, properties={})
        self.load(person)
        self.assign(distinct_id, person)
        self.touch(person)
        return person

    def assign(self, distinct_id: str, person: Person) -> None:
        """This distinct_id is this person's from now on."""
        self.place(person.project, distinct_id, person.person_id)
        self.changed_ids.add((person.project, distinct_id))

    def touch(self, person: Person) -> None:
        """This person has changed."""
        self.changed_persons[person.person_id] = person.project

    def absorb(self, person: Person, other: Person) -> None:
        """All that was the other's is this person's, whose own properties win (M8)."""
        person.properties = {**other.properties, **person.properties}
        person.created_at = min(person.created_at, other.created_at)
        self._sizes.pop(person.person_id, None)
        for distinct_id in self._members[other.person_id].copy():
            self.assign(distinct_id, person)
        self.forget(other)
        self.touch(person)

    def has_room(self, person: Person, changed: Mapping[str, Any]) -> bool:
        """Whether a person's properties and what is to change in them are together not too large.

        Keeps a size that is too large rather than too small, and counts only where that matters.
        """
        more = len(msgspec.json.encode({k: v for k, v in changed.items() if v is not UNSET}))
        size = self._sizes.get(person.person_id, _LARGEST_PERSON)
        if size + more > _LARGEST_PERSON:
            size = len(msgspec.json.encode(person.properties))
        fits = size + more <= _LARGEST_PERSON
        self._sizes[person.person_id] = size + more if fits else size
        return fits

    def forget(self, person: Person) -> None:
        """This person is no more."""
        del self.persons[person.person_id]
        self._sizes.pop(person.person_id, None)
        self.touch(person)


# It is asked for several times for each event, and by most people's events again soon.
@lru_cache(maxsize=16_384)
def own_id(project: int, distinct_id: str) -> UUID:
    """The UUID of the person that a distinct_id makes by itself."""
    return uuid5(PERSONS, f"{project}:{distinct_id}")


def fold(identities: Identities, fact: Fact) -> Verdict:
    """Take in one fact. Changes ``identities``; the same facts in the same order, the same map."""
    if fact.event in BYSTANDERS:
        return _bystander(identities, fact)
    if fact.event == _GROUP and fact.personless:
        return Verdict(None, f"{fact.event} without a person profile is dropped")
    if fact.event in MERGES:
        if fact.personless:
            return Verdict(None, f"{fact.event} without a person profile is dropped")  # M1
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
    warning = ""
    if person is None:
        if other is None or source == FORGOTTEN:
            person = identities.create(project, target, fact.timestamp)
        else:
            person = other
            identities.assign(target, person)  # M6
    if source == FORGOTTEN:
        pass
    elif other is None:
        identities.assign(source, person)  # M4, M5
    elif other is not person:  # else M6, M7
        if other.is_identified and fact.event != "$merge_dangerously":
            warning = "already identified: not merged"  # M9
        else:
            identities.absorb(person, other)  # M8, M10
    if not person.is_identified:
        person.is_identified = True
        identities.touch(person)
    return Verdict(warning=_apply(identities, person, fact) or warning)


def _apply(identities: Identities, person: Person, fact: Fact) -> str:
    """Change a person's properties as the event wishes. Returns a warning, or nothing."""
    changed = _changed(person.properties, fact.changes) if fact.changes else {}
    if not changed:
        return ""
    if not identities.has_room(person, changed):
        return "a person's properties are too large: not changed"
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
