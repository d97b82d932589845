"""The intake: what was put into it is on disk, in its order, until it is told to forget it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.errors import Busy, IntakeError
from usagekit_collector.ingest.capture import EARLIEST, LATEST, Captured
from usagekit_collector.intake.database import NAME, waiting_in
from usagekit_collector.intake.sqlite import SqliteIntake

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
# Puts events into the intake of a folder, and says of each which position it has.
_TELLING = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.collector.test_intake import one, opened
intake = opened(Path(sys.argv[1]))
while True:
    position = intake.append(1, [one()]).result()
    print(position, flush=True)
"""
Opened = Callable[..., SqliteIntake]


def one(name: str = "made up", **properties: object) -> Captured:
    return Captured(name, "anon-1", uuid4(), NOON, dict(properties), [])


def opened(folder: Path, *, most_events: int = 1_000, most_bytes: int = 10**7, **more: Any) -> Any:
    return SqliteIntake(folder, most_events=most_events, most_bytes=most_bytes, **more)


@pytest.fixture
def new_intake(tmp_path: Path) -> Iterator[Opened]:
    """Opens the intake of one folder; all are closed at the end."""
    with contextlib.ExitStack() as stack:

        def new(**limits: Any) -> SqliteIntake:
            intake: SqliteIntake = opened(tmp_path, **limits)
            stack.callback(intake.close)
            return intake

        yield new


def names(intake: SqliteIntake, after: int = 0, limit: int = 1_000) -> list[str]:
    return [event.event for entry in intake.read(after, limit) for event in entry.events]


def all_of(folder: Path) -> bytes:
    """What stands in the intake's files."""
    return b"".join(path.read_bytes() for path in folder.glob(f"{NAME}*"))


def test_each_event_has_the_position_after_the_one_before_it(new_intake: Opened) -> None:
    intake = new_intake(after=41)
    assert (intake.position, intake.size.events, intake.size.bytes) == (41, 0, 0)
    assert intake.append(7, [one("a"), one("b")]).result(10) == 43
    assert intake.append(8, [one("c")]).result(10) == 44
    assert intake.position == 44
    assert intake.size.events == 3
    first, second = intake.read(0, 1_000)
    assert (first.last, first.project, [event.event for event in first.events]) == (
        43,
        7,
        ["a", "b"],
    )
    assert (second.last, second.project) == (44, 8)
    assert abs((datetime.now(timezone.utc) - second.arrived).total_seconds()) < 60
    assert names(intake, after=43) == ["c"]


def test_what_is_read_at_once_is_about_as_much_as_was_asked_for(new_intake: Opened) -> None:
    intake = new_intake(most_bytes=10**9)
    for name in "abc":
        intake.append(1, [one(name), one(name)]).result(10)
    assert names(intake, limit=1) == ["a", "a"]  # One request's, however many these are.
    assert names(intake, limit=4) == ["a", "a", "b", "b"]
    assert names(intake, limit=5) == ["a", "a", "b", "b"]
    large = "x" * 10_000_000
    for name in "de":
        intake.append(1, [one(name, text=large)]).result(10)
    assert names(intake, after=6) == ["d"]


def test_what_is_forgotten_is_gone_and_its_positions_are_not_given_again(
    new_intake: Opened,
) -> None:
    intake = new_intake()
    for name in "abc":
        last = intake.append(1, [one(name)]).result(10)
    intake.forget(last - 1)
    assert (names(intake), intake.size.events) == (["c"], 1)
    intake.forget(last)
    assert (names(intake), intake.size.events, intake.size.bytes) == ([], 0, 0)
    intake.close()
    assert new_intake().append(1, [one("d")]).result(10) == last + 1


def test_it_is_full_by_events_or_by_bytes_and_takes_more_when_there_is_room(
    new_intake: Opened,
) -> None:
    intake = new_intake(most_events=2)
    intake.append(1, [one("a"), one("b")]).result(10)
    assert intake.why_not == "the intake is full"
    with pytest.raises(Busy):
        intake.append(1, [one("c")])
    intake.forget(intake.position)
    assert intake.why_not == ""
    # What never fits is taken where nothing else waits.
    intake.append(1, [one(), one(), one()]).result(10)
    intake.close()

    by_bytes = new_intake(most_bytes=5_000)
    by_bytes.forget(by_bytes.position)
    by_bytes.append(1, [one(text="x" * 4_000)]).result(10)
    with pytest.raises(Busy):
        by_bytes.append(1, [one(text="x" * 4_000)])
    by_bytes.append(1, [one()]).result(10)


