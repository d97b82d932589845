"""Requests that mean harm, or are odd: they are refused or stored as they are, and cost little."""

from __future__ import annotations

import base64
import gzip
import json
import sys
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from usagekit_collector.ingest.identity import MERGES

from tests.collector.test_capture import events as any_event
from tests.support.collector import Answer, Collector, event
from tests.support.wire import Watched, unharmed

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
MIB = 1024 * 1024
NUMBERS = {"start", "end", "before", "limit", "format", "interval", "window", "weeks"}
NASTY = [
    "'; DROP TABLE events; --",
    "' OR '1'='1",
    "\\' OR 1=1 -- \\",
    "{project:UInt32} {x:String} %(project)s %s ? $1",
    '`a`"b" /* c */ -- d ; # e',
    "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;&amp;",
    "\\N\t\\t\n\\n\r\0\\0",
    "".join(map(chr, range(32))) + "\x7f\x80\x9f",
    "\u202egnp.exe\u202c\u200f\u2066\u200b\ufeff\ufffe\uffff\u2028\u2029",
    "🙂👩‍👩‍👧‍👦🇩🇪e\u0301é\U0010ffff",
    "../../../etc/passwd%00%2e%2e/?a=b&c=d#e",
    " leading, trailing ",
    "null",
    "$set",
    "x" * 200,
]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with Collector(tmp_path_factory.mktemp("hostile")) as running:
        yield running


@pytest.fixture(autouse=True)
def no_harm(target: Collector) -> Iterator[None]:
    yield
    unharmed(target)


def post(target: Collector, body: bytes, path: str = "/batch/", **headers: str) -> Answer:
    return target.request("POST", path, body, **headers)


# What would cost much


