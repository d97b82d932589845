"""Events as files have them, a line of JSON each: read, checked, and put into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from typing import Any, BinaryIO

import msgspec

from usagekit_collector.errors import CollectorError
from usagekit_collector.ingest.capture import Captured, captures
from usagekit_collector.ingest.decode import RawBatch, Refused, decode
from usagekit_collector.ingest.times import parse_time

# How much one batch holds: events, and bytes, of which a single event may have more.
_EVENTS, _BYTES = 1_000, 1_000_000
# Bytes of a line. PostHog's have more in them than the event.
_LONGEST = 32 * 1024 * 1024
_KEPT = ("event", "distinct_id", "uuid", "timestamp", "properties", "$set", "$set_once")


class BadLine(CollectorError):  # noqa: N818 - that is what it is
    """A line of a file is no event; the text says which, and why."""


class Message(msgspec.Struct, frozen=True):
    """One event that has happened.

    Attributes:
        body: as PostHog's batch format has it.
        event: as the store takes it.
    """

    body: bytes
    event: Captured


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file, of which one may be too long to be any."""
    while line := file.readline(_LONGEST + 1):
        yield line


def messages(lines: Iterable[bytes]) -> Iterator[Message]:
    """The events in lines of JSON, as PostHog or ``export`` writes them. Raises BadLine.

    Args:
        lines: of a file, or of the API. Empty ones are passed over.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _message(line)
            except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
                raise BadLine(f"line {number} is no JSON of an event: {error}") from error
            except (Refused, ValueError) as error:
                raise BadLine(f"line {number} is no event: {error}") from error


def batches(found: Iterable[Message]) -> Iterator[list[Message]]:
    """Events, as many at once as a request may bring. What came before a bad line comes too."""
    batch: list[Message] = []
    size = 0
    bad: BadLine | None = None
    try:
        for message in found:
            if batch and (len(batch) == _EVENTS or size + len(message.body) > _BYTES):
                yield batch
                batch, size = [], 0
            batch.append(message)
            size += len(message.body)
    except BadLine as error:
        bad = error
    if batch:
        yield batch
    if bad:
        raise bad


def _message(line: bytes) -> Message:
    """Raises Refused, ValueError and msgspec's errors."""
    if len(line) > _LONGEST:
        raise ValueError(f"it has more than {_LONGEST} bytes; a line holds one event")
    said = msgspec.json.decode(line, type=dict[str, Any])
    kept = {name: said[name] for name in _KEPT if name in said}
    kept["properties"] = _properties(said.get("properties"))
    if not kept.get("uuid"):
        raise ValueError("it has no uuid, without which it could be stored twice")
    if (moment := parse_time(kept.get("timestamp"))) is None:
        raise ValueError("its timestamp is missing, or no time")
    kept["timestamp"] = moment  # It says its zone from now on.
    body = msgspec.json.encode(kept)
    # By the rules of what is sent: depth, size, and all else.
    (found,) = decode(body).events
    (event,) = captures(RawBatch([found]), datetime.now(timezone.utc))
    return Message(body, event)


def _properties(said: Any) -> Any:
    """The properties, which in PostHog's exports may be JSON within JSON."""
    return msgspec.json.decode(said) if isinstance(said, str) and said else said or {}
