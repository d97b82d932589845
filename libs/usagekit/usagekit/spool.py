"""Events that have not been delivered yet: a file each, oldest first. Raises OSError."""

from __future__ import annotations

import heapq
import os
import time

from usagekit import files
from usagekit.record import spool_name
from usagekit.snapshot import is_uuid, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from usagekit.config import UsageConfig
    from usagekit.event import Event

_SUFFIX = ".json"
_BAD = ".bad"
# Bytes; the longest message, every character of it escaped, makes an event of 50,000.
_LARGEST_EVENT = 65_536
# Seconds after which a file that somebody was writing has lost its writer.
_ABANDONED = 3_600.0


class Spool:
    """A folder of events. Any process may put; only the holder of the sender's lock takes out."""

    def __init__(self, config: UsageConfig) -> None:
        self._config = config
        self._paths = config.paths
        self._folder = config.paths.spool

    def put(self, event: Event) -> None:
        """Store an event, whole or not at all. The same event, put twice, is there once."""
        files.make_private(*self._paths.folders, self._folder)
        name = spool_name(event.timestamp, event.uuid)
        files.replace_whole(f"{self._folder}/{name}", event.to_json(), self._folder)

    def names(self) -> list[str]:
        """What is waiting, in the order in which it happened; nothing, if nothing can be read.

        No more than the cap: it is the newest that are kept.
        """
        waiting = (file.name for file in self._files() if file.name.endswith(_SUFFIX))
        return heapq.nlargest(self._config.spool_events, waiting)[::-1]

    def take(self, name: str) -> Event | None:
        """Read one event, which stays. None if it is none, and the file is set aside; or if it
        cannot be read just now."""
        from usagekit.event import Event

        path = f"{self._folder}/{name}"
        text = read_text(path, _LARGEST_EVENT)
        if text is None and os.path.isfile(path) and os.path.getsize(path) <= _LARGEST_EVENT:
            return None
        try:
            return Event.from_json(text or "")
        except (ValueError, TypeError, RecursionError):
            self._set_aside(path)
            return None

    def remove(self, name: str) -> None:
        """Forget one event: it is settled."""
        try:
            os.unlink(f"{self._folder}/{name}")
        except FileNotFoundError:
            return

    def drop(self, name: str) -> None:
        """Forget one event that the host refused for good, and count it."""
        self._count("refused", _unlink(f"{self._folder}/{name}"))

    def trim(self) -> None:
        """Hold the caps, oldest first, and count what they cost; sweep up what others left.

        However much lies there, what is held in memory is no more than the cap's names.
        """
        expired = over = 0
        oldest_allowed = time.time() - self._config.spool_age
        kept: list[tuple[str, int]] = []  # a heap: the oldest comes out first
        for file in self._files():
            try:
                status = file.stat(follow_symlinks=False)
            except OSError:  # settled in the meantime
                continue
            if not file.name.endswith(_SUFFIX):
                self._sweep(file.path, status.st_mtime)
            elif not _is_event_s(file.name) or status.st_size > _LARGEST_EVENT:
                self._set_aside(file.path)
            elif status.st_mtime < oldest_allowed:
                expired += _unlink(file.path)
            else:
                heapq.heappush(kept, (file.name, status.st_size))
                if len(kept) > self._config.spool_events:
                    over += _unlink(f"{self._folder}/{heapq.heappop(kept)[0]}")
        room = self._config.spool_bytes
        for name, size in sorted(kept, reverse=True):
            room -= size
            if room < 0:
                over += _unlink(f"{self._folder}/{name}")
        self._count("expired", expired)
        self._count("over_limit", over)

    def dropped(self) -> dict[str, int]:
        """How many events were given up since the beginning, by reason: ``over_limit`` and
        ``expired`` (the caps), ``refused`` (the host)."""
        import json

        try:
            counts = json.loads(read_text(self._paths.dropped) or "{}")
        except (ValueError, RecursionError):
            counts = {}
        known = counts if isinstance(counts, dict) else {}
        return {
            reason: known[reason] if type(known.get(reason)) is int else 0
            for reason in ("over_limit", "expired", "refused")
        }

    def damaged(self) -> int:
        """How many files were set aside because they hold no event."""
        return sum(1 for file in self._files() if file.name.endswith(_BAD))

    def _files(self) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self._folder) as entries:
                yield from entries
        except OSError:  # never used, or not to be read
            return

    def _count(self, reason: str, number: int) -> None:
        if number:
            import json

            counts = self.dropped()
            counts[reason] += number
            files.replace_whole(self._paths.dropped, json.dumps(counts) + "\n", self._folder)

    def _set_aside(self, path: str) -> None:
        try:
            os.replace(path, path + _BAD)
        except OSError:
            pass  # somebody emptied the spool, or the name is taken

    def _sweep(self, path: str, modified: float) -> None:
        """Remove what was set aside long ago, and what its writer did not live to finish."""
        age = time.time() - modified
        if age > (self._config.spool_age if path.endswith(_BAD) else _ABANDONED):
            _unlink(path)


def _is_event_s(name: str) -> bool:
    """Whether a file is called as an event is."""
    return name[:4].isdigit() and is_uuid(name[-len(_SUFFIX) - 36 : -len(_SUFFIX)])


def _unlink(path: str) -> int:
    """Remove a file. Returns how many were removed: none, if somebody else was quicker."""
    try:
        os.unlink(path)
    except OSError:
        return 0
    return 1
