"""From what an SDK sends to its events: shapes, wrappings, limits."""

from __future__ import annotations

import base64
import gzip
import json
import random
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.ingest.decode import (
    DEEPEST,
    LARGEST_EVENT,
    MOST_EVENTS,
    MOST_VALUES,
    RawBatch,
    Refused,
    decode,
    unwrap,
)

from tests.support.lzstring import packed

LIMIT = 2 * 1024 * 1024
SENT = {"event": "é🙂?>", "distinct_id": "anon-1", "token": "phc_made_up"}
JSON = json.dumps(SENT, ensure_ascii=False).encode()
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
).filter(lambda found: isinstance(found, dict | list))


def read(body: bytes, query: str = "") -> RawBatch:
    return decode(unwrap(body, dict(parse_qsl(query)), LIMIT))


def refused(body: bytes, query: str = "") -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        read(body, query)
    return caught.value.status, caught.value.text


def in_base64(text: bytes) -> str:
    return base64.b64encode(text).decode()


# How a text of JSON may come: its body, and the parameters of the address.
WRAPPINGS: dict[str, Callable[[bytes], tuple[bytes, str]]] = {
    "as it is": lambda text: (text, ""),
    "gzip": lambda text: (gzip.compress(text), ""),
    "gzip, said so": lambda text: (gzip.compress(text), "compression=gzip-js"),
    "said to be gzip, and is not": lambda text: (text, "compression=gzip-js"),
    "a form": lambda text: (f"data={quote(in_base64(text), safe='')}".encode(), ""),
    "a form, not quoted": lambda text: (f"data={in_base64(text)}".encode(), ""),
    "a form of JSON": lambda text: (urlencode({"data": text}).encode(), ""),
    "a form of gzip": lambda text: (
        urlencode({"data": in_base64(gzip.compress(text))}).encode(),
        "compression=gzip-js",
    ),
    "a form of several fields": lambda text: (
        f"compression=base64&ip=1&data={quote_plus(in_base64(text))}&_=1".encode(),
        "",
    ),
    "a form, zipped": lambda text: (gzip.compress(urlencode({"data": text}).encode()), ""),
    "base64, said so": lambda text: (in_base64(text).encode(), "compression=base64"),
    "base64, not said": lambda text: (in_base64(text).encode(), ""),
    "base64 for addresses": lambda text: (base64.urlsafe_b64encode(text).rstrip(b"="), ""),
    "base64 of base64": lambda text: (in_base64(in_base64(text).encode()).encode(), ""),
    "base64 of gzip": lambda text: (in_base64(gzip.compress(text)).encode(), ""),
    "gzip of base64": lambda text: (gzip.compress(in_base64(text).encode()), ""),
    "lz64": lambda text: (packed(text.decode()), "compression=lz64"),
    "lz64 by its other name": lambda text: (packed(text.decode()), "compression=LZ-String"),
    "lz64, in base64": lambda text: (base64.b64encode(packed(text.decode())), "compression=lz64"),
    "lz64, in a form": lambda text: (
        urlencode({"compression": "lz64", "data": packed(text.decode())}).encode(),
        "",
    ),
    "lz64, in a form, not quoted": lambda text: (
        b"compression=lz64&data=" + packed(text.decode()),
        "",
    ),
    "lz64, in the address": lambda text: (
        b"",
        urlencode({"data": packed(text.decode()), "compression": "lz64"}),
    ),
    "said to be lz64, and is not": lambda text: (text, "compression=lz64"),
    "said to be lz64, and is gzip": lambda text: (gzip.compress(text), "compression=lz64"),
    "said to be base64, and is not": lambda text: (text, "compression=base64"),
    "in the address": lambda text: (b"", urlencode({"data": text})),
    "in the address, in base64": lambda text: (b"", urlencode({"data": in_base64(text)})),
    "in the address, in base64 for addresses": lambda text: (
        b"",
        urlencode({"data": base64.urlsafe_b64encode(text).rstrip(b"=")}),
    ),
    "in the address, zipped": lambda text: (
        b"",
        urlencode({"data": in_base64(gzip.compress(text)), "compression": "gzip-js"}),
    ),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@given(document=documents)
def test_whatever_it_was_wrapped_in_it_is_the_same_document(wrapping: str, document: Any) -> None:
    text = json.dumps(document, ensure_ascii=False).encode()
    body, query = WRAPPINGS[wrapping](text)
    assert json.loads(unwrap(body, dict(parse_qsl(query)), LIMIT)) == document


def test_pluses_that_a_form_has_made_spaces_are_pluses_again() -> None:
    text = json.dumps({**SENT, "event": "~~~???>>>"}).encode()
    assert b"+" in base64.b64encode(text)
    assert read(b"data=" + base64.b64encode(text).replace(b"+", b" ")).events[0] == json.loads(text)


def test_gzip_is_known_by_its_first_bytes_and_by_nothing_else() -> None:
    assert read(gzip.compress(JSON)).events == [SENT]
    assert read(JSON, "compression=gzip").events == [SENT]
    assert refused(zlib.compress(JSON))[0] == 400


@pytest.mark.parametrize(
    "document",
    [
        SENT,
        [SENT],
        {"api_key": "phc_made_up", "batch": [SENT], "historical_migration": True, "sent_at": "now"},
        {"token": "phc_made_up", "batch": [SENT]},
        {"$token": "phc_made_up", "batch": [SENT]},
    ],
)
def test_one_event_a_list_and_a_batch_are_the_same_events(document: Any) -> None:
    assert read(json.dumps(document).encode()).events == [SENT]


def test_what_is_said_of_the_whole_batch_is_kept() -> None:
    batch = read(json.dumps({"api_key": "a", "batch": [SENT], "sent_at": "then"}).encode())
    assert (batch.token, batch.sent_at) == ("a", "then")
    assert read(json.dumps({**SENT, "sent_at": "then"}).encode()).sent_at == "then"
    assert read(json.dumps([SENT]).encode()) == RawBatch([SENT])


NO_REQUEST = [
    b"",
    b" \n",
    b"{",
    b"nonsense",
    b"\xef\xbb\xbf{}",
    b'"text"',
    b"null",
    b"7",
    b"[]",
    b"[[]]",
    b"[7]",
    b'{"batch": []}',
    b'{"batch": {}}',
    b'{"batch": null}',
    b'{"batch": [null]}',
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": 1e999}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b'{"a": "\xff"}',
    b'{"a": "\xed\xa0\x80"}',
    b'{"a": "\0"}',
    b'{"a": "\0\\ud800"}',
    b"data=",
    b"data=%%%",
    b"data=AAAAA",
    b"data=" + b"&a=1" * 100,
    b"\x1f\x8b\x08",
    b"\x1f\x8b\x08nonsense",
    gzip.compress(JSON)[:-1],
    gzip.compress(JSON)[:-8] + b"\0" * 8,
    gzip.compress(b""),
    gzip.compress(gzip.compress(JSON)),
    in_base64(b"nonsense").encode(),
    in_base64(JSON)[:-1].encode() + b"%",
    b"compression=lz64&data=nonsense",
    b"compression=lz64&data=%FF",
    b"compression=lz64&data=" + packed(JSON.decode())[:-12],
]


def test_what_is_no_request_is_refused() -> None:
    for body in NO_REQUEST:
        assert refused(body)[0] == 400, body


def test_of_a_key_that_is_there_twice_the_last_counts() -> None:
    assert read(b'{"event": "first", "event": "last"}').events == [{"event": "last"}]


def test_integers_of_any_size_are_kept() -> None:
    assert read(b'{"a": %d, "b": -%d}' % (10**400, 2**64)).events == [{"a": 10**400, "b": -(2**64)}]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (r"\ud83d\ude42", "\U0001f642"),
        (r"\ud800", "\ufffd"),
        (r"\udc00", "\ufffd"),
        (r"\uD800x\uDFFF", "\ufffdx\ufffd"),
        (r"\ud800\ud83d\ude42", "\ufffd\U0001f642"),
        (r"\ud83d\ude42\udc00", "\U0001f642\ufffd"),
        (r"\ud800 \\ud800", "\ufffd \\ud800"),
        (r"\ud800 \\\ud800", "\ufffd \\\ufffd"),
        (r"\ud800 C:\\temp\\u0041 \n", "\ufffd C:\\temp\\u0041 \n"),
        (r"\\ud800", "\\ud800"),
    ],
)
def test_half_of_a_surrogate_pair_is_replaced_and_nothing_else(said: str, meant: str) -> None:
    assert read(b'{"event": "%b"}' % said.encode()).events == [{"event": meant}]


