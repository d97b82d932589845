"""Events as the API gives them: a page at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from usagekit_collector.ingest.rows import properties_of
from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql


class Event(msgspec.Struct):
    """One event, as it was captured.

    Attributes:
        person_id: of whoever did it, by what is known now.
        person_mode: ``full``; ``propertyless`` or ``force_upgrade`` for one without a profile.
        arrived: when it was taken in.
    """

    uuid: UUID
    event: str
    distinct_id: str
    person_id: UUID
    person_mode: str
    timestamp: datetime
    arrived: datetime
    properties: dict[str, Any]


class Page(msgspec.Struct):
    """Some events; ``next`` asks for those before them, and is null on the last page."""

    events: list[Event]
    next: int | None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: times from ``start`` until before ``end``; an empty text is any."""

    project: int
    start: datetime
    end: datetime
    event: str
    command: str
    distinct_id: str
    before: int
    limit: int


def page(client: Client, wish: Wish) -> Page:
    """Events that arrived before a number, the last first."""
    fields = msgspec.structs.asdict(wish)
    rows = list(client.query(sql("events"), fields).named_results())
    full = len(rows) == wish.limit
    return Page([event_of(row) for row in rows], rows[-1]["seq"] if full else None)


def event_of(row: dict[str, Any]) -> Event:
    """An event from its row."""
    return Event(
        uuid=row["uuid"],
        event=row["event"],
        distinct_id=row["distinct_id"],
        person_id=row["person"],
        person_mode=row["person_mode"],
        timestamp=row["timestamp"],
        arrived=row["arrived"],
        properties=properties_of(row),
    )
