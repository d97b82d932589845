"""Private folders and whole files. Raises OSError, decides nothing."""

from __future__ import annotations

import os

from usagekit.snapshot import system


def make_private(*folders: str) -> None:
    """Make folders, outermost first, that only their owner can enter; those that exist stay.

    Nothing above the first is made (a home that does not exist is not ours to invent).
    """
    for folder in folders:
        try:
            os.mkdir(folder, 0o700)
            os.chmod(folder, 0o700)  # whatever the umask took away
        except FileExistsError:
            continue


def create_whole(path: str, text: str, scratch: str) -> None:
    """Put a new file at ``path``, whole or not at all; FileExistsError if something is there.

    A hard link is the one step that both fails when somebody else was first and never shows
    half a file. ``scratch`` is a private folder on the same file system.
    """
    temporary = _write_temporary(text, scratch)
    try:
        os.link(temporary, path)
    finally:
        os.unlink(temporary)


def replace_whole(path: str, text: str, scratch: str) -> None:
    """Put a file at ``path`` in place of whatever file was there, in one step."""
    temporary = _write_temporary(text, scratch)
    try:
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _write_temporary(text: str, scratch: str) -> str:
    path = f"{scratch}/{os.getpid()}-{os.urandom(4).hex()}.tmp"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    system.make_own(fd)
    try:
        with open(fd, "w", encoding="utf-8") as file:
            file.write(text)
    except BaseException:
        os.unlink(path)
        raise
    return path
