"""Events that have not been delivered yet: a file each, oldest first. Raises OSError."""

from __future__ import annotations

import os

from usagekit import files
from usagekit.config import UsagePaths
from usagekit.event import Event
from usagekit.snapshot import SMALL, read_text

_SUFFIX = ".json"


class Spool:
    """A folder of events. Any process may put; only the holder of the sender's lock takes out."""

    def __init__(self, paths: UsagePaths) -> None:
        self._paths = paths
        self._folder = paths.spool

    def put(self, event: Event) -> None:
        """Store an event, whole or not at all. The same event, put twice, is there once."""
        files.make_private(self._paths.home, self._paths.folder, self._folder)
        name = f"{event.timestamp.replace(':', '')}-{event.uuid}{_SUFFIX}"
        files.replace_whole(f"{self._folder}/{name}", event.to_json(), self._folder)

    def names(self) -> list[str]:
        """What is waiting, in the order in which it happened; nothing, if nothing can be read."""
        try:
            return sorted(name for name in os.listdir(self._folder) if name.endswith(_SUFFIX))
        except OSError:
            return []

    def take(self, name: str) -> Event | None:
        """Read one event, which stays. None if it is none, and the file is set aside; or if it
        cannot be read just now."""
        path = f"{self._folder}/{name}"
        text = read_text(path)
        if text is None and os.path.isfile(path) and os.path.getsize(path) <= SMALL:
            return None
        try:
            return Event.from_json(text or "")
        except (ValueError, TypeError, RecursionError):
            try:
                os.replace(path, f"{path}.bad")
            except OSError:
                pass  # somebody emptied the spool, or the name is taken
            return None

    def remove(self, name: str) -> None:
        """Forget one event: it is settled."""
        try:
            os.unlink(f"{self._folder}/{name}")
        except FileNotFoundError:
            return
