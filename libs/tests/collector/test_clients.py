"""Clients as they are published, and as processes: what they send is what the API returns."""

from __future__ import annotations

import base64
import gzip
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.clients import (
    Call,
    newest_python,
    node,
    older_python,
    passed_over,
)
from tests.support.collector import Collector, Project
from tests.support.home import Home

# An SDK does not see what the collector stores into.
pytestmark = pytest.mark.parametrize("collector", ["embedded"], indirect=True)
PYTHONS = {"6.7.6": lambda: older_python("6.7.6"), "newest": newest_python}
NO_TIME = timedelta(0)
# Every kind of value that JSON has.
ODD = {
    "text": "grüße, 世界 \N{SNOWMAN} 𝄞 <b>'\"\\",
    "empty": "",
    "number": -1.5,
    "large": 2**53 - 1,
    "yes": True,
    "nothing": None,
    "list": [1, "two", [3.5, {"four": False}]],
    "object": {"deep": {"deeper": ["est"]}},
    # These have columns of their own in the store.
    "command_name": "toolkit.run",
    "duration": 12.75,
    "exit_code": 3,
}


def captures(count: int) -> Iterator[dict[str, Any]]:
    """Events as they are given to an SDK, each with a UUID and a time of its own."""
    noon = datetime(2026, 3, 29, 12, tzinfo=timezone.utc)
    for number in range(count):
        yield {
            "event": "CLI execution succeeded",
            "distinct_id": f"anon-{number % 2}",
            "uuid": str(uuid4()),
            "timestamp": (noon + timedelta(seconds=number, milliseconds=123)).isoformat(),
            "properties": {**ODD, "number_of_it": number},
        }


def assert_same(found: dict[str, Any], given: dict[str, Any], within: timedelta) -> None:
    """The event that the API returns is the one that an SDK was given.

    Args:
        within: how much later it may be, where the SDK says when it sent it: the clock is the
            same, so what the server takes for its skew is the time that the request took.
    """
    for field in ("uuid", "event", "distinct_id"):
        assert found[field] == given[field]
    late = moment(found["timestamp"]) - moment(given["timestamp"])
    assert NO_TIME <= late <= within
    added = found["properties"].keys() - given["properties"].keys()
    assert {name: found["properties"][name] for name in given["properties"]} == given["properties"]
    assert all(name.startswith("$") for name in added)


