"""Signals that end a command: noted beside it, and nowhere else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.senders import wait_for_senders

PRELUDE = """
import os, signal, sys, time
from usagekit import Usage
usage = Usage("acme", version="1", project_api_key="phc_made_up")
"""

# A daemon: it closes what it does not know, and its own files take those numbers.
DAEMON = f"""{PRELUDE}
def main():
    if os.fork() == 0:
        os.closerange(3, 4096)
        for number in range(200):
            os.open(f"file-{{number}}", os.O_WRONLY | os.O_CREAT)
        print(os.getpid(), flush=True)
        os.close(1)
        os.close(2)
        time.sleep(30)
        os._exit(0)
usage.run(main)
"""

# A handler that the program sets while it runs is there after its end, and what it found as well.
HANDLERS = f"""{PRELUDE}
import atexit
def main():
    if "keep" in sys.argv:
        signal.signal(signal.SIGTERM, lambda *_: print("handled"))
    else:
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        with_handler = signal.signal(signal.SIGTERM, lambda *_: print("handled"))
        assert with_handler is signal.SIG_DFL
atexit.register(lambda: os.kill(os.getpid(), signal.SIGTERM))
usage.run(main)
"""

# Children that are told to end, as those of a pool are, are not the command.
POOL = f"""{PRELUDE}
def main():
    for _ in range(3):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.write(write, b"!")
            time.sleep(30)
        os.read(read, 1)
        os.kill(pid, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
    if "killed" in sys.argv:
        os.kill(os.getpid(), signal.SIGKILL)
usage.run(main)
"""


# What was as it was before is so afterwards; a pipe's signal may be the default from the start.
DEFAULTS = f"""{PRELUDE}
import _signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
before = _signal.signal
def main():
    if "pipe" in sys.argv:
        read, write = os.pipe()
        os.dup2(write, 1)
        os.close(read)
        os.close(write)
        os.write(1, b"to nobody")
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if os.fork() == 0:
        print(_signal.signal is before, flush=True)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    os.wait()
usage.run(main)
print(_signal.signal is before, flush=True)
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def runs(home: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [sys.executable, "-c", program, *words],
        env={"HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
    )
    wait_for_senders(home)
    return ran


def kinds(home: Path) -> list[str | None]:
    log = (home / ".local/state/acme/usage/log.jsonl").read_text().splitlines()
    return [json.loads(line)["properties"].get("failure_kind") for line in log]


def test_a_daemon_s_files_stay_as_they_are_when_it_is_told_to_end(home: Path) -> None:
    pid = int(runs(home, DAEMON).stdout)
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/exe").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    files = list(home.glob("file-*"))
    assert len(files) == 200
    assert [path for path in files if path.stat().st_size] == []
    assert kinds(home) == [None]


@pytest.mark.parametrize("word", ["keep", "set"])
def test_a_handler_of_the_program_s_own_stays(home: Path, word: str) -> None:
    ran = runs(home, HANDLERS, word)
    assert (ran.returncode, ran.stdout) == (0, "handled\n"), ran.stderr
    assert kinds(home) == [None]


def test_children_that_are_told_to_end_are_not_the_command(home: Path) -> None:
    assert runs(home, POOL).returncode == 0
    assert kinds(home) == [None]
    assert runs(home, POOL, "killed").returncode == -signal.SIGKILL
    runs(home, POOL)
    assert kinds(home) == [None, "killed", None]


def test_what_sets_a_handler_is_put_back_and_a_child_has_it_at_once(home: Path) -> None:
    ran = runs(home, DEFAULTS)
    assert (ran.returncode, ran.stdout) == (-signal.SIGTERM, "True\nTrue\n"), ran.stderr
    assert kinds(home) == [None]
    assert runs(home, DEFAULTS, "pipe").returncode == -signal.SIGPIPE
    runs(home, DEFAULTS)
    assert kinds(home) == [None, "interrupted", None]
