"""The pages of what comes just now, and of one person. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

import msgspec

from usagekit_collector.pages import words
from usagekit_collector.pages.panels import Cell, Column, Panel
from usagekit_collector.pages.render import show
from usagekit_collector.pages.view import View
from usagekit_collector.queries.events import Event
from usagekit_collector.queries.persons import Profile

_EVENT_COLUMNS = [
    Column("When", "time"),
    Column("Event"),
    Column("Command"),
    Column("Version"),
    Column("Distinct ID"),
    Column("Properties", "code"),
]


def live(view: View, found: Sequence[Event]) -> Panel:
    """The last events, as they came."""
    wanted = view.state.distinct_id
    sentence = "No event has come."
    if found:
        whose = f" of {wanted}" if wanted else ""
        sentence = f"The last {words.number(len(found), 'event')}{whose}, the newest first."
    asked = {"project": view.project, "limit": 100, "distinct_id": wanted}
    return Panel(
        id="live",
        title="As they come",
        sentence=sentence,
        columns=_EVENT_COLUMNS,
        rows=[_row(view, one) for one in found],
        api="/api/events?" + urlencode({key: value for key, value in asked.items() if value}),
        is_csv=False,
    )


def person(view: View, found: Profile) -> Panel:
    """Who somebody is."""
    ids = [[Cell(one), Cell("distinct_id")] for one in found.distinct_ids]
    said = [
        [Cell(name), Cell(value if isinstance(value, str) else _json(value))]
        for name, value in sorted(found.properties.items())
    ]
    times = {"first seen": found.first_seen, "last seen": found.last_seen}
    seen = [[Cell(name), Cell(show(one, "time"))] for name, one in times.items()]
    known = "has said who they are" if found.is_identified else "is anonymous"
    ids_said = words.number(len(found.distinct_ids), "ID")
    return Panel(
        id="person",
        title="Who",
        sentence=f"Somebody with {ids_said}, who {known}.",
        columns=[Column("What"), Column("Is")],
        rows=[*ids, *seen, *said],
        api=_api(view, found.distinct_ids[0]),
        is_csv=False,
    )


def timeline(view: View, found: Sequence[Event], count: int) -> Panel:
    """What somebody did."""
    shown = f"The last {words.number(len(found), 'event')} of {show(count, 'count')}."
    return Panel(
        id="timeline",
        title="What they did",
        sentence=shown if found else "There is no event of theirs.",
        columns=_EVENT_COLUMNS,
        rows=[_row(view, one) for one in found],
    )


def person_link(view: View, distinct_id: str) -> str:
    """Where a person's page is."""
    return f"/persons/{quote(distinct_id, safe='')}{view.state.query()}"


def _row(view: View, one: Event) -> list[Cell]:
    said = dict(one.properties)
    command = said.pop("command_name", "")
    version = said.pop("cli_version", "")
    return [
        Cell(one.timestamp),
        Cell(one.event),
        Cell(str(command)),
        Cell(str(version)),
        Cell(one.distinct_id, person_link(view, one.distinct_id)),
        Cell(_json(said)),
    ]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _api(view: View, distinct_id: str) -> str:
    return f"/api/persons/{quote(distinct_id, safe='')}?{urlencode({'project': view.project})}"
