"""Rows into a table, in one step."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from uuid import uuid4

from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql

# Times are as msgspec writes them.
_SETTINGS = {"date_time_input_format": "best_effort"}


def insert(client: Client, table: str, lines: Sequence[bytes]) -> None:
    """Put rows, each a line of JSON, into a table: all of them, on disk, in one step.

    On a cluster it is one step for each shard. A failure does not say that nothing was stored; but
    it has ended, if the server can still be asked, and what was stored can be looked up.
    """
    query_id = str(uuid4())
    settings = {"query_id": query_id, **_SETTINGS}
    block = b"\n".join(lines) + b"\n"
    try:
        # What can be read but once, the client cannot send once more by itself.
        client.raw_insert(table, insert_block=iter([block]), fmt="JSONEachRow", settings=settings)
    except OperationalError:
        with suppress(ClickHouseError):
            client.command(sql("store/kill").replace("QUERY_ID", query_id))
        raise
