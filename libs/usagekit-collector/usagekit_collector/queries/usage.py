"""How a program is used: all together, by what is asked for, and over time."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from usagekit_collector.queries.periods import Interval, first_day
from usagekit_collector.queries.seen import Wish, commands_by_hash, rows_of
from usagekit_collector.queries.stats import LEVELS, WIDTH, p95_interval, wilson
from usagekit_collector.store.client import Client

By = Literal[
    "command",
    "version",
    "os",
    "python",
    "ci",
    "agent",
    "audience",
    "outcome",
    "failure_kind",
    "error_type",
    "option",
]
# As many buckets of queries/stats.py are one of a histogram.
_BUCKETS = 7


class Totals(msgspec.Struct):
    """All runs from ``start`` until before ``end``.

    Attributes:
        count: of runs; ``persons``: by so many.
        newcomers: of these, whose first event of all that are stored is one of this time.
        failure_rate: between 0 and 1, null of no run; ``rate_low``, ``rate_high``: its interval, of
            19 in 20.
        p50, p95, p99: percentiles of durations in milliseconds; null where no run has one.
        p95_low, p95_high: the interval of the p95, of 19 in 20; null of too few.
    """

    start: datetime
    end: datetime
    count: int
    persons: int
    newcomers: int
    failures: int
    failure_rate: float | None
    rate_low: float
    rate_high: float
    p50: float | None
    p95: float | None
    p99: float | None
    p95_low: float | None
    p95_high: float | None


class Use(msgspec.Struct):
    """How what goes by one name is used.

    Attributes:
        in_ci, by_agents: how many of the persons have used it in CI, and by way of an AI agent.
        last_version: of the program, in the last run.
        failure_rate: between 0 and 1.
        p50, p95, p99, p95_low, p95_high: as ``Totals`` has them.
    """

    name: str
    count: int
    persons: int
    in_ci: int
    by_agents: int
    failures: int
    failure_rate: float
    rate_low: float
    rate_high: float
    p50: float | None
    p95: float | None
    p99: float | None
    p95_low: float | None
    p95_high: float | None
    first_seen: datetime
    last_seen: datetime
    last_version: str


class Point(msgspec.Struct):
    """The runs of one period, of what goes by one name; ``start`` is the period's first day."""

    start: date
    name: str
    count: int
    persons: int
    failures: int
    p95: float | None


class Duration(msgspec.Struct):
    """How many runs took from ``low`` until less than ``high`` milliseconds."""

    version: str
    low: float
    high: float
    count: int


class Neighbour(msgspec.Struct):
    """What was run before or after a command; an empty text where nothing was.

    Attributes:
        side: ``before`` or ``after``: next to it, and no more than half an hour apart.
    """

    side: Literal["before", "after"]
    command: str
    count: int
    persons: int


def totals(client: Client, wish: Wish) -> Totals:
    """All runs together."""
    return _totals(client, wish, _newcomers(client, wish)["persons"])


def totals_of_both_times(client: Client, wish: Wish) -> tuple[Totals, Totals]:
    """All runs together; and those of the time before, of the same length."""
    new = _newcomers(client, wish)
    before = _totals(client, wish.before, new["persons_before"])
    return _totals(client, wish, new["persons"]), before


def _newcomers(client: Client, wish: Wish) -> dict[str, int]:
    (row,) = rows_of(client, "newcomers", wish, before=wish.before.start)
    return row


def _totals(client: Client, wish: Wish, newcomers: int) -> Totals:
    (row,) = rows_of(client, "totals", wish)
    low, high = wilson(row["failures"], row["count"])
    return Totals(
        start=wish.start,
        end=wish.end,
        newcomers=newcomers,
        failure_rate=row["failures"] / row["count"] if row["count"] else None,
        rate_low=low,
        rate_high=high,
        **_percentiles(row),
    )


def breakdown(client: Client, wish: Wish, by: By, limit: int) -> list[Use]:
    """The runs by what they have in common, what the most persons have first."""
    found = []
    for row in rows_of(client, "breakdown", wish, name_is=in_sql(by), limit=limit):
        low, high = wilson(row["failures"], row["count"])
        rate = row["failures"] / row["count"]
        found.append(Use(failure_rate=rate, rate_low=low, rate_high=high, **_percentiles(row)))
    return found


def series(
    client: Client,
    wish: Wish,
    interval: Interval,
    by: By | None,
    top: int,
    names: list[str] | None = None,
) -> list[Point]:
    """The runs of each period from the first with any to the last; of the names with the most
    persons, the first of them first, or of those that are said."""
    if names is None:
        names = [one.name for one in breakdown(client, wish, by, top)] if by else [""]
    name_is = in_sql(by) if by else "''"
    rows = rows_of(client, "series", wish, interval=interval, name_is=name_is, names=names)
    found = {(row["period"], row["name"]): row for row in rows}
    periods = [period for period, _ in found]
    answer = []
    for name in names:
        for period in range(min(periods, default=0), max(periods, default=-1) + 1):
            row = found.get((period, name), {"count": 0, "persons": 0, "failures": 0, "p95": None})
            p95 = row["p95"] if row["p95"] == row["p95"] else None
            start = first_day(interval, period)
            answer.append(Point(start, name, row["count"], row["persons"], row["failures"], p95))
    return answer


def durations(client: Client, wish: Wish) -> list[Duration]:
    """How many runs took how long, by version."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for row in rows_of(client, "durations", wish, name_is="toString(version)", names=[]):
        counts[row["name"], row["bucket"] // _BUCKETS] += row["count"]
    return [
        Duration(version, WIDTH ** (nth * _BUCKETS), WIDTH ** ((nth + 1) * _BUCKETS), count)
        for (version, nth), count in sorted(counts.items())
    ]


def neighbours(client: Client, wish: Wish, command: str, limit: int) -> list[Neighbour]:
    """What was run right before a command and right after it, the most frequent first: so many of
    both."""
    names = commands_by_hash(client, wish.project)
    found = [
        Neighbour(row["side"], names.get(row["other"], ""), row["count"], row["persons"])
        for row in rows_of(client, "neighbours", wish, of=command)
    ]
    found.sort(key=lambda one: (-one.count, one.command))
    sides = ([one for one in found if one.side == side] for side in ("before", "after"))
    return [one for some in sides for one in some[:limit]]


def in_sql(by: By) -> str:
    """What a run has in common with others, in SQL."""
    if by == "option":
        return "arrayJoin(JSONExtract(properties, 'options', 'Array(String)'))"
    return f"toString({by})"


def _percentiles(row: dict[str, Any]) -> dict[str, Any]:
    """With the quantiles of ``LEVELS`` by their names, null where there are none; and the interval
    of the p95."""
    found, timed = row.pop("percentiles"), row.pop("timed")
    interval = p95_interval(timed, found)
    names = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    said = {name: found[LEVELS.index(level)] if timed else None for name, level in names.items()}
    low, high = interval or (None, None)
    return {**row, **said, "p95_low": low, "p95_high": high}
