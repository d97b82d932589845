"""What a person may do with what is stored here about them: choose, empty, purge, take along.

Raises OSError where a file cannot be written or removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from usagekit import files, log
from usagekit.config import UsageConfig
from usagekit.snapshot import FileLock, read_text


def choose(config: UsageConfig, *, on: bool) -> int:
    """Store the choice; on "off", remove what waits. Returns how many events that were.

    The choice comes first: a sender looks at it before each request, and a command before it
    leaves its event.
    """
    paths = config.paths
    files.make_private(*paths.folders)
    files.replace_whole(paths.choice, "on\n" if on else "off\n", paths.folder)
    return 0 if on else empty_queue(config)


def identify(config: UsageConfig, principal_id: str) -> None:
    """Note down who has logged in. The sender takes it from here, as it does an account that a
    program's service tells it of; the same person again is no news."""
    paths = config.paths
    if identified(config) != principal_id:
        files.make_private(*paths.folders)
        files.replace_whole(paths.principal, principal_id, paths.folder)


def identified(config: UsageConfig) -> str | None:
    """Who has logged in, by the program's word; None if nobody has."""
    return read_text(config.paths.principal) or None


def forget_principal(config: UsageConfig) -> None:
    """Whoever had logged in has left."""
    _remove(config.paths.principal)


def empty_queue(config: UsageConfig) -> int:
    """Remove what waits for delivery, and the markers of running commands. Returns how many
    events there were."""
    with _without_sender(config):
        _empty(config.paths.running)
        return _empty(config.paths.spool)


def purge(config: UsageConfig) -> None:
    """Remove all that is stored here, but for the choice, which goes on to hold, and the lock
    files, which are empty."""
    paths = config.paths
    with _without_sender(config):
        _empty(paths.running)
        _empty(paths.spool)
        state = (paths.log, paths.link, paths.dropped, paths.breaker, paths.notice)
        for path in (*state, paths.principal):
            _remove(path)
        _remove(paths.identity)


def export(config: UsageConfig) -> dict[str, Any]:
    """All that is stored here about the person, as one document; changes nothing."""
    paths = config.paths
    return {
        "stored_in": paths.home,
        "usage.json": _content(paths.identity),
        "choice": _content(paths.choice),
        "link": _content(paths.link),
        "principal": read_text(paths.principal),
        "running": _contents(paths.running),
        "queued": _contents(paths.spool),
        "log": log.read(paths),
        "dropped": _content(paths.dropped),
        "breaker": _content(paths.breaker),
    }


@contextmanager
def _without_sender(config: UsageConfig) -> Iterator[None]:
    """While no sender is at work; if one hangs in a request, it is not waited for longer."""
    lock = FileLock(config.paths.sender_lock)
    try:
        lock.acquire(wait=config.background_lock_wait)
    except OSError:  # nothing was ever stored, or there are no locks here
        pass
    try:
        yield
    finally:
        lock.release()


def _empty(folder: str) -> int:
    """Remove every file in a folder. Returns how many of them were events."""
    return sum(_remove(path) and path.endswith(".json") for path in _paths(folder))


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def _paths(folder: str) -> list[str]:
    try:
        return [f"{folder}/{name}" for name in sorted(os.listdir(folder))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _contents(folder: str) -> list[object]:
    return [_content(path) for path in _paths(folder)]


def _content(path: str) -> object:
    """A file as JSON if it is JSON, else as text; None if there is none."""
    text = read_text(path)
    if text is None:
        return None
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()
    return content
