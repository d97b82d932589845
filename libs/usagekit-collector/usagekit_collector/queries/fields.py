"""Which properties arrive, and which of them have a column of their own."""

from __future__ import annotations

from datetime import datetime

import msgspec

from usagekit_collector.ingest.rows import COLUMNS
from usagekit_collector.queries.seen import Wish, rows_of
from usagekit_collector.store.client import Client


class Field(msgspec.Struct):
    """A property.

    Attributes:
        has_column: whether insights know it; what has none is kept, and exported.
        count: in so many events; ``persons``: of so many.
        last_version: of the program that sent it last.
    """

    name: str
    has_column: bool
    count: int
    persons: int
    last_seen: datetime
    last_version: str


def fields(client: Client, wish: Wish, limit: int) -> list[Field]:
    """All properties, those of most events first."""
    known = {column: name for name, (column, _) in COLUMNS.items()}
    return [
        Field(
            name=known.get(row["name"], row["name"]) if row["is_column"] else row["name"],
            has_column=bool(row["is_column"]),
            count=row["count"],
            persons=row["persons"],
            last_seen=row["last_seen"],
            last_version=row["last_version"],
        )
        for row in rows_of(client, "fields", wish, limit=limit)
    ]
