"""A store on a server: what is lost on the way to it, and who may write into it."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.clickhouse import ClickHouse
from tests.support.collector import Collector, Project, event
from tests.support.wire import until

# Seconds of a lease that a test waits out; of one that it never would.
SHORT, LONG = 1.0, 1000.0


@pytest.fixture
def database(clickhouse: ClickHouse) -> str:
    """A new database, as the store of collectors."""
    name = f"made_up_{uuid4().hex}"
    clickhouse.query(f"CREATE DATABASE {name}")
    return clickhouse.store.replace("/default", f"/{name}")


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[ClickHouse]:
    """A server that a test may kill."""
    with ClickHouse(tmp_path / "clickhouse") as running:
        yield running


def send_until_taken(project: Project, sent: dict[str, object]) -> list[int]:
    """As an SDK does; the statuses of all tries but the last."""
    refused: list[int] = []

    def is_taken() -> bool:
        answer = project.send(sent)
        refused.extend([answer.status] * (answer.status != 200))
        return answer.status == 200

    until(is_taken)
    return refused


def ids(project: Project) -> list[str]:
    return [found["distinct_id"] for found in project.events()]


@pytest.mark.parametrize("when", ["before", "after", "meanwhile"])
def test_an_insert_of_which_no_answer_comes_is_not_stored_twice(
    clickhouse: ClickHouse, server: Collector, when: str
) -> None:
    project = server.project()
    project.capture(event("somebody"))
    assert ids(project) == ["somebody"]
    sent = event(f"cut-off-{when}", "$create_alias", alias="somebody")
    clickhouse.stumble("INSERT INTO events", when)
    assert project.send(sent).status == 200
    until(lambda: server.get("/_health").json["status"] == "degraded")
    until(lambda: server.get("/_health").json == {"status": "ok"})
    clickhouse.settle()
    assert ids(project) == ["somebody", f"cut-off-{when}"]
    count = f"SELECT count() FROM events WHERE distinct_id = 'cut-off-{when}'"
    assert clickhouse.query(count) == "1\n"
    person = project.person("somebody")
    assert person is not None
    assert person["distinct_ids"] == [f"cut-off-{when}", "somebody"]


def test_a_clock_that_was_put_back_does_not_put_the_new_before_the_old(
    clickhouse: ClickHouse, database: str, new_collector: Callable[..., Collector]
) -> None:
    collector = new_collector(store=database).start()
    project = collector.project()
    project.capture(event("anon-1"))
    collector.stop()
    # As if it had come an hour from now.
    table = f"{database.rpartition('/')[2]}.events"
    clickhouse.query(
        f"INSERT INTO {table} SELECT * REPLACE (seq + 3600000000 AS seq, "
        f"generateUUIDv4() AS uuid, 'later' AS distinct_id) FROM {table}"
    )
    collector.start()
    project.capture(event("anon-2"), event("anon-3", "$create_alias", alias="anon-2"))
    assert ids(project) == ["anon-1", "later", "anon-2", "anon-3"]
    collector.stop()
    assert b"; 0 rows differed" in collector.run("doctor", "--rebuild-identity").stdout


def test_persons_that_could_not_be_stored_are_stored_with_the_next_events(
    clickhouse: ClickHouse, server: Collector
) -> None:
    project = server.project()
    project.capture(event("anon-1"))
    assert len(project.events()) == 1
    clickhouse.stumble("INSERT INTO identity", "before")
    project.capture(event("principal-1", "$create_alias", alias="anon-1"))
    assert len(project.events()) == 2
    project.capture(event("somebody-else"))
    person = project.person("anon-1")
    assert person is not None
    assert person["distinct_ids"] == ["anon-1", "principal-1"]


@pytest.mark.parametrize("is_killed", [pytest.param(False, marks=pytest.mark.torture), True])
def test_while_the_server_is_gone_senders_do_not_notice(
    breakable: ClickHouse, new_collector: Callable[..., Collector], is_killed: bool
) -> None:
    collector = new_collector(store=breakable.store, lease_seconds=SHORT).start()
    project = collector.project()
    send_until_taken(project, event("before"))
    assert ids(project) == ["before"]
    breakable.kill()
    sent = event("meanwhile")
    assert project.send(sent).status == 200
    until(lambda: collector.get("/_health").json["status"] == "degraded")
    health = collector.get("/_health")
    assert health.status == 200
    assert "the store cannot be written, and 1 events wait" in health.json["because"]
    # Of a project that it does not know yet, it cannot say that there is none.
    assert collector.project().send(event("stranger")).status == 503
    assert collector.get("/api/events", project=project.token).status == 503
    path = f"/api/persons/before?project={project.token}"
    assert collector.request("DELETE", path).status == 503
    # Long enough for another collector to come, had there been one.
    time.sleep(2 * SHORT)
    assert project.send(event("later"), sent).status == 200
    if is_killed:
        collector.kill()
    breakable.start()
    if is_killed:
        collector.start()
    until(lambda: collector.get("/_health").json == {"status": "ok"})
    assert sorted(ids(project)) == ["before", "later", "meanwhile"]
    assert collector.get("/metrics").body.count(b"events_queued 0.0") == 1
    assert b"Traceback" not in collector.log.read_bytes()


def test_a_second_collector_is_told_who_has_the_store(
    database: str, new_collector: Callable[..., Collector]
) -> None:
    first = new_collector(store=database, lease_seconds=LONG).start()
    second = new_collector(store=database, lease_seconds=SHORT)
    project = first.project()
    project.capture(event("somebody"))
    assert first.process is not None
    for words in (["serve"], ["token", "create", "somebody"]):
        ran = second.run(*words)
        assert ran.returncode == 1, words
        who = f"another collector (pid {first.process.pid} on {socket.gethostname()})"
        assert who in ran.stderr.decode(), words
    # Who only reads is in nobody's way.
    assert second.run("doctor").returncode == 0
    assert second.run("export", "--project", project.token).stdout.count(b"\n") == 1
    project.capture(event("somebody"))


def test_stopped_it_gives_the_store_up_at_once(
    database: str, new_collector: Callable[..., Collector]
) -> None:
    first, second = (new_collector(store=database, lease_seconds=LONG) for _ in range(2))
    project = first.start().project()
    project.capture(event("before"))
    assert first.stop() == 0
    project = second.start().project(project.token)
    project.capture(event("after"))
    assert ids(project) == ["before", "after"]


def test_killed_it_is_followed_when_its_lease_has_run_out(
    database: str, new_collector: Callable[..., Collector]
) -> None:
    first, second = (new_collector(store=database, lease_seconds=SHORT) for _ in range(2))
    project = first.start().project()
    sent = event("somebody")
    send_until_taken(project, sent)
    first.kill()
    project = second.start().project(project.token)
    send_until_taken(project, sent)
    send_until_taken(project, event("somebody-else"))
    assert ids(project) == ["somebody", "somebody-else"]


@pytest.mark.parametrize("is_gone", [False, True], ids=["still there", "gone again"])
def test_one_that_stood_still_while_another_came_after_it_stores_nothing_more(
    database: str, new_collector: Callable[..., Collector], is_gone: bool
) -> None:
    first, second = (new_collector(store=database, lease_seconds=SHORT) for _ in range(2))
    project = first.start().project()
    assert first.process is not None
    first.process.send_signal(signal.SIGSTOP)
    after = second.start().project(project.token)
    send_until_taken(after, event("after"))
    assert ids(after) == ["after"]
    if is_gone:
        assert second.stop() == 0
    first.process.send_signal(signal.SIGCONT)
    assert project.send(event("too-late")).status == 503
    until(lambda: "the store is another collector's now" in first.log.read_text())
    assert project.send(event("too-late")).status == 503
    assert first.get("/_health").status == 503
    assert first.request("DELETE", f"/api/persons/after?project={project.token}").status == 503
    assert ids(project) == ["after"]
    if not is_gone:
        assert first.stop() == 0
        send_until_taken(after, event("after"))


def test_a_project_moves_from_an_embedded_store_with_its_uuids_and_persons(
    embedded: Collector, server: Collector
) -> None:
    old = embedded.project()
    old.capture(
        event("anon-1", timestamp="2026-01-02T03:04:05.678901Z", command_name="login"),
        event("principal-1", "$create_alias", alias="anon-1"),
        event("principal-1", properties={"$set": {"plan": "made-up"}}),
    )
    new = server.project(old.token)
    for _ in range(2):
        moved = embedded.run("export", "--url", embedded.url, "--project", old.token).stdout
        words = ("import", "-", "--url", server.url, "--token", new.token)
        assert server.run(*words, said=moved).returncode == 0
    kept = ("uuid", "event", "distinct_id", "timestamp", "properties")
    assert [[one[name] for name in kept] for one in new.events()] == [
        [one[name] for name in kept] for one in old.events()
    ]
    person, before = new.person("anon-1"), old.person("anon-1")
    assert person is not None
    assert before is not None
    for name in ("distinct_ids", "is_identified", "properties", "first_seen", "events"):
        assert person[name] == before[name]


def test_a_password_is_asked_for_and_told_to_nobody(
    tmp_path: Path, new_collector: Callable[..., Collector]
) -> None:
    with ClickHouse(tmp_path / "clickhouse", password="made-up-1") as guarded:
        wrong = guarded.store.replace("//", "//default:made-up-2@")
        ran = new_collector(store=wrong).run("serve")
        assert ran.returncode == 1
        assert b"Authentication failed" in ran.stderr
        right = new_collector(store=guarded.store.replace("//", "//default:made-up-1@")).start()
        right.project().capture(event("somebody"))
        assert right.stop() == 0
        assert b"made-up-" not in ran.stderr + right.log.read_bytes().replace(b"phc_made_up", b"")
