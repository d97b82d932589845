"""Locks and processes on Unix: real ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("Unix only", allow_module_level=True)

from usagekit import _unix

pytestmark = pytest.mark.timeout(30, func_only=True)

# Reports what it was born with, then lives until somebody writes to the pipe on disk.
CHILD = """
import json, os, signal, sys
report, stop = sys.argv[1:]
files = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
         if os.path.exists(f"/proc/self/fd/{fd}")}
found = {"pid": os.getpid(), "session": os.getsid(0), "files": files,
         "environ": dict(os.environ), "masked": len(signal.pthread_sigmask(signal.SIG_BLOCK, ()))}
with open(report + ".part", "w") as file:
    json.dump(found, file)
os.rename(report + ".part", report)
if stop:
    open(stop).read()
"""


def read_when_there(path: Path) -> dict[str, object]:
    while not path.exists():
        threading.Event().wait(0.005)
    content: dict[str, object] = json.loads(path.read_text())
    return content


def spawn(report: Path, stop: Path | str = "", **environ: str) -> None:
    _unix.spawn_detached([sys.executable, "-SEc", CHILD, str(report), str(stop)], environ)


def wait_until_ended(pid: int) -> None:
    """Wait for a child to end, and leave it uncollected."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_a_detached_process_shares_nothing_with_its_parent(tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        spawn(tmp_path / "report", MADE_UP="1")
    finally:
        os.close(held)
    report = read_when_there(tmp_path / "report")

    assert report["session"] == report["pid"]
    assert report["session"] != os.getsid(0)
    assert report["files"] == dict.fromkeys("012", os.devnull)
    assert report["masked"] == 0
    environ = report["environ"]
    assert isinstance(environ, dict)
    assert environ.keys() - {"LC_CTYPE"} == {"MADE_UP"}  # Python itself sets that one in C locales
    assert isinstance(report["pid"], int)
    wait_until_ended(report["pid"])
    _unix.reap()


def test_the_reader_of_a_pipe_sees_its_end_while_the_detached_process_still_lives(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "stop")
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    spawn(tmp_path / "report", tmp_path / "stop")
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)

    pid = read_when_there(tmp_path / "report")["pid"]
    assert isinstance(pid, int)
    os.kill(pid, 0)
    (tmp_path / "stop").write_text("")
    wait_until_ended(pid)
    _unix.reap()


def test_signals_that_the_parent_blocks_are_not_blocked_in_the_detached_process(
    tmp_path: Path,
) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGALRM})
    try:
        spawn(tmp_path / "report")
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    report = read_when_there(tmp_path / "report")
    assert report["masked"] == 0
    assert isinstance(report["pid"], int)
    wait_until_ended(report["pid"])
    _unix.reap()


def test_a_program_without_standard_files_can_spawn_too(tmp_path: Path) -> None:
    script = (
        "import os, sys\n"
        "for fd in (0, 1, 2): os.close(fd)\n"
        "from usagekit import _unix\n"
        f"_unix.spawn_detached([sys.executable, '-SEc', {CHILD!r}, sys.argv[1], ''], {{}})\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "report")], check=True)
    report = read_when_there(tmp_path / "report")
    assert report["files"] == dict.fromkeys("012", os.devnull)


def test_reaping_leaves_no_zombie_and_does_not_wait_for_the_living(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stop")
    spawn(tmp_path / "long", tmp_path / "stop")
    spawn(tmp_path / "short")  # the last one, for each spawn reaps what ended before
    short, long = (read_when_there(tmp_path / name)["pid"] for name in ("short", "long"))
    assert isinstance(short, int)
    assert isinstance(long, int)
    wait_until_ended(short)

    _unix.reap()
    assert not Path(f"/proc/{short}").exists()
    assert Path(f"/proc/{long}").exists()

    (tmp_path / "stop").write_text("")
    wait_until_ended(long)
    spawn(tmp_path / "next")
    assert not Path(f"/proc/{long}").exists()
    last = read_when_there(tmp_path / "next")["pid"]
    assert isinstance(last, int)
    wait_until_ended(last)
    _unix.reap()


def test_reaping_minds_no_process_that_the_host_has_collected(tmp_path: Path) -> None:
    spawn(tmp_path / "report")
    pid = read_when_there(tmp_path / "report")["pid"]
    assert isinstance(pid, int)
    os.waitpid(pid, 0)
    _unix.reap()
    _unix.reap()


def test_a_process_that_is_not_to_be_had_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _unix.spawn_detached([str(tmp_path / "no-such-program")], {})
    with pytest.raises(OSError, match="too long"):
        spawn(tmp_path / "report", MADE_UP="x" * 200_000)


STUCK = {
    "in C code that keeps the interpreter's lock": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "in one big number": "len(str(pow(7, 2 ** 29)))",
    "ignoring what signals it can": (
        "import signal, threading\n"
        "for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):\n"
        "    signal.signal(one, signal.SIG_IGN)\n"
        "threading.Event().wait()"
    ),
    "in a thread, with the main one gone": (
        "import threading; threading.Thread(target=threading.Event().wait).start()"
    ),
}


@pytest.mark.parametrize("work", STUCK.values(), ids=STUCK.keys())
def test_the_kernel_ends_a_process_however_it_is_stuck(work: str) -> None:
    script = (
        "import signal\n"
        "signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"  # what the parent may have left to it
        "signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\n"
        f"from usagekit._unix import end_within; end_within(0.3)\n{work}"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True)
    assert ended.returncode == -signal.SIGALRM
    assert ended.stderr == b""


@pytest.mark.parametrize("held", [True, False], ids=["shared", "exclusive"])
@pytest.mark.parametrize("wanted", [True, False], ids=["shared", "exclusive"])
def test_a_lock_that_another_process_holds_is_false_unless_both_share_it(
    tmp_path: Path, held: bool, wanted: bool
) -> None:
    script = (
        "import sys; from usagekit._unix import try_lock\n"
        "file = open(sys.argv[1], 'w')\n"
        f"print(try_lock(file.fileno(), shared={held}), flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder, open(tmp_path / "lock", "w") as file:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert _unix.try_lock(file.fileno(), shared=wanted) is (held and wanted)
        holder.kill()
        holder.wait()
        assert _unix.try_lock(file.fileno(), shared=wanted) is True


def test_a_lock_on_what_is_no_file_is_an_error_and_no_contention(tmp_path: Path) -> None:
    file = os.open(tmp_path, os.O_RDONLY)
    os.close(file)
    with pytest.raises(OSError, match="Bad file descriptor"):
        _unix.try_lock(file, shared=False)
