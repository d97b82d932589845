"""Programs as processes of their own, forked from one that has imported what they import of others.

What a program does is the same, and takes a tenth of the time; what is not proven by it is how an
interpreter starts. Of this project the common ancestor imports nothing.

The ancestor is ``python -m tests.support.forks FD MODULE ...``: on the socket FD it is given four
files for each process, its three standard ones and a socket for the rest.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from typing_extensions import Self

_HERE = Path(__file__)
_LIBS = _HERE.parents[2]


class Ancestor:
    """The process that others are forked from; it ends when nobody holds this object any more.

    Args:
        modules: what it imports, which is to be what its programs would import of others.
    """

    def __init__(self, *modules: str) -> None:
        self._requests, theirs = socket.socketpair()
        names = ("PATH", "LANG", "LC_ALL", "HOME")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forks", str(theirs.fileno()), *modules],
                cwd=_LIBS,
                env={
                    **{name: os.environ[name] for name in names if name in os.environ},
                    "OPENBLAS_NUM_THREADS": "1",  # a thread would not survive the fork
                },
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def start(
        self,
        script: str,
        *words: str | bytes,
        environ: Mapping[str, str],
        cwd: Path | str | None = None,
        umask: int = -1,
        user: int | None = None,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
    ) -> Forked:
        """Run a script as ``subprocess.Popen`` would; the files are said as they are there.

        Another user may be unable to enter this interpreter's folder: its modules had better be
        among those that are imported already.
        """
        ours, theirs = socket.socketpair()
        process = Forked(ours)
        with contextlib.ExitStack() as files, theirs:
            given = [
                process.open_file(number, wish, files)
                for number, wish in enumerate((stdin, stdout, stderr))
            ]
            socket.send_fds(self._requests, [b"."], [*given, theirs.fileno()])
        process.begin(
            {
                "argv": [script, *map(os.fsdecode, words)],
                "environ": dict(environ),
                "cwd": os.fspath(cwd or os.getcwd()),
                "umask": umask,
                "user": user,
            }
        )
        return process

    def run(
        self, script: str, *words: str | bytes, said: bytes | None = None, **options: Any
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a script to its end, as ``subprocess.run`` would that captures the output.

        Args:
            said: what it reads from its standard input.
        """
        if said is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(script, *words, **options)
        try:
            out, err = process.communicate(said, timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert process.returncode is not None
        return subprocess.CompletedProcess([script, *words], process.returncode, out, err)

    def close(self) -> None:
        """End it; what it forked goes on."""
        self._requests.close()
        self._process.wait(20)


_ancestors: dict[tuple[str, ...], Ancestor] = {}
_making = threading.Lock()


def ancestor(*modules: str) -> Ancestor:
    """The ancestor of programs that import these modules, made when it is first asked for."""
    with _making:
        if modules not in _ancestors:
            _ancestors[modules] = Ancestor(*modules)
        return _ancestors[modules]


def end_ancestors() -> None:
    """End them all, when there are no more tests."""
    while _ancestors:
        _ancestors.popitem()[1].close()


class Forked:
    """A process that was forked by an ancestor, with what tests use of ``subprocess.Popen``."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._words = connection.makefile("rb")
        self._ending = threading.Lock()
        self.pid = 0
        self.returncode: int | None = None
        self.stdin: IO[bytes] | None = None
        self.stdout: IO[bytes] | None = None
        self.stderr: IO[bytes] | None = None

    def open_file(self, number: int, wish: Any, files: contextlib.ExitStack) -> int:
        """One of its standard files, for the ancestor; a pipe's other end is kept here."""
        if wish is None:
            return number
        if wish not in (subprocess.PIPE, subprocess.DEVNULL):
            return wish if isinstance(wish, int) else int(wish.fileno())
        if wish == subprocess.DEVNULL:
            theirs = os.open(os.devnull, os.O_RDWR)
        elif number == 0:
            theirs, ours = os.pipe()
            self.stdin = os.fdopen(ours, "wb", buffering=0)
        else:
            ours, theirs = os.pipe()
            setattr(self, ("", "stdout", "stderr")[number], os.fdopen(ours, "rb", buffering=0))
        files.callback(os.close, theirs)
        return theirs

    def begin(self, case: dict[str, Any]) -> None:
        """Tell it what to become."""
        self._connection.sendall(json.dumps(case).encode() + b"\n")
        self.pid = int(self._words.readline())

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, or minus the signal. Raises subprocess.TimeoutExpired."""
        with self._ending:
            if self.returncode is None:
                self._connection.settimeout(timeout)
                try:
                    self.returncode = int(self._words.readline())
                except TimeoutError:
                    self._words = self._connection.makefile("rb")
                    raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
                self._words.close()
                self._connection.close()
            return self.returncode

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0.000_1)
        return None

    def communicate(
        self, said: bytes | None = None, timeout: float | None = None
    ) -> tuple[bytes, bytes]:
        """Say this to it, and read what it answers, to its end."""
        answers: dict[str, bytes] = {}

        def read(name: str, file: IO[bytes]) -> None:
            answers[name] = file.read()

        files = {"out": self.stdout, "err": self.stderr}
        threads = [
            threading.Thread(target=read, args=(name, file), daemon=True)
            for name, file in files.items()
            if file is not None and not file.closed
        ]
        for thread in threads:
            thread.start()
        if self.stdin is not None and not self.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self.stdin.write(said or b"")
            self.stdin.close()
        self.wait(timeout)
        for thread in threads:
            thread.join(timeout)
            if thread.is_alive():
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        self._close_files()
        return answers.get("out", b""), answers.get("err", b"")

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _close_files(self) -> None:
        for file in (self.stdin, self.stdout, self.stderr):
            if file is not None:
                file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_files()
        self.wait()


def _serve(requests: socket.socket) -> dict[str, Any]:
    """Fork for every request. Returns in the forked processes only, with what each is to become."""
    running: dict[int, socket.socket] = {}
    # That a child has ended is read from here, so that nothing is interrupted by it.
    ended, note = os.pipe()
    os.set_blocking(ended, False)
    os.set_blocking(note, False)
    signal.set_wakeup_fd(note, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.freeze()  # which no child need look through, and so copy
    while True:
        ready, _, _ = select.select([requests.fileno(), ended], [], [])
        if ended in ready:
            os.read(ended, 4096)
            _tell_of_the_dead(running)
        if requests.fileno() not in ready:
            continue
        request, files, _, _ = socket.recv_fds(requests, 1, 4)
        if not request:
            os._exit(0)  # those that still run are nobody's now
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # As at a terminal, though the tests may run in the background, where it is ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for other in (requests, *running.values()):
                other.close()
            os.close(ended)
            os.close(note)
            return _take(files)
        for fd in files[:3]:
            os.close(fd)
        running[pid] = socket.socket(fileno=files[3])
        running[pid].sendall(b"%d\n" % pid)


def _tell_of_the_dead(running: dict[int, socket.socket]) -> None:
    for pid in list(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with running.pop(pid) as connection, contextlib.suppress(OSError):
                connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _take(files: list[int]) -> dict[str, Any]:
    """Take these for one's own: the standard files, and a socket that says what to become."""
    with socket.socket(fileno=files[3]) as connection, connection.makefile("rb") as words:
        case: dict[str, Any] = json.loads(words.readline())
    for number, fd in enumerate(files[:3]):
        os.dup2(fd, number)
        os.close(fd)
    return case


def _become(case: dict[str, Any]) -> None:
    """Run the script as the interpreter does that is started for it."""
    os.environ.clear()
    os.environ.update(case["environ"])
    os.chdir(case["cwd"])
    if case["umask"] >= 0:
        os.umask(case["umask"])
    if case["user"] is not None:
        os.setgroups([])
        os.setgid(case["user"])
        os.setuid(case["user"])
    sys.argv = case["argv"]
    script = sys.argv[0]
    sys.path[0] = os.path.dirname(script)
    _start_as_asked()
    main = ModuleType("__main__")
    main.__dict__.update(__file__=script, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    exec(compile(Path(script).read_bytes(), script, "exec"), main.__dict__)


def _start_as_asked() -> None:
    """What an interpreter does by itself as it starts: the environment's .pth files, PYTHONPATH."""
    exec(_HERE.with_name("a0_coverage.pth").read_text())
    if "COVERAGE_PROCESS_CONFIG" in os.environ:
        import coverage

        coverage.process_startup()
    if os.environ.get("PYTHONPATH"):
        sys.path[1:1] = os.environ["PYTHONPATH"].split(os.pathsep)
        with contextlib.suppress(ImportError):
            importlib.import_module("sitecustomize")


if __name__ == "__main__":
    with contextlib.suppress(ImportError):  # where nothing is measured
        importlib.import_module("coverage")
    for name in sys.argv[2:]:
        importlib.import_module(name)
    _become(_serve(socket.socket(fileno=int(sys.argv[1]))))
