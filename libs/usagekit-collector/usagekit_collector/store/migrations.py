"""The store's tables, brought up to date by numbered steps."""

from __future__ import annotations

import time

import msgspec

from usagekit_collector.errors import StoreError
from usagekit_collector.store.client import Client
from usagekit_collector.store.inserts import insert
from usagekit_collector.store.shards import is_sharded
from usagekit_collector.store.sql import SQL, sql


def migrations() -> list[tuple[int, str, list[str]]]:
    """Number, name and statements of each migration, in order."""
    found = []
    for file in sorted(SQL.joinpath("migrations").iterdir(), key=lambda file: file.name):
        number, _, name = file.name.removesuffix(".sql").partition("_")
        statements = [one.strip() for one in file.read_text(encoding="utf-8").split(";\n")]
        found.append((int(number), name, [one for one in statements if one]))
    return found


def missing_migrations(client: Client) -> list[tuple[int, str, list[str]]]:
    """What would bring the store up to date. Raises StoreError if a newer version of the collector
    has been at it, or if that is not for a collector to do."""
    done = {row[0] for row in client.query(sql("store/applied")).result_rows}
    known = migrations()
    if done - {number for number, _, _ in known}:
        raise StoreError("the store was written by a newer version of the collector: install it")
    missing = [one for one in known if one[0] not in done]
    if missing and is_sharded(client, "migrations"):
        raise StoreError(
            "the cluster's tables are older than this collector. Have its administrator run what "
            '"usagekit-collector ddl" prints.'
        )
    return missing


def migrate(client: Client) -> list[str]:
    """Bring the store up to date. Returns what was applied; raises StoreError as
    ``missing_migrations`` does."""
    client.command(sql("store/create_migrations"))
    missing = missing_migrations(client)
    for number, name, statements in missing:
        for statement in statements:
            client.command(statement)
        row = {"number": number, "name": name, "at": int(time.time())}
        insert(client, "migrations", [msgspec.json.encode(row)])
    return [name for _, name, _ in missing]
