"""Versions of a program as releases: when they came, and whether one is better than another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

import msgspec

from usagekit_collector.queries.seen import Wish, commands_by_hash, rows_of
from usagekit_collector.queries.stats import (
    Difference,
    Sums,
    quantile_ratio,
    rate_difference,
    wilson,
)
from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql

Call = Literal["better", "worse", "no difference", "too few to tell"]
# The sums of each command, and how many of its runs are in each bucket.
Stratum = tuple[dict[str, Sums], dict[str, dict[int, int]]]


class Release(msgspec.Struct):
    """A version.

    Attributes:
        released: when the last of the first few persons ran it for the first time; null where they
            have not been so many.
        first_seen, last_seen: its first and last run of all that are stored.
        count, persons, failures: in the time that is asked for.
        before: the release before it; empty for the first.
    """

    version: str
    released: datetime | None
    first_seen: datetime
    last_seen: datetime
    count: int
    persons: int
    failures: int
    failure_rate: float | None
    rate_low: float
    rate_high: float
    before: str


class LastVersion(msgspec.Struct):
    """The version of some persons' last run in the time that is asked for.

    Attributes:
        persons: how many have stayed on it; ``in_ci``, ``by_agents``: whose last run was there.
        last_seen: the last of these runs.
    """

    version: str
    persons: int
    in_ci: int
    by_agents: int
    last_seen: datetime


class Verdict(msgspec.Struct):
    """One version beside another, on the same mix of commands: those that were run in both.

    Attributes:
        measure: ``failure_rate``, between 0 and 1; or ``p95`` of durations, in milliseconds.
        was, now: of the other version, and of this one.
        low, high: from the least to the greatest that chance allows, in all but one of a hundred
            pairs: of the difference of failure rates, and of how many times the p95 has become.
        call: what can be said of it. Chance calls one pair in a hundred different.
        commands: how many were run in both; ``count_was``, ``count_now``: and how often.
    """

    version: str
    before: str
    measure: Literal["failure_rate", "p95"]
    was: float
    now: float
    low: float
    high: float
    call: Call
    commands: int
    count_was: int
    count_now: int


def releases(client: Client, wish: Wish, few: int) -> list[Release]:
    """All versions, the last to be released first; those that have not been come before."""
    rows_in_time = rows_of(client, "counts", wish, name_is="toString(version)")
    uses = {row["name"]: row for row in rows_in_time}
    ever = client.query(sql("insights/versions_ever"), {"project": wish.project}).named_results()
    rows = {row["version"]: row for row in ever}
    released = _released(client, wish, few, rows)
    found = [_release(row, released.get(name), uses.get(name)) for name, row in rows.items()]
    found.sort(key=lambda one: (one.released is not None, one.released or one.first_seen))
    out = [one for one in found if one.released is not None]
    for earlier, later in pairwise(out):
        later.before = earlier.version
    for one in found:
        if one.released is None and out and out[-1].first_seen < one.first_seen:
            one.before = out[-1].version
    return [*_not_out(found), *out[::-1]]


def _released(
    client: Client, wish: Wish, few: int, rows: Mapping[str, Mapping[str, Any]]
) -> dict[str, datetime]:
    """When each version had been run by a few; it is not there if it has not been.

    They are looked for in the first day of each, then in ever more of its days: most are found at
    once.
    """
    found: dict[str, datetime] = {}
    days = 1
    while left := [one for one in rows if one not in found]:
        until = [
            min(rows[one]["first_seen"] + timedelta(days=days), rows[one]["last_seen"])
            for one in left
        ]
        for row in rows_of(client, "releases", wish, few=few, versions=left, until=until):
            if row["persons"] >= few:
                found[row["version"]] = row["released"]
        if until == [rows[one]["last_seen"] for one in left]:
            break
        days *= 30
    return found


def _release(
    row: Mapping[str, Any], released: datetime | None, use: Mapping[str, Any] | None
) -> Release:
    """A version, with how it is used in the time that is asked for."""
    count, failures = (use["count"], use["failures"]) if use else (0, 0)
    low, high = wilson(failures, count)
    return Release(
        version=row["version"],
        released=released,
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        count=count,
        persons=use["persons"] if use else 0,
        failures=failures,
        failure_rate=failures / count if count else None,
        rate_low=low,
        rate_high=high,
        before="",
    )


def _not_out(found: Sequence[Release]) -> list[Release]:
    some = [one for one in found if one.released is None]
    return sorted(some, key=lambda one: one.first_seen, reverse=True)


def last_versions(client: Client, wish: Wish, limit: int) -> list[LastVersion]:
    """On which version persons are, by their last run: that of the most first."""
    return [LastVersion(**row) for row in rows_of(client, "last_versions", wish, limit=limit)]


def verdict(client: Client, wish: Wish, version: str, before: str) -> list[Verdict]:
    """Whether a version is better or worse than another."""
    second = "version = {versions:Array(String)}[2]"
    (was, were), (now, took) = strata(client, wish, second, versions=[before, version])
    common = sorted(was.keys() & now.keys())
    pairs = [(was[one], now[one]) for one in common]
    times = [(were.get(one, {}), took.get(one, {})) for one in common]
    said = {
        "version": version,
        "before": before,
        "commands": len(common),
        "count_was": sum(one.runs for one, _ in pairs),
        "count_now": sum(one.runs for _, one in pairs),
    }
    rate, p95 = rate_difference(pairs, 2), quantile_ratio(times, 0.95, 2)
    return [
        msgspec.convert({"measure": measure, **_fields(one), **said}, Verdict)
        for measure, one in (("failure_rate", rate), ("p95", p95))
    ]


def strata(
    client: Client, wish: Wish, second: str, versions: Sequence[str] = (), **more: Any
) -> tuple[Stratum, Stratum]:
    """The runs in two parts, each by command: as sums over persons, and the buckets of their
    durations.

    Args:
        client: of the store.
        wish: which runs.
        second: which of them are of the second part, in SQL.
        versions: of these only; default: of all.
        more: what ``second`` asks for.
    """
    asked = {"second": second, "versions": [*versions], **more}
    sums, buckets = (list(rows_of(client, one, wish, **asked)) for one in ("strata", "buckets"))
    # Asked last: what has come in between has its name by then, and what went has none any more.
    names = commands_by_hash(client, wish.project)
    found: tuple[Stratum, Stratum] = (({}, {}), ({}, {}))
    for row in sums:
        key = row.pop("key")
        if (name := names.get(key >> 1)) is not None:
            found[key & 1][0][name] = Sums(**row)
    for row in buckets:
        key, bucket = divmod(row["key"], 4096)
        if (name := names.get(key >> 1)) is not None:
            found[key & 1][1].setdefault(name, {})[bucket - 2048] = row["count"]
    return found


def call_of(one: Difference) -> Call:
    """What can be said of a difference: more is worse."""
    if one.is_different is None:
        return "too few to tell"
    if not one.is_different:
        return "no difference"
    return "worse" if one.second > one.first else "better"


def _fields(one: Difference) -> dict[str, object]:
    return {
        "was": one.first,
        "now": one.second,
        "low": one.low,
        "high": one.high,
        "call": call_of(one),
    }
