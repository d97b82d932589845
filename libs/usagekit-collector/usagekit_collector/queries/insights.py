"""What can be learned of how a program is used; each question is put when it is asked.

Persons are resolved as they are known now, so a later alias mends what was answered before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from usagekit_collector.queries.periods import Interval, first_day, number_of
from usagekit_collector.queries.seen import Wish, rows_of
from usagekit_collector.store.client import Client

# As in sql/insights/funnel.sql.
_MOMENTS_PER_SECOND = 1_000_000 * 32
MOST_STEPS = 20
# As in sql/insights/retention.sql: the number that stands for no week, but for a whole cohort.
_ALL = -1
_NOBODY = {"persons": 0, "new": 0, "returning": 0}


class CommandUse(msgspec.Struct):
    """How one command is used.

    Attributes:
        failure_rate: between 0 and 1.
        p50, p95: percentiles of its duration in milliseconds; null where no run has one.
    """

    command: str
    count: int
    persons: int
    failures: int
    failure_rate: float
    p50: float | None
    p95: float | None


class EventUse(msgspec.Struct):
    """How often an event of this name was captured, and by how many."""

    event: str
    count: int
    persons: int
    first_seen: datetime
    last_seen: datetime


class Failure(msgspec.Struct):
    """One way in which a command fails, in one version."""

    failure_kind: str
    error_type: str
    command: str
    version: str
    count: int
    persons: int


class VersionUse(msgspec.Struct):
    """How one version is used; ``failure_rate`` is between 0 and 1."""

    version: str
    count: int
    persons: int
    failure_rate: float
    first_seen: datetime
    last_seen: datetime


class Active(msgspec.Struct):
    """How many persons were there in a period.

    Attributes:
        start: the period's first day.
        persons: all of them.
        identified: those of whom it is known by now who they are; ``anonymous``: all others.
    """

    start: date
    persons: int
    anonymous: int
    identified: int


class FunnelStep(msgspec.Struct):
    """How far persons got.

    Attributes:
        command: the step: a command, or the name of an event.
        persons: who got that far.
        from_first, from_previous: as a share of those of the first step, and of the step before;
            null where nobody got even there.
    """

    command: str
    persons: int
    from_first: float | None
    from_previous: float | None


class Cohort(msgspec.Struct):
    """Those who were there for the first time in the same week.

    Their first time is their first event of all that are stored, but for an SDK's own that are not
    asked for: a filter selects what counts as being there in a week. Weeks are whole ones, of which
    any part lies between start and end.

    Attributes:
        week: its Monday.
        persons: how many they are.
        weeks: how many of them were there in that week, in the next, and so on, until the last in
            which anybody of all cohorts was.
    """

    week: date
    persons: int
    weeks: list[int]


class Lifecycle(msgspec.Struct):
    """Who came and who went in a period.

    A person's first time is their first event of all that are stored, but for an SDK's own that are
    not asked for: a filter selects what counts as being there. Periods are whole ones, of which any
    part lies between start and end.

    Attributes:
        start: the period's first day.
        new: were there for the first time ever.
        returning: were there in the period before too.
        resurrecting: were not there in the period before, but earlier.
        dormant: were there in the period before, and not in this one; a positive number.
    """

    start: date
    new: int
    returning: int
    resurrecting: int
    dormant: int


class FirstSuccess(msgspec.Struct):
    """How soon those succeeded who were there for the first time.

    Their first time is their first event of all that are stored, but for an SDK's own. A success
    may be later than the time that is asked for.

    Attributes:
        persons: whose first time was in the time that is asked for, as ``Totals.newcomers``.
        succeeded: of these, who have had a success by now; ``at_once``: with their first event;
            ``in_an_hour``, ``in_a_day``, ``in_a_week``: no later than that, each with those before.
        p50, p95: percentiles of the seconds that it took who succeeded; null of nobody.
    """

    persons: int
    succeeded: int
    at_once: int
    in_an_hour: int
    in_a_day: int
    in_a_week: int
    p50: float | None
    p95: float | None


def commands(client: Client, wish: Wish, limit: int) -> list[CommandUse]:
    """How each command is used, the most used first."""
    return [CommandUse(**row) for row in rows_of(client, "commands", wish, limit=limit)]


def events(client: Client, wish: Wish, limit: int) -> list[EventUse]:
    """How often each event was captured, those of an SDK's own too, the most frequent first."""
    rows = rows_of(client, "events", wish, limit=limit, everything=1)
    return [EventUse(**row) for row in rows]


