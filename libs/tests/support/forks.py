"""Programs as processes of their own, forked from one that has imported what they import of others.

What a program does is the same, and takes a tenth of the time; what is not proven by it is how an
interpreter starts, and where it is told to be quick, how one takes itself apart. Of this project
the common ancestor imports nothing.

The ancestor is ``python -m tests.support.forks FD MODULE ...``: on the socket FD it is given four
files for each process, its three standard ones and a socket for the rest.

The senders that such a program starts are forked too, from an ancestor of their own whose socket
the program is given (``_Senders``).
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
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

from tests.support.senders import SENDER_MODULES, process_name

_HERE = Path(__file__)
_LIBS = _HERE.parents[2]
# What senders import of others, sooner or later.
_SENDERS = ("posthog", "requests", "urllib3", "json", "email.utils", "encodings.idna", "heapq")
# How the foreground starts one (``usagekit.service``), but for the module.
_SENDER = [sys.executable, "-P", "-m"]


class Ancestor:
    """The process that others are forked from; it ends when nobody holds this object any more.

    Args:
        modules: what it imports, which is to be what its programs would import of others.
        senders: the ancestor of the senders that its programs start.
    """

    def __init__(self, *modules: str, senders: Ancestor | None = None) -> None:
        self._requests, theirs = socket.socketpair()
        self._senders = senders
        names = ("PATH", "LANG", "LC_ALL", "HOME")
        with theirs:
            files = [theirs.fileno()]
            if senders is not None:
                files.append(senders._requests.fileno())
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forks", ",".join(map(str, files)), *modules],
                cwd=_LIBS,
                env={
                    **{name: os.environ[name] for name in names if name in os.environ},
                    "OPENBLAS_NUM_THREADS": "1",  # a thread would not survive the fork
                },
                pass_fds=files,
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
        senders: bool = True,
        quick: bool = False,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
    ) -> Forked:
        """Run a script as ``subprocess.Popen`` would; the files are said as they are there.

        Another user may be unable to enter this interpreter's folder: its modules had better be
        among those that are imported already.

        Args:
            script: its path; ``-m`` runs the module that the first word names.
            senders: whether those that it starts are forked; else each is an interpreter.
            quick: whether it leaves what it has imported to the kernel when it ends.
        """
        return _fork(
            self._requests,
            (stdin, stdout, stderr),
            argv=[script, *map(os.fsdecode, words)],
            environ=dict(environ),
            cwd=os.fspath(cwd or os.getcwd()),
            umask=umask,
            user=user,
            senders=senders and user is None and self._senders is not None,
            quick=quick,
        )

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


def _fork(requests: socket.socket, files: tuple[Any, Any, Any], **case: Any) -> Forked:
    """Have an ancestor fork, and tell the process what to become.

    Args:
        requests: the socket of the ancestor.
        files: the three standard ones, as they are said for ``subprocess.Popen``.
        case: its argv, environ, cwd and umask; and of the others what is not as usual.
    """
    ours, theirs = socket.socketpair()
    process = Forked(ours)
    with contextlib.ExitStack() as opened, theirs:
        given = [process.open_file(number, wish, opened) for number, wish in enumerate(files)]
        socket.send_fds(requests, [b"."], [*given, theirs.fileno()])
    process.begin({"user": None, "senders": False, "session": False, "quick": False, **case})
    return process


_ancestors: dict[tuple[str, ...], Ancestor] = {}
_making = threading.RLock()


def ancestor(*modules: str) -> Ancestor:
    """The ancestor of programs that import these modules, made when it is first asked for."""
    with _making:
        if modules not in _ancestors:
            _ancestors[modules] = Ancestor(*modules, senders=sender_ancestor())
        return _ancestors[modules]


def sender_ancestor() -> Ancestor:
    """The ancestor of senders, which start nothing themselves."""
    with _making:
        if _SENDERS not in _ancestors:
            _ancestors[_SENDERS] = Ancestor(*_SENDERS)
        return _ancestors[_SENDERS]


def end_ancestors() -> None:
    """End them all, when there are no more tests; that of the senders, which all others know and
    which was made first, as the last one."""
    while _ancestors:
        _ancestors.popitem()[1].close()


class Forked:
    """A process that was forked by an ancestor, with what tests use of ``subprocess.Popen``.

    Attributes:
        peak: the most memory that it had at once, in KiB, once it has ended.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._words = connection.makefile("rb")
        self._ending = threading.Lock()
        self.pid = 0
        self.peak = 0
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
        """Tell it what to become. When this returns, ``senders.senders`` knows it."""
        self._connection.sendall(json.dumps(case).encode() + b"\n")
        self.pid = int(self._words.readline())

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, or minus the signal. Raises subprocess.TimeoutExpired."""
        with self._ending:
            if self.returncode is None:
                self._connection.settimeout(timeout)
                try:
                    self.returncode, self.peak = map(int, self._words.readline().split())
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


def _tell_of_the_dead(running: dict[int, socket.socket]) -> None:
    for pid in list(running):
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            with running.pop(pid) as connection, contextlib.suppress(OSError):
                connection.sendall(b"%d %d\n" % (code, used.ru_maxrss))


def _take(files: list[int]) -> dict[str, Any]:
    """Take these for one's own: the standard files, and a socket that says what to become."""
    with socket.socket(fileno=files[3]) as connection, connection.makefile("rb") as words:
        case: dict[str, Any] = json.loads(words.readline())
        # As the kernel calls a script's process; a sender is known by it, for what it was started
        # with and its environment are said to be the ancestor's.
        script, *arguments = case["argv"]
        sender = script == "-m" and arguments[0] in SENDER_MODULES
        name = process_name(case["environ"]["HOME"]) if sender else os.path.basename(script)
        Path("/proc/self/comm").write_text(name)
        connection.sendall(b"%d\n" % os.getpid())
    for number, fd in enumerate(files[:3]):
        os.dup2(fd, number)
        os.close(fd)
    return case


