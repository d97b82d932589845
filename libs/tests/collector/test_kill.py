"""kill -9 at any moment: what was acknowledged is there, once, and so is who is who."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.collector import COLLECTOR, Collector, event, fork
from tests.support.load import Sender, some_event, wait_for_more
from tests.support.stopped import ask_engine

NewCollector = Callable[..., Collector]
SENDERS = 4


@pytest.fixture
def kept_port() -> Iterator[int]:
    """A port that nobody else is given, not even as the near end of a connection, while the
    collector that has it is down. Bound twice it may be, as long as neither listens yet."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.torture)])
def test_killed_again_and_again_under_load_it_has_all_that_it_acknowledged_once(
    new_collector: NewCollector, kept_port: int, kills: int
) -> None:
    collector, chance, done = new_collector(port=kept_port), random.Random(20), threading.Event()
    project = collector.start().project()
    senders = [Sender(project, seed) for seed in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as threads:
        running = [threads.submit(sender.run, done) for sender in senders]
        try:
            for number in range(kills):
                wait_for_more(senders, running)
                time.sleep(chance.uniform(0, 0.2))
                collector.kill()
                if number % 4 == 0:
                    _kill_a_start(collector, chance.uniform(0, 0.6))
                collector.start()
        finally:
            done.set()
        for one in running:
            one.result(90)

    sent = [one["uuid"] for sender in senders for one in sender.acknowledged]
    assert sum(sender.failed for sender in senders) >= kills
    assert Counter(one["uuid"] for one in project.events()) == Counter(sent)
    assert collector.stop() == 0
    _assert_it_knows_who_is_who(collector)


def _kill_a_start(collector: Collector, seconds: float) -> None:
    """Start it, and kill it after so long, whatever it is doing."""
    with open(collector.log, "ab") as log:
        process = fork("serve", environ=collector.environ, stdout=log, stderr=log)
    time.sleep(seconds)
    process.kill()
    process.wait()


def _assert_it_knows_who_is_who(collector: Collector) -> None:
    """The stored map is the one that all events together give."""
    said = collector.run("doctor", "--rebuild-identity").stdout.decode()
    assert "; 0 rows differed from before" in said, said


def test_killed_while_it_makes_its_store_it_makes_it_the_next_time(
    new_collector: NewCollector,
) -> None:
    collector, chance = new_collector(), random.Random(5)
    collector.folder.mkdir()
    for _ in range(4):
        _kill_a_start(collector, chance.uniform(0.3, 0.8))
    project = collector.start().project()
    project.capture(event("anon-1"))
    assert [one["distinct_id"] for one in project.events()] == ["anon-1"]


@pytest.mark.torture
def test_killed_with_a_million_events_it_starts_again_and_knows_them_all(
    new_collector: NewCollector,
) -> None:
    collector = new_collector().start()
    project = collector.project()
    people = [event(f"user-{number}", timestamp="2026-03-29T12:00:00Z") for number in range(1000)]
    assert project.send(*people).status == 200
    collector.stop()
    chosen = [f"{KNOWN}{number:012}" for number in random.Random(1).sample(range(1_000_000), 500)]
    whose = f"SELECT uuid, distinct_id FROM events WHERE uuid IN ({str(chosen)[1:-1]})"
    again = [
        event(row["distinct_id"], uuid=row["uuid"])
        for row in ask_engine(collector, MULTIPLY, whose)
    ]
    assert len(again) == 500

    collector.start().kill()
    collector.start()
    assert project.send(*again, event("user-7"), event("newcomer")).status == 200
    known = project.person("user-7")

    numbers = collector.get("/metrics").body.decode().splitlines()
    assert "usagekit_collector_events_repeated_total 500.0" in numbers
    assert "usagekit_collector_events_stored_total 2.0" in numbers
    assert known is not None
    assert known["events"] == 1002
    assert collector.stop() == 0
    assert " 1,001,002 events, 1,001 persons," in collector.run("doctor").stdout.decode()


KNOWN = "00000000-0000-4000-8000-"
MULTIPLY = f"""
    INSERT INTO events
    SELECT events.* REPLACE (
        toUUID(concat('{KNOWN}', leftPad(toString(rowNumberInAllBlocks()), 12, '0'))) AS uuid,
        (SELECT max(seq) FROM events) + 1 + rowNumberInAllBlocks() AS seq,
        timestamp + toIntervalSecond(times.number) AS timestamp
    )
    FROM events CROSS JOIN numbers(1000) AS times
    SETTINGS max_threads = 1, max_insert_threads = 1
"""


@pytest.mark.torture
def test_an_import_killed_half_way_is_finished_by_the_next_one(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    collector, chance = new_collector(), random.Random(3)
    given = [some_event(chance) for _ in range(8_000)]
    source = tmp_path / "events.jsonl"
    source.write_text("".join(f"{json.dumps(one)}\n" for one in given))
    words = ["import", str(source), "--token", "phc_made_up"]
    collector.folder.mkdir()

    for pieces in (1, 4):
        taken = _kill_after(collector, words, pieces, chance.uniform(0, 0.1))
        # What it has not stored waits in the intake, and whoever exports is told so.
        found = collector.run("export")
        (waiting,) = re.findall(rb"([\d,]+) events wait", found.stderr) or (b"0",)
        stored = Counter(json.loads(line)["uuid"] for line in found.stdout.splitlines())
        count = len(stored) + int(waiting.replace(b",", b""))
        assert count >= taken
        assert stored == Counter(one["uuid"] for one in given[: len(stored)])
    done = collector.run(*words)
    assert (done.returncode, done.stderr.split(b"\r")[-1]) == (0, b"8,000 events taken in\n")
    assert _exported(collector) == Counter(one["uuid"] for one in given)
    _assert_it_knows_who_is_who(collector)


def _kill_after(collector: Collector, words: list[str], pieces: int, seconds: float) -> int:
    """Kill a command so long after it has said so often how many events are in. Returns how many
    it had said in the end."""
    with fork(*words, environ=collector.environ) as process:
        assert process.stderr is not None
        said = b""
        while said.count(b"taken in") < pieces:
            said += os.read(process.stderr.fileno(), 4096)
            assert process.poll() is None, said
        time.sleep(seconds)
        process.kill()
        said += process.stderr.read()
    assert process.returncode == -signal.SIGKILL
    *_, last = re.findall(rb"([\d,]+) events taken in", said)
    return int(last.replace(b",", b""))


def _exported(collector: Collector) -> Counter[str]:
    lines = collector.run("export").stdout.splitlines()
    return Counter(json.loads(line)["uuid"] for line in lines)


@pytest.mark.torture
def test_on_a_full_disk_it_asks_to_be_tried_again_and_goes_on_when_there_is_room(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    collector = new_collector(open=True)  # Its files are seen by nobody else.
    collector.program = _on_a_small_disk(collector, 16, tmp_path)
    collector.start()
    collector.program = ""
    project, disk, chance = collector.project(), _disk_of(collector), random.Random(4)
    taken: list[list[dict[str, Any]]] = []
    refused: list[list[dict[str, Any]]] = []
    # How far a batch comes, into the events, into who is who: the engine wants 256 pages for each.
    for pages in (0, 1, 2, 10, 100, *range(254, 290, 2), 400):
        _leave_room(disk / "filler", pages)
        batch = [some_event(chance) for _ in range(5)]
        answer = project.send(*batch)
        assert answer.status in (200, 503), answer
        assert answer.status == 200 or answer.headers["retry-after"] == "1"
        (taken if answer.status == 200 else refused).append(batch)
    assert taken
    assert refused
    _leave_room(disk / "filler", 0)
    assert project.send(event("anon-1")).status == 503
    ill = collector.get("/_health")
    assert ill.status == 503
    assert ill.json["error"] == "events cannot be written down: see the log"

    (disk / "filler").unlink()
    deadline = time.monotonic() + 60
    while collector.get("/_health").json != {"status": "ok"}:
        assert time.monotonic() < deadline, "it stays ill though there is room again"
        time.sleep(0.2)
    for batch in refused:
        assert project.send(*batch).status == 200
    assert Counter(one["uuid"] for one in project.events()) == _uuids(taken + refused)
    _save(collector)
    _assert_it_knows_who_is_who(collector)


def _uuids(batches: list[list[dict[str, Any]]]) -> Counter[str]:
    return Counter(one["uuid"] for batch in batches for one in batch)


def test_on_a_disk_that_is_too_small_it_does_not_start_and_says_why(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    collector = new_collector()
    collector.program = _on_a_small_disk(collector, 1, tmp_path)
    ran = collector.run("serve")
    assert ran.returncode == 1
    # Anybody may write on such a disk, until the collector takes it.
    closed, said = ran.stderr.decode().splitlines()
    assert "could be opened by others" in closed
    assert said.startswith("usagekit-collector: the store cannot be used: ")
    assert "not enough space" in said


def _on_a_small_disk(collector: Collector, size: int, folder: Path) -> str:
    """A program that runs the collector with its store on a disk of its own, of so many MiB."""
    alone = ["unshare", "--mount", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"]).returncode:
        pytest.skip("this system lets nobody mount a disk")
    store = shlex.quote(str(collector.folder / "store"))
    program = folder / "on-a-small-disk"
    inner = f'mount -t tmpfs -o size={size}m tmpfs {store} && exec {shlex.quote(COLLECTOR)} "$@"'
    command = shlex.join([*alone, "sh", "-c", inner, "sh"])
    program.write_text(f'#!/bin/sh\nmkdir -p {store}\nexec {command} "$@"\n')
    program.chmod(0o755)
    return str(program)


def _disk_of(collector: Collector) -> Path:
    """Its store, on the disk that only it sees."""
    assert collector.process is not None
    return Path(f"/proc/{collector.process.pid}/root{collector.folder}/store")


def _save(collector: Collector) -> None:
    """Kill it; its store stays, though its disk goes with it."""
    assert collector.process is not None
    collector.process.send_signal(signal.SIGSTOP)
    shutil.copytree(_disk_of(collector), collector.folder / "store", True, dirs_exist_ok=True)
    collector.kill()


def _leave_room(filler: Path, pages: int) -> None:
    """Fill a disk but for so many pages."""
    with open(filler, "ab", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        file.truncate(max(0, file.tell() - 4096 * pages))


def test_where_no_file_may_grow_it_asks_to_be_tried_again(new_collector: NewCollector) -> None:
    collector = new_collector(measured=True).start()
    project = collector.project()
    assert project.send(event("anon-1")).status == 200
    assert len(project.events()) == 1
    assert collector.process is not None
    pid, unlimited = collector.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    batch = [event("ada", "$identify", **{"$anon_distinct_id": "anon-1"}), event("ada")]
    for _ in range(3):
        answer = project.send(*batch)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert [one["distinct_id"] for one in project.events()] == ["anon-1"]

    resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
    assert project.send(*batch).status == 200
    assert [one["distinct_id"] for one in project.events()] == ["anon-1", "ada", "ada"]
    assert collector.stop() == 0
    _assert_it_knows_who_is_who(collector)
