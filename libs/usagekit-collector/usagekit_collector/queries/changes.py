"""What has changed from one time to the next: what a maintainer is to be told first."""

from __future__ import annotations

from math import log, sqrt
from typing import Literal

import msgspec

from usagekit_collector.queries.error_groups import ErrorGroup, error_groups
from usagekit_collector.queries.releases import strata
from usagekit_collector.queries.seen import Wish
from usagekit_collector.queries.stats import Z_SHOWN, Sums, quantile_ratio, rate_difference
from usagekit_collector.store.client import Client

Kind = Literal["new error", "fails more", "slower", "adopted", "vanished"]
# Fewer persons than these are no change.
_FEWEST = 5
# How much slower is slower, and how many times more persons have taken something up.
_SLOWER, _ADOPTED = 1.1, 2.0
_MOST_GROUPS = 1_000
# In the second of the two times, in SQL.
_IS_NOW = "timestamp >= {middle:DateTime64(6, 'UTC')}"
_NOBODY = Sums(0, 0, 0, 0, 0, 0)


class Change(msgspec.Struct):
    """Something that is not as it was.

    Attributes:
        command: which; ``error``: the ID of a new error, else empty.
        was, now: failure rates of what fails more, between 0 and 1; p95 in milliseconds of what is
            slower; else persons.
        low, high: as ``Verdict`` has it, of what fails more and of what is slower.
        persons: how many it concerns, by which changes are ranked.
    """

    kind: Kind
    command: str
    error: str
    error_type: str
    was: float
    now: float
    low: float
    high: float
    persons: int


def changes(client: Client, wish: Wish, limit: int) -> list[Change]:
    """What has changed from the time before, of the same length; what concerns most persons
    first."""
    groups = error_groups(client, wish, _MOST_GROUPS)
    found = [_new_error(one) for one in groups if one.is_new and one.persons >= _FEWEST]
    parts = strata(client, both_times(wish), _IS_NOW, middle=wish.start)
    (was, was_times), (now, now_times) = parts
    both = sorted(now.keys() & was.keys())
    for command in both:
        pair, among = (was[command], now[command]), 2 * len(both)
        rate = rate_difference([pair], among)
        if rate.is_different and rate.second > rate.first:
            found.append(_change("fails more", command, pair[1], *rate[:4]))
        times = (was_times.get(command, {}), now_times.get(command, {}))
        time = quantile_ratio([times], 0.95, among, least=_SLOWER)
        if time.is_different and time.second > time.first:
            found.append(_change("slower", command, pair[1], *time[:4]))
    # Where nothing is known of the time before, all would be new.
    for command in sorted(now.keys() | was.keys()) if was else ():
        before, after = (one.get(command, _NOBODY).persons for one in (was, now))
        by_chance = Z_SHOWN * sqrt(before + after)
        if after >= max(_FEWEST, _ADOPTED * before) and after - before > by_chance:
            found.append(_change("adopted", command, now[command], before, after))
        elif before >= _FEWEST and not after:
            found.append(_change("vanished", command, was[command], before, after))
    return sorted(found, key=lambda one: -_weight(one))[:limit]


def both_times(wish: Wish) -> Wish:
    """The time that is asked for, and the one before it."""
    return msgspec.structs.replace(wish, start=wish.before.start)


def _weight(one: Change) -> float:
    """What is broken comes before what is new."""
    return log(1 + one.persons) + (3 if one.kind in ("new error", "fails more", "slower") else 0)


def _new_error(one: ErrorGroup) -> Change:
    return Change(
        kind="new error",
        command=one.command,
        error=one.id,
        error_type=one.error_type or one.failure_kind,
        was=0,
        now=one.persons,
        low=0,
        high=0,
        persons=one.persons,
    )


def _change(
    kind: Kind, command: str, sums: Sums, was: float, now: float, low: float = 0, high: float = 0
) -> Change:
    fields = (float(was), float(now), float(low), float(high), sums.persons)
    return Change(kind, command, "", "", *fields)