def assert_all_there(
    events: list[dict[str, Any]], given: list[dict[str, Any]], within: timedelta
) -> None:
    """Among the events that the API returns are those that an SDK was given, each once."""
    captured = [one for one in events if not one["event"].startswith("$")]
    known = {one["uuid"]: one for one in captured}
    assert known.keys() == {one["uuid"] for one in given}
    assert len(captured) == len(given)
    for one in given:
        assert_same(known[one["uuid"]], one, within)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def of_name(events: Iterable[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = [one for one in events if one["event"] == name]
    return found


def the_person(project: Project) -> dict[str, Any]:
    """Who ada and the two anonymous IDs are: one person."""
    found = [project.person(one) for one in ("ada", "anon-0", "anon-1")]
    assert found[0] is not None
    assert found == [found[0]] * 3
    assert found[0]["is_identified"]
    assert sorted(found[0]["distinct_ids"]) == ["ada", "anon-0", "anon-1"]
    return found[0]


@pytest.mark.parametrize(
    "options", [{}, {"gzip": True, "flush_at": 5}, {"sync_mode": True}], ids=str
)
@pytest.mark.parametrize("version", PYTHONS)
def test_all_that_the_sdk_for_python_sends_is_what_the_api_returns(
    project: Project, version: str, options: dict[str, Any]
) -> None:
    client = PYTHONS[version]()
    sent, rest = list(captures(12)), list(captures(2))
    flag = {"key": "made-up", "distinct_id": "ada"}
    calls: list[Call] = [
        ("get_feature_flag", flag),
        ("feature_enabled", flag),
        ("get_all_flags", {"distinct_id": "ada"}),
        *(("capture", one) for one in sent),
        ("alias", {"previous_id": "ada", "distinct_id": "anon-0"}),
        ("alias", {"previous_id": "ada", "distinct_id": "anon-1"}),
        ("set", {"distinct_id": "ada", "properties": {"plan": "free", "seats": 3}}),
        ("set_once", {"distinct_id": "ada", "properties": {"plan": "paid", "first": "yes"}}),
        # In sync_mode it has no queue to flush.
        *([] if "sync_mode" in options else [("flush", {})]),
        *(("capture", one) for one in rest),
    ]
    made = client.make(project, calls, **options)

    assert_no_flag(project, made.returned[:3])
    events = [one for one in project.events() if one["event"] != "$feature_flag_called"]
    assert [one["uuid"] for one in events] == [one for one in made.returned[3:] if one]
    within = NO_TIME if version == "6.7.6" else made.ended - made.began
    assert_all_there(events, sent + rest, within)
    assert {one["properties"]["$lib_version"] for one in events} == {client.version}
    assert of_name(events, "$set")["properties"]["$set"] == {"plan": "free", "seats": 3}
    assert the_person(project)["properties"] == {"plan": "free", "seats": 3, "first": "yes"}


@pytest.mark.parametrize("options", [{}, {"disableCompression": True, "flushAt": 5}], ids=str)
def test_all_that_the_sdk_for_node_sends_is_what_the_api_returns(
    project: Project, options: dict[str, Any]
) -> None:
    client = node()
    sent, at_once = list(captures(12)), next(captures(1))
    identify = {"$set": {"plan": "free"}, "$anon_distinct_id": "anon-1"}
    calls: list[Call] = [
        ("getFeatureFlagResult", ["made-up", "ada"]),
        ("getAllFlags", ["ada"]),
        *(("capture", [in_node(one)]) for one in sent),
        ("flush", []),
        ("captureImmediate", [in_node(at_once)]),
        ("alias", [{"distinctId": "ada", "alias": "anon-0"}]),
        ("identify", [{"distinctId": "ada", "properties": identify}]),
    ]
    made = client.make(project, calls, **options)

    assert_no_flag(project, made.returned[:2])
    events = project.events()
    # Its clock has milliseconds.
    within = made.ended - made.began + timedelta(milliseconds=1)
    assert_all_there(events, [*sent, at_once], within)
    assert {one["properties"]["$lib_version"] for one in events} == {client.version}
    assert the_person(project)["properties"] == {"plan": "free"}


@pytest.mark.parametrize("version", ["3.25.0", pytest.param("5.4.0", marks=pytest.mark.torture)])
def test_what_the_sdk_for_python_of_other_years_sends_is_what_the_api_returns(
    project: Project, version: str
) -> None:
    client = older_python(version)
    sent = list(captures(12))
    calls: list[Call] = [
        ("get_all_flags", {"distinct_id": "ada"}),
        *(("capture", one) for one in sent),
        ("identify", {"distinct_id": "ada", "properties": {"plan": "free"}}),
        ("alias", {"previous_id": "ada", "distinct_id": "anon-0"}),
        ("alias", {"previous_id": "ada", "distinct_id": "anon-1"}),
        ("set_once", {"distinct_id": "ada", "properties": {"plan": "paid", "first": "yes"}}),
    ]
    made = client.make(project, calls)
    assert made.returned[0] == {}
    events = project.events()
    # They do not say when they send.
    assert_all_there(events, sent, NO_TIME)
    assert {one["properties"]["$lib_version"] for one in events} == {client.version}
    assert the_person(project)["properties"] == {"plan": "free", "first": "yes"}


def test_what_the_sdk_for_node_of_another_year_sends_is_what_the_api_returns(
    project: Project,
) -> None:
    client = node("posthog-node-4")
    sent = list(captures(12))
    calls: list[Call] = [
        ("getAllFlags", ["ada"]),
        *(("capture", [in_node(one)]) for one in sent),
        ("alias", [{"distinctId": "ada", "alias": "anon-0"}]),
        ("alias", [{"distinctId": "ada", "alias": "anon-1"}]),
        ("identify", [{"distinctId": "ada", "properties": {"plan": "free"}}]),
    ]
    made = client.make(project, calls)
    assert made.returned[0] == {}
    events = project.events()
    assert_all_there(events, sent, made.ended - made.began + timedelta(milliseconds=1))
    assert {one["properties"]["$lib_version"] for one in events} == {client.version}
    assert the_person(project)["properties"] == {"plan": "free"}


@pytest.mark.parametrize("compression", ["none", "gzip", "deflate"])
def test_what_the_sdk_for_python_sends_by_the_newer_protocol_is_what_the_api_returns(
    project: Project, compression: str
) -> None:
    client = newest_python()
    sent = list(captures(12))
    calls: list[Call] = [
        *(("capture", one) for one in sent),
        ("alias", {"previous_id": "ada", "distinct_id": "anon-0"}),
        ("alias", {"previous_id": "ada", "distinct_id": "anon-1"}),
        ("set", {"distinct_id": "ada", "properties": {"plan": "free"}}),
        ("capture_ai", {**next(captures(1)), "event": "$ai_generation"}),
    ]
    options = {"capture_compression": compression, "enable_full_ai_capture": True}
    made = client.make(project, calls, protocol="v1", **options)
    events = project.events()
    assert_all_there(events, sent, made.ended - made.began)
    assert {one["properties"]["$lib_version"] for one in events} == {client.version}
    assert of_name(events, "$ai_generation")["uuid"] == made.returned[-1]
    assert the_person(project)["properties"] == {"plan": "free"}


@pytest.mark.parametrize("options", [{}, {"disableCompression": True}], ids=str)
def test_what_the_sdk_for_node_sends_by_the_newer_protocol_is_what_the_api_returns(
    project: Project, options: dict[str, Any]
) -> None:
    client = node()
    sent, at_once = list(captures(12)), next(captures(1))
    calls: list[Call] = [
        *(("capture", [in_node(one)]) for one in sent),
        ("flush", []),
        ("captureImmediate", [in_node(at_once)]),
        ("alias", [{"distinctId": "ada", "alias": "anon-0"}]),
        ("alias", [{"distinctId": "ada", "alias": "anon-1"}]),
        ("captureAi", [in_node({**next(captures(1)), "event": "$ai_generation"})]),
    ]
    options = {**options, "enableFullAiCapture": True}
    made = client.make(project, calls, protocol="v1", **options)
    events = project.events()
    within = made.ended - made.began + timedelta(milliseconds=1)
    assert_all_there(events, [*sent, at_once], within)
    assert {one["properties"]["$lib_version"] for one in events} == {client.version}
    assert of_name(events, "$ai_generation")["uuid"] == made.returned[-1]
    the_person(project)


def in_node(given: dict[str, Any]) -> dict[str, Any]:
    """An event by the names that the SDK for Node has for its fields."""
    return {"distinctId" if name == "distinct_id" else name: given[name] for name in given}


def assert_no_flag(project: Project, returned: list[Any]) -> None:
    """It was told that no flag is on, and found no fault with how it was told."""
    assert not any(returned)
    assert returned[-1] == {}
    # What it found out is an event of its own; of the errors that it knows, this one is no fault.
    called = of_name(project.events(), "$feature_flag_called")
    assert called["properties"]["$feature_flag"] == "made-up"
    assert called["properties"].get("$feature_flag_error") in (None, "flag_missing")


def as_form(text: bytes) -> bytes:
    return urlencode({"data": base64.b64encode(text)}).encode()


SHAPES: dict[str, Callable[[str, dict[str, Any]], object]] = {
    "one event": lambda token, one: {**one, "api_key": token},
    "a list": lambda token, one: [{**one, "properties": {**one["properties"], "token": token}}],
    "a batch": lambda token, one: {"token": token, "batch": [one]},
}
# What is done to the JSON, what is added to the address, and what curl is told.
WRAPPINGS: dict[str, tuple[Callable[[bytes], bytes], str, list[str]]] = {
    "JSON": (bytes, "", ["-H", "Content-Type: application/json", "--data-binary", "@-"]),
    "JSON that is called a form": (bytes, "", ["--data", "@-"]),
    "in chunks": (bytes, "", ["-H", "Transfer-Encoding: chunked", "--data-binary", "@-"]),
    "HTTP 1.0": (bytes, "", ["--http1.0", "--data-binary", "@-"]),
    "gzip": (gzip.compress, "", ["-H", "Content-Encoding: gzip", "--data-binary", "@-"]),
    "gzip, not said": (gzip.compress, "", ["--data-binary", "@-"]),
    "gzip-js": (
        gzip.compress,
        "?compression=gzip-js",
        ["-H", "Content-Type: text/plain", "--data-binary", "@-"],
    ),
    "base64": (base64.b64encode, "?compression=base64", ["--data-binary", "@-"]),
    "a form": (as_form, "", ["--data-binary", "@-"]),
    "a form with pluses": (lambda text: b"data=" + base64.b64encode(text), "", ["--data", "@-"]),
    "a form of gzip": (lambda text: as_form(gzip.compress(text)), "", ["--data", "@-"]),
    "an address": (base64.b64encode, "", ["--get", "--data-urlencode", "data@-"]),
}
ROUTES = ("/batch", "/i/v0/e", "/e", "/capture", "/track", "/engage", "/i/v0/ai/batch")


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_by_hand_every_route_takes_every_wrapping_and_every_shape(
    project: Project, wrapping: str
) -> None:
    wrap, query, words = WRAPPINGS[wrapping]
    # From one wrapping to the next, the shapes move on by one route.
    first = list(WRAPPINGS).index(wrapping)
    sent = list(captures(len(ROUTES)))
    for number, (route, one) in enumerate(zip(ROUTES, sent, strict=True), first):
        shape = list(SHAPES.values())[number % len(SHAPES)]
        text = json.dumps(shape(project.token, one)).encode()
        url = f"{project.collector.url}{route}{'/' if number % 2 else ''}{query}"
        assert curl(url, *words, body=wrap(text)) == ('{"status":"Ok"}', 200)
    events = project.events()
    assert [one["uuid"] for one in events] == [one["uuid"] for one in sent]
    for found in events:
        found["properties"].pop("token", None)
    assert_all_there(events, sent, NO_TIME)


def test_by_hand_a_body_so_large_that_curl_asks_first(project: Project) -> None:
    sent = list(captures(5_000))
    text = json.dumps({"api_key": project.token, "batch": sent}).encode()
    url = f"{project.collector.url}/batch/"
    words = ("-H", "Expect: 100-continue", "--data-binary", "@-")
    assert curl(url, *words, body=text) == ('{"status":"Ok"}', 200)
    assert [one["uuid"] for one in project.events()] == [one["uuid"] for one in sent]


def curl(url: str, *words: str, body: bytes) -> tuple[str, int]:
    """What curl prints, and the status, when it is given this on stdin."""
    if not shutil.which("curl"):
        passed_over("there is no curl on this machine")
    command = ["curl", "--silent", "--show-error", "--max-time", "30", "-w", "\n%{http_code}"]
    ran = subprocess.run([*command, *words, url], input=body, capture_output=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b""), ran
    said, _, status = ran.stdout.decode().rpartition("\n")
    return said, int(status)


def test_what_arcade_sends_is_one_person_from_the_first_command_to_the_logout(
    new_home: Callable[..., Home], collector: Collector, cloud: ArcadeCloud
) -> None:
    project = collector.project()
    home = new_home(host=collector.url)
    home.environ["ARCADE_USAGE_PROJECT_KEY"] = project.token
    principal = cloud.add_account("ada@example.test")

    assert home.run("usage", "status").code == 0
    assert home.run("logout", "--nonsense").code == 2
    anon_id = home.usage_json["anon_id"]
    home.wait_for_senders()
    assert home.login().code == 0
    assert home.run("toolkit", "list").code == 0
    assert home.run("logout").code == 0
    home.wait_for_senders()
    assert home.run("usage", "status").code == 0
    home.wait_for_senders()
    stranger = home.usage_json["anon_id"]

    events = project.events()
    told = [(one["properties"].get("command_name"), one["distinct_id"]) for one in events]
    assert sorted(told[:2], key=str) == [("logout", anon_id), ("usage.status", anon_id)]
    # Two senders in a row may hand over to each other; the alias comes first all the same.
    assert told[2] == (None, principal)
    assert sorted(told[3:6], key=str) == [
        ("login", principal),
        ("logout", principal),
        ("toolkit.list", principal),
    ]
    assert told[6:] == [("usage.status", stranger)]
    assert [entry["result"] for entry in home.log()] == ["sent"] * 6

    person = project.person(principal)
    assert person is not None
    assert person["is_identified"]
    assert sorted(person["distinct_ids"]) == sorted([anon_id, principal])
    assert person["events"] == 6
    assert [one["person_id"] for one in events[:6]] == [person["person_id"]] * 6
    after = project.person(stranger)
    assert after is not None
    assert (after["is_identified"], after["distinct_ids"]) == (False, [stranger])
