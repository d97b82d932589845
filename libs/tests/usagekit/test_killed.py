"""Commands that were killed: counted once, by the next sender, and never while they live."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from usagekit import killed
from usagekit.config import UsageConfig
from usagekit.event import Event
from usagekit.service import machine, new_uuid
from usagekit.snapshot import system
from usagekit.spool import Spool

from tests.support.policy import policy

UUID = "00000000-0000-4000-8000-00000000000a"
COMMAND = """
import sys
from tests.support.policy import policy
from usagekit.tracker import CommandTracker
tracker = CommandTracker(policy(sys.argv[1]), {})
for name in sys.argv[2:]:
    tracker.begin(name)
print("running", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def config(tmp_path: Path) -> UsageConfig:
    return policy(tmp_path / "state")


@pytest.fixture
def spool(config: UsageConfig) -> Spool:
    return Spool(config)


@contextmanager
def running(config: UsageConfig, *names: str) -> Iterator[subprocess.Popen[bytes]]:
    """A real process in the middle of a command; it is killed at the end."""
    libs = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, config.paths.home, *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(libs), "HOME": config.paths.home},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"running\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def collected(config: UsageConfig, spool: Spool) -> list[Event]:
    killed.collect(config, spool)
    return [event for event in map(spool.take, spool.names()) if event is not None]


def marker(config: UsageConfig, content: object, name: str = UUID) -> Path:
    """A marker that nobody locks: its command is dead."""
    path = Path(config.paths.running) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def fields(**more: object) -> dict[str, object]:
    return {
        "uuid": UUID,
        "timestamp": "2024-01-01T00:00:00.000000Z",
        "event_name": "CLI execution succeeded",
        "distinct_id": "00000000-0000-4000-8000-000000000001",
        "is_anon": True,
        "properties": {"command_name": "toolkit.run", "duration": 0, "exit_code": 0},
        **more,
    }


def test_a_command_that_was_killed_is_one_failure(config: UsageConfig, spool: Spool) -> None:
    with running(config, "toolkit.run"):
        (path,) = Path(config.paths.running).iterdir()
        said = json.loads(path.read_text())
    for _ in range(2):
        (event,) = collected(config, spool)
    assert event.event_name == "CLI execution failed"
    assert event.properties["command_name"] == "toolkit.run"
    assert event.properties["failure_kind"] == "killed"
    assert event.properties["error_message"] == ""
    assert {"duration", "exit_code"} & event.properties.keys() == set()
    assert (event.uuid, event.timestamp) == (said["uuid"], said["timestamp"])
    assert event.distinct_id == json.loads(Path(config.paths.identity).read_text())["anon_id"]
    assert list(Path(config.paths.running).iterdir()) == []


def test_it_goes_by_the_best_name_that_it_was_known_by(config: UsageConfig, spool: Spool) -> None:
    with running(config, "group", "group.command"):
        pass
    (event,) = collected(config, spool)
    assert event.properties["command_name"] == "group.command"


@pytest.mark.parametrize("stopped", [False, True])
def test_a_command_that_lives_is_left_alone(
    config: UsageConfig, spool: Spool, stopped: bool
) -> None:
    with running(config, "login") as process:
        if stopped:
            process.send_signal(signal.SIGSTOP)
        assert collected(config, spool) == []
        (path,) = Path(config.paths.running).iterdir()
        # Life and death are told by a lock: no pid is noted that another process could get.
        assert str(process.pid) not in path.read_text().replace(path.stem, "")


def test_another_machine_s_command_may_live_whatever_its_lock_says(
    config: UsageConfig, spool: Spool
) -> None:
    path = marker(config, fields(running_on=f"not-{machine()}"))
    assert collected(config, spool) == []
    assert path.exists()
    os.utime(path, (time.time(), time.time() - config.spool_age - 60))
    assert collected(config, spool) == []
    assert not path.exists()


