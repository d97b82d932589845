"""``arcade usage on``, ``off``, ``reset``, ``purge``, ``export``, ``log``, ``schema``."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from uuid import uuid4

import pytest
from usagekit.commands import switch_off
from usagekit.config import UsageConfig, decide
from usagekit.schema import ENVELOPE, PROPERTIES
from usagekit.snapshot import FileLock
from usagekit.stored import empty_queue, purge

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import ARCADE, Home
from tests.support.policy import policy
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured
ID = "00000000-0000-4000-8000-000000000001"


def a_queue(home: Home, recorder: Recorder, count: int = 2) -> None:
    recorder.mode = "503"
    for _ in range(count):
        home.run("toolkit", "list")
    home.wait_for_senders()
    assert len(home.waiting()) == count
    recorder.mode = "ok"


def test_off_deletes_the_queue_and_the_markers_and_says_nothing_about_it_to_the_host(
    home: Home, recorder: Recorder
) -> None:
    a_queue(home, recorder)
    (home.state / f"usage/running/{uuid4()}.json").write_text("{}")
    requests = recorder.requests
    ran = home.run("usage", "off")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Usage tracking is off. Removed 2 events that waited to be sent.\n"
    assert home.senders() == []
    assert home.waiting() == []
    assert os.listdir(home.state / "usage/running") == []
    assert recorder.requests == requests
    assert "switched off by you" in home.run("usage", "status").out


def test_the_choice_holds_before_anything_that_waits_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a command that ends in between would leave its event, and a sender send it."""
    config = policy(tmp_path / "state")
    for path in (f"{config.paths.running}/{ID}.json", f"{config.paths.spool}/2024-{ID}.json"):
        Path(path).parent.mkdir(parents=True)
        Path(path).write_text("{}")
    really, enabled = os.unlink, list[bool]()

    def unlink(path: str, **options: int) -> None:
        if path.endswith(".json"):
            enabled.append(decide({}, config).enabled)
        really(path, **options)

    monkeypatch.setattr(os, "unlink", unlink)
    switch_off(config, {})
    assert enabled == [False, False]


class Patient(UsageConfig):
    background_lock_wait = 60.0  # type: ignore[misc]


@pytest.mark.parametrize("remove", [empty_queue, purge])
def test_nothing_is_removed_under_a_sender_that_is_at_work(
    tmp_path: Path, remove: Callable[[UsageConfig], object]
) -> None:
    """It would write down what it has sent after all that was written down is gone."""
    config = policy(tmp_path / "state", Patient)
    Path(config.paths.spool).mkdir(parents=True)
    waiting = Path(config.paths.spool) / f"2024-{ID}.json"
    waiting.write_text("{}")
    sender = FileLock(config.paths, config.paths.sender_lock)
    assert sender.acquire()
    with ThreadPoolExecutor(1) as other:
        try:
            removed = other.submit(remove, config)
            assert not wait([removed], 0.2).done
            assert waiting.exists()
        finally:
            sender.release()
    removed.result()
    assert not waiting.exists()


def test_on_takes_the_choice_back(home: Home, recorder: Recorder) -> None:
    home.run("usage", "off")
    ran = home.run("usage", "on")
    assert (ran.code, ran.out, ran.err) == (0, "Usage tracking is on.\n", "")
    home.run("toolkit", "list")
    (event,) = recorder.wait_for(1)
    assert event.command == "toolkit.list"


def test_the_choice_cannot_be_had_where_a_variable_is_stronger_and_this_is_said(home: Home) -> None:
    home.run("usage", "on", environ={"DO_NOT_TRACK": "1"}).refused_in_one_message(
        "stays off", "DO_NOT_TRACK"
    )
    home.run("usage", "off", environ={"ARCADE_USAGE_TRACKING": "1"}).refused_in_one_message(
        "still on", "ARCADE_USAGE_TRACKING=1"
    )


def test_a_choice_that_cannot_be_stored_names_the_other_way(home: Home) -> None:
    home.state.write_text("no folder")
    home.run("usage", "off").refused_in_one_message("ARCADE_USAGE_TRACKING=0")


