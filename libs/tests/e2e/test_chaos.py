"""Everything at once goes wrong, and every event arrives."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

import pytest

from tests.support.home import Home
from tests.support.recorder import Recorder

COMMANDS, AT_ONCE, KILLED = 300, 20, 10
POISONED = "poisoned"
MOODS = ["ok", "ok", "ok", "hang", "503", "429:1", "drop", "deaf", "refuse"]
ORDINARY = ("hello 0", "build 0", "build 1", "deploy 3")


def run_to_its_end(home: Home, words: str) -> None:
    command, ending = words.split()
    assert home.start_plain(command, ending).wait(timeout=60) == int(ending)
    time.sleep(0.8)  # the next one is typed: the host's moods are to meet them all


def kill_in_the_middle(home: Home) -> None:
    """Run a command, and kill it once it is under way."""
    process = home.start_plain("held", "hold", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"holding\n"
    process.kill()
    process.communicate()


class Troublemaker:
    """Makes trouble from a seed, until it is told to stop."""

    def __init__(self, home: Home, recorder: Recorder, seed: int) -> None:
        self._home, self._recorder = home, recorder
        self._chance = random.Random(seed)
        self._stop = threading.Event()
        self.kills = 0
        self.moods: list[str] = []
        self.settled: dict[str, float] = {}

    @contextmanager
    def at_work(self) -> Iterator[None]:
        work = (self._spoil_the_host, self._kill_senders, self._follow_the_log)
        threads = [threading.Thread(target=each) for each in work]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _spoil_the_host(self) -> None:
        left: list[str] = []
        while not self._stop.wait(self._chance.uniform(0.4, 1.2)):
            left = left or self._chance.sample(MOODS, len(MOODS))
            mood = left.pop()
            self.moods.append(mood)
            if mood == "refuse":
                self._recorder.refuse()
                self._stop.wait(0.5)
                self._recorder.listen()
                continue
            self._recorder.mode = mood
            # An hour passes: else senders would leave the host alone for all of the test.
            (self._home.state / "usage/breaker").unlink(missing_ok=True)
        self._recorder.mode = "ok"

    def _kill_senders(self) -> None:
        chance = random.Random(self._chance.random())
        while not self._stop.wait(chance.uniform(0.3, 2.5)):
            senders = self._home.senders()
            if senders:
                try:
                    os.kill(chance.choice(senders), signal.SIGKILL)
                    self.kills += 1
                except ProcessLookupError:
                    continue

    def _follow_the_log(self) -> None:
        """Note when events were settled; the log itself holds the last 200 only."""
        while not self._stop.wait(0.05):
            self.note_what_is_settled()

    def note_what_is_settled(self) -> None:
        for line in self._home.log():
            at = datetime.fromisoformat(line["at"].replace("Z", "+00:00")).timestamp()
            self.settled.setdefault(line["uuid"], at)


@pytest.mark.crowd
@pytest.mark.torture
def test_whatever_goes_wrong_each_event_arrives_and_none_that_was_settled_again(
    home: Home, recorder: Recorder
) -> None:
    chance = random.Random(3)
    plan = [chance.choice(ORDINARY) for _ in range(COMMANDS - KILLED - 1)] + [f"{POISONED} 0"]
    chance.shuffle(plan)
    recorder.poison = POISONED
    trouble = Troublemaker(home, recorder, seed=4)

    with trouble.at_work(), ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(run_to_its_end, home, words) for words in plan]
        runs += [pool.submit(kill_in_the_middle, home) for _ in range(KILLED)]
        for each in runs:
            each.result()
    settled_amid_it = len(trouble.settled)
    flushed = home.run("usage", "flush")
    home.wait_for_senders()
    trouble.note_what_is_settled()

    assert (flushed.code, flushed.err) == (0, "")
    assert home.waiting() == []
    assert list((home.state / "usage/running").glob("*.json")) == []
    # One event for each command, by its uuid; the poisoned one alone was refused.
    by_uuid = {item.uuid: item for item in recorder.events}
    expected = Counter(words.split()[0] for words in plan if POISONED not in words)
    arrived = Counter(item.command for item in by_uuid.values())
    assert arrived - Counter({"usage.flush": 1}) == expected + Counter(held=KILLED)
    kinds = Counter(item.properties.get("failure_kind") for item in by_uuid.values())
    assert kinds["killed"] == KILLED
    refused = [line for line in home.log() if line["result"] == "rejected"]
    assert [line["properties"]["command_name"] for line in refused] in ([POISONED], [])
    # What the host had taken, and a sender had written down as taken, was not sent again.
    again = [
        item.command
        for item in recorder.events
        if item.arrived > trouble.settled.get(item.uuid, time.time())
    ]
    assert again == []
    # And there was trouble indeed.
    assert trouble.kills > 0
    assert set(trouble.moods) == set(MOODS)
    assert settled_amid_it > 0
