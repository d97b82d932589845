"""One event as it was said → as it is taken: whose, when, under which UUID. Pure; no I/O."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import msgspec

from usagekit_collector.ingest.decode import RawBatch, Refused
from usagekit_collector.ingest.times import parse_time

# What the store can hold.
EARLIEST = datetime(1900, 1, 1, tzinfo=timezone.utc)
LATEST = datetime(2299, 1, 1, tzinfo=timezone.utc)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The address of a request has its time in milliseconds, and no SDK is as old as this year.
_MILLISECONDS = re.compile(r"[0-9]{1,14}")
_BEFORE_SDKS = 2020
# Further in the future than this, and it is the sender's clock that is wrong.
_TOO_EARLY = timedelta(hours=23)
# What old SDKs for browsers send of their speed.
PASSED_OVER = "$performance_event"
_LONGEST_ID = 200
_LONGEST_TOKEN = 64
# How a UUID may be dressed up.
_DRESSED = re.compile(r"\{([0-9A-Fa-f-]{36})\}|urn:uuid:([0-9A-Fa-f-]{36})")


class Captured(msgspec.Struct, gc=False):
    """One event, complete.

    Attributes:
        timestamp: when it happened, by this machine's clock as far as that can be known.
        properties: with what stood beside them in ``$set`` and ``$set_once``.
        warnings: what its sender should know.
    """

    event: str
    distinct_id: str
    uuid: UUID
    timestamp: datetime
    properties: dict[str, Any]
    warnings: list[str]


def captures(batch: RawBatch, now: datetime, asked_at: datetime | None = None) -> list[Captured]:
    """The events of one request; one that cannot be taken refuses all. Raises Refused.

    Args:
        batch: the events, as they were said.
        now: by this machine's clock.
        asked_at: when it was sent, where the batch does not say.
    """
    sent_at = parse_time(batch.sent_at) or asked_at
    return [captured(event, sent_at, now) for event in batch.events]


def captured(said: dict[str, Any], sent_at: datetime | None, now: datetime) -> Captured:
    """One event; its time is corrected by when it was sent, if that is known. Raises Refused."""
    name = said.get("event")
    if not isinstance(name, str) or not name:
        raise Refused(400, "an event has no name")
    properties = said.get("properties")
    if properties is None:
        properties = {}
    elif not isinstance(properties, dict):
        raise Refused(400, "the properties of an event are an object of JSON")
    distinct_id = next(filter(None, map(text_of, _ids(said, properties))), "")
    if not distinct_id.strip():
        raise Refused(400, "an event has no distinct_id")
    timestamp, warnings = _when(said, properties, sent_at, now)
    return Captured(
        event=name,
        distinct_id=distinct_id,
        uuid=uuid_of(said.get("uuid")),
        timestamp=timestamp,
        properties=_with_changes(said, properties),
        warnings=warnings,
    )


def asked_at(query: Mapping[str, str]) -> datetime | None:
    """When a request was sent, as its address says: SDKs for browsers have it there, in ``_``."""
    said = query.get("_", query.get("sent_at", ""))
    if not _MILLISECONDS.fullmatch(said):
        return None
    moment = _EPOCH + timedelta(milliseconds=int(said))
    # Before it, these are no milliseconds.
    return moment if moment.year > _BEFORE_SDKS else None


def token_of(batch: RawBatch) -> str:
    """The one token of a request: that of the batch, else that of its events. Raises Refused."""
    said = [batch.token] if batch.token else [one for one in map(_token_of, batch.events) if one]
    if not all(isinstance(one, str) for one in said):
        raise Refused(401, "this is no project's token")
    tokens = {str(one).strip() for one in said} - {""}
    if not tokens:
        raise Refused(401, "the project's token is missing")
    if len(tokens) > 1:
        raise Refused(401, "there are several tokens in one request")
    (token,) = tokens
    return check_token(token)


def check_token(token: str) -> str:
    """The token itself. Raises Refused for what can be none."""
    if len(token) > _LONGEST_TOKEN or not token.isascii() or not token.isprintable():
        raise Refused(401, "this is no project's token")
    if token.startswith("phx_"):
        raise Refused(401, "this is a personal API key: send the project's token")
    return token


def library_of(batch: RawBatch) -> str:
    """The SDK that made a request, as its first event says; empty if that says nothing."""
    properties = batch.events[0].get("properties")
    if not isinstance(properties, dict) or not isinstance(properties.get("$lib"), str):
        return ""
    version = properties.get("$lib_version")
    return f"{properties['$lib']}/{version}" if isinstance(version, str) else properties["$lib"]


def text_of(value: object) -> str:
    """An ID as text of at most 200 characters, an object by its sorted names; empty for none."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:_LONGEST_ID]


def uuid_of(value: object) -> UUID:
    """A UUID in any spelling; a new one for none. Raises Refused for what is no UUID."""
    if value is None or value == "":
        return uuid7()
    dressed = _DRESSED.fullmatch(value) if isinstance(value, str) else None
    try:
        return msgspec.convert(dressed[dressed.lastindex or 0] if dressed else value, UUID)
    except msgspec.ValidationError as error:
        raise Refused(400, "the uuid of an event is no UUID") from error


def uuid7() -> UUID:
    """A UUID that begins with the time, as RFC 9562 has it."""
    number = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 7 << 76
    return UUID(int=number & ~(3 << 62) | 2 << 62)


def _token_of(event: Mapping[str, Any]) -> object:
    for name in ("token", "$token", "api_key"):
        if event.get(name):
            return event[name]
    # SDKs for browsers have it there; a property of that name that is no text is anybody's own.
    properties = event.get("properties")
    said = properties.get("token") if isinstance(properties, dict) else None
    return said if isinstance(said, str) else None


def _ids(said: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[object, ...]:
    return said.get("distinct_id"), said.get("$distinct_id"), properties.get("distinct_id")


def _with_changes(said: Mapping[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """The properties with ``$set`` and ``$set_once``, of which those beside them win."""
    for name in ("$set", "$set_once"):
        own = said.get(name)
        if isinstance(own, dict):
            within = properties.get(name)
            properties[name] = {**within, **own} if isinstance(within, dict) else own
    return properties


def _when(
    said: Mapping[str, Any], properties: Mapping[str, Any], sent_at: datetime | None, now: datetime
) -> tuple[datetime, list[str]]:
    """When an event happened, and what is to be said about that."""
    offset = said.get("offset")
    moment = parse_time(said.get("timestamp"))
    sent_at = parse_time(said.get("sent_at")) or sent_at
    unread = moment is None and said.get("timestamp") not in (None, "")
    warnings = ["the timestamp is no time: taken for now"] if unread else []
    try:
        if isinstance(offset, int | float) and not isinstance(offset, bool):
            moment = now - timedelta(milliseconds=offset)
        elif moment and sent_at and properties.get("$ignore_sent_at") is not True:
            moment = now + (moment - sent_at)
        moment = moment and max(moment.astimezone(timezone.utc), EARLIEST)
    except (OverflowError, ValueError):
        moment = None
    return (moment if moment and moment <= now + _TOO_EARLY else now), warnings
