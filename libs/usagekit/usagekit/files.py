"""Whole files of the state, and the folders they lie in. Raises OSError, decides nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from usagekit.config import UsagePaths
from usagekit.snapshot import open_folder, open_parent, system


def make_private(paths: UsagePaths, *folders: str) -> None:
    """Make folders of the state that only their owner can enter; those that exist stay.

    Nothing above ``paths.parents`` is made (a home that does not exist is not ours to invent), nor
    anything in a folder of somebody else (root with a user's HOME would lock that user out).
    """
    for path in (*paths.parents, paths.home):
        if not os.path.lexists(path):
            _make_outermost(path)
    for folder in folders:
        open_folder(paths, folder, make=True).close()


def _make_outermost(path: str) -> None:
    above = os.path.dirname(path)
    if not system.may_make_in(above):
        raise PermissionError(1, "it is somebody else's", above)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:  # another process was quicker
        return
    system.close_to_others(path)  # whatever the umask took away


def create_whole(paths: UsagePaths, path: str, text: str) -> None:
    """Put a new file at ``path``, whole or not at all, and on disk; FileExistsError if something
    is there.

    A hard link is the one step that both fails when somebody else was first and never shows
    half a file.
    """
    with _temporary(paths, path, text, sync=True) as (scratch, temporary):
        folder, name = open_parent(paths, path)
        with folder:
            scratch.link(temporary, name, folder)


def replace_whole(paths: UsagePaths, path: str, text: str, *, sync: bool = False) -> None:
    """Put a file at ``path`` in place of whatever file was there, in one step.

    Args:
        paths: where the tracker keeps its files.
        path: one of them.
        text: what it is to hold.
        sync: have it on disk when this returns, whatever becomes of the machine.
    """
    with _temporary(paths, path, text, sync=sync) as (scratch, temporary):
        folder, name = open_parent(paths, path)
        with folder:
            scratch.replace(temporary, name, folder)
            if sync:
                folder.sync()


def remove(paths: UsagePaths, path: str) -> bool:
    """Remove a file of the state. False if there was none."""
    try:
        folder, name = open_parent(paths, path)
        with folder:
            folder.unlink(name)
    except FileNotFoundError:
        return False
    return True


def sync_folders(paths: UsagePaths) -> None:
    """Have on disk that the state's folder is there, however new it is."""
    for path in (paths.home, *reversed(paths.parents), os.path.dirname(paths.home)):
        system.sync_folder(path)


@contextmanager
def _temporary(
    paths: UsagePaths, path: str, text: str, *, sync: bool
) -> Iterator[tuple[system.Folder, str]]:
    """A file with this text, by a name of its own, which is gone in the end. It lies beside what
    it is to become, or where that is the outermost folder, in the one that is only ours."""
    place = os.path.dirname(path)
    with open_folder(paths, paths.folder if place == paths.home else place) as scratch:
        name = f"{os.getpid()}-{os.urandom(4).hex()}.tmp"
        with open(scratch.create(name), "w", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
                yield scratch, name
            finally:
                with suppress(FileNotFoundError):  # it has become the file
                    scratch.unlink(name)