@given(text=st.text(st.characters() | st.characters(categories=["Cs"])))
def test_any_text_of_javascript_is_taken(text: str) -> None:
    (event,) = read(json.dumps({"event": text}).encode()).events
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert event["event"].count("\ufffd") == whole.count("\ufffd")
    assert len(event["event"]) == len(whole)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize("event", [b'{"p": %b}', b'[{"p": %b}]', b'{"batch": [{"p": %b}]}'])
def test_containers_are_nested_so_deep_and_no_deeper(event: bytes) -> None:
    assert len(read(event % nested(DEEPEST - 1)).events) == 1
    assert refused(event % nested(DEEPEST))[0] == 400
    assert refused(event % (b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST))[0] == 400


def test_ten_thousand_nested_arrays_are_refused() -> None:
    bodies = [
        nested(10_000),
        nested(900),
        b"[" * 10_000,
        b'{"batch": %b}' % nested(10_000),
        b'{"batch": [%b]}' % nested(10_000),
        b'{"properties": %b}' % nested(10_000),
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"data=" + base64.b64encode(nested(10_000)),
        gzip.compress(nested(10_000)),
    ]
    for body in bodies:
        assert refused(body)[0] == 400, body[:100]


def test_an_event_has_so_many_bytes_and_no_more() -> None:
    frame = len(b'{"event":""}')
    largest = b'{"event":"%b"}' % (b"x" * (LARGEST_EVENT - frame))
    assert len(read(b"[%b,%b]" % (largest, largest)).events) == 2
    assert refused(largest.replace(b"xx", b"xxx", 1))[0] == 413
    assert refused(b"[{},%b]" % largest.replace(b"xx", b"xxx", 1))[0] == 413


