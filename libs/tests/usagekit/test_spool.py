"""Events that wait: whole or not at all, in the order of time, never in each other's way."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usagekit.config import UsageConfig, UsagePaths
from usagekit.event import Event
from usagekit.service import new_uuid
from usagekit.spool import Spool

from tests.support.policy import policy


def event(moment: int = 0, uuid: str | None = None) -> Event:
    return Event(
        event_name="CLI execution succeeded",
        distinct_id="00000000-0000-4000-8000-000000000001",
        is_anon=True,
        properties={"command_name": f"command-{moment}"},
        uuid=uuid or new_uuid(),
        timestamp=f"2024-01-01T00:00:{moment // 10:02}.{moment % 10}00000Z",
    )


@pytest.fixture
def config(tmp_path: Path) -> UsageConfig:
    return policy(tmp_path / "state")


@pytest.fixture
def paths(config: UsageConfig) -> UsagePaths:
    return config.paths


@pytest.fixture
def spool(config: UsageConfig) -> Spool:
    return Spool(config)


def uuids(spool: Spool) -> list[str]:
    return [found.uuid for found in map(spool.take, spool.names()) if found is not None]


def test_a_spool_that_was_never_used_is_empty_and_makes_no_folder(
    spool: Spool, paths: UsagePaths
) -> None:
    assert spool.names() == []
    assert not Path(paths.home).exists()


def test_what_is_put_is_there_until_it_is_removed(spool: Spool) -> None:
    put = event()
    spool.put(put)
    (name,) = spool.names()
    for _ in range(2):
        taken = spool.take(name)
        assert taken is not None
        assert taken.to_json() == put.to_json()
    spool.remove(name)
    assert spool.names() == []


def test_what_is_gone_can_be_removed_again(spool: Spool) -> None:
    spool.put(event())
    (name,) = spool.names()
    spool.remove(name)
    spool.remove(name)
    Spool(policy("/made/up")).remove(name)


def test_the_same_event_put_twice_is_there_once(spool: Spool) -> None:
    same = event()
    spool.put(same)
    spool.put(Event.from_json(same.to_json()))
    assert uuids(spool) == [same.uuid]


def test_two_events_of_one_moment_are_both_there(spool: Spool) -> None:
    both = {event(5).uuid: event(5) for _ in range(2)}
    for one in both.values():
        spool.put(one)
    assert len(spool.names()) == 2


def test_events_come_out_in_the_order_in_which_they_happened(spool: Spool) -> None:
    for moment in (30, 4, 200, 1, 17):
        spool.put(event(moment))
    taken = [spool.take(name) for name in spool.names()]
    assert [found.properties["command_name"] for found in taken if found] == [
        f"command-{moment}" for moment in (1, 4, 17, 30, 200)
    ]


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "truncated": event().to_json()[:-30].encode(),
    "not JSON": b"made up",
    "a list": b"[]",
    "another program's": b'{"name": "made up"}',
    "nested": b"[" * 10_000,
    "nested whole": b"[" * 10_000 + b"]" * 10_000,
    "binary": bytes(range(256)),
    "an endless number": b'{"uuid": ' + b"9" * 10_000 + b"}",
    "no number": event().to_json().replace("true", "NaN").encode(),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_file_that_is_no_event_is_set_aside_and_blocks_nobody(
    spool: Spool, paths: UsagePaths, content: bytes
) -> None:
    before, after = event(1), event(100)
    spool.put(before)
    spool.put(after)
    foreign = Path(paths.spool) / "2024-01-01T000005-made-up.json"
    foreign.write_bytes(content)

    assert len(spool.names()) == 3
    assert uuids(spool) == [before.uuid, after.uuid]
    assert len(spool.names()) == 2
    assert foreign.with_name(f"{foreign.name}.bad").read_bytes() == content


def test_a_folder_in_an_event_s_place_is_set_aside_too(spool: Spool, paths: UsagePaths) -> None:
    spool.put(event(1))
    (Path(paths.spool) / "0.json").mkdir()
    assert len(uuids(spool)) == 1
    assert len(spool.names()) == 1


def test_other_files_in_the_folder_are_nobody_s_business(spool: Spool, paths: UsagePaths) -> None:
    spool.put(event())
    for name in ("notes.txt", "1-2.tmp", "x.json.bad"):
        (Path(paths.spool) / name).touch()
    assert len(spool.names()) == 1


def test_events_are_their_owner_s_alone_whatever_the_umask(spool: Spool, paths: UsagePaths) -> None:
    umask = os.umask(0)
    try:
        spool.put(event())
    finally:
        os.umask(umask)
    modes = {path: path.stat().st_mode & 0o777 for path in Path(paths.home).rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_a_home_that_cannot_be_written_to_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        Spool(policy(tmp_path / "file" / "state")).put(event())


# Each step: what to do, and with which of ten events.
STEPS = st.lists(st.tuples(st.sampled_from(["put", "remove", "spoil"]), st.integers(0, 9)))


@given(steps=STEPS)
@settings(max_examples=50)
def test_a_spool_is_a_set_of_events_that_is_read_in_the_order_of_time(
    steps: list[tuple[str, int]],
) -> None:
    """Against a model: the indices of the events that wait."""
    events = [
        event(index, uuid=f"00000000-0000-4000-8000-00000000000{index}") for index in range(10)
    ]
    with tempfile.TemporaryDirectory() as folder:
        spool, model = Spool(policy(folder)), set[int]()
        for action, index in steps:
            name = f"2024-01-01T000000.{index}00000Z-{events[index].uuid}.json"
            if action == "put":
                spool.put(events[index])
                model.add(index)
            elif action == "remove":
                spool.remove(name)
                model.discard(index)
            elif index in model:
                Path(folder, "usage/spool", name).write_text("{")
                model.discard(index)
            assert uuids(spool) == [events[index].uuid for index in sorted(model)]