def test_a_command_that_runs_while_it_is_switched_off_leaves_nothing(
    home: Home, recorder: Recorder
) -> None:
    process = home.start_plain("long", "hold", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"holding\n"
    assert len(os.listdir(home.state / "usage/running")) == 1
    home.run("usage", "off")
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert home.senders() == []
    assert os.listdir(home.state / "usage/running") == []
    assert os.listdir(home.state / "usage/spool") == []
    assert recorder.requests == 0


def test_a_sender_that_was_started_before_it_was_switched_off_sends_nothing(
    home: Home, recorder: Recorder
) -> None:
    a_queue(home, recorder)
    (home.state / "usage/breaker").unlink(missing_ok=True)
    requests = recorder.requests
    (home.state / "usage/choice").write_text("off\n")
    subprocess.run([sys.executable, "-m", "arcade_cli.usage"], env=home.environ, timeout=20)
    assert recorder.requests == requests
    assert len(home.waiting()) == 2


def test_reset_makes_a_stranger_of_this_machine(home: Home) -> None:
    home.run("whoami")
    before = home.usage_json["anon_id"]
    ran = home.run("usage", "reset")
    after = home.usage_json["anon_id"]
    assert (ran.code, ran.out, ran.err) == (0, f"This machine is {after} from now on.\n", "")
    assert after != before


def test_purge_leaves_nothing_but_the_choice_and_empty_files(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    cloud.add_account("ada@example.test")
    home.login()
    recorder.wait_for(1)
    home.wait_for_senders()
    ran = home.run("usage", "purge")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"Removed what usage tracking had stored in {home.state}.",
        "Tracking is still on. To switch it off: arcade usage off",
    ]
    assert home.senders() == []
    left = [path for path in home.state.rglob("*") if path.is_file() and path.stat().st_size]
    assert left == [home.state / "credentials.yaml"]

    home.run("usage", "off")
    home.run("usage", "purge")
    assert (home.state / "usage/choice").read_text() == "off\n"


def test_purge_removes_what_was_half_written_and_no_file_of_others(home: Home) -> None:
    home.run("toolkit", "list")
    home.wait_for_senders()
    usage = home.state / "usage"
    ours = [usage / "77-0123abcd.tmp", usage / "spool/77-0123abcd.tmp"]
    others = [usage / "letter.tmp", usage / "spool/letter.json", home.state / "77-0123abcd.txt"]
    for path in (*ours, *others):
        path.write_text("{}")
    assert home.run("usage", "purge").code == 0
    assert [path.exists() for path in (*ours, *others)] == [False, False, True, True, True]


@pytest.mark.parametrize("word", ["purge", "off"])
def test_what_cannot_be_removed_is_said_and_keeps_nothing_else(
    home: Home, recorder: Recorder, word: str
) -> None:
    """A folder by the name of a command's marker."""
    a_queue(home, recorder)
    stays = home.state / f"usage/running/{ID}.json"
    stays.mkdir()
    ran = home.run("usage", word)
    ran.refused_in_one_message("Is a directory", stays.name)
    assert stays.is_dir()
    assert home.waiting() == []
    if word == "off":
        assert (home.state / "usage/choice").read_text() == "off\n"
    else:
        assert not (home.state / "usage.json").exists()


def test_export_is_all_that_is_stored(home: Home, recorder: Recorder) -> None:
    home.run("toolkit", "list")
    recorder.wait_for(1)
    a_queue(home, recorder)
    ran = home.run("usage", "export")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert document["usage.json"]["anon_id"] == home.usage_json["anon_id"]
    assert [entry["result"] for entry in document["log"]] == ["sent"]
    assert len(document["queued"]) == 2
    assert document["running"][0]["properties"]["command_name"] == "usage.export"
    # Each file with something in it is part of it.
    for path in home.state.rglob("*"):
        if path.is_file() and path.suffix == ".json" and path.parent.name == "usage":
            assert json.loads(path.read_text()) in document.values()


def test_the_log_shows_what_was_sent_newest_last(home: Home, recorder: Recorder) -> None:
    ran = home.run("usage", "log")
    assert (ran.code, ran.out, ran.err) == (0, "Nothing was sent yet.\n", "")
    recorder.wait_for(1)
    home.run("toolkit", "show", "Nonsense")
    recorder.wait_for(2)
    home.wait_for_senders()
    with (home.state / "usage/log.jsonl").open("a") as log:
        log.write("no JSON\n7\n")
    lines = home.run("usage", "log", environ={"ARCADE_USAGE_TRACKING": "0"}).out.splitlines()
    assert [line.split()[2:5] for line in lines] == [
        ["sent", "usage.log", "ok"],
        ["sent", "toolkit.show", "usage_error"],
    ]
    assert max(map(len, lines)) <= 80
    known = home.run("usage", "log", "--json", environ={"ARCADE_USAGE_TRACKING": "0"})
    assert [json.loads(line)["uuid"] for line in known.out.splitlines()] == [
        event.uuid for event in recorder.events
    ]


@pytest.mark.parametrize(("times", "waiting"), [(1, "1 event waits"), (3, "3 events wait")])
def test_the_log_says_so_where_nothing_was_sent_and_something_waits(
    new_home: Callable[..., Home], times: int, waiting: str
) -> None:
    home = new_home(host="http://127.0.0.1:9")
    for _ in range(times):
        home.run("toolkit", "list")
    home.wait_for_senders()
    said = home.run("usage", "log", environ={"ARCADE_USAGE_TRACKING": "0"}).out
    assert said == f"Nothing was sent yet. {waiting}: see arcade usage status.\n"


def test_the_log_can_be_followed_and_ctrl_c_is_its_ordinary_end(
    home: Home, recorder: Recorder
) -> None:
    process = home.start("usage", "log", "-f", environ={"ARCADE_USAGE_TRACKING": "0"})
    assert process.stdout is not None
    try:
        for command in ("list", "show"):
            home.run("toolkit", command, *(["Math"] if command == "show" else []))
            assert f"toolkit.{command}".encode() in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, b"", b"")
    finally:
        process.kill()


