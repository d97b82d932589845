"""Locks and processes as Unix has them. The same names stand in ``_windows.py``."""

import _signal  # what ``signal`` wraps into enums, which takes a third of a millisecond
import faulthandler
import fcntl
import os
import sys

_ENDING = (_signal.SIGTERM, _signal.SIGHUP)
_SPAWNED: list[int] = []
_FORKS: list[bool] = []
_OPEN_FILES = "/proc/self/fd" if sys.platform == "linux" else "/dev/fd"


def try_lock(fd: int, *, shared: bool) -> bool:
    """Lock an open file without waiting. Contention is False; any other failure raises OSError."""
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def make_own(fd: int) -> None:
    """Give a new file to its owner alone, who can read and write it whatever the umask."""
    try:
        os.fchmod(fd, 0o600)
    except OSError:  # a file system without permissions
        return


def out_of_the_way(fd: int) -> int:
    """The same open file under a high number, so that a command's own files get the numbers that
    they would get untracked."""
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100)
    except OSError:  # no such number allowed
        return fd
    os.close(fd)
    return high


def note_signals(fd: int) -> None:
    """Have SIGTERM and SIGHUP leave a word in this file before they end this process as ever.

    Not by a handler in Python: that would wait for C code to return, and a process that is in it
    would not end when it is told to. This one is C itself, writes where the program is, and
    passes the signal on. Where the program has a handler or ignores the signal, that stands.
    """
    if not _FORKS:
        # A child of the command may close this file, and open another under its number.
        os.register_at_fork(after_in_child=ignore_signals)
        _FORKS.append(True)
    for number in _ENDING:
        if _signal.getsignal(number) == _signal.SIG_DFL:
            faulthandler.register(number, fd, all_threads=False, chain=True)


def ignore_signals() -> None:
    """Before that file is closed: signals do only what they did before."""
    for number in _ENDING:
        if _signal.getsignal(number) == _signal.SIG_DFL:
            faulthandler.unregister(number)


def spawn_detached(arguments: list[str], environ: dict[str, str]) -> None:
    """Start a process that outlives this one and shares nothing with it.

    Its own session, so that the terminal's Ctrl-C and hang-up pass it by; the three standard
    files on the null device; no other file, so that a pipe of the caller's sees its end.
    Raises OSError if there is no process to be had.
    """
    reap()
    null = os.devnull
    actions: list[tuple[int, int, str, int, int] | tuple[int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, null, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, null, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, null, os.O_WRONLY, 0),
    ]
    actions += [(os.POSIX_SPAWN_CLOSE, fd) for fd in _inheritable_files()]
    try:
        pid = os.posix_spawn(
            arguments[0], arguments, environ, file_actions=actions, setsid=True, setsigmask=()
        )
    except NotImplementedError:  # a system that cannot start a session while it spawns
        pid = _popen(arguments, environ)
    _SPAWNED.append(pid)


def _popen(arguments: list[str], environ: dict[str, str]) -> int:
    import subprocess

    process = subprocess.Popen(
        arguments,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    process.returncode = 0  # reap() collects it; Popen would warn of what it has not waited for
    return process.pid


def reap() -> None:
    """Collect the processes started here that have ended, so that none stays a zombie."""
    for pid in _SPAWNED[:]:
        try:
            ended, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # the host collected it, or asked the kernel to
            ended = pid
        if ended:
            _SPAWNED.remove(pid)


def end_within(seconds: float) -> None:
    """Have the kernel end this process after so many seconds.

    A timer that only the kernel serves: no blocked thread, no C code that keeps the
    interpreter's lock, and no signal handler can delay it.
    """
    import signal  # the foreground has no use for it

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.setitimer(signal.ITIMER_REAL, seconds)


def step_back() -> None:
    """Give way to everything else that runs on this machine."""
    os.nice(10)


def _inheritable_files() -> list[int]:
    try:
        names = os.listdir(_OPEN_FILES)
    except OSError:  # no /proc in here: try what a shell could have opened
        names = [str(fd) for fd in range(3, 256)]
    found = []
    for fd in map(int, names):
        try:
            if fd > 2 and os.get_inheritable(fd):
                found.append(fd)
        except OSError:  # the listing's own handle, closed by now
            continue
    return found
