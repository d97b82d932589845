"""The background process, run for real: what it takes in, what it delivers, what it keeps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from usagekit.config import UsageConfig
from usagekit.delivery import PostHogDelivery, UnavailableError
from usagekit.event import Event
from usagekit.service import minted
from usagekit.snapshot import FileLock
from usagekit.spool import Spool
from usagekit.wire import to_wire

from tests.support.forks import Forked, sender_ancestor
from tests.support.home import Home
from tests.support.policy import policy
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured(senders=True)

ANON = "00000000-0000-4000-8000-000000000001"


def fields(command: str = "toolkit.run", **more: object) -> dict[str, Any]:
    """An event in the predecessor's form: the least there is."""
    return {
        "event_name": "CLI execution succeeded",
        "properties": {"command_name": command, "duration": 1.5},
        "distinct_id": ANON,
        "is_anon": True,
        **more,
    }


class Gate(Recorder):
    """Takes a request, and does not answer it before it is told to; with a status, if it has one,
    that is no acceptance."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.reached = threading.Event()
        self.opened = threading.Event()
        super().__init__()

    def respond(self, *request: Any) -> tuple[int, object]:
        self.reached.set()
        while not self.opened.wait(0.02) and not self.wait_closing(0):
            continue
        return super().respond(*request) if self.status == 200 else (self.status, {})


class Portal(Recorder):
    """Answers 200 as something that is no receiver does."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        super().__init__()

    def respond(self, *request: Any) -> tuple[int, object]:
        self.requests += 1
        return 200, self.answer


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate() as host:
        yield host


def start(home: Home, data: object = None) -> Forked:
    """Start a sender as the foreground does, but with its standard files in sight."""
    environ = dict(home.environ)
    if data is not None:
        environ["ARCADE_USAGE_EVENT_DATA"] = data if isinstance(data, str) else json.dumps(data)
    return sender_ancestor().start("-m", "arcade_cli.usage", environ=environ, cwd=home.folder)


def send(home: Home, data: object = None) -> int:
    """Run a sender to its end; whatever happens, it prints nothing."""
    process = start(home, data)
    assert process.communicate(timeout=30) == (b"", b"")
    return process.wait()


def spool(home: Home, *commands: str) -> list[str]:
    """Put events into a home's spool. Returns their uuids, oldest first."""
    made = [Event.of(minted(fields(command))) for command in commands]
    for event in made:
        Spool(policy(home.state)).put(event)
    return [event.uuid for event in made]


def expire_the_breaker(home: Home) -> None:
    path = home.state / "usage/breaker"
    lines = path.read_text().split("\n")
    path.write_text("\n".join([lines[0], str(time.time() - 1), *lines[2:]]))


def modules_of_a_sender(home: Home) -> set[str]:
    """What a sender imports, from its start to its end, by the interpreter's own account."""
    (home.folder / ".coverage-of-tests").unlink(missing_ok=True)  # which would import much itself
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "arcade_cli.usage"],
        env=home.environ,
        capture_output=True,
        text=True,
    )
    return {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}


def logged(home: Home) -> list[tuple[str, str]]:
    return [(line["result"], line["properties"]["command_name"]) for line in home.log()]


