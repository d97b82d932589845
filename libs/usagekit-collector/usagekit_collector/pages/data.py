"""The page of what arrives. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence

from usagekit_collector.pages import words
from usagekit_collector.pages.panels import Cell, Column, Panel
from usagekit_collector.pages.view import View
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
    few = words.number(unknown, "of these has", "of these have")
    return Panel(
        id="fields",
        title="Fields",
        sentence=f"{few} no column of its own: it is kept and exported, and no insight knows it.",
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
