"""The newer protocol of SDKs, in which each event is answered by itself. Pure; no I/O.

What is asked for and what is answered are PostHog's, and are described in ``docs/collector.md``.
"""

from __future__ import annotations

import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from usagekit_collector.ingest.capture import PASSED_OVER, Captured, captured, check_token, uuid_of
from usagekit_collector.ingest.decode import (
    DEEPEST,
    LARGEST_EVENT,
    MOST_EVENTS,
    PIECE,
    Refused,
    inflated,
    is_deeper,
    parsed,
)
from usagekit_collector.ingest.times import parse_time

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_REQUIRED = (
    *("posthog-sdk-info", "posthog-attempt", "posthog-request-id", "posthog-request-timestamp"),
    *("content-type", "user-agent"),
)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:]{8}(\.[0-9]+)?([Zz]|[+-][0-9:]{5})")
_ATTEMPT = re.compile(r"\+?[0-9]{0,9}[1-9][0-9]{0,9}")
# What zlib calls each packing. Deflate has a head of zlib's, or none.
_WINDOWS = {"gzip": 31, "deflate": 15}
_NO_ZLIB = -15
# The logarithm of the largest window, 8 MiB, which is what HTTP has agreed on.
_ZSTD_WINDOW = 23
# Bytes of a name and an ID; of what the head says that the SDK is.
_LONGEST, _LONGEST_SDK = 200, 200
_YES, _NO = ("true", "1"), ("false", "0")
# An option by its name here, and the property that it is.
_OPTIONS = {
    "cookieless_mode": "$cookieless_mode",
    "disable_skew_correction": "$ignore_sent_at",
    "process_person_profile": "$process_person_profile",
    "product_tour_id": "$product_tour_id",
}


class Unfit(Refused):
    """A request that is refused as a whole.

    Attributes:
        tag: the word by which SDKs know why.
    """

    def __init__(self, status: int, tag: str, text: str) -> None:
        super().__init__(status, text)
        self.tag = tag


class Head(msgspec.Struct, frozen=True):
    """What the head of a request says.

    Attributes:
        token: of the project.
        sent_at: by the sender's clock.
        sdk: as it calls itself, ``name/version``.
        packing: of the body, or empty.
    """

    token: str
    sent_at: datetime
    sdk: str
    packing: str


class Said(msgspec.Struct):
    """One event, as it was said."""

    event: str
    uuid: str
    distinct_id: str
    timestamp: str
    session_id: str | None = None
    window_id: str | None = None
    options: Any = None
    properties: Any = {}


class _Batch(msgspec.Struct):
    created_at: str
    batch: list[Said]


def read_head(headers: Mapping[str, str]) -> Head:
    """Raises Unfit for a head in which something is missing, or is not what it should be."""
    token = _token(headers.get("authorization", ""))
    if missing := [name for name in _REQUIRED if name not in headers]:
        raise Unfit(400, "missing_required_headers", f"there is no header {missing[0]}")
    kind = headers["content-type"].partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Unfit(415, "unsupported_content_type", "the body is application/json")
    packing = headers.get("content-encoding", "").lower()
    if packing not in ("", "zstd", *_WINDOWS):
        raise Unfit(415, "unsupported_encoding", "the body is packed by gzip, deflate or zstd")
    sent_at = _time(headers["posthog-request-timestamp"])
    if sent_at is None or not _ATTEMPT.fullmatch(headers["posthog-attempt"]):
        raise Unfit(400, "invalid_header_value", "a header has a value that cannot be")
    try:
        uuid_of(headers["posthog-request-id"] or "none")
    except Refused as error:
        raise Unfit(400, "invalid_header_value", "the request's ID is no UUID") from error
    return Head(token, sent_at, headers["posthog-sdk-info"], packing)


def unpack(body: bytes, packing: str, limit: int) -> bytes:
    """The body, at most ``limit`` bytes of it, out of what it was packed in. Raises Unfit."""
    if not body:
        raise Unfit(400, "empty_body", "there is nothing in this request")
    if not packing:
        return body
    # The first byte of zlib's head says how large its window is; raw, it would be no deflate.
    is_raw = packing == "deflate" and body[0] != 0x78
    try:
        if packing == "zstd":
            return _unzstd(body, limit)
        window = _NO_ZLIB if is_raw else _WINDOWS[packing]
        return inflated(body, zlib.decompressobj(wbits=window), limit, packing)
    except Refused as error:
        tag = "payload_too_large" if error.status == 413 else "request_decoding_error"
        raise Unfit(error.status, tag, error.text) from error