class TestWhatItTakesIn:
    def test_the_predecessor_s_event_is_taken_and_gets_a_uuid_and_a_time(
        self, home: Home, recorder: Recorder
    ) -> None:
        assert send(home, fields()) == 0
        (event,) = recorder.received
        assert event.event == "CLI execution succeeded"
        assert event.distinct_id == ANON
        assert event.is_anon
        assert event.command == "toolkit.run"
        assert event.uuid
        assert event.message["timestamp"]
        assert home.waiting() == []
        assert logged(home) == [("sent", "toolkit.run")]

    def test_an_event_keeps_the_uuid_and_the_time_that_it_has(
        self, home: Home, recorder: Recorder
    ) -> None:
        uuid, time = "00000000-0000-4000-8000-00000000000a", "2024-02-29T12:00:00.250000Z"
        send(home, fields(uuid=uuid, timestamp=time))
        (event,) = recorder.received
        assert event.uuid == uuid
        assert event.message["timestamp"].startswith("2024-02-29T12:00:00.25")

    def test_what_nobody_declared_is_not_sent(self, home: Home, recorder: Recorder) -> None:
        canary = "made-up-canary"
        properties = {
            "command_name": "toolkit.run",
            "argv": [canary],
            "cwd": canary,
            "$set": {"name": canary},
            "$ip": canary,
            "os_release": [canary],
        }
        send(home, fields(properties=properties, colour=canary))
        (event,) = recorder.received
        assert event.properties.keys() == {
            "command_name",
            "$process_person_profile",
            "$lib",
            "$lib_version",
            "$geoip_disable",
        }
        assert canary not in json.dumps(event.message)
        assert canary not in json.dumps(home.log())

    def test_a_message_is_redacted_before_it_is_sent_or_logged(
        self, home: Home, recorder: Recorder
    ) -> None:
        message = f"no such file: {home.folder}/made-up-canary, password=made-up-canary"
        send(home, fields(properties={"command_name": "a", "error_message": message}))
        (event,) = recorder.received
        expected = "no such file: <path>, password=<secret>"
        assert event.properties["error_message"] == expected
        assert home.log()[0]["properties"]["error_message"] == expected

    MALFORMED: tuple[object, ...] = (
        "made up",
        "{",
        "[" * 10_000,
        [],
        ["alias"],
        "7",
        "null",
        '"alias"',
        {},
        {"alias": "only"},
        {"properties": {}},
        {name: value for name, value in fields().items() if name != "is_anon"},
        fields(is_anon="yes"),
        fields(properties=[]),
        fields(distinct_id=None),
        fields(uuid="../../made-up"),
        fields(timestamp="yesterday"),
    )

    @pytest.mark.parametrize("data", MALFORMED, ids=lambda data: str(data)[:40])
    def test_what_is_no_event_is_refused_in_silence_and_harms_no_other(
        self, home: Home, recorder: Recorder, data: object
    ) -> None:
        spool(home, "waiting")
        assert send(home, data) in (0, 1)
        assert "toolkit.run" not in [event.command for event in recorder.received]
        assert send(home) == 0
        assert [event.command for event in recorder.received] == ["waiting"]
        assert home.waiting() == []

    def test_without_an_order_it_delivers_what_waits(self, home: Home, recorder: Recorder) -> None:
        uuids = spool(home, *(f"command-{number}" for number in range(60)))
        assert send(home) == 0
        assert [event.uuid for event in recorder.received] == uuids
        assert recorder.requests == 2

    def test_with_nothing_to_do_it_does_nothing(self, home: Home, recorder: Recorder) -> None:
        assert send(home) == 0
        assert recorder.requests == 0
        assert not home.state.exists()

    def test_an_event_is_sent_though_the_home_cannot_be_written_to(
        self, home: Home, recorder: Recorder
    ) -> None:
        home.state.touch()
        assert send(home, fields()) == 0
        assert [event.distinct_id for event in recorder.received] == [ANON]


ALIAS = {"alias": ANON, "distinct_id": "made-up-account"}


@pytest.mark.parametrize("order", [fields(), ALIAS], ids=["an event", "an alias"])
def test_an_order_from_before_it_was_switched_off_is_not_carried_out(
    home: Home, recorder: Recorder, order: object
) -> None:
    (home.state / "usage").mkdir(parents=True)
    (home.state / "usage/choice").write_text("off\n")
    assert send(home, order) == 1
    assert recorder.requests == 0
    assert [path.name for path in (home.state / "usage").iterdir()] == ["choice"]