def _become(case: dict[str, Any], *senders: int) -> None:
    """Run the script as the interpreter does that is started for it.

    Args:
        senders: the socket of the senders' ancestor, if there is one.
    """
    if case["session"]:
        os.setsid()
    os.environ.clear()
    os.environ.update(case["environ"])
    os.chdir(case["cwd"])
    if case["umask"] >= 0:
        os.umask(case["umask"])
    if case["user"] is not None:
        os.setgroups([])
        os.setgid(case["user"])
        os.setuid(case["user"])
    if case["senders"]:
        _Senders(*senders).take_over()
    sys.argv = case["argv"]
    script = sys.argv[0]
    sys.path[0] = os.path.dirname(script)
    _start_as_asked()
    if script == "-m":
        del sys.path[0], sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        return
    main = ModuleType("__main__")
    main.__dict__.update(__file__=script, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    try:
        exec(compile(Path(script).read_bytes(), script, "exec"), main.__dict__)
    except SystemExit as end:
        if case["quick"] and isinstance(end.code, int | None):
            _end(end.code or 0)
        raise


def _end(code: int) -> None:
    """End as the interpreter does, but for taking itself apart: for most programs that is half of
    their time, and most of it goes to the ancestor's modules. Returns where it cannot."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    with contextlib.suppress(Exception):  # of a pipe that nobody reads, the interpreter complains
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class _Senders:
    """Has the senders forked that a program starts by ``os.posix_spawn`` and ``subprocess.run``;
    all else is left to the real ones.

    Args:
        requests: the socket of the senders' ancestor.
    """

    def __init__(self, requests: int) -> None:
        self._requests = requests
        self._spawn, self._run = os.posix_spawn, subprocess.run

    def take_over(self) -> None:
        """Put them in the places of the real ones."""
        vars(os)["posix_spawn"] = self.spawn
        vars(subprocess)["run"] = self.run

    def spawn(self, path: str, argv: list[str], environ: dict[str, str], **options: Any) -> int:
        if not _starts_a_sender(argv):
            return self._spawn(path, argv, environ, **options)
        sys.audit("os.posix_spawn", path, argv, environ)
        return self._fork(argv, environ, session=options["setsid"]).pid

    def run(self, argv: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        if not _starts_a_sender(argv):
            ran: subprocess.CompletedProcess[bytes] = self._run(argv, **options)
            return ran
        sys.audit("subprocess.Popen", argv[0], argv, None, options["env"])
        sender = self._fork(argv, options["env"], session=False)
        try:
            return subprocess.CompletedProcess(argv, sender.wait(options["timeout"]))
        except BaseException:
            sender.kill()
            sender.wait()
            raise

    def _fork(self, argv: list[str], environ: dict[str, str], *, session: bool) -> Forked:
        umask = os.umask(0o077)
        os.umask(umask)
        case = {"argv": argv[2:], "environ": environ, "cwd": os.getcwd(), "umask": umask}
        with socket.socket(fileno=os.dup(self._requests)) as requests:
            return _fork(requests, (subprocess.DEVNULL,) * 3, **case, session=session)


def _starts_a_sender(argv: list[str]) -> bool:
    return argv[:3] == _SENDER and argv[3] in SENDER_MODULES


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
        with contextlib.suppress(
            ModuleNotFoundError
        ):  # it only saves time, and not each version has all
            importlib.import_module(name)
    requests, *senders = map(int, sys.argv[1].split(","))
    for fd in (requests, *senders):
        os.set_inheritable(fd, False)
    # chDB blocks SIGPIPE where it is loaded, and a process inherits that.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    _become(_serve(socket.socket(fileno=requests)), *senders)
