"""Where the rows of a table are, one server or the shards of a cluster; and how they are changed
there."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql

# A table whose rows lie on the shards of a cluster: which cluster, database and table that is.
_DISTRIBUTED = re.compile(r"Distributed\('([^']+)', '([^']+)', '([^']+)'")


def change(client: Client, text: str, parameters: dict[str, Any] | None = None) -> None:
    """Carry out a statement that changes rows which are there, or says what becomes of them.

    Args:
        client: for writing.
        text: the statement; LOCAL_EVENTS stands for the table that holds the rows of ``events``.
        parameters: of the statement.
    """
    # As a query: the parameters of a command would have to fit into an address.
    client.raw_query(
        re.sub(r"LOCAL_([A-Z]+)", lambda found: _local(client, found), text), parameters
    )


def is_sharded(client: Client, table: str) -> bool:
    """Whether the rows of a table lie on the shards of a cluster."""
    return bool(place(client, table)[2])


@lru_cache
def place(client: Client, table: str) -> tuple[str, str, str]:
    """Where the rows of a table are: database, table, and cluster, which is empty for a server."""
    database, engine = client.query(sql("store/engine"), {"table": table}).result_rows[0]
    found = _DISTRIBUTED.match(engine)
    return (found[2], found[3], found[1]) if found else (database, table, "")


def _local(client: Client, found: re.Match[str]) -> str:
    database, table, cluster = place(client, found[1].lower())
    return f"`{database}`.`{table}`" + (f" ON CLUSTER '{cluster}'" if cluster else "")
