"""The page of what arrives. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from usagekit_collector.pages import words
from usagekit_collector.pages.charts import Chart, Series
from usagekit_collector.pages.overview import all_days
from usagekit_collector.pages.panels import Cell, Column, Panel, table_of
from usagekit_collector.pages.render import show
from usagekit_collector.pages.view import View
from usagekit_collector.queries.arrivals import Arrival, Stored
from usagekit_collector.queries.fields import Field
from usagekit_collector.queries.insights import EventUse


def events(view: View, found: Sequence[EventUse]) -> Panel:
    """What arrives, by the names of events."""
    rows = [
        [
            Cell(one.event),
            Cell(one.count),
            Cell(one.persons),
            Cell(one.first_seen),
            Cell(one.last_seen),
        ]
        for one in found
    ]
    return Panel(
        id="events",
        title="Events",
        sentence=f"{words.number(len(found), 'kind')} of events came in {view.span}.",
        columns=[
            Column("Event"),
            Column("Times", "count"),
            Column("Persons", "count"),
            Column("First", "time"),
            Column("Last", "time"),
        ],
        rows=rows,
        api=view.api("events", audience=""),
    )


def arrivals(view: View, found: Sequence[Arrival]) -> Panel:
    """How much arrives."""
    days = {one.day: one for one in found}
    listed = all_days(view)
    chart = Chart(
        title="Events by the day on which they arrived",
        labels=[day.isoformat() for day in listed],
        series=[Series("events", [days[day].count if day in days else 0 for day in listed])],
    )
    columns, rows = table_of(chart, "Day")
    columns += [Column("late by, half", "ms"), Column("late by, 19 in 20", "ms")]
    for row, day in zip(rows, listed, strict=True):
        one = days.get(day)
        late = (one.delay_p50, one.delay_p95) if one else (None, None)
        row += [Cell(None if seconds is None else seconds * 1000) for seconds in late]
    total = sum(one.count for one in found)
    sentence = f"No event arrived in {view.span}."
    if total:
        most = max(found, key=lambda one: one.count)
        sentence = (
            f"{words.number(total, 'event')} arrived in {view.span}, most of them on {most.day}: "
            f"{show(most.count, 'count')}."
        )
    return Panel(
        id="arrivals",
        title="How much arrives",
        sentence=sentence,
        chart=chart,
        columns=columns,
        rows=rows,
        api=view.api("arrivals", audience="", command="", version="", os="", python=""),
        is_open=False,
    )


def store(view: View, found: Stored, retention_days: int) -> Panel:
    """Where it is kept, and for how long."""
    kept = words.number(retention_days, "day") if retention_days else "for ever"
    rows = [
        [Cell("last event of this project"), Cell(show(found.last_arrived, "time"))],
        [Cell("events of all projects"), Cell(show(found.events, "count"))],
        [Cell("kept"), Cell(kept)],
        [Cell("on disk"), Cell(show(found.bytes, "bytes"))],
        [Cell("free"), Cell(show(found.free_bytes, "bytes"))],
        [Cell("engine"), Cell(f"ClickHouse {found.engine}")],
    ]
    return Panel(
        id="store",
        title="The store",
        sentence=f"{words.number(found.events, 'event')} are kept"
        + (f" for {kept}." if retention_days else ", for ever."),
        columns=[Column("What"), Column("Is")],
        rows=rows,
        api=f"/api/insights/stored?{urlencode({'project': view.project})}",
    )


def health(stored: Stored, waiting: int, repeated: float, refused: float) -> str:
    """One line for every page: the last event, the disk, and since the collector started how many
    events came twice, and questions were refused."""
    last = "No event has come yet."
    if stored.last_arrived is not None:
        last = f"The last event came at {show(stored.last_arrived, 'time')} UTC."
    disk = f"{show(stored.bytes, 'bytes')} on disk, {show(stored.free_bytes, 'bytes')} free."
    since = (
        f"{show(waiting, 'count')} events wait to be stored; {show(repeated, 'count')} came twice, "
        f"and count once; {show(refused, 'count')} questions were refused"
    )
    return f"{last} {disk} Since the collector started: {since}."


def tokens(tokens: Sequence[str]) -> Panel:
    """What programs send along."""
    return Panel(
        id="tokens",
        title="Tokens",
        sentence="A program that sends one of these writes into this project. It is no secret, "
        "and reads nothing.",
        columns=[Column("Token", "code")],
        rows=[[Cell(one)] for one in tokens],
        api="/api/projects",
        is_csv=False,
    )


def fields(view: View, found: Sequence[Field]) -> Panel:
    """What arrives, by the names of properties."""
    unknown = sum(not one.has_column for one in found)
    rows = [
        [
            Cell(one.name),
            Cell("a column" if one.has_column else "kept as it came"),
            Cell(one.count),
            Cell(one.persons),
            Cell(one.last_version),
            Cell(one.last_seen),
        ]
        for one in found
    ]
    few = words.number(
        unknown,
        "of these has no column of its own: it is",
        "of these have no column of their own: they are",
    )
    return Panel(
        id="fields",
        title="Fields",
        sentence=f"{few} kept and exported as it came."
        if unknown == 1
        else f"{few} kept and exported as they came.",
        columns=[
            Column("Property"),
            Column("Is"),
            Column("Events", "count"),
            Column("Persons", "count"),
            Column("Last version"),
            Column("Last", "time"),
        ],
        rows=rows,
        api=view.api("fields", audience=""),
    )
