"""Locks and processes as Windows has them. The same names stand in ``_unix.py``."""

import msvcrt
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


def out_of_the_way(fd: int) -> int:
    """Nothing to do: Windows programs do not count on the numbers of their files."""
    return fd


def note_signals(fd: int) -> None:
    """Nothing to do: Windows ends processes without a word."""


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