def bomb(mebibytes: int) -> bytes:
    """So much of nothing, zipped; a thousandth of it on the wire."""
    piece = b"\0" * 16 * MIB
    deflater = zlib.compressobj(9, wbits=-15)
    packed = deflater.compress(piece) + deflater.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(mebibytes // 16):
        checksum = zlib.crc32(piece, checksum)
    size = mebibytes * MIB
    end = checksum.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")
    head = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    return head + packed * (mebibytes // 16) + zlib.compressobj(9, wbits=-15).flush() + end


def test_the_bomb_is_one() -> None:
    assert gzip.decompress(bomb(64)) == b"\0" * 64 * MIB


@linux
def test_a_gzip_bomb_is_refused_and_costs_no_more_than_a_large_request(target: Collector) -> None:
    packed = bomb(1024)
    assert len(packed) < 1.1 * MIB
    bodies = [
        packed,
        gzip.compress(packed),
        urlencode({"data": base64.b64encode(packed).decode()}).encode(),
    ]
    process = Watched(target)
    for _ in range(2):  # Six at once, and six more, cost what one request may have.
        process.forget_peak()
        before = process.resident
        with ThreadPoolExecutor(8) as many:
            answers = list(many.map(lambda body: post(target, body), bodies * 2))
        # Twice zipped, what comes out first is small, and no JSON.
        assert [one.status for one in answers] == [413, 400, 413] * 2
        assert process.peak - before < 150


@linux
@pytest.mark.parametrize("value", [b"[]", b'{"":0}', b'"ab"'])
def test_values_that_are_larger_in_memory_than_on_the_wire_are_counted(
    target: Collector, value: bytes
) -> None:
    most = (20 * MIB - 100) // (len(value) + 1)
    body = gzip.compress(b"[" + (value + b",") * most + b"7]", 1)
    process = Watched(target)
    process.forget_peak()
    before = process.resident
    with ThreadPoolExecutor(4) as many:
        answers = list(many.map(lambda _: post(target, body), range(4)))
    assert {one.status for one in answers} == {413}
    assert process.peak - before < 150


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_ten_thousand_nested_arrays_are_refused_wherever_they_are(target: Collector) -> None:
    deep = nested(10_000)
    around = json.dumps(event("anon-1") | {"token": "phc_made_up", "x": "here"}).encode()
    bodies = [
        deep,
        deep[:10_000],
        around.replace(b'"here"', deep),
        around.replace(b'"properties": {', b'"properties": {"deep": ' + deep + b","),
        around.replace(b'"distinct_id": "anon-1"', b'"distinct_id": ' + deep),
        b'{"api_key": "phc_made_up", "batch": ' + deep + b"}",
        b'{"api_key": "phc_made_up", "batch": [' + deep + b"]}",
        b'{"api_key": ' + deep + b', "batch": [' + around + b"]}",
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ]
    for body in bodies:
        for wrapped in (body, gzip.compress(body), b"data=" + base64.b64encode(body)):
            answer = post(target, wrapped)
            assert answer.status == 400, (answer, body[:100])


# Text that means something elsewhere


def kept(text: str) -> str:
    """As an ID it has no NUL, and is the same else."""
    return text.replace("\0", "\ufffd")


def test_any_text_in_any_field_is_stored_as_it_is_and_found_by_what_it_is(
    target: Collector,
) -> None:
    project = target.project()
    names = ("command_name", "cli_version", "failure_kind", "error_type", "os_type", "agent")
    sent: dict[str, dict[str, Any]] = {}
    for text in NASTY:
        told: dict[str, Any] = {"$set": {text: text}, "$set_once": {f"once {text}": [text]}}
        known = {**dict.fromkeys(names, text), text: {text: [text]}, "other": text}
        sent[text] = event(text, text, properties={**known, **told})
    assert project.send(*sent.values()).status == 200
    found = dict(zip(NASTY, project.events(), strict=True))
    for text, one in found.items():
        assert (one["event"], one["distinct_id"]) == (text, kept(text))
        assert one["properties"] == sent[text]["properties"]
        for name, value in (("event", text), ("command", text), ("distinct_id", kept(text))):
            assert project.events(**{name: value}) == [one], name
        person = project.person(kept(text))
        assert person is not None
        assert person["distinct_ids"] == [kept(text)]
        assert person["properties"] == {text: text, f"once {text}": [text]}
    for name in ("event", "command", "distinct_id"):
        assert project.events(**{name: "' OR '1'='1' -- "}) == []


def test_an_alias_of_any_text_is_folded_and_a_person_of_any_name_deleted(
    target: Collector,
) -> None:
    project = target.project()
    texts = [text for text in NASTY if text != "null"]  # an illegal ID
    aliases = [event(f"user-{n}", "$create_alias", alias=text) for n, text in enumerate(texts)]
    assert project.send(*map(event, texts), *aliases).status == 200
    for number, text in enumerate(texts):
        person = project.person(f"user-{number}")
        assert person is not None
        assert set(person["distinct_ids"]) == {f"user-{number}", kept(text)}
        assert person["events"] == 2
    for text in ("\\' OR 1=1 -- \\", "\\N\t\\t\n\\n\r\0\\0"):
        path = f"/api/persons/{quote(kept(text), safe='')}"
        answer = target.request("DELETE", f"{path}?project={project.token}")
        assert (answer.status, answer.json["events"]) == (200, 2)
        assert project.person(kept(text)) is None
    assert len(project.events()) == 2 * len(texts) - 4


@pytest.mark.parametrize(
    "text",
    [
        "".join(NASTY),
        *(pytest.param(text, marks=pytest.mark.torture) for text in (NASTY[0], "\0")),
        "",
    ],
    ids=range(4),
)
def test_any_text_as_a_parameter_of_any_question_is_an_answer_or_a_refusal(
    target: Collector, text: str
) -> None:
    project = target.project()
    project.capture(event("anon-1", "something"))
    for path, methods in target.get("/openapi.json").json["paths"].items():
        if "get" not in methods:
            continue
        ours = path.replace("{distinct_id}", quote(text, safe="") or "%20")
        names = [one["name"] for one in methods["get"]["parameters"] if one["in"] == "query"]
        questions = [{"project": project.token, name: text} for name in (*names, text or "x")]
        if len(names) > 1:  # all that take any text
            questions.append({name: text for name in names if name not in NUMBERS})
        for question in questions:
            answer = target.get(ours, **question)
            assert answer.status in (200, 400, 404), (path, question, answer)


@pytest.mark.parametrize(
    "token",
    [
        *("a'b\"c\\d", "'; DROP TABLE projects; --", "{x:String}%s%(a)s", "<script>"),
        "a b&c=d#e/f?g%00",
    ],
)
def test_a_token_of_any_printable_text_is_a_project(target: Collector, token: str) -> None:
    project = target.project(token)
    project.capture(event("anon-1"))
    assert [one["distinct_id"] for one in project.events()] == ["anon-1"]
    assert token in [one["name"] for one in target.get("/api/projects").json]


def test_a_project_of_any_name_is_made_or_refused(target: Collector) -> None:
    for name in (*NASTY, "", " ", "é" * 100, "é" * 101):
        answer = target.request("POST", "/api/tokens", json.dumps({"name": name}).encode())
        is_name = name.isprintable() and 0 < len(name.strip()) <= 100
        assert answer.status == (200 if is_name else 400), name
        if is_name:
            assert answer.json["name"] == name
            assert target.get("/api/events", project=name).json["events"] == []


# Values that are odd


ODD: list[tuple[str, list[object]]] = [
    ("other", [10**400, -(2**64), 2**53 + 1, 1.7976931348623157e308, 5e-324, 0.1 + 0.2]),
    ("other", [[[[]]], {"": {"": None}}, "", None, True]),
    ("duration", [10**400, -(10**400), 2**53 + 1, -1, 5e-324, "12", None, True, []]),
    ("exit_code", [2**31, 2**31 - 1, -(2**31), 2**63, 1.5, "1", None, False]),
    ("command_name", ["", None, 7, ["a"], "x" * 201, "x" * 100_000]),
    ("", ["anon-1", {"$set": 1}]),
]


def test_any_value_of_any_property_comes_back(target: Collector) -> None:
    project = target.project()
    sent = [event("d", properties={name: value}) for name, values in ODD for value in values]
    assert project.send(*sent).status == 200
    for was, is_now in zip(sent, project.events(), strict=True):
        assert is_now["properties"] == was["properties"]


@settings(
    max_examples=settings().max_examples // 5,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(said=st.lists(any_event, min_size=1, max_size=20))
def test_whatever_is_taken_is_stored_and_comes_back(
    target: Collector, said: list[dict[str, Any]]
) -> None:
    project = target.project()
    sent = [{**one, "uuid": str(uuid4())} for one in said]
    assert project.send(*sent).status == 200
    found = {one["uuid"]: one for one in project.events()}
    understood = {"$set", "$set_once", "$unset", "alias", "$anon_distinct_id"}
    for one in sent:
        personless = one["properties"].get("$process_person_profile") is False
        if one["event"] in MERGES and personless:
            assert one["uuid"] not in found  # M1
            continue
        came = found[one["uuid"]]
        assert came["event"] == one["event"]
        for name in {*one["properties"]} - understood:
            assert came["properties"][name] == one["properties"][name], name
