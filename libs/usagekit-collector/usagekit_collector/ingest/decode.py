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

from usagekit_collector.errors import CollectorError
from usagekit_collector.ingest.lzstring import unpacked

_GZIP = b"\x1f\x8b\x08"
# Bytes of one event; events in one request; containers within containers; values in one request,
# which take many times their text in memory. No body of an SDK, at most 1 MB, has so many.
LARGEST_EVENT = 1_000_000
MOST_EVENTS = 10_000
DEEPEST = 64
_CONTAINERS = frozenset([dict, list])
MOST_VALUES = 1_000_000
# Bytes that are unpacked at once.
PIECE = 8 * 1024 * 1024
# What a form looks like, as far as the field that counts.
_FORM = re.compile(rb"(?:\w+=[^&]*&)*data=")
# What is in no base64 any more, and what may be.
_BARE = re.compile(rb"\s*[\[{]|\x1f\x8b\x08")
_BASE64 = re.compile(rb"[A-Za-z0-9+/ ]+=*")
# The alphabet for addresses, and what becomes of a plus in a form, as they are elsewhere.
_ALPHABETS = bytes.maketrans(b" -_", b"++/")
# Bytes that are packed by lz-string, which costs a hundred times what gzip does.
_LARGEST_LZ = 2 * 1024 * 1024
# Half of a pair of UTF-16, by itself: JavaScript sends it, and it is no text.
_LONE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class Refused(CollectorError):  # noqa: N818 - that is what happened
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


def unwrap(body: bytes, query: Mapping[str, str], limit: int, encoding: str = "") -> bytes:
    """The JSON in a request, at most ``limit`` bytes of it. Raises Refused.

    Args:
        body: as it came; passed over where the address has ``?data=``.
        query: the parameters of the address.
        limit: bytes, of what is in there too.
        encoding: ``Content-Encoding``. Most of what is said of that is not true, and not needed.
    """
    text, packing = body, query.get("compression") or encoding
    if query.get("data"):
        text = query["data"].encode("utf-8", "replace")
    if not _is_lz(packing):
        text = _unzipped(_unquoted(text), limit)
    if _FORM.match(text):
        text, said = _fields(text)
        packing = query.get("compression") or said or encoding
        if not _is_lz(packing):
            text = _unzipped(_unquoted(text), limit)
    text = _unquoted(_unpacked(text, limit) if _is_lz(packing) else text)
    if not text.strip():
        raise Refused(400, "there is nothing in this request")
    return text


def decode(text: bytes, unnamed: str = "") -> RawBatch:
    """The events in a text of JSON. Raises Refused for what is none.

    Args:
        text: of JSON.
        unnamed: what a single event without a name is called.
    """
    batch = _shaped(parsed(text), unnamed)
    if not batch.events:
        raise Refused(400, "there is no event in this request")
    if len(batch.events) > MOST_EVENTS:
        raise Refused(413, f"a request has at most {MOST_EVENTS} events")
    for event in batch.events:
        if not isinstance(event, dict):
            raise Refused(400, "an event is an object of JSON")
        if is_deeper(event, DEEPEST):
            raise Refused(400, f"an event is nested at most {DEEPEST} deep")
    if len(text) > LARGEST_EVENT:
        for event in batch.events:
            if len(msgspec.json.encode(event)) > LARGEST_EVENT:
                raise Refused(413, f"an event has at most {LARGEST_EVENT} bytes")
    return batch


def parsed(text: bytes) -> Any:
    """What a text of JSON says, if it has not too many values. Raises Refused."""
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MOST_VALUES:
        raise Refused(413, f"a request has at most {MOST_VALUES} values")
    return _parsed(text)


def is_deeper(found: object, left: int) -> bool:
    """Whether there are more than so many containers within containers."""
    if isinstance(found, dict):
        items: Any = found.values()
    elif isinstance(found, list):
        items = found
    else:
        return False
    if not left:
        return True
    if _CONTAINERS.isdisjoint(map(type, items)):
        return False
    for one in items:  # noqa: SIM110 - half the time of any()
        if type(one) in _CONTAINERS and is_deeper(one, left - 1):
            return True
    return False


def _unzipped(data: bytes, limit: int) -> bytes:
    """Known by its first bytes; whatever the headers say of it."""
    if not data.startswith(_GZIP):
        return data
    return inflated(data, zlib.decompressobj(wbits=31), limit, "gzip")


def inflated(data: bytes, inflater: Any, limit: int, kind: str) -> bytes:
    """What comes out of zlib, at most ``limit`` bytes of it. Raises Refused."""
    pieces: list[bytes] = []
    size = 0
    try:
        while not inflater.eof and (data or not pieces):
            # Piece by piece: in one go, what is let go of would be in memory twice.
            pieces.append(inflater.decompress(data, PIECE))
            size += len(pieces[-1])
            if size > limit:
                raise Refused(413, f"a request has at most {limit} bytes when it is unpacked")
            data = inflater.unconsumed_tail
    except zlib.error as error:
        raise Refused(400, f"this is no valid {kind}") from error
    if not inflater.eof:
        raise Refused(400, f"this {kind} is cut off")
    return b"".join(pieces)


def _is_lz(packing: str) -> bool:
    return packing.lower() in ("lz64", "lz-string")


def _unpacked(data: bytes, limit: int) -> bytes:
    """By lz-string, if it is not something else; which may be in base64 once more."""
    inner = _unquoted(data).strip()
    packed = inner if _BASE64.fullmatch(inner) else data.strip()
    if packed.startswith(_GZIP):
        return _unzipped(packed, limit)
    if _BARE.match(packed):
        return packed
    if len(packed) > _LARGEST_LZ:
        raise Refused(413, f"packed as lz64, a request has at most {_LARGEST_LZ} bytes")
    try:
        text = unpacked(packed.replace(b" ", b"+"), limit)
    except ValueError as error:
        raise Refused(400, "this is no valid lz64") from error
    if text is None:
        raise Refused(413, f"a request has at most {limit} bytes when it is unpacked")
    return text


def _fields(form: bytes) -> tuple[bytes, str]:
    """What is in a form, and how it is packed if that is said."""
    try:
        found = parse_qs(form.decode("ascii"), strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise Refused(400, "this is no valid form") from error
    data = found.get("data", [""])[0].encode("utf-8", "replace")
    return data, found.get("compression", [""])[0]


def _unquoted(text: bytes) -> bytes:
    """Out of base64, in which a form has made spaces of the pluses; else as it is."""
    if _BARE.match(text):
        return text
    compact = text.strip().translate(_ALPHABETS).rstrip(b"=")
    try:
        return base64.b64decode(compact + b"=" * (-len(compact) % 4), validate=True)
    except binascii.Error:
        return text


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


def _shaped(found: Any, unnamed: str) -> RawBatch:
    """One event, a list of them, or a batch."""
    if isinstance(found, list):
        return RawBatch(found)
    if not isinstance(found, dict):
        raise Refused(400, "this is no event, and no list of events")
    if "batch" not in found:
        if unnamed and found.get("event") is None:
            found["event"] = unnamed
        return RawBatch([found], sent_at=found.get("sent_at"))
    if not isinstance(found["batch"], list):
        raise Refused(400, "a batch is a list of events")
    names = ("token", "$token", "api_key")
    token = next((found[name] for name in names if found.get(name)), None)
    return RawBatch(found["batch"], token, found.get("sent_at"))