class TestAliases:
    def test_an_alias_has_arrived_if_it_ends_with_0(self, home: Home, recorder: Recorder) -> None:
        assert send(home, ALIAS) == 0
        (alias,) = recorder.aliases
        assert (alias.distinct_id, alias.properties["alias"]) == ("made-up-account", ANON)

    @pytest.mark.parametrize("mode", ["401", "503", "drop"])
    def test_an_alias_has_not_arrived_if_it_ends_with_1(
        self, home: Home, recorder: Recorder, mode: str
    ) -> None:
        recorder.mode = mode
        assert send(home, ALIAS) == 1
        assert recorder.received == []

    def test_without_a_project_key_no_alias_leaves(self, home: Home, recorder: Recorder) -> None:
        del home.environ["ARCADE_USAGE_PROJECT_KEY"]
        code = send(home, ALIAS)
        assert (code, recorder.requests) == (1, 0)


class TestTheHostSWord:
    @pytest.mark.parametrize("mode", ["400", "401", "413"])
    def test_what_is_refused_is_logged_and_gone(
        self, home: Home, recorder: Recorder, mode: str
    ) -> None:
        recorder.mode = mode
        assert send(home, fields()) == 0
        assert logged(home) == [("rejected", "toolkit.run")]
        assert home.waiting() == []

    def test_a_token_that_was_good_yesterday_may_be_good_tomorrow(
        self, home: Home, recorder: Recorder
    ) -> None:
        """Somebody may be mending a list of tokens; for a day it is waited for that."""
        assert send(home, fields("before")) == 0
        recorder.mode = "401"
        old = (datetime.now(timezone.utc) - timedelta(hours=25)).isoformat()
        expired = minted(fields("expired", timestamp=old))
        Spool(policy(home.state)).put(Event.of(expired))
        spool(home, "first", "second")
        for _ in range(3):
            send(home)
            expire_the_breaker(home)
        assert "no longer knows the token" in (home.state / "usage/breaker").read_text()
        waiting = [one["properties"]["command_name"] for one in home.waiting()]
        assert [*logged(home)[1:], *waiting] == [("rejected", "expired"), "first", "second"]

        recorder.mode = "ok"
        send(home)
        assert [one.command for one in recorder.received] == ["before", "first", "second"]
        assert home.waiting() == []

    def test_one_bad_event_goes_alone(self, home: Home, recorder: Recorder) -> None:
        recorder.poison = "command-5"
        uuids = spool(home, *(f"command-{number}" for number in range(9)))
        assert send(home) == 0
        assert [event.uuid for event in recorder.received] == uuids[:5] + uuids[6:]
        assert [entry for entry in logged(home) if entry[0] == "rejected"] == [
            ("rejected", "command-5")
        ]
        assert home.waiting() == []

    @pytest.mark.parametrize(
        "mode", ["429", "408", "403", "404", "407", "500", "503", "drop", "refuse"]
    )
    def test_what_has_no_answer_is_kept_and_sent_by_the_next_as_it_was(
        self, home: Home, recorder: Recorder, mode: str
    ) -> None:
        recorder.mode = mode
        if mode == "refuse":
            recorder.refuse()
        assert send(home, fields()) == 0
        (kept,) = home.waiting()
        assert home.log() == []
        assert recorder.received == []

        recorder.mode = "ok"
        if mode == "refuse":
            recorder.listen()
        assert send(home, fields("next")) == 0
        first, second = recorder.received
        assert (first.command, second.command) == ("toolkit.run", "next")
        assert first.uuid == kept["uuid"]
        assert first.message["timestamp"][:19] == kept["timestamp"][:19]
        assert home.waiting() == []

    def test_an_answer_that_was_lost_is_made_up_for_under_the_same_uuid(
        self, home: Home, recorder: Recorder
    ) -> None:
        recorder.mode = "deaf"
        send(home, fields())
        assert len(home.waiting()) == 1
        recorder.mode = "ok"
        send(home)
        assert len(recorder.received) > 1
        assert len({event.uuid for event in recorder.received}) == 1

    @pytest.mark.parametrize(
        "answer",
        [{"page": "please log in"}, [], ["status"], None, 1, "what status do you want?"],
        ids=repr,
    )
    def test_somebody_else_s_200_is_no_acceptance(
        self, new_home: Callable[..., Home], answer: object
    ) -> None:
        with Portal(answer) as portal:
            home = new_home(host=portal.url)
            assert send(home, fields()) == 0
            assert portal.requests >= 1
        assert len(home.waiting()) == 1
        assert home.log() == []


