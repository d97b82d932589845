"""Off means silence: no file, no process, no word, no byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.home import Home
from tests.support.recorder import Recorder

OFF = [{"ARCADE_USAGE_TRACKING": "0"}, {"ARCADE_USAGE_TRACKING": "no"}, {"DO_NOT_TRACK": "1"}]


def everything_under(folder: Path) -> list[tuple[str, int]]:
    """Every file and folder, with the time of its last change."""
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


@pytest.mark.parametrize("environ", OFF, ids=lambda environ: "=".join(*environ.items()))
def test_off_leaves_no_trace(home: Home, recorder: Recorder, environ: dict[str, str]) -> None:
    before = everything_under(home.folder)
    for words in (("toolkit", "run", "Math.Add", "a=1", "b=2"), ("nonsense",), ("usage", "show")):
        home.run(*words, environ=environ)
        assert home.senders() == []
    assert everything_under(home.folder) == before
    assert recorder.requests == 0


def test_off_after_on_touches_nothing_that_is_there(home: Home, recorder: Recorder) -> None:
    recorder.mode = "503"
    home.run("usage", "status")
    home.wait_for_senders()
    before, requests = everything_under(home.state), recorder.requests
    assert len(home.waiting()) == 1

    for _ in range(3):
        home.run("toolkit", "list", environ=OFF[0])
    home.run("logout", environ=OFF[0])

    assert everything_under(home.state) == before
    assert recorder.requests == requests


def test_off_starts_no_process(home: Home, tmp_path: Path) -> None:
    """Held against the process itself: nothing is started, nothing is opened for writing."""
    hook = tmp_path / "site" / "sitecustomize.py"
    hook.parent.mkdir()
    hook.write_text(
        "import os, sys\n"
        "def watch(event, args):\n"
        "    starts = event.startswith(('os.posix_spawn', 'subprocess.', 'os.fork', 'os.exec'))\n"
        "    writes = event == 'open' and (args[2] or 0) & (os.O_WRONLY | os.O_RDWR)\n"
        "    if starts or (writes and args[0] != '/dev/null'):\n"
        "        print('SAW', event, args, file=sys.stderr)\n"
        "sys.addaudithook(watch)\n"
    )
    environ = {"PYTHONPATH": str(hook.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    watched = home.run("usage", "status", environ={**environ, **OFF[0]})
    assert (watched.code, watched.err) == (0, "")

    # The watch sees what it is there to see.
    tracked = home.run("usage", "status", environ=environ)
    assert "SAW os.posix_spawn" in tracked.err
    home.wait_for_senders()


def test_debug_prints_the_event_and_sends_nothing(home: Home, recorder: Recorder) -> None:
    ran = home.run("usage", "status", environ={"ARCADE_USAGE_DEBUG": "1"})
    assert '"command_name": "usage.status"' in ran.err
    assert ran.out.startswith("tracking")
    assert home.senders() == []
    assert recorder.requests == 0


def test_without_a_project_key_events_stay_in_the_local_log(home: Home, recorder: Recorder) -> None:
    home.environ["ARCADE_USAGE_PROJECT_KEY"] = ""
    home.write_credentials("made-up-key")
    home.run("usage", "status")
    home.wait_for_senders()

    (entry,) = home.log()
    assert entry["result"] == "local"
    assert entry["properties"]["command_name"] == "usage.status"
    assert home.waiting() == []
    assert recorder.requests == 0
    assert os.listdir(home.state / "usage" / "spool") == []
