"""The first page, and its panels. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from usagekit_collector.pages import words
from usagekit_collector.pages.charts import Chart, Mark, Series
from usagekit_collector.pages.panels import Cell, Column, Panel, share_cell, table_of
from usagekit_collector.pages.view import View
from usagekit_collector.queries.changes import Change
from usagekit_collector.queries.releases import Release
from usagekit_collector.queries.usage import Point, Totals, Use


class Tile(msgspec.Struct, frozen=True):
    """A number at the top of a page, beside the one of before."""

    name: str
    cell: Cell
    kind: str
    before: str


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What the first page is made of."""

    now: Totals
    before: Totals | None
    changes: list[Change]
    days: list[Point]
    releases: list[Release]
    commands: list[Use]
    command_days: list[Point]
    audiences: list[Use]


def tiles(found: Overview) -> list[Tile]:
    """Persons, runs, success rate, p95, new persons."""
    now, before = found.now, found.before
    success = 1 - now.failure_rate if now.failure_rate is not None else None
    said = dict.fromkeys(("persons", "count", "success", "newcomers"), "")
    if before is not None:
        said |= {
            "persons": words.counts(now.persons, before.persons),
            "count": words.counts(now.count, before.count),
            "success": words.rates(now, before),
            "newcomers": words.counts(now.newcomers, before.newcomers),
        }
    return [
        Tile("Persons", Cell(now.persons), "count", said["persons"]),
        Tile("Runs", Cell(now.count), "count", said["count"]),
        Tile("Success rate", Cell(success), "share", said["success"]),
        Tile("p95", Cell(now.p95), "ms", words.p95s(now, before)),
        Tile("New persons", Cell(now.newcomers), "count", said["newcomers"]),
    ]


def panels(view: View, found: Overview) -> list[Panel]:
    """All of them, in order of worth."""
    return [
        *([changes(view, found.changes)] if found.before is not None else []),
        activity(view, found.now, found.days, found.releases),
        commands(view, found.commands, found.command_days),
        audiences(view, found.audiences),
    ]


def changes(view: View, found: Sequence[Change]) -> Panel:
    """What a maintainer is to be told first."""
    rows = [
        [Cell(words.change(one), words.link_of(one) + view.state.query()), Cell(one.persons)]
        for one in found
    ]
    many = words.number(len(found), "thing") + (" is" if len(found) == 1 else " are")
    sentence = "Nothing that chance does not explain."
    if found:
        sentence = f"{many} not as in the time before."
    return Panel(
        id="changes",
        title="What changed",
        sentence=sentence,
        columns=[Column("What"), Column("Persons", "count")],
        rows=rows,
        api=view.api("changes"),
    )


def activity(view: View, now: Totals, days: Sequence[Point], releases: Sequence[Release]) -> Panel:
    """Persons and runs, day by day."""
    chart = over_days(view, "Persons by day", {"persons": days}, releases)
    columns, rows = table_of(chart, "Day")
    runs = {one.start.isoformat(): one for one in days}
    columns += [Column("runs", "count"), Column("failures", "count")]
    for row in rows:
        one = runs.get(row[0].value)
        row += [Cell(one.count if one else 0), Cell(one.failures if one else 0)]
    return Panel(
        id="activity",
        title="Activity",
        sentence=words.activity(now, view.span),
        chart=chart,
        columns=columns,
        rows=rows,
        api=view.api("series"),
        is_open=False,
    )


def commands(view: View, found: Sequence[Use], days: Sequence[Point]) -> Panel:
    """What is run, by how many, and how that goes."""
    lines: dict[str, dict[date, Point]] = {}
    for one in days:
        lines.setdefault(one.name, {})[one.start] = one
    dates = all_days(view)
    rows = [
        [
            Cell(one.name or "(no command)", command_link(view, one.name)),
            Cell(one.persons),
            Cell(one.count),
            share_cell(one.failures, one.count),
            Cell(one.p50),
            Cell(one.p95, note=words.between(one)),
            Cell(
                [_count(lines[one.name].get(day)) for day in dates] if one.name in lines else None
            ),
        ]
        for one in found
    ]
    sentence = "No command was run."
    if found:
        sentence = f"Most persons ran {found[0].name or '(no command)'}."
    return Panel(
        id="commands",
        title="Commands",
        sentence=sentence,
        columns=[
            Column("Command"),
            Column("Persons", "count"),
            Column("Runs", "count"),
            Column("Fails", "share"),
            Column("p50", "ms"),
            Column("p95", "ms"),
            Column("By day", "spark"),
        ],
        rows=rows,
        api=view.api("breakdown", by="command"),
    )


def command_link(view: View, name: str) -> str:
    """Where a command's page is; nowhere for none."""
    return f"/commands/{quote(name, safe='')}{view.state.query()}" if name else ""


def _count(one: Point | None) -> int:
    return one.count if one else 0


def audiences(view: View, found: Sequence[Use], others: int = 0) -> Panel:
    """Who runs it: always of all, whatever is asked for; and so many runs of others."""
    names = {"people": "people at a keyboard", "ci": "CI", "agents": "AI agents"}
    total = sum(one.count for one in found) + others
    rows = [
        [Cell(names[one.name]), Cell(one.persons), Cell(one.count), Cell(one.count / total)]
        for one in found
    ]
    first = max(found, key=lambda one: one.count) if found else None
    sentence = f"Most runs are by {names[first.name]}." if first else "Nobody has run it."
    return Panel(
        id="audiences",
        title="Who runs it",
        sentence=sentence,
        columns=[
            Column("Audience"),
            Column("Persons", "count"),
            Column("Runs", "count"),
            Column("Of all runs", "share"),
        ],
        rows=rows,
        api=view.api("breakdown", by="audience", audience=""),
    )


def over_days(
    view: View, title: str, series: Mapping[str, Sequence[Point]], releases: Sequence[Release]
) -> Chart:
    """Persons by day, from the first day that is asked for to the last, with releases as marks."""
    days = all_days(view)
    at = {day: nth for nth, day in enumerate(days)}
    found = []
    for name, points in series.items():
        known = {one.start: one.persons for one in points}
        found.append(Series(name, [known.get(day, 0) for day in days]))
    out = [(local(view, one.released), one.version) for one in releases if one.released]
    marks = [Mark(at[day], version) for day, version in out if day in at]
    return Chart(title=title, labels=[day.isoformat() for day in days], series=found, marks=marks)


def all_days(view: View) -> list[date]:
    """From the first that is asked for to the last that has begun."""
    first, end = (local(view, one) for one in (view.wish.start, view.wish.end))
    end = min(end, local(view, view.now) + timedelta(days=1))
    return [first + timedelta(days=nth) for nth in range(max((end - first).days, 1))]


def local(view: View, moment: datetime) -> date:
    """The day of a moment, where the reader is."""
    return moment.astimezone(ZoneInfo(view.wish.tz)).date()