class Hurried(UsageConfig):
    send_timeout = 1.5  # type: ignore[misc]


@pytest.mark.timeout(60, func_only=True)
def test_an_answer_that_comes_byte_by_byte_is_not_waited_for_to_its_end(
    tmp_path: Path, recorder: Recorder
) -> None:
    """Each byte comes before a socket's time is up, and the last one long after the deadline."""
    recorder.mode = "drip"
    delivery = PostHogDelivery(policy(tmp_path, Hurried, host=recorder.url))
    with pytest.raises(UnavailableError, match="DeadlineError"):
        delivery.send([to_wire(Event.of(minted(fields())))])


class TestPatience:
    def test_a_host_that_fails_twice_is_left_alone_and_tried_again_in_time(
        self, home: Home, recorder: Recorder
    ) -> None:
        recorder.mode = "503"
        for number in range(4):
            assert send(home, fields(f"command-{number}")) == 0
        assert recorder.knocks == 2
        assert len(home.waiting()) == 4

        recorder.mode = "ok"
        expire_the_breaker(home)
        send(home)
        assert len(recorder.received) == 4
        assert not (home.state / "usage/breaker").exists()

    @pytest.mark.parametrize("status", ["429", "503"])
    def test_a_host_that_asks_for_time_is_given_it_at_once(
        self, home: Home, recorder: Recorder, status: str
    ) -> None:
        recorder.mode = f"{status}:600"
        send(home, fields())
        until = float((home.state / "usage/breaker").read_text().split("\n")[1])
        assert 500 < until - time.time() <= 600
        recorder.mode = "ok"
        send(home, fields())
        assert recorder.received == []
        assert len(home.waiting()) == 2

    def test_a_host_that_fails_is_not_asked_to_take_the_next_batch(
        self, home: Home, recorder: Recorder
    ) -> None:
        spool(home, *(f"command-{number}" for number in range(60)))
        recorder.mode = "503"
        send(home)
        assert recorder.knocks == 1
        assert len(home.waiting()) == 60

    def test_a_host_that_refuses_an_event_is_one_that_answers(
        self, home: Home, recorder: Recorder
    ) -> None:
        recorder.mode = "503"
        send(home, fields())
        recorder.mode = "400"
        send(home)
        assert home.waiting() == []
        assert not (home.state / "usage/breaker").exists()

    def test_another_host_is_not_made_to_pay_for_it(
        self, home: Home, recorder: Recorder, gate: Gate
    ) -> None:
        recorder.mode = "429:600"
        send(home, fields())
        gate.opened.set()
        home.environ["ARCADE_USAGE_HOST"] = gate.url
        send(home)
        assert len(gate.received) == 1


class TestAHomeThatIsPurgedMeanwhile:
    def files(self, home: Home) -> set[str]:
        """What holds anything."""
        return {
            str(path.relative_to(home.state))
            for path in home.state.rglob("*")
            if path.is_file() and path.stat().st_size
        }

    @pytest.mark.parametrize("answer", ["taken", "refused", "no answer"])
    def test_what_is_gone_stays_gone_though_a_sender_waits_for_an_answer(
        self, new_home: Callable[..., Home], gate: Gate, answer: str
    ) -> None:
        home = new_home(host=gate.url)
        spool(home, "one", "two")
        gate.poison = "one" if answer == "refused" else None
        process = start(home)
        assert gate.reached.wait(20)
        assert home.run("usage", "purge").code == 0
        assert self.files(home) == set()
        if answer != "no answer":
            gate.opened.set()
        process.communicate(timeout=30)
        assert self.files(home) == set()

    def test_what_was_sent_before_off_is_still_in_the_log(
        self, new_home: Callable[..., Home], gate: Gate, recorder: Recorder
    ) -> None:
        home = new_home(host=gate.url)
        spool(home, "before")
        gate.opened.set()
        send(home)
        gate.opened.clear()
        gate.reached.clear()
        spool(home, "meanwhile")
        process = start(home)
        assert gate.reached.wait(20)
        home.run("usage", "off")
        gate.opened.set()
        process.communicate(timeout=30)
        assert [name for _, name in logged(home)] == ["before", "meanwhile"]


