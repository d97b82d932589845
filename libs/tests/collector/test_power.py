"""The power fails: what was answered 200 is there all the same, and what was deleted is not."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.collector import Collector, Project
from tests.support.load import Sender
from tests.support.power import CAN_FAIL, HAS_XFS, Disk
from tests.support.stopped import exported

pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(not CAN_FAIL, reason="only root can have a disk, on a loop device"),
]
SENDERS = 3
# Seconds of load, then of rest, in which the engine merges what it has.
MOMENTS = [(2.0, 0.0), (4.0, 3.0), (3.0, 1.0), (5.0, 6.0), (1.0, 12.0)]


def send(project: Project, seconds: float, seed: int) -> dict[str, str]:
    """A load for so long. Returns the uuid of each event that was taken, and its distinct_id."""
    done = threading.Event()
    senders = [Sender(project, seed * SENDERS + number) for number in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as threads:
        running = [threads.submit(sender.run, done) for sender in senders]
        time.sleep(seconds)
        done.set()
        for one in running:
            one.result(60)
    return {one["uuid"]: one["distinct_id"] for sender in senders for one in sender.acknowledged}


def delete(project: Project, distinct_id: str) -> list[str]:
    """Delete a person with their events. Returns the distinct_ids that were theirs."""
    path = f"/api/persons/{distinct_id}?project={project.token}&at_most=1000"
    answer = project.collector.request("DELETE", path)
    assert answer.status == 200, answer
    theirs: list[str] = answer.json["distinct_ids"]
    return theirs


@contextmanager
def stopped(collector: Collector) -> Iterator[None]:
    """Meanwhile it does nothing, and so writes nothing."""
    assert collector.process is not None
    collector.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        collector.process.send_signal(signal.SIGCONT)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "kind",
    ["ext4", pytest.param("xfs", marks=pytest.mark.skipif(not HAS_XFS, reason="there is no xfs"))],
)
def test_whenever_it_fails_nothing_is_lost_and_nothing_deleted_comes_back(
    tmp_path: Path, kind: str
) -> None:
    disk, taken = Disk(tmp_path, kind), dict[str, str]()
    found: list[tuple[Path, set[str]]] = []
    with disk.mounted() as folder, Collector(folder / "collector") as collector:
        project = collector.project()
        for number, (load, rest) in enumerate(MOMENTS):
            taken |= send(project, load, number)
            if number % 2:
                theirs = delete(project, f"user-{number}")
                taken = {uuid: who for uuid, who in taken.items() if who not in theirs}
            time.sleep(rest)
            image = tmp_path / f"{number}.image"
            with stopped(collector):
                disk.copy_as_of_now(image)
            found.append((image, set(taken)))
    for image, expected in found:
        with disk.mounted(image) as folder:
            again = Collector(folder / "collector")
            with again:
                assert again.get("/_health").json == {"status": "ok"}
            uuids = [one["uuid"] for one in exported(again)]
            assert len(set(uuids)) == len(uuids)
            assert (expected - set(uuids), set(uuids) - expected) == (set(), set())
            said = again.run("doctor", "--rebuild-identity")
            assert said.returncode == 0, said
            assert "; 0 rows differed from before" in said.stdout.decode(), said
        image.unlink()
