"""The newer protocol of SDKs: each event is answered by itself, and in words that SDKs know."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.ingest.decode import DEEPEST, MOST_EVENTS
from usagekit_collector.ingest.v1 import Head, Unfit, read_batch, read_head, take, unpack
from usagekit_collector.web.bodies import LARGEST_BODY, LARGEST_UNPACKED
from usagekit_collector.web.sdk_v1 import ROUTES_V1

from tests.support.collector import Answer, Collector, Project

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NOON = "2026-05-04T12:00:00Z"
NOW = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
HEAD = Head("phc_1", NOW, "posthog-node/5.70.0", "")


def headers(token: str, **more: str) -> dict[str, str]:
    sent = {
        "Authorization": f"Bearer {token}",
        "Content_Type": "application/json",
        "User_Agent": "posthog-python/7.91.1",
        "PostHog_Sdk_Info": "posthog-python/7.91.1",
        "PostHog_Attempt": "1",
        "PostHog_Request_Id": str(uuid4()),
        "PostHog_Request_Timestamp": datetime.now(timezone.utc).isoformat(),
    }
    return {name: value for name, value in {**sent, **more}.items() if value is not None}


def event(**more: Any) -> dict[str, Any]:
    said = {"event": "e", "uuid": str(uuid4()), "distinct_id": "anon-1", "timestamp": NOON}
    return {**said, **more}


def batch(*events: Any, **more: Any) -> bytes:
    return json.dumps({"created_at": NOON, "batch": list(events), **more}).encode()


def post(project: Project, body: bytes, **more: Any) -> Answer:
    sent = headers(project.token, **more)
    return project.collector.request("POST", ROUTES_V1[0], body, **sent)


@pytest.fixture
def project(embedded: Collector) -> Project:
    return embedded.project()


@pytest.mark.parametrize("path", [path + slash for path in ROUTES_V1 for slash in ("", "/")])
def test_each_event_is_stored_or_dropped_by_itself_and_answered_so(
    project: Project, path: str
) -> None:
    good, bad, last = event(properties={"n": 1}), event(event=""), event()
    body = batch(good, bad, last, historical_migration=True)
    answer = project.collector.request("POST", path, body, **headers(project.token))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == {
        "results": {
            good["uuid"]: {"result": "ok"},
            bad["uuid"]: {"result": "drop", "details": "missing_event_name"},
            last["uuid"]: {"result": "ok"},
        }
    }
    found = project.events()
    assert [one["uuid"] for one in found] == [good["uuid"], last["uuid"]]
    sdk = {"$lib": "posthog-python", "$lib_version": "7.91.1"}
    assert [one["properties"] for one in found] == [{"n": 1, **sdk}, sdk]
    # They are the same events when they come again.
    assert project.collector.request("POST", path, body, **headers(project.token)).status == 200
    assert len(project.events()) == 2


def result(**more: Any) -> tuple[str, dict[str, Any]]:
    """What an event is answered, and its properties if it is taken."""
    said = event(**more)
    events, results = take(read_batch(batch(said)), HEAD, NOW)
    (found,) = results.values()
    assert bool(events) == (found["result"] == "ok")
    return found.get("details", "ok"), events[0].properties if events else {}


@pytest.mark.parametrize(
    ("more", "details"),
    [
        ({}, "ok"),
        ({"event": ""}, "missing_event_name"),
        ({"event": "x" * 200}, "ok"),
        ({"event": "x" * 201}, "event_name_too_long"),
        ({"event": "é" * 101}, "event_name_too_long"),
        ({"event": "$performance_event"}, "dropped_performance_event"),
        ({"distinct_id": " "}, "missing_distinct_id"),
        ({"distinct_id": " " + "x" * 200 + " "}, "ok"),
        ({"distinct_id": "x" * 201}, "distinct_id_too_large"),
        ({"timestamp": "2026-05-04T12:00:00.123+02:00"}, "ok"),
        ({"timestamp": "2026-05-04T12:00:00"}, "invalid_event_timestamp"),
        ({"timestamp": "1777892400"}, "invalid_event_timestamp"),
        ({"timestamp": "2026-05-04T25:00:00Z"}, "invalid_event_timestamp"),
        ({"timestamp": ""}, "invalid_event_timestamp"),
        ({"properties": []}, "malformed_event_properties"),
        ({"properties": None}, "malformed_event_properties"),
        ({"properties": {"a": "[" * 100}}, "ok"),
        ({"options": None}, "ok"),
        ({"options": []}, "invalid_options"),
        ({"options": {"process_person_profile": "maybe"}}, "invalid_options"),
        ({"options": {"product_tour_id": 1.5}}, "invalid_options"),
        ({"options": {"nobody_knows": []}}, "ok"),
        ({"properties": {"a": "x" * 1_000_000}}, "event_too_big"),
    ],
)
def test_why_an_event_is_dropped_is_said_in_words_that_sdks_know(
    more: dict[str, Any], details: str
) -> None:
    assert result(**more)[0] == details


def test_properties_are_nested_as_deep_as_on_any_other_route() -> None:
    deepest: list[Any] = []
    for _ in range(DEEPEST - 3):
        deepest = [deepest]
    assert result(properties={"a": deepest})[0] == "ok"
    assert result(properties={"a": [deepest]})[0] == "malformed_event_properties"


def test_what_stands_beside_the_properties_is_the_properties_of_other_routes() -> None:
    options = {
        "cookieless_mode": "TRUE ",
        "disable_skew_correction": 0,
        "process_person_profile": False,
        "product_tour_id": 7,
    }
    said, properties = result(session_id="s", window_id="w", options=options, properties={"a": 1})
    assert said == "ok"
    assert properties == {
        "a": 1,
        "$session_id": "s",
        "$window_id": "w",
        "$cookieless_mode": True,
        "$ignore_sent_at": False,
        "$process_person_profile": False,
        "$product_tour_id": "7",
        "$lib": "posthog-node",
        "$lib_version": "5.70.0",
    }


@pytest.mark.parametrize("sdk", ["no-slash", "/1", "a/", "", " / ", "a/" + "1" * 200])
def test_an_sdk_that_does_not_say_its_name_and_version_has_none(sdk: str) -> None:
    head = Head("phc_1", NOW, sdk, "")
    (found,), _ = take(read_batch(batch(event())), head, NOW)
    assert found.properties == {}


def test_a_time_is_corrected_by_when_the_request_was_sent(project: Project) -> None:
    clock = datetime.now(timezone.utc) - timedelta(hours=7)
    sent = {"PostHog_Request_Timestamp": clock.isoformat()}
    exact = {"disable_skew_correction": True}
    first, second = event(timestamp=clock.isoformat()), event(timestamp=NOON, options=exact)
    began = datetime.now(timezone.utc)
    assert post(project, batch(first, second), **sent).status == 200
    found = [one["timestamp"].replace("Z", "+00:00") for one in project.events()]
    assert began <= datetime.fromisoformat(found[0]) <= datetime.now(timezone.utc)
    assert found[1] == "2026-05-04T12:00:00+00:00"


PACKINGS: dict[str, tuple[str | None, Callable[[bytes], bytes]]] = {
    "not packed": (None, bytes),
    "gzip": ("gzip", gzip.compress),
    "GZIP": ("GZIP", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate without a head": ("deflate", lambda body: zlib.compress(body)[2:-4]),
    "zstd": ("zstd", zstd.compress),
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_the_header_says_what_it_is_packed_in(project: Project, packing: str) -> None:
    encoding, pack = PACKINGS[packing]
    said = event()
    answer = post(project, pack(batch(said)), Content_Encoding=encoding)
    assert (answer.status, answer.json) == (200, {"results": {said["uuid"]: {"result": "ok"}}})


@pytest.mark.parametrize(
    ("body", "more", "status", "error"),
    [
        (b"", {}, 400, "empty_body"),
        (b"{", {}, 400, "request_parsing_error"),
        (b"[]", {}, 400, "request_parsing_error"),
        (json.dumps([event()]).encode(), {}, 400, "request_parsing_error"),
        (json.dumps({"batch": [event()]}).encode(), {}, 400, "request_parsing_error"),
        (batch(event(distinct_id=7)), {}, 400, "request_parsing_error"),
        (batch(event(timestamp=None)), {}, 400, "request_parsing_error"),
        (batch(event(properties={"a": 1}), event(uuid=None)), {}, 400, "request_parsing_error"),
        (batch(), {}, 400, "empty_batch"),
        (batch(event(), created_at="now"), {}, 400, "invalid_batch"),
        (batch(event(uuid="")), {}, 400, "missing_event_uuid"),
        (batch(event(), event(uuid="7")), {}, 400, "invalid_event_uuid"),
        (
            batch(*[event(uuid="0192d4ab-0000-7000-8000-00000000000a")] * 2),
            {},
            400,
            "duplicate_event_uuid",
        ),
        (
            gzip.compress(batch(event()))[:-9],
            {"Content_Encoding": "gzip"},
            400,
            "request_decoding_error",
        ),
        (batch(event()), {"Content_Encoding": "gzip"}, 400, "request_decoding_error"),
        (batch(event()), {"Content_Encoding": "deflate"}, 400, "request_decoding_error"),
        (batch(event()), {"Content_Encoding": "zstd"}, 400, "request_decoding_error"),
        (
            zstd.compress(batch(event()))[:-1],
            {"Content_Encoding": "zstd"},
            400,
            "request_decoding_error",
        ),
        (
            zstd.compress(b" " * (LARGEST_UNPACKED + 1)),
            {"Content_Encoding": "zstd"},
            413,
            "payload_too_large",
        ),
        (batch(event()), {"Content_Encoding": "br"}, 415, "unsupported_encoding"),
        (batch(event()), {"Content_Type": "text/plain"}, 415, "unsupported_content_type"),
        (batch(event()), {"Authorization": ""}, 401, "invalid_api_token"),
        (batch(event()), {"Authorization": "Basic phc_1"}, 401, "invalid_api_token"),
        (batch(event()), {"Authorization": "Bearer phx_made_up"}, 401, "invalid_api_token"),
        (batch(event()), {"PostHog_Sdk_Info": None}, 400, "missing_required_headers"),
        (batch(event()), {"PostHog_Attempt": "0"}, 400, "invalid_header_value"),
        (batch(event()), {"PostHog_Attempt": "first"}, 400, "invalid_header_value"),
        (batch(event()), {"PostHog_Request_Id": "7"}, 400, "invalid_header_value"),
        (batch(event()), {"PostHog_Request_Timestamp": "now"}, 400, "invalid_header_value"),
        (b" " * (LARGEST_BODY + 1), {}, 413, "payload_too_large"),
        (
            gzip.compress(b" " * (LARGEST_UNPACKED + 1), 1),
            {"Content_Encoding": "gzip"},
            413,
            "payload_too_large",
        ),
        (batch(*[7] * (MOST_EVENTS + 1)), {}, 400, "request_parsing_error"),
    ],
)
def test_a_request_that_is_refused_stores_nothing_and_is_answered_in_json(
    project: Project, body: bytes, more: dict[str, Any], status: int, error: str
) -> None:
    answer = post(project, body, **more)
    assert (answer.status, answer.json["error"]) == (status, error)
    assert answer.json.keys() == {"error", "error_description", "error_uri"}
    project.capture(event())
    assert len(project.events()) == 1


def test_a_request_has_so_many_events_and_no_more() -> None:
    many = [event() for _ in range(MOST_EVENTS + 1)]
    assert len(read_batch(batch(*many[1:]))) == MOST_EVENTS
    with pytest.raises(Unfit) as caught:
        read_batch(batch(*many))
    assert (caught.value.status, caught.value.tag) == (413, "payload_too_large")


def test_without_room_it_is_answered_503_and_when_to_come_again(
    new_collector: Callable[..., Collector],
) -> None:
    with new_collector(max_projects=0) as collector:
        answer = post(collector.project(), batch(event()))
        assert (answer.status, answer.json["error"]) == (401, "invalid_api_token")
    with new_collector(max_inflight_bytes=2_000) as collector:
        project = collector.project()
        answer = post(project, batch(event(properties={"a": "x" * 2_000})))
        assert (answer.status, answer.json["error"]) == (413, "payload_too_large")
        assert post(project, batch(event())).status == 200


def test_any_page_on_the_web_may_send(embedded: Collector) -> None:
    for path in ROUTES_V1:
        answer = embedded.request(
            "OPTIONS",
            path,
            Origin="https://example.com",
            Access_Control_Request_Method="POST",
            Access_Control_Request_Headers="authorization,posthog-sdk-info",
        )
        assert answer.headers["access-control-allow-origin"] == "https://example.com"
        assert embedded.request("GET", path).status == 405


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
anything = st.fixed_dictionaries(
    {"event": st.text(), "distinct_id": st.text(), "timestamp": st.text() | st.just(NOON)},
    optional=dict.fromkeys(("session_id", "window_id", "options", "properties"), values),
)


@given(said=st.lists(anything, min_size=1, max_size=3), options=st.none() | values)
def test_whatever_is_sent_each_event_is_answered_or_all_are_refused(
    said: list[dict[str, Any]], options: object
) -> None:
    events = [{"uuid": str(uuid4()), "options": options, **one} for one in said]
    with suppress(Unfit):
        assert_each_is_answered(events)


def assert_each_is_answered(events: list[dict[str, Any]]) -> None:
    taken, results = take(read_batch(batch(*events)), HEAD, NOW)
    assert [*results] == [one["uuid"] for one in events]
    assert [str(one.uuid) for one in taken] == [
        uuid for uuid, one in results.items() if one["result"] == "ok"
    ]


@given(body=st.binary(max_size=300), packing=st.sampled_from(["", "gzip", "deflate", "zstd"]))
def test_bytes_of_any_kind_are_a_batch_or_refused(body: bytes, packing: str) -> None:
    with suppress(Unfit):
        assert read_batch(unpack(body, packing, 1_000))


@given(
    sent=st.dictionaries(
        st.sampled_from([name.lower().replace("_", "-") for name in headers("phc_1")]), st.text()
    )
)
def test_any_head_is_one_or_refused(sent: dict[str, str]) -> None:
    known = {name.lower().replace("_", "-"): value for name, value in headers("phc_1").items()}
    with suppress(Unfit):
        assert read_head({**known, **sent}).sent_at.utcoffset() is not None