class TestTheCaps:
    @pytest.mark.torture
    def test_of_10_000_events_offline_the_newest_1_000_are_kept_and_the_rest_is_counted(
        self, home: Home, recorder: Recorder
    ) -> None:
        recorder.refuse()
        uuids = spool(home, *(f"command-{number}" for number in range(10_000)))
        send(home)
        assert [event["uuid"] for event in home.waiting()] == uuids[-1_000:]
        files = [path for path in home.state.rglob("*") if path.is_file()]
        used = sum(path.stat().st_size for path in files)
        assert used < 1_048_576 + 10_000
        status = json.loads(home.run("usage", "status", "--json").out)
        assert (status["waiting_events"], status["dropped_events"]) == (1_000, 9_000)

        home.wait_for_senders()
        recorder.listen()
        assert home.run("usage", "flush").out.startswith("Sent 1")
        assert uuids[-1] in [event.uuid for event in recorder.received]

    def test_they_hold_too_for_what_comes_in_while_a_host_takes_its_time(self, home: Home) -> None:
        with Gate(503) as busy:
            home.environ["ARCADE_USAGE_HOST"] = busy.url
            with start(home, fields()):
                assert busy.reached.wait(20)
                uuids = spool(home, *(f"command-{number}" for number in range(1_010)))
                busy.opened.set()
        files = list((home.state / "usage/spool").glob("*.json"))
        assert len(files) == 1_000
        assert uuids[-1] in [event["uuid"] for event in home.waiting()]

    def test_the_sender_loads_no_sdk_while_there_is_nothing_to_send_or_nobody_to_send_to(
        self, home: Home
    ) -> None:
        (home.state / "usage").mkdir(parents=True)
        spool(home, "waiting")
        (home.state / "usage/breaker").write_text(
            f"5\n{time.time() + 600}\nHTTP 503\n{home.environ['ARCADE_USAGE_HOST']}"
        )
        assert "posthog" not in modules_of_a_sender(home)
        paths = policy(home.state).paths
        lock = FileLock(paths, paths.sender_lock)
        assert lock.acquire()
        assert modules_of_a_sender(home) & {"posthog", "json", "usagekit.drain"} == set()
        lock.release()
        expire_the_breaker(home)
        assert "posthog" in modules_of_a_sender(home)


