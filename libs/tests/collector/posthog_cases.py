"""The cases by which PostHog tries its capture service, by their names there; the requests are
written anew. ``test_posthog_cases.py`` makes them, and holds the table in docs/collector.md."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from usagekit_collector.web.bodies import LARGEST_BODY, LARGEST_UNPACKED

from tests.support.lzstring import packed

# The test puts its own in this place.
TOKEN = "TOKEN"
KNOWN = "0192d4ab-0000-7000-8000-000000000001"
ROUTES = ("/e", "/capture", "/track", "/i/v0/e", "/batch")
_NAMES = "e, capture, track, i-v0-e, batch"


class Case(NamedTuple):
    """One case.

    Attributes:
        name: as PostHog's tests call it; what differs by its route is in capitals.
        file: of ``rust/``, that it is in.
        said: the document that is sent, or bytes as they are.
        there, here: what is answered.
        stored: what the API returns of each event, as far as it matters.
        why: it is not the same here.
        routes: that it is sent to.
        query: of the address.
        wrap: what is done to the JSON.
    """

    name: str
    file: str
    said: Any
    there: int = 200
    here: int = 200
    stored: tuple[dict[str, Any], ...] = ()
    why: str = ""
    routes: tuple[str, ...] = ("/e",)
    query: str = ""
    wrap: Callable[[bytes], bytes] = bytes


def _form(said: bytes, **more: str) -> bytes:
    return urlencode({"data": said, "ver": "1.2.3", **more}).encode()


_ONE = {"token": TOKEN, "event": "e", "distinct_id": "d", "properties": {"n": 1}}
_BATCH = {"api_key": TOKEN, "batch": [{"event": "e", "distinct_id": one} for one in "ab"]}
_SET = {"token": TOKEN, "distinct_id": "d", "$set": {"plan": "pro"}}
_STORED_ONE = ({"event": "e", "distinct_id": "d", "properties": {"n": 1}},)
_STORED_BATCH = tuple({"event": "e", "distinct_id": one, "properties": {}} for one in "ab")
_STORED_SET = ({"event": "$identify", "distinct_id": "d"},)
_WAYS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "simple": ("", bytes),
    "base64": ("compression=base64", base64.b64encode),
    "base64-no-hint": ("", base64.b64encode),
    "gzip": ("compression=gzip", gzip.compress),
    "gzip-no-hint": ("", gzip.compress),
    "form-urlencoded": ("", _form),
    "form-lz64-urlencoded": ("compression=lz64", lambda text: _form(packed(text.decode()))),
}


def _wrapped() -> list[Case]:
    found = []
    for way, (query, wrap) in _WAYS.items():
        single = "event" if way.startswith("form") else "single-event"
        kinds: list[tuple[str, str, tuple[str, ...], Any, tuple[dict[str, Any], ...]]] = [
            (f"ROUTE_post-{way}-{single}-payload", "ROUTE", ROUTES, _ONE, _STORED_ONE),
            (f"ROUTE_post-{way}-batch-payload", "ROUTE", ROUTES, _BATCH, _STORED_BATCH),
            (f"engage_post-{way}-{single}-payload", "engage", ("/engage",), _SET, _STORED_SET),
        ]
        for name, route, routes, said, stored in kinds:
            file = f"capture/tests/integration_{route}_endpoint.rs"
            found.append(
                Case(name, file, said, stored=stored, routes=routes, query=query, wrap=wrap)
            )
    return found


def _one(**more: Any) -> dict[str, Any]:
    return {"token": TOKEN, "event": "e", "distinct_id": "d", **more}


def _with_id(*ids: object) -> list[dict[str, Any]]:
    return [_one(distinct_id=one) for one in ids]


def _ids(*ids: str) -> tuple[dict[str, Any], ...]:
    return tuple({"distinct_id": one} for one in ids)


_EVENTS, _REQUEST = "capture/tests/events.rs", "capture/src/v0_request.rs"
_TOKENS, _SKEW = "capture/src/token.rs", "common/types/src/timestamp.rs"
_LIMITS, _TYPES = "capture/tests/integration_wire_body_limits.rs", "common/types/src/event.rs"
_QUERY, _PACKED = "capture/src/payload/types.rs", "capture/src/payload/decompression.rs"
_UUID = "common/types/src/util.rs"
_OLD = "2023-01-01T11:00:00Z"
_AT = "2023-01-01T11:00:00+00:00"
_NAMELESS = {"token": TOKEN, "distinct_id": "d", "properties": {}}

CASES = [
    *_wrapped(),
    Case("it_captures_one_event", _EVENTS, _ONE, stored=_STORED_ONE),
    Case("it_captures_a_posthogjs_array", _EVENTS, _with_id("a", "b"), stored=_ids("a", "b")),
    Case("it_captures_a_batch", _EVENTS, _BATCH, stored=_STORED_BATCH),
    Case(
        "it_captures_a_historical_batch",
        _EVENTS,
        {**_BATCH, "historical_migration": True},
        stored=_STORED_BATCH,
    ),
    Case("it_trims_distinct_id", _EVENTS, _with_id("x" * 222), stored=_ids("x" * 200)),
    Case(
        "it_replaces_null_chars_in_distinct_id",
        _EVENTS,
        _with_id("\0\0a", "a\0b\0"),
        stored=_ids("\ufffd\ufffda", "a\ufffdb\ufffd"),
    ),
    Case(
        "it_routes_exceptions_and_heapmaps_to_separate_topics",
        _EVENTS,
        [_one(event=name) for name in ("$exception", "$$heatmap", "$$client_ingestion_warning")],
        stored=({"event": "$exception"}, {"event": "$$heatmap"}, {}),
        why="all are events: there is nothing else that would take them",
    ),
    Case(
        "every_v0_analytics_route_rejects_a_body_over_the_wire_cap",
        _LIMITS,
        b" " * (LARGEST_BODY + 1024),
        413,
        413,
        routes=(*ROUTES, "/engage"),
    ),
    Case(
        "test_decompress_gzip_to_bytes_rejects_oversized_output",
        _PACKED,
        gzip.compress(b" " * (LARGEST_UNPACKED + 1), 1),
        413,
        413,
    ),
    Case("test_decompress_gzip_to_bytes_invalid_gzip", _PACKED, b"\x1f\x8b\x08no", 400, 400),
    Case(
        "test_decompress_payload_lz64_valid",
        _PACKED,
        _ONE,
        stored=_STORED_ONE,
        query="compression=lz64",
        wrap=lambda text: packed(text.decode()),
    ),
    Case("decode_uncompressed_raw_event", _REQUEST, _ONE, stored=_STORED_ONE),
    Case("decode_gzipped_raw_event", _REQUEST, _ONE, stored=_STORED_ONE, wrap=gzip.compress),
    Case("extract_non_engage_event_without_name_fails", _REQUEST, _NAMELESS, 400, 400),
    Case(
        "extract_engage_event_without_name_is_resolved",
        _REQUEST,
        _SET,
        stored=_STORED_SET,
        routes=("/engage",),
    ),
    Case("extract_distinct_id: none", _REQUEST, {"token": TOKEN, "event": "e"}, 400, 400),
    Case("extract_distinct_id: null", _REQUEST, _with_id(None), 400, 400),
    Case("extract_distinct_id: empty", _REQUEST, _with_id(""), 400, 400),
    Case(
        "extract_distinct_id: found",
        _REQUEST,
        [
            {"token": TOKEN, "event": "e", "$distinct_id": "23"},
            {"token": TOKEN, "event": "e", "properties": {"distinct_id": "myid"}},
            *_with_id(23, 23.4, ["a", "b"], {"string": "a", "number": 3}),
        ],
        stored=_ids("23", "myid", "23", "23.4", '["a","b"]', '{"number":3,"string":"a"}'),
    ),
    Case(
        "test_extract_distinct_id_whitespace_only_returns_none",
        _TYPES,
        _with_id("\r\n\t "),
        400,
        400,
    ),
    Case(
        "test_extract_distinct_id_with_surrounding_whitespace_preserved",
        _TYPES,
        _with_id("  hello  "),
        stored=_ids("  hello  "),
    ),
    Case("test_extract_and_verify_token: none", _REQUEST, {"event": "e"}, 401, 401),
    Case(
        "test_extract_and_verify_token: empty",
        _REQUEST,
        {"api_key": "", "batch": [{"event": "e", "distinct_id": "d"}]},
        401,
        401,
    ),
    Case("test_extract_and_verify_token: personal", _REQUEST, [_one(token="phx_a")], 401, 401),
    Case(
        "test_extract_and_verify_token: several",
        _REQUEST,
        [_one(token="a"), _one(token="b")],
        401,
        401,
    ),
    Case(
        "test_extract_and_verify_token: of the batch",
        _REQUEST,
        {"batch": [_one(token="another")], "api_key": TOKEN},
        stored=_ids("d"),
    ),
    Case("blocks_empty_tokens", _TOKENS, [_one(token="")], 401, 401),
    Case("blocks_too_long_tokens", _TOKENS, [_one(token="x" * 65)], 401, 401),
    Case("blocks_invalid_ascii", _TOKENS, [_one(token="\U0001f980")], 401, 401),
    Case("blocks_null_byte", _TOKENS, [_one(token="a\0b")], 401, 401),
    Case("blocks_whitespace_only_token", _TOKENS, [_one(token="  \n")], 401, 401),
    Case("trims_surrounding_whitespace", _TOKENS, _one(token=f" {TOKEN}\n"), stored=_ids("d")),
    Case("test_empty_uuid_string_is_none", _UUID, _one(uuid=""), stored=_ids("d")),
    Case("test_valid_uuid_is_some", _UUID, _one(uuid=KNOWN), stored=({"uuid": KNOWN},)),
    Case("test_invalid_uuid_is_error", _UUID, _one(uuid="not-a-uuid"), 400, 400),
    Case(
        "no_sent_at_no_correction",
        _SKEW,
        _one(timestamp=_OLD),
        stored=({"timestamp": _AT},),
    ),
    Case(
        "ignore_sent_at_skips_correction",
        _SKEW,
        {
            "api_key": TOKEN,
            "sent_at": "2023-01-01T12:00:10Z",
            "batch": [_one(timestamp=_OLD, properties={"$ignore_sent_at": True})],
        },
        stored=({"timestamp": _AT},),
    ),
    Case(
        "test_event_query_sent_at_seconds_ignored",
        _QUERY,
        _one(timestamp=_OLD),
        stored=({"timestamp": _AT},),
        query="_=1704067200",
    ),
    Case("test_event_query_beacon_deserialization: 1", _QUERY, _ONE, 204, 204, query="beacon=1"),
    Case("test_event_query_beacon_deserialization: 0", _QUERY, _ONE, query="beacon=0"),
    Case(
        "a_mistyped_key_is_rejected_instead_of_silently_accepted",
        "capture/tests/integration_token_validation.rs",
        _one(token=f"{TOKEN}_mistyped"),
        401,
        200,
        why="without a password a new token makes its project; with one it is 401",
    ),
]


def row(case: Case) -> str:
    """Its row in the docs."""
    return f"| `{case.name}` | {case.there} | {case.here} | {case.why} |"


def table() -> str:
    """All rows, by the files that the cases are in."""
    lines = [
        f"ROUTE is each of {_NAMES}.",
        "",
        "| case | there | here | why |",
        "|---|---|---|---|",
    ]
    file = ""
    for case in sorted(CASES, key=lambda one: one.file):
        if case.file != file:
            file = case.file
            lines.append(f"| **rust/{file}** | | | |")
        lines.append(row(case))
    return "\n".join(lines)


def body_of(case: Case, token: str) -> bytes:
    """What is sent for it."""
    if isinstance(case.said, bytes):
        return case.said
    return case.wrap(json.dumps(case.said).replace(TOKEN, token).encode())


if __name__ == "__main__":
    print(table())
