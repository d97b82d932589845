"""Failures that are the same one: which there are, and whether they are gone."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from usagekit_collector.queries.seen import Wish, rows_of
from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql

State = Literal["open", "gone", "back"]
# It would have been seen so often, were it still there: with none, chance is one in twenty
# (Hanley and Lippman-Hand, If nothing goes wrong, is everything all right?, JAMA 249, 1983).
_EXPECTED = 3.0


class ErrorGroup(msgspec.Struct):
    """One way in which a command fails.

    Attributes:
        id: by which it is known: of the other three, never of a message; the same in every store.
        count, persons, in_ci, by_agents: in the time that is asked for.
        first_seen, last_seen, first_version, last_version: of all that is stored.
        is_new: whether it was seen for the first time in the time that is asked for.
        state: ``gone`` where later versions were run so often that it would have been seen;
            ``back`` where it had been gone.
        gone_since: the first version without it; empty if it is not gone.
    """

    id: str
    error_type: str
    failure_kind: str
    command: str
    count: int
    persons: int
    in_ci: int
    by_agents: int
    first_seen: datetime
    last_seen: datetime
    first_version: str
    last_version: str
    is_new: bool
    state: State
    gone_since: str


class Sample(msgspec.Struct):
    """What failures say of themselves.

    Attributes:
        message: redacted by whoever sent it; empty where nothing was said.
        last_version, last_os, last_python, last_exit_code: of the last of them.
    """

    message: str
    count: int
    persons: int
    first_seen: datetime
    last_seen: datetime
    last_version: str
    last_os: str
    last_python: str
    last_exit_code: int | None


class _Key(NamedTuple):
    error_type: str
    failure_kind: str
    command: str


class _Of(NamedTuple):
    """What became of one in a version."""

    times: int
    first_seen: datetime
    last_seen: datetime


class Life(NamedTuple):
    """Of one group: its versions in order, and how it stands."""

    versions: list[str]
    state: State
    gone_since: str


def error_groups(client: Client, wish: Wish, limit: int) -> list[ErrorGroup]:
    """The ways in which commands fail, that of the most persons first."""
    rows = rows_of(client, "error_groups", wish, limit=limit)
    endings = client.query(sql("insights/endings"), {"project": wish.project}).named_results()
    order, runs, seen = _endings(endings)
    found = []
    for row in rows:
        key = _Key(row["error_type"], row["failure_kind"], row["command"])
        own = seen.get(key)
        if own is None:
            continue  # It was deleted in between.
        life = life_of({one: own[one].times for one in own}, runs[key.command], order)
        first_seen = min(one.first_seen for one in own.values())
        found.append(
            ErrorGroup(
                id=id_of(*key),
                first_seen=first_seen,
                last_seen=max(one.last_seen for one in own.values()),
                first_version=life.versions[0],
                last_version=life.versions[-1],
                is_new=wish.start <= first_seen < wish.end,
                state=life.state,
                gone_since=life.gone_since,
                **row,
            )
        )
    return found


def is_changed_in(one: ErrorGroup, version: str) -> bool:
    """Whether a version has brought it, or is the first without it."""
    return version in (one.first_version, one.gone_since)


def only(client: Client, wish: Wish, id_: str) -> Wish | None:
    """The same wish, of one group's failures; None if nothing ever failed that way."""
    endings = client.query(sql("insights/endings"), {"project": wish.project}).named_results()
    _, _, seen = _endings(endings)
    key = next((one for one in seen if id_of(*one) == id_), None)
    if key is None:
        return None
    return msgspec.structs.replace(
        wish,
        command=key.command,
        only_failed=True,
        error_type=key.error_type,
        failure_kind=key.failure_kind,
    )


def samples(client: Client, wish: Wish, limit: int) -> list[Sample]:
    """What the failures that are asked for say of themselves: what most persons were told first."""
    return [Sample(**row) for row in rows_of(client, "samples", wish, limit=limit)]


def id_of(error_type: str, failure_kind: str, command: str) -> str:
    """By what a group is known: ten hexadecimal digits."""
    text = msgspec.json.encode([error_type, failure_kind, command])
    return hashlib.sha256(text).hexdigest()[:10]


def life_of(failures: Mapping[str, int], runs: Mapping[str, int], order: Sequence[str]) -> Life:
    """How a group stands by what is known of its command.

    Args:
        failures: how often it was seen, by version; in one at least.
        runs: how often its command was run, by version.
        order: all versions, the first released first.
    """
    versions = [one for one in order if failures.get(one)]
    was_gone = False
    for nth, version in enumerate(versions):
        rate = failures[version] / runs[version]
        following = versions[nth + 1] if nth + 1 < len(versions) else None
        end = order.index(following) if following else len(order)
        without = [one for one in order[order.index(version) + 1 : end] if runs.get(one)]
        if rate * sum(runs[one] for one in without) < _EXPECTED:
            continue
        if following is None:
            return Life(versions, "gone", without[0])
        was_gone = True
    return Life(versions, "back" if was_gone else "open", "")


def _endings(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[list[str], dict[str, dict[str, int]], dict[_Key, dict[str, _Of]]]:
    """The versions in the order in which they were first run; how often each command was run in
    each; and how each way to fail was seen in each."""
    first: dict[str, datetime] = {}
    runs: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    seen: dict[_Key, dict[str, _Of]] = defaultdict(dict)
    for row in rows:
        version, command = row["version"], row["command"]
        first[version] = min(first.get(version, row["first_seen"]), row["first_seen"])
        runs[command][version] += row["count"]
        if row["outcome"] == "failed":
            key = _Key(row["error_type"], row["failure_kind"], command)
            seen[key][version] = _Of(row["count"], row["first_seen"], row["last_seen"])
    return sorted(first, key=lambda one: (first[one], one)), runs, seen
