"""A command's file: a locked marker while it runs, its event at its end, never both or none."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from usagekit.config import UsageConfig
from usagekit.record import Record, spool_name
from usagekit.snapshot import FileLock

from tests.support.policy import policy

UUID = "00000000-0000-4000-8000-000000000001"
NAME = spool_name("2024-01-01T00:00:00.000000Z", UUID)


@pytest.fixture
def config(tmp_path: Path) -> UsageConfig:
    return policy(tmp_path / "state")


@pytest.fixture
def record(config: UsageConfig) -> Record:
    return Record(config.paths, UUID)


def files(config: UsageConfig) -> dict[str, str]:
    """What lies in the state folder: path and content."""
    root = Path(config.paths.folder)
    return {
        str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()
    }


def free(config: UsageConfig) -> bool:
    lock = FileLock(config.paths, f"{config.paths.running}/{UUID}.json")
    taken = lock.acquire()
    lock.release()
    return taken


def test_while_a_command_runs_there_is_a_marker_and_it_is_locked(
    config: UsageConfig, record: Record
) -> None:
    record.begin("it runs")
    assert files(config) == {f"running/{UUID}.json": "it runs"}
    assert not free(config)
    record.close()


def test_at_its_end_there_is_its_event_and_nothing_else(
    config: UsageConfig, record: Record
) -> None:
    record.begin("it runs")
    record.finish(NAME, "it ended")
    record.close()
    assert files(config) == {f"spool/{NAME}": "it ended"}


def test_an_end_needs_no_beginning(config: UsageConfig, record: Record) -> None:
    record.finish(NAME, "it ended")
    record.close()
    assert files(config) == {f"spool/{NAME}": "it ended"}


def test_a_command_that_was_none_leaves_nothing(config: UsageConfig, record: Record) -> None:
    record.begin("it runs")
    record.close()
    record.close()
    assert files(config) == {}


def test_what_is_known_better_replaces_what_was_said_and_stays_locked(
    config: UsageConfig, record: Record
) -> None:
    record.begin("group")
    record.begin("group.command")
    assert files(config) == {f"running/{UUID}.json": "group.command"}
    assert not free(config)
    record.close()


def test_a_marker_is_locked_for_as_long_as_it_has_its_name(
    config: UsageConfig, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that looks at any moment finds that the command lives, or finds nothing."""
    marker = Path(f"{config.paths.running}/{UUID}.json")
    looks: list[bool] = []

    def looked_at(step: Callable[..., None]) -> Callable[..., None]:
        def watched(*words: str, **options: int) -> None:
            looks.append(marker.exists() and free(config))
            step(*words, **options)
            looks.append(marker.exists() and free(config))

        return watched

    monkeypatch.setattr(os, "replace", looked_at(os.replace))
    monkeypatch.setattr(os, "unlink", looked_at(os.unlink))
    record.begin("group")
    record.begin("group.command")
    record.close()
    assert not marker.exists()
    assert looks
    assert not any(looks)


def test_a_command_s_own_files_get_the_numbers_that_they_would_get_untracked(
    record: Record,
) -> None:
    expected = os.open(os.devnull, os.O_RDONLY)
    os.close(expected)
    record.begin("it runs")
    own = os.open(os.devnull, os.O_RDONLY)
    os.close(own)
    assert own == expected
    assert not os.get_inheritable(record._fd)
    record.close()


def test_without_a_high_number_to_be_had_a_low_one_does(config: UsageConfig) -> None:
    script = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))\n"
        "from usagekit.record import Record\n"
        "from usagekit.config import UsagePaths\n"
        f"record = Record(UsagePaths(sys.argv[1]), {UUID!r})\n"
        "record.begin('it runs')\n"
        f"record.finish({NAME!r}, 'it ended')\n"
        "record.close()\n"
    )
    subprocess.run([sys.executable, "-c", script, config.paths.home], check=True)
    assert files(config) == {f"spool/{NAME}": "it ended"}


@pytest.mark.parametrize("deed", ["begin", "finish"])
def test_a_disk_that_fills_up_in_the_middle_is_left_as_it_was(
    config: UsageConfig, record: Record, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    record.begin("it runs")
    write, before = os.write, files(config)
    calls: list[int] = []

    def full(fd: int, data: bytes) -> int:
        calls.append(fd)
        if len(calls) > 1:
            raise OSError(28, "No space left on device")
        return write(fd, data[:3])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        record.begin("more") if deed == "begin" else record.finish(NAME, "it ended")
    monkeypatch.undo()
    assert files(config) == before
    record.close()


def test_a_spool_that_vanished_leaves_the_event_where_a_sender_finds_it(
    config: UsageConfig, record: Record
) -> None:
    record.begin("it runs")
    Path(config.paths.spool).rmdir()
    record.finish(NAME, "it ended")
    record.close()
    assert files(config) == {f"running/{UUID}.json": "it ended"}


ENDLESS = """
import sys
from usagekit.config import UsagePaths
from usagekit.record import Record
from usagekit.service import new_uuid
paths = UsagePaths(sys.argv[1])
for number in range(1_000_000):
    record = Record(paths, f"00000000-0000-4000-8000-{number:012}")
    record.begin("runs")
    print(number, flush=True)
    record.finish(f"2024-{number}.json", "ended")
    record.close()
"""


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.torture)])
def test_killed_at_any_moment_each_command_has_left_one_file_and_no_more(
    tmp_path: Path, kills: int
) -> None:
    chance = random.Random(11)
    for attempt in range(kills):
        home = tmp_path / str(attempt)
        process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, home], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.02))  # a moment like any other
        process.kill()
        begun = [0, *map(int, process.communicate()[0].split())]
        spooled = {path.name for path in (home / "usage/spool").iterdir()}
        running = {path.stem: path for path in (home / "usage/running").glob("*.json")}
        for number in begun:
            marker = running.pop(f"00000000-0000-4000-8000-{number:012}", None)
            ended = f"2024-{number}.json" in spooled
            assert ended is (marker is None), number
            if marker is not None:
                assert marker.read_text() in ("runs", "ended")
        # Of the one that had begun and not yet said so, there may be a marker.
        assert len(running) <= 1