def test_a_request_has_so_many_events_and_no_more() -> None:
    assert len(read(b"[" + b"{}," * (MOST_EVENTS - 1) + b"{}]").events) == MOST_EVENTS
    assert refused(b"[" + b"{}," * MOST_EVENTS + b"{}]")[0] == 413


@pytest.mark.parametrize("value", [b"7", b"[]", b"{}", b'"ab"', b'{"":0}'])
def test_a_request_has_so_many_values_and_no_more(value: bytes) -> None:
    assert refused(b'{"a":[' + (value + b",") * MOST_VALUES + b"7]}") == (
        413,
        f"a request has at most {MOST_VALUES} values",
    )


def test_what_is_packed_is_at_most_as_large_as_what_is_not() -> None:
    text = b'{"event":"%b"}' % (b"x" * 1000)
    body = gzip.compress(text)
    assert unwrap(body, {}, len(text)) == text
    for limit in (len(text) - 1, 1):
        with pytest.raises(Refused) as caught:
            unwrap(body, {}, limit)
        assert caught.value.status == 413


def test_the_header_says_how_it_is_packed_where_nothing_else_does() -> None:
    body = packed(JSON.decode())
    assert decode(unwrap(body, {}, LIMIT, "lz64")).events == [SENT]
    assert decode(unwrap(body, {"compression": "lz64"}, LIMIT, "gzip")).events == [SENT]
    assert decode(unwrap(gzip.compress(JSON), {}, LIMIT, "identity")).events == [SENT]
    assert decode(unwrap(in_base64(JSON).encode(), {}, LIMIT, "base64")).events == [SENT]


def test_what_the_address_has_goes_before_a_body() -> None:
    assert read(b"{}", urlencode({"data": JSON})).events == [SENT]


def test_what_is_packed_by_lz_string_has_so_many_bytes_and_no_more() -> None:
    bomb = packed("a" * (LIMIT + 1))
    assert len(bomb) < 20_000
    assert refused(bomb, "compression=lz64") == (
        413,
        f"a request has at most {LIMIT} bytes when it is unpacked",
    )
    # Three bytes of UTF-8 for each unit of UTF-16.
    assert refused(packed("世" * (LIMIT // 3 + 1)), "compression=lz64")[0] == 413
    long = b"A" * (2 * 1024 * 1024 + 1)
    assert refused(long, "compression=lz64") == (
        413,
        "packed as lz64, a request has at most 2097152 bytes",
    )


def status_of(body: bytes, query: dict[str, str]) -> int:
    try:
        decode(unwrap(body, query, LIMIT))
    except Refused as answer:
        return answer.status
    return 200


@given(body=st.binary(max_size=200), query=st.dictionaries(st.text(), st.text(), max_size=3))
def test_bytes_of_any_kind_are_taken_or_refused(body: bytes, query: dict[str, str]) -> None:
    assert status_of(body, query) in (200, 400, 413)


@given(seed=st.integers(0, 2**32), wrapping=st.sampled_from(sorted(WRAPPINGS)))
def test_a_request_with_one_byte_wrong_is_taken_or_refused(seed: int, wrapping: str) -> None:
    chance = random.Random(seed)
    body, query = WRAPPINGS[wrapping](JSON)
    if body:
        place = chance.randrange(len(body))
        body = body[:place] + bytes([chance.randrange(256)]) + body[place + 1 :]
    else:
        place = chance.randrange(5, len(query))
        query = query[:place] + chr(chance.randrange(32, 1000)) + query[place + 1 :]
    assert status_of(body, dict(parse_qsl(query))) in (200, 400, 413)
