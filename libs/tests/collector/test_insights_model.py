"""Insights against a model of them in plain Python, over random histories of a few persons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.collector import Collector

FIRST = datetime(2026, 1, 20, 23, 59, 59, 999_999, tzinfo=timezone.utc)
ANONS, PRINCIPALS = ("anon-1", "anon-2", "anon-3"), ("user-1", "user-2")
WINDOW = 86_400


class Run(NamedTuple):
    """A command that was run."""

    distinct_id: str
    command: str
    is_failed: bool
    duration: int | None
    when: datetime


class Alias(NamedTuple):
    """A login: this anon is this principal from then on, and ever was."""

    principal: str
    anon: str


class Wish(NamedTuple):
    """What is asked."""

    command: str
    start: datetime | None
    end: datetime | None
    interval: str
    steps: list[str]


moments = st.builds(
    lambda days, hours, micros: FIRST + timedelta(days=days, hours=hours, microseconds=micros),
    st.integers(0, 20),
    st.sampled_from((0, 0, 7)),
    st.integers(0, 2),
)
runs = st.builds(
    Run,
    st.sampled_from(ANONS + PRINCIPALS),
    st.sampled_from("abc"),
    st.booleans(),
    st.none() | st.integers(1, 1000),
    moments,
)
# An anon belongs to one principal: what becomes of other wishes is the identity's business.
aliases = st.sampled_from([Alias("user-1", "anon-1"), Alias("user-1", "anon-2")])
wishes = st.builds(
    Wish,
    st.sampled_from(["", "", "a"]),
    st.none() | moments,
    st.none() | moments,
    st.sampled_from(["day", "week", "month"]),
    st.lists(st.sampled_from("abc"), min_size=2, max_size=4),
)


class Model:
    """What the insights should say."""

    def __init__(self, history: Sequence[Run | Alias], wish: Wish) -> None:
        self.wish = wish
        owner = {one.anon: one.principal for one in history if isinstance(one, Alias)}
        self.identified = set(owner.values())
        self.all = [
            (owner.get(one.distinct_id, one.distinct_id), one)
            for one in history
            if isinstance(one, Run)
        ]
        self.matching = [one for one in self.all if wish.command in ("", one[1].command)]
        self.asked = [one for one in self.matching if self._is_in_time(one[1].when)]

    def _is_in_time(self, when: datetime) -> bool:
        start, end = self.wish.start, self.wish.end
        return (start is None or start <= when) and (end is None or when < end)

    def commands(self) -> list[dict[str, Any]]:
        found: dict[str, list[tuple[str, Run]]] = defaultdict(list)
        for person, one in self.asked:
            found[one.command].append((person, one))
        answer = []
        for command, those in sorted(found.items(), key=lambda item: (-len(item[1]), item[0])):
            durations = sorted(one.duration for _, one in those if one.duration is not None)
            failures = sum(one.is_failed for _, one in those)
            answer.append(
                {
                    "command": command,
                    "count": len(those),
                    "persons": len({person for person, _ in those}),
                    "failures": failures,
                    "failure_rate": failures / len(those),
                    "p50": percentile(durations, 0.5),
                    "p95": percentile(durations, 0.95),
                }
            )
        return answer

    def active(self) -> list[dict[str, Any]]:
        here = self._here(self.asked, self.wish.interval)
        return [
            {
                "start": str(day),
                "persons": len(here[day]),
                "anonymous": len(here[day] - self.identified),
                "identified": len(here[day] & self.identified),
            }
            for day in all_between(here, self.wish.interval)
        ]

    def funnel(self) -> list[int]:
        """By trying: each first step, and from there the earliest next one."""
        runs_of: dict[str, list[Run]] = defaultdict(list)
        steps = self.wish.steps
        for person, one in self.all:
            if self._is_in_time(one.when):
                runs_of[person].append(one)
        reached = []
        for those in runs_of.values():
            those.sort(key=lambda one: one.when)
            reached.append(max((got_to(those, one, steps) for one in those), default=0))
        return [sum(far > nth for far in reached) for nth in range(len(steps))]

    def retention(self) -> list[dict[str, Any]]:
        first = self._first("week")
        shown = self._shown("week")
        cohorts = sorted({week for week in first.values() if shown(week)})
        theirs = [one for one in self.matching if first[one[0]] in cohorts]
        here = self._here(theirs, "week", shown)
        last = max(here, default=date.min)
        return [
            {
                "week": str(cohort),
                "persons": sum(week == cohort for week in first.values()),
                "weeks": [
                    sum(first[person] == cohort for person in here[week])
                    for week in all_between((cohort, last), "week")
                    if cohort <= last
                ],
            }
            for cohort in cohorts
        ]

    def lifecycle(self) -> list[dict[str, Any]]:
        interval = self.wish.interval
        first, shown = self._first(interval), self._shown(interval)
        here = self._here(self.matching, interval)
        periods = {day for day in {*here, *(after(day, interval) for day in here)} if shown(day)}
        answer = []
        for day in all_between(periods, interval):
            now = here[day]
            past = next((here[one] for one in list(here) if after(one, interval) == day), set())
            new = {person for person in now if first[person] == day}
            answer.append(
                {
                    "start": str(day),
                    "new": len(new),
                    "returning": len(now & past),
                    "resurrecting": len(now - past - new),
                    "dormant": len(past - now),
                }
            )
        return answer

    def _first(self, interval: str) -> dict[str, date]:
        """When each person was there for the first time, whatever is asked."""
        first: dict[str, date] = {}
        for person, one in sorted(self.all, key=lambda item: item[1].when):
            first.setdefault(person, first_day(one.when, interval))
        return first

    def _here(
        self,
        those: Iterable[tuple[str, Run]],
        interval: str,
        shown: Callable[[date], bool] = lambda _: True,
    ) -> dict[date, set[str]]:
        """Who was there in each period."""
        here: dict[date, set[str]] = defaultdict(set)
        for person, one in those:
            if shown(first_day(one.when, interval)):
                here[first_day(one.when, interval)].add(person)
        return here

    def _shown(self, interval: str) -> Callable[[date], bool]:
        """Whether any moment of a period is asked for."""
        start = self.wish.start or datetime.min.replace(tzinfo=timezone.utc)
        end = self.wish.end or datetime.max.replace(tzinfo=timezone.utc)
        last = first_day(end - timedelta(microseconds=1), interval)
        return lambda day: first_day(start, interval) <= day <= last


def got_to(those: list[Run], start: Run, steps: list[str]) -> int:
    """How many steps a person took from this one on."""
    if start.command != steps[0]:
        return 0
    count, last = 1, start.when
    for one in those:
        is_next = count < len(steps) and one.command == steps[count] and one.when > last
        if is_next and one.when <= start.when + timedelta(seconds=WINDOW):
            count, last = count + 1, one.when
    return count


def first_day(when: datetime, interval: str) -> date:
    day = when.date()
    if interval == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if interval == "week" else day


def after(day: date, interval: str) -> date:
    """The first day of the next period."""
    if interval == "month":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if interval == "week" else 1)


def all_between(days: Iterable[date | None], interval: str) -> list[date]:
    known = sorted(day for day in days if day is not None)
    found = known[:1]
    while found and found[-1] < known[-1]:
        found.append(after(found[-1], interval))
    return found


def percentile(values: list[int], share: float) -> Any:
    if not values:
        return None
    below, part = divmod(share * (len(values) - 1), 1)
    low, high = values[int(below)], values[min(int(below) + 1, len(values) - 1)]
    return pytest.approx(low + (high - low) * part)


def text(when: datetime | None) -> str | None:
    return None if when is None else when.isoformat()


def message(one: Run | Alias) -> dict[str, Any]:
    if isinstance(one, Alias):
        properties: dict[str, Any] = {"alias": one.anon}
        name, distinct_id, when = "$create_alias", one.principal, FIRST
    else:
        properties = {"command_name": one.command, "duration": one.duration}
        properties |= {"$process_person_profile": one.distinct_id in PRINCIPALS}
        name = f"CLI execution {'failed' if one.is_failed else 'succeeded'}"
        distinct_id, when = one.distinct_id, one.when
    return {
        "event": name,
        "distinct_id": distinct_id,
        "uuid": str(uuid4()),
        "timestamp": when.isoformat(),
        "properties": properties,
    }


@settings(
    max_examples=settings().max_examples // 8,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(history=st.lists(runs | aliases, min_size=1, max_size=40), wish=wishes)
def test_insights_say_what_a_plain_model_says(
    collector: Collector, history: list[Run | Alias], wish: Wish
) -> None:
    project = collector.project()
    answer = project.send(*map(message, history))
    assert answer.status == 200, answer
    model = Model(history, wish)
    query = {"command": wish.command, "start": text(wish.start), "end": text(wish.end)}

    def ask(name: str, **more: Any) -> Any:
        return project.get(f"/api/insights/{name}", **{**query, **more})

    assert ask("commands") == model.commands()
    assert ask("active", interval=wish.interval) == model.active()
    found = ask("funnel", command=None, step=wish.steps, window=WINDOW)
    assert [row["persons"] for row in found] == model.funnel()
    assert ask("retention") == model.retention()
    assert ask("lifecycle", interval=wish.interval) == model.lifecycle()