def test_the_schema_is_every_field_with_its_reason(home: Home) -> None:
    ran = home.run("usage", "schema")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert (ran.code, ran.err) == (0, "")
    for name, field in {**ENVELOPE, **PROPERTIES}.items():
        assert f"\n{name} " in f"\n{ran.out}"
        assert field.why in ran.out
    document = json.loads(home.run("usage", "schema", "--json").out)
    assert list(document) == [*ENVELOPE, *PROPERTIES]
    assert document["duration"]["unit"] == "milliseconds"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_what_is_stored_is_private_whatever_the_umask(home: Home, umask: int) -> None:
    for words in (("usage", "status"), ("usage", "on"), ("logout",)):
        process = subprocess.run(
            [ARCADE, *words],
            env=home.environ,
            umask=umask,
            capture_output=True,
            timeout=60,
        )
        assert process.returncode == 0
    home.wait_for_senders()
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in home.state.rglob("*")}
    modes[home.state] = stat.S_IMODE(home.state.stat().st_mode)
    for path, mode in modes.items():
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_that_is_open_to_others_stays_so_and_the_status_warns(home: Home) -> None:
    home.state.mkdir()
    home.state.chmod(0o755)
    ran = home.run("usage", "status")
    (warning,) = [line for line in ran.out.splitlines() if line.startswith("Warning: ")]
    assert f"chmod 700 {home.state}" in warning
    (as_json,) = json.loads(home.run("usage", "status", "--json").out)["warnings"]
    assert as_json in warning
    assert stat.S_IMODE(home.state.stat().st_mode) == 0o755


def test_the_status_knows_when_something_was_last_delivered(home: Home, recorder: Recorder) -> None:
    home.run("toolkit", "list")
    recorder.wait_for(1)
    home.wait_for_senders()
    status = json.loads(home.run("usage", "status", "--json").out)
    assert status["last_delivery"] == home.log()[0]["at"]
    assert time.strftime("%Y") <= status["last_delivery"][:4]
