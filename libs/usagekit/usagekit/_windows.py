"""Locks, folders and processes as Windows has them. The same names stand in ``_unix.py``."""

import msvcrt
import os
import subprocess
from typing import Any

# typeshed hides these on other systems, where this module is only read and tested.
_msvcrt: Any = msvcrt
_NO_WINDOW = 0x08000000  # CREATE_NO_WINDOW: no console flashes up
_OWN_GROUP = 0x00000200  # CREATE_NEW_PROCESS_GROUP: Ctrl-C passes it by
_BELOW_NORMAL = 0x00004000  # BELOW_NORMAL_PRIORITY_CLASS


def try_lock(fd: int, *, shared: bool) -> bool:  # noqa: ARG001 (Windows has no shared kind)
    """Lock an open file without waiting. Contention is False; any other failure raises OSError."""
    try:
        _msvcrt.locking(fd, _msvcrt.LK_NBLCK, 1)
    except PermissionError:
        return False
    return True


def make_own(fd: int) -> None:
    """Nothing to do: a file in a user's folder is the user's."""


class Folder:
    """A folder by its path, for Windows opens none; what lies in a user's profile is the user's."""

    __slots__ = ("_path",)

    def __init__(self, path: str, above: "Folder | None" = None, *, by_link: bool = False) -> None:  # noqa: ARG002
        self._path = path if above is None else above._at(path)
        if not os.path.isdir(self._path):
            raise FileNotFoundError(2, "no such folder", self._path)

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"

    def inner(self, name: str, *, make: bool = False) -> "Folder":
        """A folder in this one, which is made if it is to be and is not there."""
        if make:
            os.makedirs(self._at(name), exist_ok=True)
        return Folder(name, self)

    def open(self, name: str, flags: int) -> int:
        """Open a file for its descriptor."""
        return os.open(self._at(name), flags, 0o600)

    def create(self, name: str) -> int:
        """Make a new file, open for writing."""
        return self.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL)

    def stat(self, name: str) -> os.stat_result:
        """What is there by this name, be it a link."""
        return os.lstat(self._at(name))

    def names(self) -> list[str]:
        """All names in it."""
        return os.listdir(self._path)

    def scan(self) -> Any:
        """``os.scandir`` of it."""
        return os.scandir(self._path)

    def replace(self, name: str, new_name: str, into: "Folder | None" = None) -> None:
        """Give a file another name, here or in another folder, in place of whatever has it."""
        os.replace(self._at(name), (into or self)._at(new_name))

    def link(self, name: str, new_name: str, into: "Folder") -> None:
        """Give a file one more name in a folder, which must be free there."""
        os.link(self._at(name), into._at(new_name))

    def unlink(self, name: str) -> None:
        """Remove a name."""
        os.unlink(self._at(name))

    def is_writable(self) -> bool:
        """Whether names in it can be made and removed."""
        return os.access(self._path, os.W_OK)

    def sync(self) -> None:
        """Nothing to do: Windows writes names down with the files."""

    def close(self) -> None:
        """Nothing to do: nothing is open."""

    def __enter__(self) -> "Folder":  # noqa: PYI034 (nothing is made of it)
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to do: nothing is open."""


def close_to_others(path: str) -> None:
    """Nothing to do: a folder in a user's profile is the user's."""


def sync_folder(path: str) -> None:
    """Nothing to do: Windows writes names down with the files."""


def may_make_in(path: str) -> bool:  # noqa: ARG001 (the system judges)
    """Whether this user is the one to make something in a folder."""
    return True


def is_own(status: os.stat_result) -> bool:  # noqa: ARG001 (see Folder)
    """Whether something is this user's, and nobody else may write it."""
    return True


def out_of_the_way(fd: int) -> int:
    """Nothing to do: Windows programs do not count on the numbers of their files."""
    return fd


def note_signals(fd: int) -> None:
    """Nothing to do: Windows ends processes without a word."""


def note_exit(fd: int) -> None:
    """No command leaves a marker here."""


def ignore_exit() -> None:
    """There is nothing to ignore."""


def ignore_signals() -> None:
    """Nothing to do: no signal was noted."""


def spawn_detached(arguments: list[str], environ: dict[str, str]) -> None:
    """Start a process that outlives this one and shares nothing with it. Raises OSError."""
    process = subprocess.Popen(
        arguments,
        env=environ,
        cwd=environ.get("SYSTEMROOT"),  # the user's folder must stay free to be removed
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        creationflags=_NO_WINDOW | _OWN_GROUP | _BELOW_NORMAL,
    )
    # It is not ours to wait for; without a return code Popen would warn of it when collected.
    process.returncode = 0


def reap() -> None:
    """Nothing to do: Windows keeps no zombies."""


def end_within(seconds: float) -> None:
    """End this process after so many seconds, by a thread: there is no better timer here."""
    from usagekit.deadline import exit_within

    exit_within(seconds)


def step_back() -> None:
    """Nothing to do: the priority was given at the start."""
