"""The store's tables on a replicated, sharded cluster, made from the migrations' own statements."""

from __future__ import annotations

import re

from usagekit_collector.errors import StoreError
from usagekit_collector.store.migrations import migrations
from usagekit_collector.store.sql import sql

# Either is written between quotes, or bare where every server takes it for a name.
_CLUSTER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)
_DATABASE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_CREATE = re.compile(
    r"(?P<comment>(?:--.*\n)*)CREATE TABLE IF NOT EXISTS (?P<table>\w+) ?\s*(?P<columns>\(.*\))\n"
    r"ENGINE = (?P<engine>\w*MergeTree)(?:\((?P<arguments>.*?)\))?\s+"
    r"ORDER BY (?P<key>\(.*?\)|\w+)(?P<rest>.*)",
    re.DOTALL,
)
_ALTER = re.compile(
    r"(?P<comment>(?:--.*\n)*)ALTER TABLE (?P<table>\w+)\s+(?P<change>.*)", re.DOTALL
)
# Shares rows out by the person that a distinct_id is by itself: all of what one has done, and all
# versions of the row of who they are, lie on one shard.
_SHARED_BY = "own_id"
_HEAD = """\
-- The tables of usagekit-collector on the cluster '{cluster}', as of migration {last}. Every server
-- needs Keeper and the macros shard and replica; the cluster, <internal_replication> set to true.
-- The collector is told of it by --store clickhouse://user:password@host:8443/{database}

CREATE DATABASE IF NOT EXISTS {database} ON CLUSTER '{cluster}';
"""
_TABLES = """
{comment}CREATE TABLE IF NOT EXISTS {database}.{table}_local ON CLUSTER '{cluster}'
{columns}
ENGINE = Replicated{engine}('/clickhouse/tables/{{shard}}/{database}/{table}', '{{replica}}'{more})
ORDER BY {key}{rest};

CREATE TABLE IF NOT EXISTS {database}.{table} ON CLUSTER '{cluster}'
AS {database}.{table}_local
ENGINE = Distributed('{cluster}', '{database}', '{table}_local', sipHash64({shared_by}));
"""
_CHANGE = """
{comment}ALTER TABLE {database}.{table}_local ON CLUSTER '{cluster}' {change};
"""
# A column is one of both tables.
_COLUMN = """
{comment}ALTER TABLE {database}.{table}_local ON CLUSTER '{cluster}' {change};

ALTER TABLE {database}.{table} ON CLUSTER '{cluster}' {change};
"""
_APPLIED = """
-- So that the collector sees that all this has been done.
INSERT INTO {database}.migrations (number, name, at)
SETTINGS distributed_foreground_insert = 1
VALUES {rows};
"""


def cluster_ddl(cluster: str, database: str = "usagekit") -> str:
    """All statements, each ending with ``;`` and a line break.

    Args:
        cluster: its name, as it stands in the servers' ``remote_servers``.
        database: where the tables are made; the collector's store names it.

    Raises StoreError for what can be no name.
    """
    if not _CLUSTER.fullmatch(cluster):
        raise StoreError(
            f"{cluster!r} cannot be the name of a cluster: letters, digits, _ . and - make one"
        )
    if not _DATABASE.fullmatch(database):
        raise StoreError(f"{database!r} cannot be a database: letters, digits and _ make a name")
    known = migrations()
    statements = [sql("store/create_migrations").strip()]
    statements += [one for _, _, statements in known for one in statements]
    rows = (f"({number}, '{name}', toUnixTimestamp(now()))" for number, name, _ in known)
    return "".join(
        [
            _HEAD.format(cluster=cluster, database=database, last=known[-1][0]),
            *(_on_cluster(one, cluster, database) for one in statements),
            _APPLIED.format(database=database, rows=", ".join(rows)),
        ]
    )


def _on_cluster(statement: str, cluster: str, database: str) -> str:
    """A table as it lies on each shard, and the one over all shards that goes by its name; or what
    becomes of those on the shards."""
    statement = statement.rstrip(";")
    changed = _ALTER.fullmatch(statement)
    if changed is not None:
        how = _COLUMN if "COLUMN" in changed["change"] else _CHANGE
        return how.format(**changed.groupdict(), cluster=cluster, database=database)
    found = _CREATE.fullmatch(statement)
    if found is None:
        raise StoreError(f"this cannot be said for a cluster: {statement}")
    parts = found.groupdict(default="")
    columns = re.findall(r"^\s+(\w+) ", parts["columns"], re.MULTILINE)
    first = re.findall(r"\w+", parts["key"])[0]
    return _TABLES.format(
        **parts,
        cluster=cluster,
        database=database,
        more=f", {parts['arguments']}" if parts["arguments"] else "",
        shared_by=_SHARED_BY if _SHARED_BY in columns else first,
    )