def failures(client: Client, wish: Wish, limit: int) -> list[Failure]:
    """How commands fail, the most frequent way first."""
    return [Failure(**row) for row in rows_of(client, "failures", wish, limit=limit)]


def versions(client: Client, wish: Wish, limit: int) -> list[VersionUse]:
    """How each version is used, the one that was first seen last at the top."""
    return [VersionUse(**row) for row in rows_of(client, "versions", wish, limit=limit)]


def active(client: Client, wish: Wish, interval: Interval) -> list[Active]:
    """How many persons were there in each period, from the first one with any to the last."""
    rows = rows_of(client, "active", wish, interval=interval)
    found = {(row["period"], bool(row["is_identified"])): row["persons"] for row in rows}
    answer = []
    for number in _all_between(number for number, _ in found):
        anonymous, identified = (found.get((number, kind), 0) for kind in (False, True))
        start = first_day(interval, number)
        answer.append(Active(start, anonymous + identified, anonymous, identified))
    return answer


def funnel(
    client: Client,
    wish: Wish,
    steps: Sequence[str],
    window: int,
    by: Literal["command", "event"] = "command",
) -> list[FunnelStep]:
    """How many persons ran ``steps``, at most ``MOST_STEPS`` commands, one after the other; or had
    events of these names.

    Each later than the one before, if only by a microsecond, and no more than ``window`` seconds
    after the first. A command may be a step several times.
    """
    moments = window * _MOMENTS_PER_SECOND
    is_any = int(by == "event")
    rows = rows_of(client, "funnel", wish, everything=is_any, steps=[*steps], window=moments, by=by)
    persons = [
        sum(row["persons"] for row in rows if row["steps"] > nth) for nth in range(len(steps))
    ]
    return [
        FunnelStep(step, count, _share(count, persons[0]), _share(count, before))
        for step, count, before in zip(steps, persons, [persons[0], *persons], strict=False)
    ]


def first_success(client: Client, wish: Wish, of: str) -> FirstSuccess:
    """How soon those succeeded who were there for the first time: with a command; an empty text is
    any."""
    (row,) = rows_of(client, "first_success", wish, of=of)
    p50, p95 = (None if one != one else one for one in row.pop("percentiles"))
    return FirstSuccess(p50=p50, p95=p95, **row)


def retention(client: Client, wish: Wish, weeks: int) -> list[Cohort]:
    """How many of those who came for the first time in a week came again, week by week.

    A cohort is followed for ``weeks`` weeks at most, and until the last week in which anybody of
    those that are shown was there.
    """
    first, last = _periods(wish, "week")
    asked: dict[str, Any] = {"first": first, "last": last, "weeks": weeks}
    persons: dict[int, dict[int, int]] = defaultdict(dict)
    latest = first - 1
    for row in rows_of(client, "retention", wish, interval="week", **asked):
        persons[row["cohort"]][row["week"]] = row["persons"]
        latest = max(latest, row["latest"])
    return [
        Cohort(
            week=first_day("week", cohort),
            persons=counts[_ALL],
            weeks=[counts.get(week, 0) for week in range(min(weeks, latest - cohort + 1))],
        )
        for cohort, counts in persons.items()
    ]


def lifecycle(client: Client, wish: Wish, interval: Interval, today: date) -> list[Lifecycle]:
    """Who came and who went, from the first period with anybody in it to the last.

    Nobody is missed yet in a period that begins after ``today``.
    """
    first, last = _periods(wish, interval)
    rows = rows_of(client, "lifecycle", wish, interval=interval, first=first, last=last)
    found = {row["period"]: row for row in rows}
    missed = {number + 1 for number in found if number < number_of(interval, today)}
    answer = []
    for number in _all_between(one for one in found.keys() | missed if first <= one <= last):
        here, before = found.get(number, _NOBODY), found.get(number - 1, _NOBODY)
        answer.append(
            Lifecycle(
                start=first_day(interval, number),
                new=here["new"],
                returning=here["returning"],
                resurrecting=here["persons"] - here["new"] - here["returning"],
                dormant=before["persons"] - here["returning"] if number in missed else 0,
            )
        )
    return answer


def _periods(wish: Wish, interval: Interval) -> tuple[int, int]:
    """The first and the last period of which a part is asked for."""
    moments = (wish.start, wish.end - timedelta(microseconds=1))
    zone = ZoneInfo(wish.tz)
    first, last = (number_of(interval, one.astimezone(zone).date()) for one in moments)
    return first, last


def _all_between(numbers: Iterable[int]) -> range:
    """From the least to the greatest."""
    known = list(numbers)
    return range(min(known), max(known) + 1) if known else range(0)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