@pytest.mark.parametrize("others", [500, 5_000])
def test_our_own_are_found_among_thousands_of_other_machines(
    config: UsageConfig, spool: Spool, others: int
) -> None:
    elsewhere = json.dumps(fields(running_on=f"not-{machine()}"))
    folder = Path(config.paths.running)
    folder.mkdir(parents=True)
    for _ in range(others):
        (folder / f"{new_uuid()}.json").write_text(elsewhere)
    own = [new_uuid() for _ in range(20)]
    for uuid in own:
        marker(config, fields(uuid=uuid, running_on=machine()), uuid)
    for _ in range(10):
        found = collected(config, spool)
        if len(found) == len(own):
            break
    assert sorted(event.uuid for event in found) == sorted(own)
    assert len(list(folder.iterdir())) == others


def test_a_command_that_died_between_its_last_two_steps_had_ended_as_it_said(
    config: UsageConfig, spool: Spool
) -> None:
    marker(config, fields())
    (event,) = collected(config, spool)
    assert event.event_name == "CLI execution succeeded"
    assert event.properties["exit_code"] == 0


def test_a_sender_that_died_in_the_middle_has_not_counted_it_twice(
    config: UsageConfig, spool: Spool
) -> None:
    path = marker(config, fields(running_on=machine()))
    content = path.read_text()
    assert len(collected(config, spool)) == 1
    path.write_text(content)  # its last step is undone
    assert len(collected(config, spool)) == 1


def test_a_sender_that_cannot_store_it_leaves_it_to_the_next(
    config: UsageConfig, spool: Spool
) -> None:
    marker(config, fields(running_on=machine()))
    Path(config.paths.spool).touch()  # where there should be a folder
    assert collected(config, spool) == []
    Path(config.paths.spool).unlink()
    assert [event.uuid for event in collected(config, spool)] == [UUID]


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "null", "[" * 10_000, '"text"', "{}"),
        {"running_on": machine()},
        {"running_on": machine(), "properties": []},
        fields(uuid="../../made-up"),
        fields(running_on=machine(), properties=None),
    ],
    ids=lambda content: str(content)[:30],
)
def test_a_marker_that_says_nothing_is_removed_and_is_in_nobody_s_way(
    config: UsageConfig, spool: Spool, content: object
) -> None:
    path = marker(config, content, "00000000-0000-4000-8000-000000000000")
    marker(config, fields(running_on=machine()))
    assert [event.uuid for event in collected(config, spool)] == [UUID]
    assert not path.exists()


def test_what_is_no_file_is_passed_over(config: UsageConfig, spool: Spool) -> None:
    marker(config, fields(running_on=machine()))
    (Path(config.paths.running) / "0.json").mkdir()
    os.mkfifo(Path(config.paths.running) / "1.json")
    (Path(config.paths.running) / "2.json").symlink_to("nowhere")
    assert len(collected(config, spool)) == 1


def test_scratch_files_are_swept_once_nobody_can_be_writing_them(
    config: UsageConfig, spool: Spool
) -> None:
    folder = Path(config.paths.running)
    folder.mkdir(parents=True)
    young, old, foreign = f"{new_uuid()}.tmp", f"{new_uuid()}.tmp", "made-up.tmp"
    for name in (young, old, foreign):
        (folder / name).touch()
    for name in (old, foreign):
        os.utime(folder / name, (0, time.time() - 3_700))
    assert collected(config, spool) == []
    assert {path.name for path in folder.iterdir()} == {young, foreign}


def test_a_marker_that_is_replaced_while_it_is_looked_at_is_no_death(
    config: UsageConfig, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock that was got is that of the file before; the command lives, and says more."""
    path = marker(config, fields(running_on=machine()))
    really = system.try_lock

    def try_lock(fd: int, *, shared: bool) -> bool:
        path.unlink()
        marker(config, fields(running_on=machine()))
        return really(fd, shared=shared)

    monkeypatch.setattr(system, "try_lock", try_lock)
    assert collected(config, spool) == []
    assert path.exists()