def read_batch(text: bytes) -> dict[UUID, Said]:
    """The events in a text of JSON, by their UUIDs. Raises Unfit."""
    try:
        batch = msgspec.convert(parsed(text), _Batch)
    except Refused as error:
        tag = "payload_too_large" if error.status == 413 else "request_parsing_error"
        raise Unfit(error.status, tag, error.text) from error
    except msgspec.ValidationError as error:
        raise Unfit(400, "request_parsing_error", f"this is no batch: {error}") from error
    if not batch.batch:
        raise Unfit(400, "empty_batch", "there is no event in this request")
    if len(batch.batch) > MOST_EVENTS:
        raise Unfit(413, "payload_too_large", f"a request has at most {MOST_EVENTS} events")
    if _time(batch.created_at) is None:
        raise Unfit(400, "invalid_batch", "created_at is no time of RFC 3339")
    found: dict[UUID, Said] = {}
    for said in batch.batch:
        uuid = _uuid(said.uuid.strip())
        if uuid in found:
            raise Unfit(400, "duplicate_event_uuid", "two events have the same uuid")
        found[uuid] = said
    return found


def take(
    batch: Mapping[UUID, Said], head: Head, now: datetime
) -> tuple[list[Captured], dict[str, dict[str, str]]]:
    """The events that are taken, and what each is answered once they are stored."""
    events: list[Captured] = []
    results: dict[str, dict[str, str]] = {}
    for uuid, said in batch.items():
        reason = _why_not(said)
        results[str(uuid)] = {"result": "drop", "details": reason} if reason else {"result": "ok"}
        if not reason:
            events.append(captured(_as_elsewhere(said, uuid, head), head.sent_at, now))
    return events, results


def _unzstd(body: bytes, limit: int) -> bytes:
    windows = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW}
    inner = zstd.ZstdDecompressor(options=windows)
    pieces: list[bytes] = []
    size = 0
    try:
        while not inner.eof:
            pieces.append(inner.decompress(b"" if pieces else body, PIECE))
            size += len(pieces[-1])
            if size > limit:
                raise Refused(413, f"a request has at most {limit} bytes when it is unpacked")
            if inner.needs_input:
                raise Refused(400, "this zstd is cut off")
    except zstd.ZstdError as error:
        raise Refused(400, "this is no valid zstd") from error
    return b"".join(pieces)


def _why_not(said: Said) -> str:
    """Why an event cannot be taken; empty if it can."""
    if said.event == PASSED_OVER:
        return "dropped_performance_event"
    if not said.event:
        return "missing_event_name"
    if len(said.event.encode()) > _LONGEST:
        return "event_name_too_long"
    if not said.distinct_id.strip():
        return "missing_distinct_id"
    if len(said.distinct_id.strip().encode()) > _LONGEST:
        return "distinct_id_too_large"
    if _time(said.timestamp) is None:
        return "invalid_event_timestamp"
    if not isinstance(said.properties, dict) or is_deeper(said.properties, DEEPEST - 1):
        return "malformed_event_properties"
    if _options(said.options) is None:
        return "invalid_options"
    return "event_too_big" if len(msgspec.json.encode(said)) > LARGEST_EVENT else ""


def _as_elsewhere(said: Said, uuid: UUID, head: Head) -> dict[str, Any]:
    """An event, in the form that all other routes have."""
    properties = {**said.properties}
    if said.session_id is not None:
        properties["$session_id"] = said.session_id
    if said.window_id is not None:
        properties["$window_id"] = said.window_id
    properties |= _options(said.options) or {}
    name, _, version = (one.strip() for one in head.sdk[: _LONGEST_SDK + 1].rpartition("/"))
    if name and version and len(head.sdk) <= _LONGEST_SDK:
        properties |= {"$lib": name, "$lib_version": version}
    return {
        "event": said.event,
        "uuid": str(uuid),
        "distinct_id": said.distinct_id.strip(),
        "timestamp": said.timestamp,
        "properties": properties,
    }


def _options(said: object) -> dict[str, Any] | None:
    """The properties that they are; None if there is one that cannot be understood."""
    if said is None:
        return {}
    if not isinstance(said, dict):
        return None
    found = dict(_understood(said))
    return None if None in found.values() else found


def _understood(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        if name not in _OPTIONS or value is None:
            continue
        if name == "product_tour_id":
            is_text = isinstance(value, str) or type(value) is int
            yield _OPTIONS[name], str(value) if is_text else None
        else:
            yield _OPTIONS[name], _yes_or_no(value)


def _yes_or_no(value: object) -> bool | None:
    if isinstance(value, int | float):
        return bool(value)
    word = value.strip().lower() if isinstance(value, str) else ""
    return word in _YES if word in _YES + _NO else None


def _token(said: str) -> str:
    scheme, _, token = said.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unfit(401, "invalid_api_token", "the project's token is missing")
    try:
        return check_token(token.strip())
    except Refused as error:
        raise Unfit(401, "invalid_api_token", error.text) from error


def _uuid(said: str) -> UUID:
    if not said:
        raise Unfit(400, "missing_event_uuid", "an event has no uuid")
    try:
        return uuid_of(said)
    except Refused as error:
        raise Unfit(400, "invalid_event_uuid", error.text) from error


def _time(said: str) -> datetime | None:
    return parse_time(said) if _TIME.fullmatch(said) else None
