"""The page of journeys: how far persons get, whether they come again, who goes. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence

from usagekit_collector.pages import words
from usagekit_collector.pages.charts import Chart, Series
from usagekit_collector.pages.panels import Cell, Column, Panel, share_cell, table_of
from usagekit_collector.pages.render import duration, rate
from usagekit_collector.pages.view import View
from usagekit_collector.queries.insights import Cohort, FirstSuccess, FunnelStep, Lifecycle

# Weeks after the first that are shown of a cohort.
WEEKS = 12


def funnel(view: View, found: Sequence[FunnelStep]) -> Panel:
    """How far persons get."""
    sentence = "Say which commands, in order, under More: login, deploy."
    if found:
        first, last = found[0], found[-1]
        done = rate(last.persons, first.persons) if first.persons else "none"
        who = words.number(first.persons, "person")
        sentence = f"Of {who} who ran {first.command}, {done} got as far as {last.command}."
    return Panel(
        id="funnel",
        title="How far they get",
        sentence=sentence,
        columns=[
            Column("Step"),
            Column("Persons", "count"),
            Column("Of the first step", "share"),
            Column("Of the step before", "share"),
        ],
        rows=[
            [
                Cell(f"{nth}. {one.command}"),
                Cell(one.persons),
                share_cell(one.persons, found[0].persons),
                share_cell(one.persons, found[max(nth - 2, 0)].persons),
            ]
            for nth, one in enumerate(found, 1)
        ],
        api=view.api("funnel", step=[one.command for one in found]) if found else "",
    )


def first_success(view: View, found: FirstSuccess, of: str) -> Panel:
    """How soon they succeed."""
    counts = {
        "at once": found.at_once,
        "in an hour": found.in_an_hour,
        "in a day": found.in_a_day,
        "in a week": found.in_a_week,
        "by now": found.succeeded,
    }
    what = f"a success of {of}" if of else "a success"
    sentence = f"Nobody was there for the first time in {view.span}."
    if found.persons:
        who = words.number(found.persons, "new person")
        part = rate(found.succeeded, found.persons)
        sentence = f"Of {who}, {part} have had {what} by now."
    if found.p50 is not None:
        half = f"within {duration(found.p50 * 1000)} of" if found.p50 else "with"
        sentence += f" Half of these had it {half} their first run."
    return Panel(
        id="first-success",
        title="Until the first success",
        sentence=sentence,
        columns=[
            Column("They succeeded"),
            Column("New persons", "count"),
            Column("Of all new persons", "share"),
        ],
        rows=[
            [Cell(name), Cell(count), share_cell(count, found.persons)]
            for name, count in counts.items()
            if found.persons
        ],
        api=view.api("first_success", of=of, command=""),
    )


def retention(view: View, found: Sequence[Cohort]) -> Panel:
    """Whether they come again."""
    most = max((len(one.weeks) for one in found), default=0)
    rows = [
        [
            Cell(one.week.isoformat()),
            Cell(one.persons),
            *(
                share_cell(one.weeks[nth], one.persons) if nth < len(one.weeks) else Cell(None)
                for nth in range(1, most)
            ),
        ]
        for one in found
    ]
    after = [one for one in found if len(one.weeks) > 1]
    persons, again = sum(one.persons for one in after), sum(one.weeks[1] for one in after)
    sentence = "Nobody has had a week to come again in."
    if persons:
        part = rate(again, persons)
        sentence = f"Of those who came for the first time, {part} were there in the next week."
    return Panel(
        id="retention",
        title="Whether they come again",
        sentence=sentence,
        columns=[
            Column("First week", "day"),
            Column("Persons", "count"),
            *(Column(f"Week {nth}", "share") for nth in range(1, most)),
        ],
        rows=rows,
        api=view.api("retention", weeks=WEEKS + 1),
    )


def lifecycle(view: View, found: Sequence[Lifecycle]) -> Panel:
    """Who comes, and who goes."""
    chart = Chart(
        title="Persons by week",
        labels=[one.start.isoformat() for one in found],
        series=[
            Series("returning", [one.returning for one in found]),
            Series("new", [one.new for one in found]),
            Series("back after a pause", [one.resurrecting for one in found]),
            Series("gone", [-one.dormant for one in found]),
        ],
        kind="stacked",
    )
    columns, rows = table_of(chart, "Week from")
    came = sum(one.new + one.resurrecting for one in found)
    went = sum(one.dormant for one in found)
    came_said, went_said = words.number(came, "time"), words.number(went, "time")
    sentence = f"In {view.span} they came {came_said} and went {went_said}."
    return Panel(
        id="lifecycle",
        title="Who comes and who goes",
        sentence=sentence if found else "Nobody has run it.",
        chart=chart if found else None,
        columns=columns,
        rows=rows,
        api=view.api("lifecycle", interval="week"),
        is_open=False,
    )
