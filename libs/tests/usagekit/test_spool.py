"""Events that wait: whole or not at all, in the order of time, never in each other's way."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from usagekit.config import UsageConfig, UsagePaths
from usagekit.event import Event
from usagekit.record import spool_name
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
        timestamp=f"2024-01-01T00:{moment // 600:02}:{moment // 10 % 60:02}.{moment % 10}00000Z",
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
    foreign = Path(paths.spool) / f"2024-01-01T000005-{new_uuid()}.json"
    foreign.write_bytes(content)

    assert len(spool.names()) == 3
    assert uuids(spool) == [before.uuid, after.uuid]
    assert len(spool.names()) == 2
    assert foreign.with_name(f"{foreign.name}.bad").read_bytes() == content


def test_a_folder_in_an_event_s_place_is_set_aside_too(spool: Spool, paths: UsagePaths) -> None:
    spool.put(event(1))
    (Path(paths.spool) / f"2024-{new_uuid()}.json").mkdir()
    assert len(uuids(spool)) == 1
    assert len(spool.names()) == 1


def test_what_is_not_called_as_ours_is_left_alone_whatever_happens(
    spool: Spool, paths: UsagePaths, config: UsageConfig
) -> None:
    spool.put(event())
    names = {
        "notes.txt",
        "1-2.tmp",
        "x.json.bad",
        "made-up.json",
        "2024.json",
        f"1234{new_uuid()[4:]}.json",  # begins as a year does
    }
    for name in names:
        (Path(paths.spool) / name).write_text("the user's own")
        aged(spool, name, 2 * config.spool_age)
    assert len(spool.names()) == 1
    spool.trim()
    assert spool.empty() == 1
    assert set(os.listdir(paths.spool)) == names
    assert spool.damaged() == 0


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


def test_a_full_spool_drops_the_oldest_and_counts_them(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UsageConfig, "spool_events", 3)
    put = [event(moment) for moment in (4, 1, 5, 2, 3)]
    for one in put:
        spool.put(one)
    assert len(spool.names()) == 3
    spool.trim()
    assert uuids(spool) == [put[4].uuid, put[0].uuid, put[2].uuid]
    assert spool.dropped() == {"over_limit": 2, "expired": 0, "refused": 0}


def test_large_events_fill_it_before_they_are_many(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(event(1).to_json())
    monkeypatch.setattr(UsageConfig, "spool_bytes", 2 * size)
    put = [event(moment) for moment in (1, 2, 3)]
    for one in put:
        spool.put(one)
    spool.trim()
    assert uuids(spool) == [put[1].uuid, put[2].uuid]
    assert spool.dropped()["over_limit"] == 1


def aged(spool: Spool, name: str, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(Path(spool._paths.spool) / name, (moment, moment))


def test_what_waited_a_month_waits_no_longer(spool: Spool, config: UsageConfig) -> None:
    spool.put(event(1))
    spool.put(event(2))
    aged(spool, spool.names()[0], config.spool_age + 60)
    aged(spool, spool.names()[1], config.spool_age - 60)
    spool.trim()
    assert len(spool.names()) == 1
    assert spool.dropped() == {"over_limit": 0, "expired": 1, "refused": 0}


def test_what_the_host_refused_is_counted(spool: Spool) -> None:
    spool.put(event(1))
    (name,) = spool.names()
    spool.drop(name)
    spool.drop(name)
    assert spool.names() == []
    assert spool.dropped()["refused"] == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"refused": "many"}', '{"refused": true}'])
def test_a_damaged_count_starts_again(spool: Spool, paths: UsagePaths, text: str) -> None:
    spool.put(event(1))
    Path(paths.dropped).write_text(text)
    assert spool.dropped() == {"over_limit": 0, "expired": 0, "refused": 0}
    spool.drop(spool.names()[0])
    assert spool.dropped() == {"over_limit": 0, "expired": 0, "refused": 1}


def test_what_is_too_large_is_set_aside_and_drops_nothing(
    spool: Spool, paths: UsagePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UsageConfig, "spool_events", 2)
    spool.put(event(1))
    spool.put(event(2))
    name = f"9999-{new_uuid()}.json"
    foreign = Path(paths.spool) / name
    foreign.write_bytes(b"x" * 70_000)
    spool.trim()
    assert len(uuids(spool)) == 2
    assert spool.damaged() == 1
    assert foreign.with_name(f"{name}.bad").exists()
    assert spool.dropped()["over_limit"] == 0


def test_what_others_left_is_swept_in_time(spool: Spool, config: UsageConfig) -> None:
    spool.put(event(1))
    young, old = f"2024-{new_uuid()}.json.bad", f"2023-{new_uuid()}.json.bad"
    for name, age in {
        "1-0000000a.tmp": 60.0,
        "1-0000000b.tmp": 3_700.0,
        young: 86_400.0,
        old: config.spool_age + 60,
    }.items():
        (Path(spool._paths.spool) / name).touch()
        aged(spool, name, age)
    spool.trim()
    left = {path.name for path in Path(spool._paths.spool).iterdir()}
    assert left == {"1-0000000a.tmp", young, *spool.names()}


class SpoolMachine(RuleBasedStateMachine):
    """Any order of deeds, against a model.

    The model: which events wait (by their number, which is their age), how many were settled,
    and how many were dropped, for which reason. Every event is in exactly one of these.
    """

    events, room = 6, 4

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        limits = {"spool_events": self.events, "spool_bytes": self.room * len(self.text(0))}
        self.config = policy(self.folder.name, type("Small", (UsageConfig,), limits))
        self.spool = Spool(self.config)
        self.put_in = 0
        self.waiting: set[int] = set()
        self.settled: set[int] = set()
        self.dropped = {"over_limit": 0, "expired": 0, "refused": 0}
        self.damaged = 0

    def teardown(self) -> None:
        self.folder.cleanup()

    @staticmethod
    def event(number: int) -> Event:
        return event(number, uuid=f"00000000-0000-4000-8000-{number:012}")

    def text(self, number: int) -> str:
        return self.event(number).to_json()

    def name(self, number: int) -> str:
        one = self.event(number)
        return spool_name(one.timestamp, one.uuid)

    @rule()
    def put(self) -> None:
        self.spool.put(self.event(self.put_in))
        self.waiting.add(self.put_in)
        self.put_in += 1

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def put_again(self, data: st.DataObject) -> None:
        """A sender that died after this step repeats it."""
        self.spool.put(self.event(data.draw(st.sampled_from(sorted(self.waiting)))))

    @rule(count=st.integers(1, 4))
    def drain_and_settle(self, count: int) -> None:
        """Or a crash after some: what was settled is gone, the rest is all there."""
        oldest = sorted(self.waiting)[-self.events :][:count]
        for name, number in zip(self.spool.names(), oldest, strict=False):
            taken = self.spool.take(name)
            assert taken is not None
            assert int(taken.uuid[-12:]) == number
            self.spool.remove(name)
            self.waiting.discard(number)
            self.settled.add(number)

    @rule()
    def crash(self) -> None:
        """A writer that died in the middle, and a new process that knows nothing of the last."""
        (Path(self.spool._paths.spool).mkdir(parents=True, exist_ok=True))
        (Path(self.spool._paths.spool) / "123-0000000c.tmp").write_text('{"event_na')
        self.spool = Spool(self.config)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def lose_power(self, data: st.DataObject) -> None:
        """A file that was cut short is set aside when it is read."""
        number = data.draw(st.sampled_from(sorted(self.waiting)))
        (Path(self.spool._paths.spool) / self.name(number)).write_text(self.text(number)[:-9])
        assert self.spool.take(self.name(number)) is None
        self.waiting.discard(number)
        self.damaged += 1

    @precondition(lambda self: self.waiting)
    @rule()
    def refuse(self) -> None:
        number = min(self.waiting)
        self.spool.drop(self.name(number))
        self.waiting.discard(number)
        self.dropped["refused"] += 1

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        old = data.draw(st.sets(st.sampled_from(sorted(self.waiting))))
        for number in old:
            aged(self.spool, self.name(number), self.config.spool_age + 60)
        self.waiting -= old
        self.dropped["expired"] += len(old)
        self.trim()

    @rule()
    def trim(self) -> None:
        self.spool.trim()
        room, sizes = self.config.spool_bytes, {n: len(self.text(n)) for n in self.waiting}
        while len(self.waiting) > self.events or sum(sizes[n] for n in self.waiting) > room:
            self.waiting.discard(min(self.waiting))
            self.dropped["over_limit"] += 1

    @invariant()
    def what_is_there_is_what_should_be(self) -> None:
        newest = sorted(self.waiting)[-self.events :]
        assert self.spool.names() == [self.name(number) for number in newest]
        assert self.spool.dropped() == self.dropped
        assert self.spool.damaged() == self.damaged
        gone = len(self.settled) + sum(self.dropped.values()) + self.damaged
        assert self.put_in == len(self.waiting) + gone


SpoolMachine.TestCase.settings = settings(
    max_examples=2 * settings().max_examples, stateful_step_count=30
)
TestAnyOrderOfDeeds = SpoolMachine.TestCase
