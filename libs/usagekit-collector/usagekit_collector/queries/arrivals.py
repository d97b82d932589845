"""What arrives: how much on each day, and how much there is by now."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from clickhouse_connect.driver.exceptions import DatabaseError

from usagekit_collector.queries.seen import Wish
from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql

# The engine's number for what a user may not do.
_NOT_GRANTED = 497


class Arrival(msgspec.Struct):
    """What arrived on a day, of any event.

    Attributes:
        delay_p50, delay_p95: percentiles of the seconds from when an event happened, by its
            sender's clock, to when it arrived.
    """

    day: date
    count: int
    delay_p50: float
    delay_p95: float


class Stored(msgspec.Struct):
    """What there is.

    Attributes:
        last_arrived: when the last event of the project arrived; null if none has.
        events: of all projects.
        bytes: of the disk that these take; ``free_bytes``: that are left on it. Null where the
            store's user may not ask.
        engine: its version.
    """

    last_arrived: datetime | None
    events: int
    bytes: int | None
    free_bytes: int | None
    engine: str


def arrivals(client: Client, wish: Wish) -> list[Arrival]:
    """What arrived on each day of the time that is asked for; of those on which anything did."""
    asked = {"project": wish.project, "tz": wish.tz, "start": wish.start, "end": wish.end}
    rows = client.query(sql("insights/arrivals"), asked).named_results()
    return [Arrival(row["day"], row["count"], *row["percentiles"]) for row in rows]


def stored(client: Client, project: int) -> Stored:
    """What there is by now."""
    (row,) = client.query(sql("insights/stored"), {"project": project}).named_results()
    try:
        (disk,) = client.query(sql("insights/disk")).named_results()
    except DatabaseError as error:
        if error.code != _NOT_GRANTED:
            raise
        disk = {"bytes": None, "free_bytes": None}
    return Stored(**row, **disk)