def test_many_at_once_are_each_there_once_in_few_commits(new_intake: Opened) -> None:
    intake = new_intake(most_events=10**6)
    with ThreadPoolExecutor(8) as threads:
        futures: list[Future[int]] = list(
            threads.map(lambda number: intake.append(1, [one(str(number))]), range(2_000))
        )
    positions = [future.result(30) for future in futures]
    assert sorted(positions) == list(range(1, 2_001))
    found = names(intake, limit=10_000)
    assert [found[position - 1] for position in positions] == [str(one) for one in range(2_000)]


def test_killed_at_any_moment_it_has_all_whose_positions_it_has_said(tmp_path: Path) -> None:
    said = 0
    for _ in range(4):
        command = [sys.executable, "-c", _TELLING, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(30)]
            process.kill()
            lines += process.stdout.readlines()
        assert process.returncode == -signal.SIGKILL
        said = int([line for line in lines if line.endswith(b"\n")][-1])
        before = waiting_in(tmp_path, is_open=False)
        assert before >= said
    intake = opened(tmp_path, most_events=10**6)
    assert intake.position >= said
    assert len(names(intake, limit=10**6)) == intake.position == intake.size.events == before
    intake.close()


def test_to_look_how_much_waits_changes_no_byte(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _TELLING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert waiting_in(tmp_path, is_open=True) >= 1
        process.kill()
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob(f"{NAME}*")
    }
    assert waiting_in(tmp_path, is_open=False) >= 1
    assert {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.glob(f"{NAME}*")
    } == before
    assert waiting_in(tmp_path / "none", is_open=False) == 0


