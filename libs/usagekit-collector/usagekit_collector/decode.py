"""What an SDK sends, as events: three shapes of JSON in a handful of wrappings. Pure; no I/O.

The shapes and the answers are PostHog's, and are described in ``docs/collector.md``.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

_GZIP = b"\x1f\x8b\x08"
# Bytes of one event; events in one request; containers within containers; values in one request,
# which take many times their text in memory. No body of an SDK, at most 1 MB, has so many.
LARGEST_EVENT = 1_000_000
MOST_EVENTS = 10_000
DEEPEST = 64
MOST_VALUES = 1_000_000
# What a form looks like, as far as the field that counts.
_FORM = re.compile(rb"(?:\w+=[^&]*&)*data=")
# Half of a pair of UTF-16, by itself: JavaScript sends it, and it is no text.
_LONE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class Refused(Exception):  # noqa: N818 - that is what happened
    """A request that will not be taken, however often it comes.

    Attributes:
        status: of HTTP.
        text: words for whoever sent it.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class RawBatch(msgspec.Struct):
    """What one request brought, as it was said.

    Attributes:
        events: each an object of JSON.
        token: of the batch, whatever its type; None if only its events have any.
        sent_at: when it was sent, by the sender's clock, if it was said.
    """

    events: list[dict[str, Any]]
    token: object = None
    sent_at: object = None


def unwrap(body: bytes, query: Mapping[str, str], limit: int) -> bytes:
    """The JSON in a request, at most ``limit`` bytes of it. Raises Refused.

    Args:
        body: as it came; empty for a GET, which has it in ``?data=``.
        query: the parameters of the address.
        limit: bytes, of what is in there too.
    """
    text = _unzipped(body, limit)
    if not text.strip() and "data" in query:
        text = _unzipped(_unquoted(query["data"]), limit)
    elif _FORM.match(text):
        text = _unzipped(_unquoted(_field(text)), limit)
    elif query.get("compression") == "base64":
        text = _unzipped(_unquoted(text.decode("utf-8", "replace")), limit)
    if not text.strip():
        raise Refused(400, "there is nothing in this request")
    return text


def decode(text: bytes) -> RawBatch:
    """The events in a text of JSON. Raises Refused for what is none."""
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_VALUES:
        raise Refused(413, f"a request has at most {MOST_VALUES} values")
    batch = _shaped(_parsed(text))
    if not batch.events:
        raise Refused(400, "there is no event in this request")
    if len(batch.events) > MOST_EVENTS:
        raise Refused(413, f"a request has at most {MOST_EVENTS} events")
    for event in batch.events:
        if not isinstance(event, dict):
            raise Refused(400, "an event is an object of JSON")
        if _is_deeper(event, DEEPEST):
            raise Refused(400, f"an event is nested at most {DEEPEST} deep")
    if len(text) > LARGEST_EVENT:
        for event in batch.events:
            if len(msgspec.json.encode(event)) > LARGEST_EVENT:
                raise Refused(413, f"an event has at most {LARGEST_EVENT} bytes")
    return batch


def _unzipped(data: bytes, limit: int) -> bytes:
    """Known by its first bytes; whatever the headers say of it."""
    if not data.startswith(_GZIP):
        return data
    inflater = zlib.decompressobj(wbits=31)
    try:
        text = inflater.decompress(data, limit + 1)
    except zlib.error as error:
        raise Refused(400, "this is no valid gzip") from error
    if len(text) > limit:
        raise Refused(413, f"a request has at most {limit} bytes when it is unpacked")
    if not inflater.eof:
        raise Refused(400, "this gzip is cut off")
    return text


def _field(form: bytes) -> str:
    try:
        found = parse_qs(form.decode("ascii"), strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise Refused(400, "this is no valid form") from error
    return found.get("data", [""])[0]


def _unquoted(value: str) -> bytes:
    """JSON as it is, or in base64, in which a form has made spaces of the pluses."""
    value = value.strip()
    if value.startswith(("{", "[")):
        return value.encode()
    compact = value.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(400, "this is no valid base64") from error


def _parsed(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise Refused(400, f"an event is nested at most {DEEPEST} deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        mended = _mended(text)
        if mended != text:
            return _parsed(mended)
        raise Refused(400, f"this is no valid JSON: {error}") from error


def _mended(text: bytes) -> bytes:
    if b"\0" in text:
        return text
    # A NUL stands for an escaped backslash meanwhile: what follows one is no escape.
    aside = text.replace(rb"\\", b"\0")
    return _LONE.sub(rb"\\ufffd", aside).replace(b"\0", rb"\\")


def _shaped(found: Any) -> RawBatch:
    """One event, a list of them, or a batch."""
    if isinstance(found, list):
        return RawBatch(found)
    if not isinstance(found, dict):
        raise Refused(400, "this is no event, and no list of events")
    if "batch" not in found:
        return RawBatch([found], sent_at=found.get("sent_at"))
    if not isinstance(found["batch"], list):
        raise Refused(400, "a batch is a list of events")
    names = ("token", "$token", "api_key")
    token = next((found[name] for name in names if found.get(name)), None)
    return RawBatch(found["batch"], token, found.get("sent_at"))


def _is_deeper(found: object, left: int) -> bool:
    if isinstance(found, dict):
        items: Any = found.values()
    elif isinstance(found, list):
        items = found
    else:
        return False
    if not left:
        return True
    for one in items:  # noqa: SIM110 - half the time of any()
        if type(one) in (dict, list) and _is_deeper(one, left - 1):
            return True
    return False
