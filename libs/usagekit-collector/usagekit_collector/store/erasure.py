"""What was deleted leaves the files too."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from usagekit_collector.store.client import Client
from usagekit_collector.store.shards import change, is_sharded
from usagekit_collector.store.sql import sql

# Parts of tables, and what is written down of changes to them: table, name.
Remains = AbstractSet[tuple[str, str]]


def begin(client: Client) -> Remains | None:
    """Have all parts written anew without the rows that were deleted; then the engine removes the
    old ones. For the writer.

    Returns what must go until nothing is left; None where that cannot be looked at, on the shards
    of a cluster.
    """
    remains = None if is_sharded(client, "events") else there(client)
    for step in ("rewrite_events", "rewrite_identity"):
        change(client, sql(f"store/{step}"))
    return remains


def there(client: Client) -> Remains:
    """All files in which a deleted row may still be."""
    return frozenset(client.query(sql("store/remains")).result_rows)


def hurry(client: Client) -> None:
    """Wake the engine, which tidies up less and less often where nothing happens. On a server it
    would undo what an administrator has said."""
    for table in ("events", "identity"):
        client.command(f"SYSTEM START MERGES {table}")
