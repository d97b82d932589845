"""The pages of errors, releases and commands, each with its panels. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence

from usagekit_collector.pages import words
from usagekit_collector.pages.charts import Chart, Series
from usagekit_collector.pages.overview import command_link, over_days
from usagekit_collector.pages.panels import Cell, Column, Panel, share_cell, table_of
from usagekit_collector.pages.render import duration, rate
from usagekit_collector.pages.view import View
from usagekit_collector.queries.error_groups import ErrorGroup, Sample
from usagekit_collector.queries.releases import Release
from usagekit_collector.queries.usage import Duration, Neighbour, Point, Use

_BY = {"version": "Version", "os": "System", "python": "Python", "audience": "Audience"}


def errors(view: View, found: Sequence[ErrorGroup], **more: str) -> Panel:
    """These groups; ``more`` is what the API is asked for them by."""
    rows = [
        [
            Cell(one.error_type or one.failure_kind or "(unnamed)", _error(view, one.id)),
            Cell(one.command or "(no command)", command_link(view, one.command)),
            Cell(words.state(one)),
            Cell(one.persons),
            Cell(one.count),
            Cell(one.in_ci + one.by_agents),
            Cell(one.first_version),
            Cell(one.last_version),
            Cell(one.last_seen),
        ]
        for one in found
    ]
    still = [one for one in found if one.state != "gone"]
    sentence = "Nothing failed."
    if found:
        gone = len(found) - len(still)
        sentence = f"{words.number(len(still), 'way')} to fail, and {gone} that are gone by now."
    return Panel(
        id="errors",
        title="Errors",
        sentence=sentence,
        columns=[
            Column("Error"),
            Column("Command"),
            Column("State"),
            Column("Persons", "count"),
            Column("Times", "count"),
            Column("In CI or by agents", "count"),
            Column("First in"),
            Column("Last in"),
            Column("Last seen", "time"),
        ],
        rows=rows,
        api=view.api("errors", **more),
    )


def error(view: View, one: ErrorGroup, days: Sequence[Point], releases: Sequence[Release]) -> Panel:
    """One group, over time."""
    chart = over_days(view, "Persons by day", {"persons": days}, releases)
    columns, rows = table_of(chart, "Day")
    sentence = (
        f"{words.state(one).capitalize()}: {words.number(one.persons, 'person')} met it "
        f"{words.number(one.count, 'time')} in {view.span}; first in "
        f"{one.first_version or 'no version'}, last in {one.last_version or 'no version'}."
    )
    return Panel(
        id="error",
        title="When",
        sentence=sentence,
        chart=chart,
        columns=columns,
        rows=rows,
        api=view.api("series", error=one.id),
        is_open=False,
    )


def samples(view: View, found: Sequence[Sample], error: str) -> Panel:
    """What the failures of one group say."""
    rows = [
        [
            Cell(one.message or "(nothing)"),
            Cell(one.persons),
            Cell(one.count),
            Cell(one.last_exit_code),
            Cell(one.last_version),
            Cell(f"{one.last_os} {one.last_python}".strip()),
            Cell(one.last_seen),
        ]
        for one in found
    ]
    said = sum(1 for one in found if one.message)
    sentence = f"{words.number(said, 'message')}, redacted where they were sent."
    if not said:
        sentence = "None says anything."
    return Panel(
        id="samples",
        title="What they say",
        sentence=sentence,
        columns=[
            Column("Message"),
            Column("Persons", "count"),
            Column("Times", "count"),
            Column("Exit code", "count"),
            Column("Last in"),
            Column("On"),
            Column("Last seen", "time"),
        ],
        rows=rows,
        api=view.api("samples", error=error),
    )


def breakdown(view: View, by: str, found: Sequence[Use], **more: str) -> Panel:
    """The runs by what they have in common."""
    total = sum(one.count for one in found)
    first = max(found, key=lambda one: one.count) if found else None
    sentence = "There is none."
    if first is not None:
        sentence = f"{rate(first.count, total)} of it is of {first.name or 'who says nothing'}."
    rows = [
        [
            Cell(one.name or "(unknown)"),
            Cell(one.persons),
            Cell(one.count),
            share_cell(one.failures, one.count),
            Cell(one.p95),
        ]
        for one in found
    ]
    return Panel(
        id=f"by-{by}",
        title=f"By {_BY.get(by, by).lower()}",
        sentence=sentence,
        columns=[
            Column(_BY.get(by, by.capitalize())),
            Column("Persons", "count"),
            Column("Runs", "count"),
            Column("Fails", "share"),
            Column("p95", "ms"),
        ],
        rows=rows,
        api=view.api("breakdown", by=by, **more),
    )


def command(view: View, name: str, days: Sequence[Point], releases: Sequence[Release]) -> Panel:
    """A command over time."""
    chart = over_days(view, "Persons by day", {"persons": days}, releases)
    columns, rows = table_of(chart, "Day")
    runs = sum(one.count for one in days)
    failures = sum(one.failures for one in days)
    times = words.number(runs, "time")
    sentence = f"It was run {times} in {view.span}, of which {rate(failures, runs)} failed."
    return Panel(
        id="days",
        title="When",
        sentence=sentence,
        chart=chart,
        columns=columns,
        rows=rows,
        api=view.api("series", command=name),
        is_open=False,
    )


def histogram(view: View, name: str, found: Sequence[Duration]) -> Panel:
    """How long a command takes."""
    counts: dict[tuple[float, float], int] = {}
    for one in found:
        counts[one.low, one.high] = counts.get((one.low, one.high), 0) + one.count
    lows = sorted(counts)
    # Without a gap: what nobody took is as wide as what many did.
    edges: list[tuple[float, float]] = lows[:1]
    while edges and edges[-1][0] < lows[-1][0] * 0.999:
        low, high = edges[-1]
        following = next(one for one in lows if one[0] > low * 1.001)
        edges.append(following if following[0] < high * 1.001 else (high, high * high / low))
    chart = Chart(
        title="Runs by how long they took",
        labels=[duration(low) for low, _ in edges],
        series=[Series("runs", [_near(counts, one) for one in edges])],
        kind="columns",
    )
    columns, rows = table_of(chart, "From")
    most = max(counts, key=lambda one: counts[one]) if counts else None
    sentence = "No run says how long it took."
    if most:
        sentence = f"Most runs take {duration(most[0])} to {duration(most[1])}."
    return Panel(
        id="durations",
        title="How long it takes",
        sentence=sentence,
        chart=chart if counts else None,
        columns=columns,
        rows=rows,
        api=view.api("durations", command=name),
        is_open=False,
    )


def neighbours(view: View, name: str, found: Sequence[Neighbour]) -> Panel:
    """What comes before and after a command."""
    rows = [
        [
            Cell(one.side),
            Cell(one.command or "nothing", command_link(view, one.command)),
            Cell(one.count),
            Cell(one.persons),
        ]
        for one in found
    ]
    after = [one for one in found if one.side == "after" and one.command]
    sentence = "After it, nothing is run."
    if after:
        sentence = f"Most who go on after it go on with {after[0].command}."
    return Panel(
        id="neighbours",
        title="Before and after",
        sentence=sentence,
        columns=[
            Column("Side"),
            Column("Command"),
            Column("Times", "count"),
            Column("Persons", "count"),
        ],
        rows=rows,
        api=view.api("neighbours", of=name),
    )


def _error(view: View, id_: str) -> str:
    return f"/errors/{id_}{view.state.query()}"


def _near(counts: dict[tuple[float, float], int], edge: tuple[float, float]) -> int:
    return next((count for (low, _), count in counts.items() if abs(low / edge[0] - 1) < 0.001), 0)
