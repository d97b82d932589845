"""Locks, folders and processes as Unix has them. The same names stand in ``_windows.py``."""

import _signal  # what ``signal`` wraps into enums, which takes a third of a millisecond
import faulthandler
import fcntl
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_HERE = os.O_NOFOLLOW | os.O_NONBLOCK
# The signals that end a program which leaves them as they are; and whether the stacks of all
# threads are left, by which ``killed.py`` knows that it was interrupted, and not told to end.
_ENDING = {
    _signal.SIGTERM: False,
    _signal.SIGHUP: False,
    _signal.SIGINT: True,
    _signal.SIGPIPE: True,
}
_SPAWNED: list[int] = []
_ALONE_IN: dict[int, bool] = {}
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


class Folder:
    """An open folder of this user's, which nobody else may write: what it holds, nobody planted.

    Names in it are found by its handle, whatever becomes of its path, and no link is followed.
    All raises OSError.

    Args:
        path: where it is.
        above: the open folder that it is a name in. Without, ``path`` may lead over links: those
            that only this user, or root, could have made.
        by_link: whether its own name may be such a link.
    """

    __slots__ = ("_fd",)
    _fd: int

    def __init__(self, path: str, above: "Folder | None" = None, *, by_link: bool = False) -> None:
        if above is not None:
            self._fd = os.open(path, os.O_DIRECTORY | _HERE, dir_fd=above._fd)
        else:
            self._fd = _open_outermost(path, by_link)
        if not is_own(os.fstat(self._fd)):
            self.close()
            raise PermissionError(1, "others may write into it", path)

    def inner(self, name: str, *, make: bool = False) -> "Folder":
        """A folder in this one, which is made if it is to be and is not there."""
        if make:
            try:
                os.mkdir(name, 0o700, dir_fd=self._fd)
            except FileExistsError:
                return Folder(name, self)
            folder = Folder(name, self)
            os.fchmod(folder._fd, 0o700)  # whatever the umask took away
            return folder
        return Folder(name, self)

    def open(self, name: str, flags: int) -> int:
        """Open a file for its descriptor; one that this creates is its owner's alone."""
        return os.open(name, flags | _HERE, 0o600, dir_fd=self._fd)

    def create(self, name: str) -> int:
        """Make a new file, open for writing."""
        fd = self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        make_own(fd)
        return fd

    def stat(self, name: str) -> os.stat_result:
        """What is there by this name, be it a link."""
        return os.stat(name, dir_fd=self._fd, follow_symlinks=False)

    def names(self) -> list[str]:
        """All names in it."""
        return os.listdir(self._fd)

    def scan(self) -> "Any":
        """``os.scandir`` of it."""
        return os.scandir(self._fd)

    def replace(self, name: str, new_name: str, into: "Folder | None" = None) -> None:
        """Give a file another name, here or in another folder, in place of whatever has it."""
        target = self if into is None else into
        os.replace(name, new_name, src_dir_fd=self._fd, dst_dir_fd=target._fd)

    def link(self, name: str, new_name: str, into: "Folder") -> None:
        """Give a file one more name in a folder, which must be free there."""
        os.link(name, new_name, src_dir_fd=self._fd, dst_dir_fd=into._fd, follow_symlinks=False)

    def unlink(self, name: str) -> None:
        """Remove a name."""
        os.unlink(name, dir_fd=self._fd)

    def is_writable(self) -> bool:
        """Whether names in it can be made and removed."""
        return os.access(".", os.W_OK, dir_fd=self._fd)

    def sync(self) -> None:
        """Have its names on disk."""
        os.fsync(self._fd)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)

    def __enter__(self) -> "Folder":  # noqa: PYI034 (nothing is made of it)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _open_outermost(path: str, by_link: bool) -> int:
    try:
        return os.open(path, os.O_DIRECTORY | _HERE)
    except NotADirectoryError:
        # A link, perhaps. It may be where the user put it, if nobody else could have.
        if not by_link or not is_own(os.stat(os.path.dirname(path))):
            raise
    return os.open(path, os.O_DIRECTORY | os.O_NONBLOCK)


