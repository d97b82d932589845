"""What a person may do with what is stored here about them: choose, empty, purge, take along.

Raises OSError where a file cannot be written or removed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from usagekit import files, log
from usagekit.config import UsageConfig, UsagePaths
from usagekit.record import is_marker
from usagekit.snapshot import open_folder, read_text
from usagekit.spool import Spool, held, is_scratch, settling


def choose(config: UsageConfig, *, on: bool) -> None:
    """Store the choice. To be followed by ``empty_queue`` if it is "off", and not before: a sender
    looks at the choice before each request, and a command before it leaves its event."""
    paths = config.paths
    files.make_private(paths, paths.folder)
    files.replace_whole(paths, paths.choice, "on\n" if on else "off\n", sync=True)
    files.sync_folders(paths)


def identify(config: UsageConfig, principal_id: str) -> None:
    """Note down who has logged in. The sender takes it from here, as it does an account that a
    program's service tells it of; the same person again is no news."""
    paths = config.paths
    if identified(config) != principal_id:
        files.make_private(paths, paths.folder)
        files.replace_whole(paths, paths.principal, principal_id, sync=True)


def identified(config: UsageConfig) -> str | None:
    """Who has logged in, by the program's word; None if nobody has."""
    return read_text(config.paths, config.paths.principal) or None


def forget_principal(config: UsageConfig) -> None:
    """Whoever had logged in has left."""
    files.remove(config.paths, config.paths.principal)


def empty_queue(config: UsageConfig) -> int:
    """Remove what waits for delivery, and the markers of running commands. Returns how many
    events there were. What cannot be removed keeps nothing else; then it raises OSError."""
    # If a sender hangs in a request, it is not waited for longer.
    with held(config, config.paths.sender_lock), settling(config):
        return _empty(config)


def purge(config: UsageConfig) -> None:
    """Remove all that is stored here, but for the choice, which goes on to hold, and the lock
    files, which are empty. What cannot be removed keeps nothing else; then it raises OSError."""
    paths = config.paths
    with held(config, config.paths.sender_lock), settling(config), _all_of_it() as attempt:
        attempt(lambda: _empty(config))
        state = (paths.log, paths.link, paths.dropped, paths.breaker, paths.notice, paths.declared)
        scratch = [name for name in _names(paths, paths.folder) if is_scratch(name)]
        leftovers = [f"{paths.folder}/{name}" for name in scratch]
        for path in (*state, paths.principal, *leftovers, paths.identity):
            attempt(partial(files.remove, paths, path))


def export(config: UsageConfig) -> dict[str, Any]:
    """All that is stored here about the person, as one document; changes nothing."""
    paths = config.paths
    return {
        "stored_in": paths.home,
        "usage.json": _content(paths, paths.identity),
        "choice": _content(paths, paths.choice),
        "link": _content(paths, paths.link),
        "declared": read_text(paths, paths.declared),
        "principal": read_text(paths, paths.principal),
        "running": _contents(paths, paths.running),
        "queued": _contents(paths, paths.spool),
        "log": log.read(paths),
        "dropped": _content(paths, paths.dropped),
        "breaker": _content(paths, paths.breaker),
    }


def _empty(config: UsageConfig) -> int:
    """Remove the events that wait, and the markers of commands. Returns how many events."""
    paths = config.paths
    with _all_of_it() as attempt:
        for name in _names(paths, paths.running):
            if is_marker(name):
                attempt(partial(files.remove, paths, f"{paths.running}/{name}"))
        count: list[int] = []
        attempt(lambda: count.append(Spool(config).empty()))
    return sum(count)


@contextmanager
def _all_of_it() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Steps that are all tried, whatever becomes of one; the last OSError is raised in the end. Of
    what is not there, nothing is to be removed."""
    failures: list[OSError] = []

    def attempt(step: Callable[[], object]) -> None:
        try:
            step()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            failures.append(error)

    yield attempt
    if failures:
        raise failures[-1]


def _names(paths: UsagePaths, path: str) -> list[str]:
    try:
        with open_folder(paths, path) as folder:
            return sorted(folder.names())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _contents(paths: UsagePaths, path: str) -> list[object]:
    return [_content(paths, f"{path}/{name}") for name in _names(paths, path)]


def _content(paths: UsagePaths, path: str) -> object:
    """A file as JSON if it is JSON, else as text; None if there is none."""
    text = read_text(paths, path)
    if text is None:
        return None
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()
    return content
