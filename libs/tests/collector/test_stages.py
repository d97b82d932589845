"""Killed at each stage of an event's way, with the store away, with a clock that is wrong: what was
answered 200 is there, once, in the order in which it arrived."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.clickhouse import ClickHouse
from tests.support.collector import COLLECTOR, Collector, Project, event
from tests.support.load import Sender, wait_for_more
from tests.support.stopped import ask_engine
from tests.support.wire import until

NewCollector = Callable[..., Collector]
SENDERS = 4
# What a collector does when it has come to a stage for the nth time: it is killed.
_KILLED = """#!{python}
import os, signal, sys, threading, time
from contextlib import closing, contextmanager
from usagekit_collector.cli.commands import main
from usagekit_collector.intake.sqlite import SqliteIntake
from usagekit_collector.store import sink
from usagekit_collector.store.known import Known

left = {count}

def come_to(stage):
    global left
    left -= stage == {stage!r}
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def before(stage, owner, name):
    original = getattr(owner, name)
    def stepped(*args, **more):
        come_to(stage)
        return original(*args, **more)
    setattr(owner, name, stepped)

before("before the commit", SqliteIntake, "_commit")
before("before persons are stored", Known, "save")
before("before it is forgotten", SqliteIntake, "forget")
transaction = SqliteIntake._transaction

@contextmanager
def committed(self):
    with transaction(self) as connection:
        yield connection
    come_to("after the commit")

SqliteIntake._transaction = committed
insert = sink.insert

def inserted(*args):
    later = threading.Timer({delay}, come_to, ["in the insert"])
    later.daemon = True
    later.start()
    insert(*args)

sink.insert = inserted
main()
"""
STAGES = [
    "before the commit",
    "after the commit",
    "in the insert",
    "before persons are stored",
    "before it is forgotten",
]


class Calm(Sender):
    """Sends no more than an intake has room for in a minute."""

    def _batch(self) -> list[dict[str, Any]]:
        time.sleep(0.1)
        return super()._batch()


@contextmanager
def load(project: Project, kind: type[Sender] = Sender) -> Iterator[tuple[list[Sender], list[Any]]]:
    """Senders at work, until this ends; then all of what they had begun is answered 200."""
    done = threading.Event()
    senders = [kind(project, seed) for seed in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as threads:
        running = [threads.submit(sender.run, done) for sender in senders]
        try:
            yield senders, running
        finally:
            done.set()
        for one in running:
            one.result(90)


def assert_all_there_once(project: Project, senders: list[Sender]) -> None:
    """All that was acknowledged, and who is who as the events by themselves give it."""
    sent = [one["uuid"] for sender in senders for one in sender.acknowledged]
    until(lambda: project.collector.get("/_health").json == {"status": "ok"})
    assert Counter(one["uuid"] for one in project.events()) == Counter(sent)
    assert project.collector.stop() == 0
    said = project.collector.run("doctor", "--rebuild-identity").stdout.decode()
    assert "; 0 rows differed from before" in said, said
    assert "intake     nothing waits to be stored" in said


def is_over(process: Any) -> bool:
    return process.poll() is not None


@pytest.mark.torture
@pytest.mark.timeout(400)
@pytest.mark.parametrize("stages", [pytest.param(STAGES * 6, id="30 kills")])
def test_killed_at_a_stage_under_load_it_has_all_that_it_acknowledged_once(
    new_collector: NewCollector, tmp_path: Path, stages: list[str]
) -> None:
    collector, chance = new_collector(open=True, batch_seconds=0.05), random.Random(30)
    collector.start()
    project = collector.project("phc_made_up_stages")
    program = tmp_path / "killed"
    with load(project) as (senders, running):
        for stage in stages:
            wait_for_more(senders, running)
            collector.stop()
            delay, count = chance.uniform(0, 0.01), chance.randint(2, 12)
            text = _KILLED.format(python=sys.executable, stage=stage, count=count, delay=delay)
            program.write_text(text)
            program.chmod(0o700)
            collector.program = str(program)
            collector.start()
            assert collector.process is not None
            process = collector.process
            until(partial(is_over, process))
            assert collector.kill() == -9, stage
            collector.program = ""
            collector.start()
        wait_for_more(senders, running)
    assert sum(sender.failed for sender in senders) >= len(stages)
    assert_all_there_once(project, senders)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.torture)])
def test_with_the_server_away_under_load_nothing_is_refused_and_nothing_lost(
    breakable: ClickHouse, new_collector: NewCollector, seconds: float
) -> None:
    collector = new_collector(store=breakable.store, lease_seconds=1, open=True).start()
    project = collector.project()
    project.capture(event("first"))
    first = project.events()
    with load(project, Calm) as (senders, running):
        wait_for_more(senders, running)
        breakable.kill()
        time.sleep(seconds)
        assert collector.get("/_health").json["status"] == "degraded"
        breakable.start()
        wait_for_more(senders, running)
    assert [sender.failed for sender in senders] == [0] * SENDERS
    senders[0].acknowledged += first
    assert_all_there_once(project, senders)


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[ClickHouse]:
    with ClickHouse(tmp_path / "clickhouse") as running:
        yield running


class Clock:
    """A clock that a test sets, for a program that is run with it."""

    def __init__(self, folder: Path) -> None:
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
        if library is None:
            if os.environ.get("CI"):
                raise AssertionError("libfaketime is missing")
            pytest.skip("this system has no libfaketime")
        self._file = folder / "clock"
        self.set(timedelta())
        self.program = folder / "with-a-clock"
        self.program.write_text(
            f"#!/bin/sh\nexport LD_PRELOAD={library} FAKETIME_TIMESTAMP_FILE={self._file} "
            "FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1\n"
            f'exec {COLLECTOR} "$@"\n'
        )
        self.program.chmod(0o700)

    def set(self, ahead: timedelta) -> None:
        """So much later than it is; earlier, if that is negative."""
        part = self._file.with_suffix(".part")
        part.write_text(f"{ahead.total_seconds():+.0f}s\n")
        part.replace(self._file)


@pytest.mark.parametrize("is_running", [True, pytest.param(False, marks=pytest.mark.torture)])
def test_a_clock_that_is_set_back_a_year_changes_no_order(
    new_collector: NewCollector, tmp_path: Path, is_running: bool
) -> None:
    clock = Clock(tmp_path)
    collector = new_collector(open=True)
    collector.program = str(clock.program)
    collector.start()
    project = collector.project()
    noon = "2026-03-01T12:00:00Z"

    def send(*names: str) -> None:
        for name in names:
            project.capture(event(name, timestamp=noon, **{"$set": {"last": name}}))

    send("a", "b")
    project.capture(event("b", "$create_alias", alias="a", timestamp=noon))
    if not is_running:
        collector.stop()
    clock.set(-timedelta(days=365))
    if not is_running:
        collector.start()
    send("c", "a")
    project.capture(event("b", "$create_alias", alias="c", timestamp=noon))
    found = project.events()
    assert [one["distinct_id"] for one in found] == list("abbcab")
    arrived = [datetime.fromisoformat(one["arrived"].replace("Z", "+00:00")) for one in found]
    assert arrived[2] - arrived[3] > timedelta(days=360)
    assert abs(arrived[2] - datetime.now(timezone.utc)) < timedelta(hours=1)
    # Two a page, the last first.
    pages, before = [], None
    while True:
        page = collector.get("/api/events", project=project.token, limit=2, before=before).json
        pages += [one["distinct_id"] for one in page["events"]]
        before = page["next"]
        if before is None:
            break
    assert pages == list("bacbba")
    lines = collector.get("/api/export", project=project.token).body.splitlines()
    assert [json.loads(line)["distinct_id"] for line in lines] == list("abbcab")
    person = project.person("a")
    assert person is not None
    assert person["distinct_ids"] == ["a", "b", "c"]
    collector.stop()
    ran = collector.run("doctor", "--rebuild-identity")
    assert b"; 0 rows differed from before" in ran.stdout, ran


def test_a_store_of_the_version_before_is_brought_up_to_date_and_its_numbers_go_on(
    new_collector: NewCollector,
) -> None:
    collector = new_collector(open=True).start()
    project = collector.project()
    project.capture(event("old"))
    assert len(project.events()) == 1
    collector.stop()
    # As the version before had it: no time of arrival, and a number that is the time.
    then = 1_790_000_000_000_000
    (row,) = ask_engine(
        collector,
        "ALTER TABLE events DROP COLUMN arrived",
        "ALTER TABLE migrations DELETE WHERE number = 6 SETTINGS mutations_sync = 1",
        f"INSERT INTO events SELECT * REPLACE ({then} AS seq, generateUUIDv4() AS uuid) "
        "FROM events",
        "SELECT max(seq) AS seq, count() AS count FROM events",
    )
    assert (int(row["seq"]), int(row["count"])) == (then, 2)
    for suffix in ("", "-wal", "-shm"):
        (collector.folder / "store" / f"intake.sqlite{suffix}").unlink(missing_ok=True)
    shutil.rmtree(collector.folder / "store" / "known")
    collector.start()
    project.capture(event("new"))
    assert [one["distinct_id"] for one in project.events()] == ["old", "old", "new"]
    arrived = [one["arrived"] for one in project.events()]
    assert arrived[1].startswith("2026-09-21T")
    page = collector.get("/api/events", project=project.token, limit=1).json
    assert page["next"] == then + 1


# A collector to which events of one name are more than it can store.
_POISONED = """#!{python}
from usagekit_collector.cli.commands import main
from usagekit_collector.store import sink

