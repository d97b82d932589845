"""Many at once: one identity, whole files, nothing lost and nothing twice."""

from __future__ import annotations

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typing_extensions import Self

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home
from tests.support.persons import persons
from tests.support.recorder import Recorder


class Watch:
    """Looks over and over, every so many seconds, while the block under it runs."""

    pause = 0.01

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def look(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(self.pause):
            self.look()


class Census(Watch):
    """Counts those of a home's senders that have the SDK loaded."""

    def __init__(self, home: Home) -> None:
        super().__init__()
        self.loaded: list[int] = []
        self._home = home

    def look(self) -> None:
        self.loaded.append(sum(map(has_the_sdk, self._home.senders())))


def has_the_sdk(pid: int) -> bool:
    """Whether a process has loaded what only the SDK needs: the library for TLS."""
    try:
        return b"/_ssl." in Path(f"/proc/{pid}/maps").read_bytes()
    except OSError:
        return False


@pytest.mark.crowd
@pytest.mark.parametrize("count", [30, pytest.param(200, marks=pytest.mark.torture)])
def test_many_first_runs_at_once_make_one_identity_and_keep_one_sender_at_work(
    home: Home, recorder: Recorder, count: int
) -> None:
    gate = threading.Barrier(count // 5)

    def first_runs(_: int) -> list[int]:
        gate.wait()
        started = [home.start_plain("hello", "0") for _ in range(5)]
        return [process.wait(timeout=100) for process in started]

    with Census(home) as census, ThreadPoolExecutor(count // 5) as pool:
        codes = [code for batch in pool.map(first_runs, range(count // 5)) for code in batch]
        home.wait_for_senders(seconds=10)
    events = recorder.events
    assert max(census.loaded) <= 1  # Who is gone between two looks is not seen.

    assert codes == [0] * count
    assert {item.distinct_id for item in events} == {home.usage_json["anon_id"]}
    assert len(events) == len({item.uuid for item in events}) == count
    assert home.waiting() == []
    assert list(home.state.rglob("*.tmp")) == []


class Reader(Watch):
    """Reads ``usage.json``, and keeps whatever was not whole."""

    pause = 0.001

    def __init__(self, home: Home) -> None:
        super().__init__()
        self.broken: list[str] = []
        self.reads = 0
        self._path = home.state / "usage.json"

    def look(self) -> None:
        if not self._path.exists():
            return
        text = self._path.read_text()
        self.reads += 1
        try:
            if set(json.loads(text)) != {"anon_id", "linked_principal_id"}:
                self.broken.append(text)
        except ValueError:
            self.broken.append(text)


@pytest.mark.crowd
@pytest.mark.parametrize("count", [12, pytest.param(50, marks=pytest.mark.torture)])
def test_logins_logouts_and_commands_interleaved_keep_the_identity_whole(
    home: Home, recorder: Recorder, cloud: ArcadeCloud, count: int
) -> None:
    accounts = [cloud.add_account(f"user{number}@example.test") for number in range(3)]
    account = threading.Lock()
    choices = random.Random(20)
    plan = [choices.choice(["login", "logout", "usage", "usage"]) for _ in range(count)]

    def act(deed: str) -> int:
        if deed == "login":
            with account:
                cloud.logging_in = choices.choice(list(cloud.accounts))
                return home.login().code
        return home.run(*([deed, "status"] if deed == "usage" else [deed])).code

    with Reader(home) as reader, ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(act, plan))
    recorder.wait_for(count, seconds=60)
    home.wait_for_senders()

    assert codes == [0] * count
    assert reader.reads > count
    assert reader.broken == []
    assert len({item.uuid for item in recorder.events}) == count
    # However the deeds fell: no anonymous ID was given to two accounts, and no two are one person.
    aliased = {(item.properties["alias"], item.distinct_id) for item in recorder.aliases}
    assert len({anon_id for anon_id, _ in aliased}) == len(aliased)
    person = persons(recorder.received)
    known = [person[account] for account in accounts if account in person]
    assert len(set(known)) == len(known)
    # Nobody's ID was used before its alias.
    seen: set[str] = set()
    for item in recorder.received:
        if item.event == "$create_alias":
            seen.add(item.distinct_id)
        elif not item.is_anon:
            assert item.distinct_id in seen
