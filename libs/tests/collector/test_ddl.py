"""The tables for a cluster: made from the migrations, and understood by the engine."""

from __future__ import annotations

import re
import subprocess

import pytest
from usagekit_collector.errors import StoreError
from usagekit_collector.store.ddl import cluster_ddl
from usagekit_collector.store.migrations import migrations
from usagekit_collector.store.sql import sql

from tests.support.clickhouse import ClickHouse
from tests.support.clickhouse_http import CLUSTER
from tests.support.collector import COLLECTOR

TABLES = ["events", "identity", "migrations", "owner", "projects"]


def statements(text: str) -> list[str]:
    """One by one, without the line that each ends with."""
    return [one for one in text.split(";\n") if one.strip()]


@pytest.fixture(scope="module")
def made(cluster: ClickHouse) -> ClickHouse:
    """A cluster with all tables made in ``ddl``, and those of a single server in ``single``."""
    for statement in statements(cluster_ddl(CLUSTER, "ddl")):
        cluster.query(statement)
    cluster.query("CREATE DATABASE single")
    for _, _, own in migrations():
        for statement in [sql("store/create_migrations"), *own]:
            cluster.query(
                re.sub(r"(IF NOT EXISTS|ALTER TABLE) ", r"\1 single.", statement, count=1)
            )
    return cluster


def test_the_engine_can_read_every_statement(cluster: ClickHouse) -> None:
    found = statements(cluster_ddl("any-cluster.1"))
    # A migration that changes a table is another statement; one that adds a column is two.
    assert len(found) == 2 + 3 * len(TABLES) + 2
    for statement in found:
        query, _, values = statement.partition("\nVALUES ")
        asked = f"EXPLAIN AST {re.sub(r'(?m)^ *--.*', '', query)}"
        read = cluster.query(f"{asked} SELECT {values}" if values else asked)
        assert read.startswith(("CreateQuery", "AlterQuery", "InsertQuery")), read


@pytest.mark.parametrize("table", TABLES)
def test_a_shard_has_the_table_that_a_single_server_has(made: ClickHouse, table: str) -> None:
    definition = (
        "SELECT create_table_query FROM system.tables WHERE database = '{}' AND name = '{}'"
    )
    single = made.query(definition.format("single", table))
    assert "MergeTree" in single
    shard = made.query(definition.format("ddl", f"{table}_local"))
    assert shard == single.replace(f"single.{table}", f"ddl.{table}_local")


@pytest.mark.parametrize("table", TABLES)
def test_the_table_over_all_shards_has_the_same_columns(made: ClickHouse, table: str) -> None:
    columns = (
        "SELECT name, type, position, default_expression FROM system.columns "
        "WHERE database = '{}' AND table = '{}' ORDER BY position"
    )
    single = made.query(columns.format("single", table))
    assert len(single.splitlines()) >= 3
    assert made.query(columns.format("ddl", table)) == single
    engine = made.query(
        f"SELECT engine FROM system.tables WHERE database = 'ddl' AND name = '{table}'"
    )
    assert engine == "Distributed\n"


def test_no_table_of_a_single_server_is_missing(made: ClickHouse) -> None:
    names = "SELECT name FROM system.tables WHERE database = '{}' ORDER BY name"
    single = made.query(names.format("single")).split()
    assert single == TABLES
    on_cluster = made.query(names.format("ddl")).split()
    assert on_cluster == sorted([*single, *(f"{one}_local" for one in single)])


def test_replicas_meet_by_shard_and_rows_that_belong_together_are_on_one_shard() -> None:
    text = cluster_ddl("two-shards", "usage")
    assert text.count(" ON CLUSTER 'two-shards'") == 1 + 3 * len(TABLES) + 2
    paths = re.findall(r"Replicated\w*MergeTree\('([^']+)', '([^']+)'", text)
    assert paths == [
        (f"/clickhouse/tables/{{shard}}/usage/{table}", "{replica}")
        for table in ("migrations", "events", "identity", "projects", "owner")
    ]
    shared = dict(re.findall(r"'(\w+)_local', sipHash64\((\w+)\)", text))
    assert shared["events"] == shared["identity"] == "own_id"
    # A row replaces another only where both are: what it is shared by is part of what it is.
    for table, engine, key in re.findall(
        r"usage\.(\w+)_local ON CLUSTER.*?Replicated(\w*)MergeTree.*?ORDER BY ([^\n]+)",
        text,
        re.DOTALL,
    ):
        assert engine != "Replacing" or shared[table] in re.findall(r"\w+", key), table


def test_all_migrations_count_as_applied(made: ClickHouse) -> None:
    applied = made.query("SELECT number, name FROM ddl.migrations ORDER BY number")
    assert applied == "".join(f"{number}\t{name}\n" for number, name, _ in migrations())


@pytest.mark.parametrize("name", ["", "a b", "a'b", "x; DROP TABLE events", "1st", "ü", "a\n"])
def test_what_can_be_no_name_is_refused(name: str) -> None:
    with pytest.raises(StoreError, match="cannot be the name of a cluster"):
        cluster_ddl(name)
    with pytest.raises(StoreError, match="cannot be a database"):
        cluster_ddl("fine", name)


def test_the_command_prints_it() -> None:
    ran = subprocess.run(
        [COLLECTOR, "ddl", "--cluster", "mine", "--database", "usage"], capture_output=True
    )
    assert (ran.returncode, ran.stdout.decode()) == (0, cluster_ddl("mine", "usage"))
    ran = subprocess.run([COLLECTOR, "ddl", "--cluster", "not 'mine'"], capture_output=True)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert ran.stderr.startswith(b"usagekit-collector: \"not 'mine'\" cannot be the name")
