"""``arcade usage flush``: what is queued goes now, and whoever asked is told what became of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from usagekit import deadline, flush
from usagekit.event import Event
from usagekit.service import minted
from usagekit.spool import Spool

from tests.support.home import ARCADE, Home, the_login_port
from tests.support.login import WaitingLogin
from tests.support.policy import policy
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured


def queue(home: Home, recorder: Recorder, count: int) -> None:
    """Leave events behind that the host had no word for."""
    recorder.mode = "503"
    for _ in range(count):
        home.run("whoami")
        home.wait_for_senders()
    recorder.mode = "ok"
    assert len(home.waiting()) == count


def test_it_sends_what_is_queued_though_senders_leave_the_host_alone(
    home: Home, recorder: Recorder
) -> None:
    queue(home, recorder, 3)
    assert (home.state / "usage/breaker").exists()
    ran = home.run("usage", "flush")
    assert (ran.code, ran.out, ran.err) == (0, "Sent 3 events.\n", "")
    assert [item.command for item in recorder.events[:3]] == ["whoami"] * 3
    assert not (home.state / "usage/breaker").exists()


def test_with_nothing_queued_it_says_so(home: Home) -> None:
    ran = home.run("usage", "flush")
    assert (ran.code, ran.out, ran.err) == (0, "Nothing was queued.\n", "")


def test_at_the_end_of_a_ci_job_the_last_command_s_event_has_gone_when_it_returns(
    home: Home, recorder: Recorder
) -> None:
    home.run("toolkit", "list")
    ran = home.run("usage", "flush")
    assert (ran.code, ran.err) == (0, "")
    assert recorder.events[0].command == "toolkit.list"


def test_what_remains_is_said_and_kept_and_a_failure(home: Home, recorder: Recorder) -> None:
    queue(home, recorder, 1)
    recorder.mode = "503"
    home.run("usage", "flush", "--timeout", "2").refused_in_one_message("1 event", "HTTP 503")
    home.wait_for_senders()
    assert [event["properties"]["command_name"] for event in home.waiting()] == [
        "whoami",
        "usage.flush",
    ]


def test_a_host_that_does_not_answer_keeps_nobody_longer_than_the_timeout(
    home: Home, recorder: Recorder
) -> None:
    queue(home, recorder, 1)
    recorder.mode = "hang"
    home.run("usage", "flush", "--timeout", "1").refused_in_one_message("still queued: 1 event")
    recorder.mode = "ok"


def test_each_further_try_has_what_the_ones_before_it_left_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, given = policy(tmp_path / "state"), list[float]()
    properties = {"command_name": "whoami"}
    fields = {"event_name": "made up", "distinct_id": "made-up", "is_anon": True}
    Spool(config).put(Event.of(minted({**fields, "properties": properties})))
    really = deadline.run_within

    def run_within(seconds: float, operation: Callable[[], bool]) -> bool:
        given.append(seconds)
        return really(seconds, operation)

    monkeypatch.setattr(flush, "run_within", run_within)
    monkeypatch.setattr(flush, "_PAUSES", (0.1, 0.2))
    assert flush.flush(config, 60.0).remaining == 1  # nobody listens there
    assert given[0] <= 60
    assert given[1] <= given[0] - 0.1
    assert given[2] <= given[1] - 0.2


def test_what_the_host_refuses_for_good_does_not_remain(home: Home, recorder: Recorder) -> None:
    queue(home, recorder, 2)
    recorder.poison = "whoami"
    ran = home.run("usage", "flush")
    assert (ran.code, ran.out) == (0, "The receiver refused 2 events for good.\n")


def test_without_a_destination_events_are_noted_on_this_machine(
    home: Home, recorder: Recorder
) -> None:
    queue(home, recorder, 1)
    del home.environ["ARCADE_USAGE_PROJECT_KEY"]
    ran = home.run("usage", "flush")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Noted 1 event in the local log: no destination is set.\n"


@pytest.mark.parametrize("switch", [{"ARCADE_USAGE_TRACKING": "0"}, {"ARCADE_USAGE_DEBUG": "1"}])
def test_off_means_silence_here_too(home: Home, recorder: Recorder, switch: dict[str, str]) -> None:
    queue(home, recorder, 1)
    ran = home.run("usage", "flush", environ=switch)
    assert ran.code == 1
    assert ran.err.startswith("Error: nothing is sent")
    home.wait_for_senders()
    assert recorder.received == []
    assert len(home.waiting()) == 1


@pytest.mark.parametrize("seconds", ["0", "soon", "-1"])
def test_a_timeout_that_is_none_is_refused(untracked: Home, seconds: str) -> None:
    assert untracked.run("usage", "flush", "--timeout", seconds).code == 2


def test_a_command_that_was_killed_is_counted_by_the_next(home: Home, recorder: Recorder) -> None:
    with the_login_port(), WaitingLogin(home, "--host", "127.0.0.1:1"):
        pass  # and it is killed
    home.run("usage", "flush")
    killed = recorder.events[0]
    assert (killed.command, killed.event) == ("login", "CLI execution failed")
    assert killed.properties["failure_kind"] == "killed"
    assert killed.distinct_id == home.usage_json["anon_id"]
    assert {"duration", "exit_code"} & killed.properties.keys() == set()


def test_where_no_thread_can_be_had_it_says_so_in_one_line(
    home: Home, recorder: Recorder, tmp_path: Path
) -> None:
    """A user of their own, with no more processes than they have."""
    recorder.mode = "503"
    home.run("toolkit", "list")
    home.wait_for_senders()
    program = tmp_path / "flush.py"
    program.write_text(
        "import sys, threading\n"
        'def start(self): raise RuntimeError("can\'t start new thread")\n'
        "threading.Thread.start = start\n"
        "from arcade_cli.main import cli\n"
        "sys.argv = ['arcade', 'usage', 'flush']\n"
        "cli()\n"
    )
    command = [sys.executable, str(program)]
    ran = subprocess.run(command, env=home.environ, capture_output=True, text=True, timeout=60)
    said = "Error: still queued: 1 event (no thread can be had)."
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.splitlines()[-1].startswith(said), ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
@pytest.mark.parametrize("command", ["log", "status", "export", "show", "schema"])
def test_no_letter_is_too_odd_for_an_output(home: Home, command: str, encoding: str) -> None:
    home.run("toolkit", "list", environ={"ARCADE_USAGE_PROJECT_KEY": ""})
    home.wait_for_senders()
    log = home.state / "usage/log.jsonl"
    log.write_text(log.read_text().replace("toolkit.list", "d\u00e9ploy-\N{DUCK}"))
    odd = {"PYTHONIOENCODING": encoding, "ARCADE_USAGE_HOST": "http://127.0.0.1/\N{DUCK}"}
    ran = subprocess.run(
        [ARCADE, "usage", command], env={**home.environ, **odd}, capture_output=True, timeout=60
    )
    assert (ran.returncode, b"Traceback" in ran.stderr) == (0, False), ran.stderr
    ran.stdout.decode(encoding)
    if command == "log":
        shown = {"ascii": "d\\xe9ploy-\\U0001f986", "latin-1": "d\u00e9ploy-\\U0001f986"}
        assert shown.get(encoding, "d\u00e9ploy-\N{DUCK}") in ran.stdout.decode(encoding)