def close_to_others(path: str) -> None:
    """Give a folder that was just made to its owner alone; never another that has come into its
    place. Raises OSError."""
    fd = os.open(path, os.O_DIRECTORY | _HERE)
    try:
        if os.fstat(fd).st_uid == os.geteuid():
            os.fchmod(fd, 0o700)
    finally:
        os.close(fd)


def sync_folder(path: str) -> None:
    """Have the names in a folder on disk. Raises OSError."""
    fd = os.open(path, os.O_DIRECTORY | os.O_NONBLOCK)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def may_make_in(path: str) -> bool:
    """Whether this user is the one to make something in a folder: root is not, in the home of
    somebody else. Raises OSError if there is no such folder."""
    return os.stat(path).st_uid == os.geteuid()


def is_own(status: os.stat_result) -> bool:
    """Whether something is this user's, and nobody else may write it."""
    if status.st_uid != os.geteuid() or status.st_mode & 0o002:
        return False
    return not status.st_mode & 0o020 or _is_alone_in(status.st_gid)


def _is_alone_in(group: int) -> bool:
    """Whether this is the group that many systems give to each user alone."""
    if group not in _ALONE_IN:  # to be asked once: it may be a server that answers
        _ALONE_IN[group] = _has_no_other_member(group)
    return _ALONE_IN[group]


def _has_no_other_member(group: int) -> bool:
    import grp
    import pwd

    try:
        user, members = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    own = user.pw_gid == group and members.gr_name == user.pw_name
    return own and set(members.gr_mem) <= {user.pw_name}


def out_of_the_way(fd: int) -> int:
    """The same open file under a high number, so that a command's own files get the numbers that
    they would get untracked."""
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100)
    except OSError:  # no such number allowed
        return fd
    os.close(fd)
    return high


# What stands in the place of ``os._exit``, and of what sets a signal's handler; and what stood
# there before.
_LEAVING: "list[Callable[[int], Any]]" = []
_SETTING: "list[Callable[[int, Any], Any]]" = []


def note_signals(fd: int) -> None:
    """Have signals that end this process leave a word in this file before they do so as ever.

    Not by a handler in Python: that would wait for C code to return, and a process that is in it
    would not end when it is told to. This one is C itself, writes where the program is, and
    passes the signal on. Where the program has a handler or ignores the signal, that stands; if it
    puts the default back, the word is left from then on.
    """
    if not _FORKS:
        # A child of the command may close this file, and open another under its number.
        os.register_at_fork(after_in_child=ignore_signals)
        _FORKS.append(True)
    before = _signal.signal

    def set_handler(number: int, handler: "Any") -> "Any":
        replaced = before(number, handler)
        if number in _ENDING and _SETTING:
            _note_signal(number, fd)
        return replaced

    for number in _ENDING:
        _note_signal(number, fd)
    _SETTING[:] = set_handler, before
    _signal.signal = set_handler


def _note_signal(number: int, fd: int) -> None:
    if _signal.getsignal(number) == _signal.SIG_DFL:
        # One that a handler of the program's had replaced would be taken for installed.
        faulthandler.unregister(number)
        faulthandler.register(number, fd, all_threads=_ENDING[number], chain=True)


def ignore_signals() -> None:
    """Before that file is closed: signals do only what they did before."""
    if not _SETTING:
        return
    if _signal.signal is _SETTING[0]:  # else somebody has put something there since
        _signal.signal = _SETTING[1]
    _SETTING.clear()
    for number in _ENDING:
        if _signal.getsignal(number) == _signal.SIG_DFL:
            faulthandler.unregister(number)


def note_exit(fd: int) -> None:
    """Have ``os._exit``, after which nothing of this process runs, leave its code in this file."""
    process, before = os.getpid(), os._exit

    def leave(status: int) -> None:
        if os.getpid() == process:  # and is no child of the command
            try:
                os.write(fd, b"\nexit %d" % (status & 0xFF))
            except (OSError, TypeError, ValueError):
                pass
        before(status)

    _LEAVING[:] = leave, before
    os._exit = leave  # type: ignore[assignment]


def ignore_exit() -> None:
    """Before that file is closed."""
    if _LEAVING and os._exit is _LEAVING[0]:  # else somebody has put something there since
        os._exit = _LEAVING[1]  # type: ignore[assignment]


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