def test_where_nothing_can_be_written_it_is_busy_and_recovers_by_itself(tmp_path: Path) -> None:
    # A limit of one's own process would be one for the tests.
    program = f"""
import resource, sys, time
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.collector.test_intake import names, one, opened
from usagekit_collector.errors import Busy
intake = opened(Path(sys.argv[1]))
intake.append(1, [one("before")]).result()
most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
try:
    intake.append(1, [one("refused")]).result()
except Busy as busy:
    print(busy)
print(intake.why_not)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
deadline = time.monotonic() + 30
while intake.why_not:
    assert time.monotonic() < deadline
    time.sleep(0.1)
intake.append(1, [one("after")]).result()
print(names(intake), intake.size.events, intake.position)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert ran.stdout.splitlines() == [
        "the events could not be written down",
        "events cannot be written down: see the log",
        "['before', 'after'] 2 2",
    ], ran


def test_what_a_failure_has_written_all_the_same_keeps_its_positions(
    new_intake: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake, write = new_intake(), SqliteIntake._write
    intake.append(1, [one("a")]).result(10)

    def written_and_failed(self: SqliteIntake, rows: list[Any]) -> None:
        write(self, rows)
        raise OSError("made up: nobody knows whether it is on disk")

    with monkeypatch.context() as patch:
        patch.setattr(SqliteIntake, "_write", written_and_failed)
        with pytest.raises(Busy):
            intake.append(1, [one("b") for _ in range(5)]).result(10)
    # Fewer than those before: were these numbered anew, they would be in their midst.
    positions = [intake.append(1, [one("c"), one("c")]).result(10) for _ in range(3)]
    assert positions == [8, 10, 12]
    assert names(intake) == ["a", *["b"] * 5, *["c"] * 6]
    assert (intake.size.events, intake.why_not) == (12, "")
    intake.forget(12)
    assert (intake.size.events, intake.size.bytes) == (0, 0)


@pytest.mark.parametrize("damage", ["head", "middle", "none of its kind"])
def test_what_is_damaged_is_put_aside_and_does_not_stand_in_the_way(
    new_intake: Opened, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    intake = new_intake()
    last = intake.append(1, [one(text="x" * 100_000)]).result(10)
    intake.close()
    path = tmp_path / NAME
    data = bytearray(path.read_bytes())
    start = {"head": 100, "middle": 4096, "none of its kind": 0}[damage]
    data[start : start + 4000] = b"\xff" * 4000
    path.write_bytes(data)
    again = new_intake(after=last)
    assert again.append(1, [one("a")]).result(10) == last + 1
    assert names(again) == ["a"]
    (aside,) = tmp_path.glob(f"{NAME}.damaged-*")
    assert aside.read_bytes() == data
    assert f"{aside.name}: what waited in it is not stored" in caplog.text


def test_events_for_another_store_are_not_mixed_with_ours(new_intake: Opened) -> None:
    intake = new_intake(store="one")
    last = intake.append(1, [one("a")]).result(10)
    intake.close()
    with pytest.raises(IntakeError, match="holds events for another store"):
        new_intake(store="other")
    intake = new_intake(store="one")
    intake.forget(last)
    intake.close()
    # Where nothing waits there is nothing to mix.
    assert new_intake(store="other").append(1, [one()]).result(10) == last + 1


def test_it_is_nobody_elses_and_no_link_to_anything(new_intake: Opened, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    (tmp_path / NAME).symlink_to(elsewhere)
    with pytest.raises(IntakeError):
        new_intake()
    assert elsewhere.read_bytes() == b""
    (tmp_path / NAME).unlink()
    new_intake().append(1, [one()]).result(10)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob(f"{NAME}*")}
    assert set(modes.values()) == {0o600}, modes


def test_once_scrubbed_nothing_is_left_of_what_it_has_let_go_of(
    new_intake: Opened, tmp_path: Path
) -> None:
    intake = new_intake()
    secret = "somebody-who-wants-to-be-forgotten"
    intake.append(1, [one("kept")]).result(10)
    for text in (secret, secret + "x" * 50_000):
        last = intake.append(1, [one(text=text) for _ in range(5)]).result(10)
        intake.append(1, [one("kept")]).result(10)
    assert secret.encode() in all_of(tmp_path)
    intake.forget(last)
    intake.scrub()
    assert secret.encode() not in all_of(tmp_path)
    assert names(intake) == ["kept"]


def test_after_a_long_outage_it_gives_its_room_back(new_intake: Opened, tmp_path: Path) -> None:
    intake = new_intake(most_events=10**6, most_bytes=10**9)
    for _ in range(40):
        intake.append(1, [one(text="x" * 5_000_000)]).result(30)
    large = (tmp_path / NAME).stat().st_size
    intake.forget(intake.position)
    for _ in range(40):
        intake.append(1, [one()]).result(10)
        intake.forget(intake.position)
    intake.close()
    assert (tmp_path / NAME).stat().st_size < large / 2


text = st.text(max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=10,
)


@given(
    properties=st.dictionaries(text, values, max_size=5),
    uuid=st.uuids(),
    moment=st.datetimes(
        EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None), timezones=st.just(timezone.utc)
    ),
    name=st.text(min_size=1, max_size=300),
    warnings=st.lists(text, max_size=2),
)
def test_an_event_comes_out_as_it_went_in(
    shared: SqliteIntake,
    properties: dict[str, Any],
    uuid: UUID,
    moment: datetime,
    name: str,
    warnings: list[str],
) -> None:
    said = Captured(name, name, uuid, moment, properties, warnings)
    position = shared.append(1, [said]).result(10)
    (entry,) = shared.read(position - 1, 1)
    assert entry.events == [said]
    shared.forget(position)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteIntake]:
    intake: SqliteIntake = opened(tmp_path_factory.mktemp("intake"))
    yield intake
    intake.close()


def test_what_is_read_at_once_is_as_many_requests_as_were_asked_for(new_intake: Opened) -> None:
    intake = new_intake(most_events=10_000)
    sizes = [1, 40, 1, 300, 7, *[1] * 300, 500, 2]
    for nth, size in enumerate(sizes):
        # Some alone have more bytes than are read in one step.
        events = [one(f"{nth}", x="x" * (2_000 if size > 100 else 20)) for _ in range(size)]
        intake.append(1, events).result(10)
    for limit in (1, 41, 42, 349, 350, 10_000):
        found: list[int] = []
        after = 0
        while some := intake.read(after, limit):
            counts = [len(entry.events) for entry in some]
            assert sum(counts) <= limit or len(some) == 1
            following = sizes[len(found) + len(some) :]
            assert not following or sum(counts) + following[0] > limit
            found += counts
            after = some[-1].last
        assert found == sizes
