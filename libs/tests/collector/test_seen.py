"""What may be stored already: never forgotten, however much has come since, wherever it lies."""

from __future__ import annotations

import itertools
import os
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from typing_extensions import Self
from usagekit_collector.store import keys as keys_module
from usagekit_collector.store import seen
from usagekit_collector.store.client import Client
from usagekit_collector.store.keys import KeyFile, merged, write
from usagekit_collector.store.known import Known
from usagekit_collector.store.seen import Seen, keys_of

from tests.support.collector import Collector, event
from tests.support.stopped import ask_engine
from tests.support.wire import until

UUIDS = st.lists(st.uuids(), max_size=12)
# So that it has to make files and to merge them, over and over.
SMALL = {"_LATEST": 4, "_PIECE": 8}


class Store:
    """Has keys, each with its arrival number, as the engine would."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, UUID]] = []

    @property
    def last(self) -> int:
        return max((seq for seq, _ in self.rows), default=0)

    def add(self, uuids: list[UUID]) -> None:
        self.rows += [(seq, one) for seq, one in enumerate(uuids, self.last + 1)]

    def query(self, text: str, asked: dict[str, int]) -> Any:
        found = sorted(seq for seq, _ in self.rows if seq > asked["after"])
        part = re.search(r"quantile\((.*?)\)", text)
        at = len(found) if part is None else found[int(float(part[1]) * (len(found) - 1))]
        return SimpleNamespace(result_rows=[(at,)])

    def raw_stream(self, text: str, asked: dict[str, int], fmt: str) -> Any:
        said = b"".join(
            one.bytes[8:] for seq, one in self.rows if asked["after"] < seq <= asked["upto"]
        )
        return _Pieces(said)


class _Pieces:
    """Gives what it has in pieces of the sizes that a network makes."""

    def __init__(self, content: bytes) -> None:
        self._left = content
        self._sizes = itertools.cycle([1, 7, 20])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def read(self, _: int) -> bytes:
        size = next(self._sizes)
        said, self._left = self._left[:size], self._left[size:]
        return said


class Life(RuleBasedStateMachine):
    """Events are stored, sealed, and known; the process begins anew; files are damaged."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        for name, value in SMALL.items():
            self.patch.setattr(seen, name, value)
        self.patch.setattr(keys_module, "_BLOCK", 4)
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.store = Store()
        self.known = Seen(self.path, "uuids")
        self.load()

    def load(self) -> None:
        while not self.known.load(cast("Client", self.store), self.store.last):
            pass

    def teardown(self) -> None:
        self.known.close()
        self.patch.undo()
        self.folder.cleanup()

    @rule(uuids=UUIDS, is_sealed=st.booleans())
    def stored(self, uuids: list[UUID], is_sealed: bool) -> None:
        self.known.add(keys_of(uuids))
        self.store.add(uuids)
        if is_sealed:
            self.known.seal(self.store.last)

    @rule(is_told_to_stop=st.booleans())
    def begun_anew(self, is_told_to_stop: bool) -> None:
        if is_told_to_stop:
            self.known.close()
        elif self.known._merge is not None:
            self.known._merge.join()  # As if it had died right after.
        self.known = Seen(self.path, "uuids")
        self.load()

    @rule(chosen=st.integers(0, 100), how=st.sampled_from(["gone", "cut", "left half written"]))
    def damaged(self, chosen: int, how: str) -> None:
        self.known.close()
        files = sorted(self.path.glob("*.keys"))
        if files:
            file = files[chosen % len(files)]
            if how == "gone":
                file.unlink()
            elif how == "cut":
                os.truncate(file, file.stat().st_size // 2)
            else:
                file.rename(file.with_suffix(".part"))
        self.begun_anew(is_told_to_stop=True)

    @rule()
    def brought_back_from_an_older_copy(self) -> None:
        self.known.close()
        del self.store.rows[len(self.store.rows) // 2 :]
        self.begun_anew(is_told_to_stop=True)

    @invariant()
    def all_that_is_stored_is_found_where_it_arrived(self) -> None:
        uuids = [one for _, one in self.store.rows]
        found = [False] * len(uuids)
        for after, upto, mask in self.known.find(keys_of(uuids)):
            for at, ((seq, _), is_there) in enumerate(zip(self.store.rows, mask, strict=True)):
                found[at] |= bool(is_there) and after < seq <= upto
        assert all(found)


TestLife = Life.TestCase


def test_few_strangers_are_taken_for_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_LATEST", 15_000)
    known = Seen(tmp_path, "uuids")
    for first in (0, 15_000, 30_000):
        numbers = range(first, first + 15_000)
        known.add(keys_of(UUID(int=number * 0x9E3779B97F4A7C15) for number in numbers))
        known.seal(first + 15_000)
    known.add(keys_of(uuid4() for _ in range(10_000)))
    strangers = keys_of(UUID(int=number * 0xD1B54A32D192ED03 + 1) for number in range(20_000))
    found = np.zeros(len(strangers), np.bool_)
    for _, _, mask in known.find(strangers):
        found |= mask
    assert found.sum() < 20
    assert known.covered == 45_000


@pytest.mark.timeout(20)
def test_who_was_deleted_leaves_no_trace_in_files_or_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SMALL.items():
        monkeypatch.setattr(seen, name, value)
    store, known = Store(), Known(tmp_path, merges_dangerously=True)
    people = [uuid4() for _ in range(30)]
    store.add(people)
    client = cast("Client", store)
    while not known.begin(client, store.last):
        pass
    latest = uuid4()
    known.ids.add(keys_of([latest]))
    store.rows = [(seq, one) for seq, one in store.rows if one != people[3]]
    known.forget_ids(client)
    gone = keys_of([people[3], latest])
    assert [found for *_, mask in known.ids.find(gone) for found in mask if found] == []
    assert sum(mask.sum() for *_, mask in known.ids.find(keys_of(people))) >= 29
    known.close()


@given(
    groups=st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=30), min_size=1),
    asked=st.lists(st.integers(0, 2**64 - 1), max_size=30),
)
def test_a_merged_file_has_what_all_had(groups: list[list[int]], asked: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys_module, "_BLOCK", 8)
        path = Path(folder)
        files = [
            write(path, "a", at, at + 1, [np.sort(np.array(group, np.uint64))])
            for at, group in enumerate(groups)
        ]
        whole = write(path, "b", 0, len(files), merged(files))
        numbers = sorted(one for group in groups for one in group)
        assert whole.keys.tolist() == numbers
        everything = np.sort(np.array([*numbers, *asked], np.uint64))
        there = set(numbers)
        assert whole.holds(everything).tolist() == [one in there for one in everything.tolist()]
        assert KeyFile(whole.path).holds(everything).tolist() == whole.holds(everything).tolist()


