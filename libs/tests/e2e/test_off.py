"""Off means silence: no file, no process, no word, no byte."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.home import Home
from tests.support.recorder import Recorder

WORK = (("toolkit", "list"), ("whoami",), ("nonsense",), ("usage", "status"), ("usage", "log"))
OFF = [{"ARCADE_USAGE_TRACKING": "0"}, {"ARCADE_USAGE_TRACKING": "no"}, {"DO_NOT_TRACK": "1"}]


def everything_under(folder: Path) -> list[tuple[str, int, bytes]]:
    """Every file and folder, with the time of its last change and its content."""
    return sorted(
        (str(path), path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    )


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


@pytest.mark.parametrize("off", [OFF[0], {}], ids=["by a variable", "by a choice"])
def test_off_then_twenty_commands_change_no_file_start_no_process_and_send_no_byte(
    home: Home, recorder: Recorder, tmp_path: Path, off: dict[str, str]
) -> None:
    """Held against the processes themselves: what each opens for writing, starts or connects."""
    home.run("usage", "status" if off else "off")
    home.wait_for_senders()
    before, requests = everything_under(home.folder), recorder.requests
    hook = tmp_path / "site" / "sitecustomize.py"
    hook.parent.mkdir()
    hook.write_text(
        "import os, sys\n"
        "ACTS = ('os.posix_spawn', 'subprocess.', 'os.fork', 'os.exec', 'os.rename', 'os.remove',\n"
        "    'os.mkdir', 'os.chmod', 'os.link', 'os.utime', 'socket.')\n"
        "def watch(event, args):\n"
        "    writes = event == 'open' and (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)\n"
        "    if event.startswith(ACTS) or (writes and args[0] != '/dev/null'):\n"
        "        os.write(seen, repr((event, args)).encode())\n"
        "seen = os.open(os.environ['SEEN'], os.O_WRONLY | os.O_APPEND)\n"
        "sys.addaudithook(watch)\n"
    )
    seen = tmp_path / "seen"
    seen.touch()
    watch = {
        "PYTHONPATH": str(hook.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SEEN": str(seen),
    }
    for number in range(20):
        home.run(*WORK[number % len(WORK)], environ={**watch, **off})
        assert home.senders() == []
    assert seen.read_text() == ""
    assert everything_under(home.folder) == before
    assert recorder.requests == requests

    # The watch sees what it is there to see.
    home.run("usage", "status", environ={**watch, "ARCADE_USAGE_TRACKING": "1"})
    assert "os.posix_spawn" in seen.read_text()
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