class TestItsLife:
    def test_killed_in_the_middle_it_has_lost_nothing(
        self, home: Home, recorder: Recorder, gate: Gate
    ) -> None:
        home.environ["ARCADE_USAGE_HOST"] = gate.url
        (older,) = spool(home, "older")
        with start(home, fields()) as sender:
            assert gate.reached.wait(20)
            sender.send_signal(signal.SIGKILL)
        kept = [event["uuid"] for event in home.waiting()]
        assert kept[0] == older
        assert len(kept) == 2

        home.environ["ARCADE_USAGE_HOST"] = recorder.url
        assert send(home) == 0
        assert [event.uuid for event in recorder.received] == kept
        assert home.waiting() == []

    def test_of_two_at_once_one_delivers_for_both(self, home: Home, gate: Gate) -> None:
        home.environ["ARCADE_USAGE_HOST"] = gate.url
        with start(home, fields("first")) as first:
            assert gate.reached.wait(20)
            assert send(home, fields("second")) == 0
            assert first.poll() is None
            assert [event["properties"]["command_name"] for event in home.waiting()] == [
                "first",
                "second",
            ]
            gate.opened.set()
        assert [event.command for event in gate.received] == ["first", "second"]
        assert home.waiting() == []
        assert logged(home) == [("sent", "first"), ("sent", "second")]

    def test_it_does_not_stay_with_a_host_that_hangs_and_loses_nothing(
        self, home: Home, recorder: Recorder
    ) -> None:
        recorder.mode = "hang"
        process = start(home, fields())
        assert process.communicate(timeout=14) == (b"", b"")
        assert len(home.waiting()) == 1
        assert home.senders() == []

    def test_switched_off_in_the_middle_it_asks_nothing_more(self, home: Home, gate: Gate) -> None:
        home.environ["ARCADE_USAGE_HOST"] = gate.url
        uuids = spool(home, *(f"command-{number}" for number in range(60)))
        with start(home):
            assert gate.reached.wait(20)
            (home.state / "usage/choice").write_text("off\n")
            gate.opened.set()
        assert gate.requests == 1
        assert [event["uuid"] for event in home.waiting()] == uuids[50:]

    def test_the_kernel_ends_it_when_its_time_is_up_whatever_it_waits_for(
        self, home: Home, gate: Gate
    ) -> None:
        (uuid,) = spool(home, "waiting")
        script = (
            "import sys\n"
            "from tests.support.policy import policy\n"
            "from usagekit import sender\n"
            "from usagekit.config import UsageConfig\n"
            "class Hurried(UsageConfig):\n"
            "    sender_lifetime = 2.0\n"
            "    send_timeout = 8.0\n"
            "sender.main(policy(sys.argv[1], Hurried, host=sys.argv[2]), {})\n"
        )
        ended = subprocess.run(
            [sys.executable, "-c", script, home.state, gate.url],
            env={**home.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            timeout=30,
        )
        assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGALRM, b"", b"")
        assert [event["uuid"] for event in home.waiting()] == [uuid]

    def test_it_keeps_no_folder_of_the_user_s(self, home: Home, gate: Gate) -> None:
        home.environ["ARCADE_USAGE_HOST"] = gate.url
        with start(home, fields()) as sender:
            assert gate.reached.wait(20)
            assert os.readlink(f"/proc/{sender.pid}/cwd") == "/"
            gate.opened.set()


class TestOnThisMachineOnly:
    @pytest.fixture
    def local(self, new_home: Callable[..., Home], recorder: Recorder) -> Home:
        """A home that knows a host and has no key for it."""
        home = new_home(host=None)
        home.environ["ARCADE_USAGE_HOST"] = recorder.url
        return home

    def test_without_a_project_key_events_go_to_the_log_and_nowhere_else(
        self, local: Home, recorder: Recorder
    ) -> None:
        assert send(local, fields()) == 0
        (line,) = local.log()
        assert (line["result"], line["event"]) == ("local", "CLI execution succeeded")
        assert line["properties"]["command_name"] == "toolkit.run"
        assert local.waiting() == []
        assert recorder.requests == 0

    def test_of_the_log_the_last_200_are_kept(self, local: Home) -> None:
        spool(local, *(f"command-{number}" for number in range(205)))
        assert send(local) == 0
        assert logged(local) == [("local", f"command-{number}") for number in range(5, 205)]
        assert local.waiting() == []

    def test_a_log_that_cannot_be_written_holds_nothing_up(self, local: Home) -> None:
        (local.state / "usage" / "log.jsonl").mkdir(parents=True)
        assert send(local, fields()) == 0
        assert local.waiting() == []

    def test_the_log_is_its_owner_s_alone(self, local: Home) -> None:
        send(local, fields())
        path: Path = local.state / "usage" / "log.jsonl"
        assert path.stat().st_mode & 0o777 == 0o600
