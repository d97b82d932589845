"""Events out of the store and into one: files, and hosts that speak PostHog's batch format."""

from __future__ import annotations

import gzip
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from usagekit_collector.engine import sql
from usagekit_collector.events import Event, event_of

# Events in one piece: of a file that is read, of what is sent.
PIECE = 1_000
# Tries of one batch against a host that fails, and seconds before the second; doubled each time.
_TRIES = 6
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
_TIMEOUT = 60.0


class ReplayError(Exception):
    """A host would not take the events, or a file holds none; the text says what it was."""


def events(client: Any, project: int, start: datetime, end: datetime) -> Iterator[Event]:
    """All events of a project between two times, in the order in which they arrived.

    Read by pieces, each a question of its own: nothing grows with the history.
    """
    after = 0
    while True:
        asked = {"project": project, "start": start, "end": end, "after": after, "limit": PIECE}
        rows = list(client.query(sql("export"), asked).named_results())
        for row in rows:
            yield event_of(row)
        if len(rows) < PIECE:
            return
        after = rows[-1]["seq"]


def lines(found: Iterable[Event]) -> Iterator[bytes]:
    """A line of JSON for each event."""
    for event in found:
        yield msgspec.json.encode(event) + b"\n"


def parquet(client: Any, project: int, start: datetime, end: datetime) -> Iterator[bytes]:
    """The events as a Parquet file, with a column for each property that the store has one for."""
    asked = {"project": project, "start": start, "end": end}
    with client.raw_stream(sql("export_parquet"), asked, fmt="Parquet") as stream:
        while chunk := stream.read(1 << 16):
            yield chunk


def replay(found: Iterable[dict[str, Any]], host: str, token: str) -> Iterator[int]:
    """Send events as history, with the uuids and times that they have.

    Args:
        found: events as PostHog's batch format has them.
        host: base URL of PostHog, or of a collector.
        token: the project's.

    Yields how many have been taken so far. Raises ReplayError; what was sent before stays sent,
    and may be sent again: the uuids are the same.
    """
    count, iterator = 0, iter(found)
    while batch := list(islice(iterator, PIECE)):
        _send(
            f"{host.rstrip('/')}/batch/",
            {"api_key": token, "historical_migration": True, "batch": batch},
        )
        count += len(batch)
        yield count


def message(event: Event) -> dict[str, Any]:
    """An event as PostHog's batch format has it."""
    return {
        "event": event.event,
        "distinct_id": event.distinct_id,
        "uuid": event.uuid,
        "timestamp": event.timestamp,
        "properties": event.properties,
    }


def messages(source: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Events from lines of JSON, as PostHog or ``export`` writes them. Raises ReplayError.

    In PostHog's own exports the properties may be JSON within JSON.
    """
    for number, line in enumerate(source, 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=dict[str, Any])
            properties = found.get("properties")
            if isinstance(properties, str):
                found["properties"] = msgspec.json.decode(properties, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise ReplayError(f"line {number} is no event: {error}") from error
        kept = ("event", "distinct_id", "uuid", "timestamp", "properties")
        yield {name: found[name] for name in kept if name in found}


def _send(url: str, batch: dict[str, Any]) -> None:
    body = gzip.compress(msgspec.json.encode(batch), 1)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    request = urllib.request.Request(url, body, headers)
    wait = _FIRST_WAIT
    for left in reversed(range(_TRIES)):
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT):
                return
        except urllib.error.HTTPError as error:
            said = error.read(500).decode("utf-8", "replace").strip()
            if (error.code < 500 and error.code not in (408, 429)) or not left:
                raise ReplayError(f"{url} answered {error.code}: {said}") from error
            asked = error.headers.get("Retry-After", "")
            wait = max(wait, float(asked) if asked.isdecimal() else 0.0)
        except OSError as error:
            if not left:
                raise ReplayError(f"{url} cannot be reached: {error}") from error
        time.sleep(min(wait, _LONGEST_WAIT))
        wait *= 2
