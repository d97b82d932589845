"""The folder of an embedded store: that it is one, who has it, and what lies in it beside the
engine's own. Raises StoreError."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from usagekit_collector.errors import StoreError, store_errors

_log = logging.getLogger(__name__)
# By the first a store is known, and whoever has it locks it; the second is emptied at each start.
_LOCK, _SCRATCH = "collector.lock", "collector.scratch"
# What a volume has of its own, though nobody has put anything there.
_OF_VOLUMES = frozenset(["lost+found"])
# Without it there are no tables.
_ENGINES = "metadata"
_UNUSABLE = "the store's folder cannot be used"


class Folder:
    """A store's folder, which one process has at a time; others are told by whom.

    Args:
        path: where it is.
        writes: make it if there is none, and see to it that nobody but its owner can read what is
            in it. Else it must be there, and it stays as it is.

    Raises StoreError for one that is somebody else's, that is in use, or that holds what is no
    store.
    """

    def __init__(self, path: Path, *, writes: bool) -> None:
        self.path = path
        with store_errors(_UNUSABLE):
            if writes:
                _make(path)
            else:
                _look(path)
            self._fd = _open_lock(path, writes=writes)
        try:
            self._lock()
            with store_errors(_UNUSABLE):
                if writes:
                    self.announce("")
                    _bring_home(path)
                    _own_scratch(path)
        except BaseException:
            self.release()
            raise

    def announce(self, url: str) -> None:
        """Leave word for other processes of who has this store."""
        text = json.dumps({"pid": os.getpid(), "url": url}).encode()
        with store_errors(_UNUSABLE):
            os.pwrite(self._fd, text, 0)
            os.ftruncate(self._fd, len(text))

    def release(self) -> None:
        """Let go of it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _owner(os.read(self._fd, 4096))
            raise StoreError(
                f"the store {self.path} is in use by another process{owner}. Stop that one first; "
                "for tokens, exports and imports, ask it instead (--url)."
            ) from error


def make_private(path: Path) -> int:
    """A folder that is this user's, and closed to all others. Raises StoreError, OSError.

    Returns a descriptor that is open on it.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        status = os.fstat(fd)
        _check_owner(path, status)
        if open_to := stat.S_IMODE(status.st_mode) & 0o077:
            os.fchmod(fd, stat.S_IMODE(status.st_mode) & ~open_to)
            _log.warning("the folder %s could be opened by others: not any more", path)
    except BaseException:
        os.close(fd)
        raise
    return fd


def is_held(path: Path) -> bool:
    """Whether a process has a folder of ``hold_private``."""
    return _word_of_holder(path) is not None


@contextmanager
def hold_private(path: Path) -> Iterator[None]:
    """Have a folder of this user's, made if there is none, that no other process has meanwhile.
    Raises StoreError."""
    with store_errors(f"the folder {path} cannot be used"):
        os.close(make_private(path))
        fd = _open_lock(path, writes=True)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreError(
                f"the folder {path} is in use by another collector: say another one by --state."
            ) from error
        yield
    finally:
        os.close(fd)


def served_at(path: Path) -> str:
    """The URL of the collector that has the store of a folder now; empty if none has, or if it is
    not this user's."""
    return _said(_word_of_holder(path) or b"").get("url", "")


def _word_of_holder(path: Path) -> bytes | None:
    """What the process has left word of that has a folder now; None if none has it."""
    try:
        fd = _open_lock(path, writes=False)
    except (StoreError, OSError):
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.read(fd, 4096)
    finally:
        os.close(fd)
    return None


def _make(path: Path) -> None:
    """A folder that is ours alone: a new one, an empty one, or one that has been a store."""
    if path.exists():
        _check_owner(path, path.stat())
        if set(os.listdir(path)) - _OF_VOLUMES and not os.path.lexists(path / _LOCK):
            raise StoreError(
                f"the folder {path} holds something else, and no store: say another one by "
                "--store. It may be new, or empty."
            )
    os.close(make_private(path))


def _look(path: Path) -> None:
    """Raises StoreError if there is no store, or it is not here."""
    if not os.path.lexists(path / _LOCK):
        raise StoreError(
            f"there is no store in {path}: say which by --store, or make one by "
            '"usagekit-collector serve".'
        )
    _check_owner(path, path.stat())
    if strayed := _strayed(path):
        raise StoreError(
            f"the events of {path} lie in {strayed}: the next start of "
            '"usagekit-collector serve" moves them.'
        )


def _open_lock(path: Path, *, writes: bool) -> int:
    """The lock's file, which is ours and no link to anything else."""
    flags = os.O_RDWR | os.O_CREAT if writes else os.O_RDONLY
    fd = os.open(path / _LOCK, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        _check_owner(path, os.fstat(fd))
    except BaseException:
        os.close(fd)
        raise
    return fd


def _check_owner(path: Path, status: os.stat_result) -> None:
    """Who owns a folder can read what is in it, and put something else there; and what another
    user leaves in it, its owner cannot write any more."""
    if status.st_uid != os.geteuid():
        raise StoreError(
            f"the folder {path} belongs to another user (uid {status.st_uid}): run this as that "
            "user, or say another folder by --store"
        )


def _said(text: bytes) -> dict[str, str]:
    """What whoever has the lock has left word of."""
    try:
        known = json.loads(text)
        return {"pid": str(int(known["pid"])), "url": str(known["url"])}
    except (ValueError, TypeError, KeyError):
        return {}


def _owner(text: bytes) -> str:
    known = ", ".join(filter(None, _said(text).values()))
    return f" (pid {known})" if known else ""


def _own_scratch(path: Path) -> None:
    """What the client writes down on the way to the engine stays in the store's own folder, and a
    killed process leaves nothing that grows."""
    scratch = path / _SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    tempfile.tempdir = str(scratch)
    # Earlier versions had another one, by a name that may be anybody's.
    for pattern in ("tmp????????.raw", "tmp????????.native"):
        for left in (path / "scratch").glob(pattern):
            left.unlink(missing_ok=True)
    with suppress(OSError):
        (path / "scratch").rmdir()


def _strayed(path: Path) -> Path | None:
    """Where an earlier version has put the store of this folder: it told the engine the name as it
    stands in an address, which is another if it has more than ASCII in it."""
    other = Path(quote(str(path)))
    if other == path or (path / _ENGINES).exists() or not (other / _ENGINES).exists():
        return None
    return other if other.stat().st_uid == os.geteuid() else None


def _bring_home(path: Path) -> None:
    """What has strayed comes here."""
    strayed = _strayed(path)
    if strayed is None:
        return
    # By the last of them it is known that there is something yet to be moved.
    for name in sorted(os.listdir(strayed), key=lambda name: name == _ENGINES):
        os.replace(strayed / name, path / name)
    with suppress(OSError):
        strayed.rmdir()
    _log.warning("the store has been moved from %s to %s", strayed, path)