def test_what_is_remembered_on_disk_is_nobody_elses(
    new_collector: Any,
) -> None:
    collector: Collector = new_collector().start()
    project = collector.project()
    project.capture(event("somebody"))
    assert len(project.events()) == 1
    assert collector.stop() == 0
    known = collector.folder / "store" / "known"
    assert known.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in known.iterdir()} == {0o600}


@pytest.mark.torture
@pytest.mark.timeout(300)  # A million and a half events are folded first.
def test_a_start_with_files_knows_all_that_came_before(new_collector: Any) -> None:
    collector: Collector = new_collector().start()
    project = collector.project()
    first = event("somebody")
    project.capture(first)
    collector.stop()
    many = (
        "INSERT INTO events SELECT events.* REPLACE (generateUUIDv4(number) AS uuid, "
        "number + 2 AS seq) FROM events CROSS JOIN numbers(1500000) AS numbers"
    )
    chosen = "SELECT uuid FROM events WHERE seq IN (2, 1000000, 1499999)"
    known = [row["uuid"] for row in ask_engine(collector, many, chosen)]
    for _ in range(2):
        collector.start()
        again = [first, *(event("somebody", uuid=one) for one in known)]
        project.capture(*again, event("newcomer"))
        # On a busy machine it takes longer to learn what is stored than a question waits.
        until(lambda: project.person("newcomer") is not None, 120)
        said = collector.get("/metrics").body
        assert b"events_repeated_total 4.0" in said
        assert collector.stop() == 0
        files = sorted((collector.folder / "store" / "known").glob("uuids-*.keys"))
        assert files
