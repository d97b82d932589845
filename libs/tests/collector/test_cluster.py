"""A store on a cluster: the tables that ``ddl`` makes, with the collector's own questions to them.

The cluster has one server, which is the engine itself with its own Distributed tables; there is no
Keeper (``tests.support.clickhouse_http``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from usagekit_collector.address import read
from usagekit_collector.store.connect import options
from usagekit_collector.store.ddl import cluster_ddl
from usagekit_collector.store.sql import SQL, sql

from tests.support.clickhouse import ClickHouse
from tests.support.clickhouse_http import CLUSTER, TWO_SHARDS
from tests.support.collector import Collector, Project, event

# A server that is alone asks itself.
ALONE = "?prefer_localhost_replica=1"


def make_tables(cluster: ClickHouse, name: str, database: str) -> str:
    """Returns the store that they are."""
    for statement in cluster_ddl(name, database).split(";\n"):
        if statement.strip():
            cluster.query(statement)
    return cluster.store.replace("/default", f"/{database}") + ALONE


@pytest.fixture(scope="module")
def clustered(tmp_path_factory: pytest.TempPathFactory, cluster: ClickHouse) -> Iterator[Collector]:
    """A collector with its store on the cluster, in the database ``usagekit``."""
    store = make_tables(cluster, CLUSTER, "usagekit")
    folder = tmp_path_factory.mktemp("clustered")
    with Collector(folder, store=store, retention_days=30, lease_seconds=120) as running:
        yield running


@pytest.fixture
def project(clustered: Collector) -> Project:
    return clustered.project()


def test_what_was_answered_200_is_on_the_shard(cluster: ClickHouse, project: Project) -> None:
    sent = event("somebody", command_name="toolkit.run", properties={"kept": ["as", {"it": "is"}]})
    project.capture(sent, sent)
    (found,) = project.events()
    assert (found["uuid"], found["properties"]) == (sent["uuid"], sent["properties"])
    count = f"SELECT count() FROM usagekit.events_local WHERE uuid = '{sent['uuid']}'"
    assert cluster.query(count) == "1\n"
    count = "SELECT count() FROM system.tables WHERE database = 'usagekit' AND engine = '{}'"
    assert cluster.query(count.format("Distributed")) == "5\n"


def test_an_alias_and_a_merge_find_the_persons_on_their_shards(project: Project) -> None:
    project.capture(
        event("anon-1"),
        event("principal-1", "$create_alias", alias="anon-1"),
        event("principal-2", properties={"$set": {"name": "second"}}),
        event("principal-2", "$merge_dangerously", alias="principal-1"),
    )
    person = project.person("anon-1")
    assert person is not None
    assert person["distinct_ids"] == ["anon-1", "principal-1", "principal-2"]
    assert person["properties"] == {"name": "second"}
    assert {found["person_id"] for found in project.events()} == {person["person_id"]}
    commands = project.get("/api/insights/active", interval="month")
    assert commands[-1]["persons"] == 1


def test_the_mark_of_who_is_who_is_set_once_all_else_is_on_its_shards(
    cluster: ClickHouse, project: Project
) -> None:
    project.capture(event("anon-1"))
    assert len(project.events()) == 1
    cluster.stumble("INSERT INTO identity", "after")
    project.capture(event("principal-1", "$create_alias", alias="anon-1"))
    assert len(project.events()) == 2
    cluster.settle()
    number = f"(SELECT project FROM usagekit.projects WHERE token = '{project.token}')"
    stored = "SELECT max(version) FROM usagekit.identity_local WHERE "
    persons, mark = (
        int(cluster.query(stored + which)) for which in (f"project = {number}", "kind = 'mark'")
    )
    assert mark < persons
    # Of what comes after a mark nothing is taken for known: the next group folds it once more.
    project.capture(event("somebody-else"))
    assert len(project.events()) == 3
    assert int(cluster.query(stored + "kind = 'mark'")) > persons
    person = project.person("anon-1")
    assert person is not None
    assert person["distinct_ids"] == ["anon-1", "principal-1"]


def test_somebody_deleted_is_gone_from_the_shard(cluster: ClickHouse, project: Project) -> None:
    many = [f"anon-{number}" for number in range(300)]
    project.send(*(event("principal", "$create_alias", alias=one) for one in many), event("other"))
    path = f"/api/persons/anon-7?project={project.token}&at_most=301"
    assert project.collector.request("DELETE", path).status == 200
    assert project.person("principal") is None
    (left,) = project.events()
    assert left["distinct_id"] == "other"
    number = f"(SELECT project FROM usagekit.projects WHERE token = '{project.token}')"
    for table, own in (("events", ""), ("identity", "AND kind = 'distinct_id'")):
        rows = f"SELECT count() FROM usagekit.{table}_local WHERE project = {number} {own}"
        assert cluster.query(rows) == "1\n"


def test_retention_is_of_the_shards_and_can_be_changed(
    cluster: ClickHouse, clustered: Collector
) -> None:
    definition = (
        "SELECT create_table_query FROM system.tables "
        "WHERE database = 'usagekit' AND name = 'events_local'"
    )
    assert "toIntervalDay(30)" in cluster.query(definition)
    clustered.stop()
    clustered.environ["USAGEKIT_COLLECTOR_RETENTION_DAYS"] = "0"
    clustered.start()
    assert "toIntervalDay" not in cluster.query(definition)


def test_persons_are_made_anew_on_the_shards(cluster: ClickHouse, clustered: Collector) -> None:
    project = clustered.project()
    project.capture(event("anon-1"), event("principal-1", "$create_alias", alias="anon-1"))
    clustered.stop()
    stray = "4b3fba5c-0000-4000-8000-000000000000"
    cluster.query(
        "INSERT INTO usagekit.identity_local (project, kind, id, own_id, person_id, version) "
        f"VALUES (1, 'distinct_id', 'stray', '{stray}', '{stray}', 1)"
    )
    ran = clustered.run("doctor", "--rebuild-identity")
    assert b"; 1 rows differed" in ran.stdout, ran
    rows = f"SELECT count() FROM usagekit.identity WHERE own_id = '{stray}'"
    assert cluster.query(rows) == "0\n"
    clustered.start()
    person = project.person("anon-1")
    assert person is not None
    assert person["distinct_ids"] == ["anon-1", "principal-1"]


def test_tables_that_are_older_than_the_collector_are_its_administrators_to_change(
    cluster: ClickHouse, new_collector: Callable[..., Collector]
) -> None:
    store = make_tables(cluster, CLUSTER, "older")
    cluster.query("DELETE FROM older.migrations_local WHERE number = 4")
    ran = new_collector(store=store).run("doctor")
    assert ran.returncode == 1
    assert b'what "usagekit-collector ddl" prints' in ran.stderr


QUESTIONS = sorted(
    str(file.relative_to(str(SQL)).with_suffix(""))
    for file in Path(str(SQL)).rglob("*.sql")
    if re.match(r"(--.*\n|\s)*(SELECT|FROM)", file.read_text())
)
CHANGES = r"\b(ALTER TABLE|DELETE FROM|OPTIMIZE TABLE|TRUNCATE TABLE) (\w+)"
VALUES = {"U": "1", "S": "", "A": "[]", "D": "2026-01-01 00:00:00", "B": "1", "I": "1"}


@pytest.fixture(scope="module")
def two_shards(cluster: ClickHouse) -> ClickHouse:
    """Tables in ``two``, on this server and on one that cannot be reached."""
    for statement in cluster_ddl(TWO_SHARDS, "two").split(";\n"):
        if "CREATE" in statement:
            cluster.query(statement)
        elif "ADD COLUMN" in statement:
            cluster.query(statement.replace(f" ON CLUSTER '{TWO_SHARDS}'", ""))
    return cluster


def ask(two_shards: ClickHouse, question: str, settings: dict[str, str]) -> int:
    """The engine's number for what is wrong with it."""
    text = sql(question)
    for word, what in {"PART": "0.5", "NAME": "command", "SECOND": "0", "LEVELS": "0.5"}.items():
        text = text.replace(word, what)
    if question.startswith("insights/") and "FROM events" not in text:
        text = sql("insights/seen") + text
    asked = {f"param_{name}": VALUES[kind] for name, kind in re.findall(r"{(\w+):(\w)", text)}
    return two_shards.failure(text, database="two", **settings, **asked)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_one_that_several_shards_can_be_asked(
    two_shards: ClickHouse, question: str
) -> None:
    settings = {
        "load_balancing": "in_order",
        **options(read("clickhouse://host/db"), {})["settings"],
        "prefer_localhost_replica": "1",
    }
    # 279: the other one cannot be reached. 288 would be: this may not be asked of more than one.
    assert ask(two_shards, question, settings) in (0, 279), question


def test_what_changes_rows_does_so_where_they_are() -> None:
    texts = {str(file): file.read_text() for file in Path(str(SQL)).rglob("store/*.sql")}
    found = [(path, *one) for path, text in texts.items() for one in re.findall(CHANGES, text)]
    assert len(found) >= 5
    assert [one for one in found if not one[2].startswith("LOCAL_")] == []


def test_without_our_settings_the_engine_would_not_ask_several_shards(
    two_shards: ClickHouse,
) -> None:
    assert ask(two_shards, "store/unfolded", {"prefer_localhost_replica": "1"}) == 288