row = sink.event_row

def poisoned(captured, *more):
    if captured.event == "poison":
        raise TypeError("made up")
    return b'{{"uuid": "none"}}' if captured.event == "no row" else row(captured, *more)

sink.event_row = poisoned
main()
"""


def test_an_event_that_cannot_be_stored_keeps_no_other_away_and_is_set_aside(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    program = tmp_path / "poisoned"
    program.write_text(_POISONED.format(python=sys.executable))
    program.chmod(0o700)
    collector = new_collector(open=True)
    collector.program = str(program)
    collector.start()
    project = collector.project()
    for name in ("a", "poison", "b", "no row", "c"):
        project.capture(event(name, name))
    assert [one["event"] for one in project.events()] == ["a", "b", "c"]
    assert collector.get("/_health").json == {"status": "ok"}
    numbers = collector.get("/metrics").body
    assert b"events_aside_total 2.0" in numbers
    assert b"events_queued 0.0" in numbers
    assert "1 events cannot be stored: they are set aside" in collector.log.read_text()
    collector.kill()
    with closing(sqlite3.connect(collector.folder / "store" / "intake.sqlite")) as connection:
        kept = connection.execute("SELECT events FROM aside").fetchall()
    assert [json.loads(events)[0]["event"] for (events,) in kept] == ["poison", "no row"]
    # What is deleted is not kept there either.
    collector.start()
    assert collector.request("DELETE", f"/api/persons/a?project={project.token}").status == 200
    collector.stop()
    with closing(sqlite3.connect(collector.folder / "store" / "intake.sqlite")) as connection:
        assert connection.execute("SELECT count() FROM aside").fetchone() == (0,)
