"""Events that have not been delivered yet: a file each, oldest first. Raises OSError.

What is not called as one of ours is left alone, whatever it is.
"""

from __future__ import annotations

import heapq
import os
import re
import time
from contextlib import contextmanager

from usagekit import files
from usagekit.record import is_event, spool_name
from usagekit.snapshot import FileLock, open_folder, read_in, read_text, system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from usagekit.config import UsageConfig
    from usagekit.event import Event

_BAD = ".bad"
_SCRATCH = re.compile(r"\d+-[0-9a-f]{8}\.tmp")
# Bytes; the longest message, every character of it escaped, makes an event of 50,000.
_LARGEST_EVENT = 65_536
# Seconds after which a file that somebody was writing has lost its writer.
_ABANDONED = 3_600.0


class Spool:
    """A folder of events. Any process may put; only the holder of the sender's lock takes out."""

    def __init__(self, config: UsageConfig) -> None:
        self._config = config
        self._paths = config.paths

    def put(self, event: Event) -> None:
        """Store an event, whole or not at all. The same event, put twice, is there once."""
        files.make_private(self._paths, self._paths.spool)
        name = spool_name(event.timestamp, event.uuid)
        files.replace_whole(self._paths, f"{self._paths.spool}/{name}", event.to_json())

    def names(self) -> list[str]:
        """What is waiting, in the order in which it happened; nothing, if nothing can be read.

        No more than the cap: it is the newest that are kept.
        """
        try:
            with self._open() as folder:
                waiting = (name for name, _ in _entries(folder) if is_event(name))
                return heapq.nlargest(self._config.spool_events, waiting)[::-1]
        except OSError:
            return []

    def can_be_emptied(self) -> bool:
        """Whether what is settled could be removed: else every run would send it anew."""
        try:
            with self._open() as folder:
                return folder.is_writable()
        except OSError:
            return False

    def take(self, name: str) -> Event | None:
        """Read one event, which stays. None if it is none, and the file is set aside; or if it
        cannot be read just now."""
        from usagekit.event import Event

        with self._open() as folder:
            text = read_in(folder, name, _LARGEST_EVENT)
            if text is None and _is_readable_later(folder, name):
                return None
            try:
                return Event.from_json(text or "")
            except (ValueError, TypeError, RecursionError):
                _set_aside(folder, name)
                return None

    def remove(self, name: str) -> bool:
        """Forget one event: it is settled. False if somebody has removed it before."""
        return files.remove(self._paths, f"{self._paths.spool}/{name}")

    def drop(self, name: str) -> bool:
        """Forget one event that the host refused for good, and count it."""
        removed = self.remove(name)
        self._count("refused", int(removed))
        return removed

    def empty(self) -> int:
        """Forget all. Returns how many events that were."""
        with self._open() as folder:
            ours = [name for name in folder.names() if is_event(name) or _is_leftover(name)]
            return sum(_unlink(folder, name) and is_event(name) for name in ours)

    def trim(self) -> None:
        """Hold the caps, oldest first, and count what they cost; sweep up what others left.

        However much lies there, what is held in memory is no more than the cap's names.
        """
        try:
            folder = self._open()
        except OSError:  # never used, or not to be read
            return
        with folder:
            expired, over = self._trim(folder)
        self._count("expired", expired)
        self._count("over_limit", over)

    def _trim(self, folder: system.Folder) -> tuple[int, int]:
        expired = over = 0
        oldest_allowed = time.time() - self._config.spool_age
        kept: list[tuple[str, int]] = []  # a heap: the oldest comes out first
        for name, status in _entries(folder):
            if not is_event(name):
                self._sweep(folder, name, status.st_mtime)
            elif status.st_size > _LARGEST_EVENT:
                _set_aside(folder, name)
            elif status.st_mtime < oldest_allowed:
                expired += _unlink(folder, name)
            else:
                heapq.heappush(kept, (name, status.st_size))
                if len(kept) > self._config.spool_events:
                    over += _unlink(folder, heapq.heappop(kept)[0])
        room = self._config.spool_bytes
        for name, size in sorted(kept, reverse=True):
            room -= size
            if room < 0:
                over += _unlink(folder, name)
        return expired, over

    def dropped(self) -> dict[str, int]:
        """How many events were given up since the beginning, by reason: ``over_limit`` and
        ``expired`` (the caps), ``refused`` (the host)."""
        import json

        try:
            counts = json.loads(read_text(self._paths, self._paths.dropped) or "{}")
        except (ValueError, RecursionError):
            counts = {}
        known = counts if isinstance(counts, dict) else {}
        return {
            reason: known[reason] if type(known.get(reason)) is int else 0
            for reason in ("over_limit", "expired", "refused")
        }

    def damaged(self) -> int:
        """How many files were set aside because they hold no event."""
        try:
            with self._open() as folder:
                return sum(_is_leftover(name) and name.endswith(_BAD) for name in folder.names())
        except OSError:
            return 0

    def _open(self) -> system.Folder:
        return open_folder(self._paths, self._paths.spool)

    def _count(self, reason: str, number: int) -> None:
        if number:
            import json

            counts = self.dropped()
            counts[reason] += number
            files.replace_whole(self._paths, self._paths.dropped, json.dumps(counts) + "\n")

    def _sweep(self, folder: system.Folder, name: str, modified: float) -> None:
        """Remove what was set aside long ago, and what its writer did not live to finish."""
        age = time.time() - modified
        if _is_leftover(name) and age > (
            self._config.spool_age if name.endswith(_BAD) else _ABANDONED
        ):
            _unlink(folder, name)


@contextmanager
def settling(config: UsageConfig) -> Iterator[None]:
    """While nobody else removes events, or writes down what became of them. Not by the identity's
    lock: a command that ends would wait for the log."""
    with held(config, config.paths.settle_lock):
        yield


@contextmanager
def held(config: UsageConfig, path: str) -> Iterator[None]:
    """With this lock, if it can be had in the background's time; else without."""
    lock = FileLock(config.paths, path)
    try:
        lock.acquire(wait=config.background_lock_wait)
    except OSError:  # nothing was ever stored, or there are no locks here
        pass
    try:
        yield
    finally:
        lock.release()


def _entries(folder: system.Folder) -> Iterator[tuple[str, os.stat_result]]:
    """What lies there, but for what is settled in the meantime."""
    with folder.scan() as entries:
        for entry in entries:
            try:
                yield entry.name, entry.stat(follow_symlinks=False)
            except OSError:
                continue


def _is_leftover(name: str) -> bool:
    """Whether a file is called as an event that was set aside, or one that was being written."""
    return is_event(name.removesuffix(_BAD)) or is_scratch(name)


def is_scratch(name: str) -> bool:
    """Whether a file is called as one that is being written (``files.py``)."""
    return _SCRATCH.fullmatch(name) is not None


def _is_readable_later(folder: system.Folder, name: str) -> bool:
    try:
        status = folder.stat(name)
    except OSError:
        return False
    return status.st_mode & 0o170000 == 0o100000 and status.st_size <= _LARGEST_EVENT


def _set_aside(folder: system.Folder, name: str) -> None:
    try:
        folder.replace(name, name + _BAD)
    except OSError:
        pass  # somebody emptied the spool, or the name is taken


def _unlink(folder: system.Folder, name: str) -> int:
    """Remove a file. Returns how many were removed: none, if somebody else was quicker."""
    try:
        folder.unlink(name)
    except OSError:
        return 0
    return 1
