"""What SDKs send over HTTP is stored; what they are answered is what they know from PostHog."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import pytest
from usagekit_collector.web.bodies import LARGEST_BODY, LARGEST_UNPACKED
from usagekit_collector.web.sdk import ROUTES

from tests.support.collector import Answer, Collector, Project, event
from tests.support.wire import until

PATHS = [path + slash for path in ROUTES for slash in ("", "/")]
OK = b'{"status":"Ok"}'
FORM = {"Content_Type": "application/x-www-form-urlencoded"}
PLAIN = {"Content_Type": "text/plain"}


@pytest.fixture
def project(embedded: Collector) -> Project:
    """What is asked and answered is the same with any store."""
    return embedded.project()


def post(project: Project, path: str, said: Any, **headers: str) -> Answer:
    return project.collector.request("POST", path, json.dumps(said).encode(), **headers)


def with_token(project: Project, said: dict[str, Any]) -> dict[str, Any]:
    return {**said, "api_key": project.token}


def is_plain(answer: Answer) -> bool:
    return answer.headers["content-type"].startswith("text/plain") and bool(answer.body)


def in_base64(text: bytes) -> str:
    return base64.b64encode(text).decode()


def form(text: str) -> bytes:
    return urlencode({"data": text}).encode()


# How a text of JSON may come: the method, the parameters, the body, headers.
_Way = tuple[str, str, "bytes | None", dict[str, str]]
WAYS: list[Callable[[bytes], _Way]] = [
    lambda text: ("POST", "", text, {"Content_Type": "application/json"}),
    lambda text: ("POST", "", text, {"Content_Encoding": "gzip"}),
    lambda text: ("POST", "", gzip.compress(text), {"Content_Encoding": "gzip"}),
    lambda text: ("POST", "", gzip.compress(text), {"Content_Type": "application/json"}),
    lambda text: ("POST", "?compression=gzip-js", gzip.compress(text), PLAIN),
    lambda text: ("POST", "", form(in_base64(text)), FORM),
    lambda text: ("POST", "?ver=1", f"data={in_base64(text).replace('+', ' ')}".encode(), FORM),
    lambda text: ("POST", "?compression=gzip-js", form(in_base64(gzip.compress(text))), FORM),
    lambda text: ("POST", "", base64.b64encode(text), PLAIN),
    lambda text: ("POST", "", base64.b64encode(gzip.compress(text)), {"Content_Encoding": "b64"}),
    lambda text: ("GET", f"?{urlencode({'data': text})}", None, {}),
    lambda text: ("GET", f"?{urlencode({'data': in_base64(text)})}", None, {}),
]


@pytest.mark.parametrize("path", PATHS)
def test_every_route_takes_every_shape_in_every_encoding(project: Project, path: str) -> None:
    sent: list[dict[str, Any]] = []

    def new() -> dict[str, Any]:
        when = "2026-05-04T11:00:00.123Z"
        sent.append(event("anon-é🙂", f"event {len(sent)}", timestamp=when, number=1.5))
        return with_token(project, sent[-1])

    shapes: list[Callable[[], Any]] = [
        new,
        lambda: [new(), new()],
        lambda: with_token(project, {"batch": [new()]}),
    ]
    for number, way in enumerate(WAYS):
        text = json.dumps(shapes[number % 3]()).encode()
        method, query, body, headers = way(text)
        answer = project.collector.request(method, path + query, body, **headers)
        assert (answer.status, answer.body) == (200, OK), number
        assert answer.headers["content-type"] == "application/json"
    found = project.events()
    for field in ("uuid", "event", "distinct_id", "properties"):
        assert [one[field] for one in found] == [one[field] for one in sent], field
    assert {one["timestamp"] for one in found} == {"2026-05-04T11:00:00.123000Z"}


def test_a_visit_by_a_clock_that_is_wrong_by_hours_stays_in_one_piece(project: Project) -> None:
    """As posthog-js sent it for years: the time of sending is in the address, in milliseconds."""
    clock = datetime.now(timezone.utc) - timedelta(hours=5)
    began = datetime.now(timezone.utc)
    for number in range(3):
        when = clock + timedelta(seconds=number)
        sent = with_token(project, event("anon-1", timestamp=when.isoformat()))
        asked = int((when + timedelta(seconds=1)).timestamp() * 1000)
        path = f"/e/?compression=gzip-js&ip=0&_={asked}&ver=1.380.0"
        body = gzip.compress(json.dumps(sent).encode())
        assert project.collector.request("POST", path, body, **PLAIN).status == 200
    ended = datetime.now(timezone.utc)
    for found in project.events():
        moment = datetime.fromisoformat(found["timestamp"].replace("Z", "+00:00"))
        assert began <= moment + timedelta(seconds=1, milliseconds=1)
        assert moment + timedelta(seconds=1) <= ended + timedelta(milliseconds=1)


def test_a_profile_that_is_set_by_itself_has_no_name_and_is_an_identify(project: Project) -> None:
    said = {"$token": project.token, "$distinct_id": "ada", "$set": {"plan": "pro"}}
    for path in ("/engage/", "/engage"):
        answer = project.collector.request("POST", path, form(in_base64(json.dumps(said).encode())))
        assert (answer.status, answer.body) == (200, OK)
    assert [one["event"] for one in project.events()] == ["$identify"] * 2
    person = project.person("ada")
    assert person is not None
    assert person["properties"] == {"plan": "pro"}
    # Elsewhere, in a list, and where it is empty, an event has a name.
    for path, other in (
        ("/e/", said),
        ("/batch/", said),
        ("/engage/", [said]),
        ("/engage/", {"batch": [said], "token": project.token}),
        ("/engage/", {**said, "event": ""}),
    ):
        assert post(project, path, other).status == 400


def test_what_browsers_say_of_their_speed_is_passed_over_as_posthog_does(project: Project) -> None:
    slow = event("anon-1", "$performance_event")
    assert project.send(slow, event("anon-2"), slow).status == 200
    answer = post(project, "/e/", {"event": "$performance_event"})
    assert (answer.status, answer.body) == (200, OK)
    assert [one["distinct_id"] for one in project.events()] == ["anon-2"]


def test_a_beacon_is_answered_with_nothing(project: Project) -> None:
    for query in ("beacon=1", "ver=1&beacon"):
        sent = with_token(project, event("anon-1"))
        answer = post(project, f"/e/?{query}", sent, Content_Type="text/plain")
        assert (answer.status, answer.body) == (204, b"")
    assert len(project.events()) == 2


@pytest.mark.parametrize(
    "bad",
    [
        {"event": "e", "distinct_id": "d", "uuid": "nonsense"},
        {"distinct_id": "d"},
        {"event": "", "distinct_id": "d"},
        {"event": "e"},
        {"event": "e", "distinct_id": ""},
        {"event": "e", "distinct_id": "d", "properties": []},
        ["no", "object"],
        "text",
        None,
    ],
)
def test_one_bad_event_refuses_the_whole_batch_in_plain_text(project: Project, bad: Any) -> None:
    batch = {"api_key": project.token, "batch": [event("anon-1"), bad, event("anon-2")]}
    answer = post(project, "/batch/", batch)
    assert (answer.status, is_plain(answer)) == (400, True)
    project.capture(event("anon-3"))
    assert [found["distinct_id"] for found in project.events()] == ["anon-3"]


def test_what_is_no_request_is_answered_400_in_plain_text(embedded: Collector) -> None:
    bodies = [
        b"",
        b"{",
        b"[]",
        b'{"batch": []}',
        b"data=%25",
        b"\x1f\x8b\x08nonsense",
        gzip.compress(b"{}")[:-4],
        b'{"event": "\xff"}',
    ]
    for body in bodies:
        answer = embedded.request("POST", "/batch/", body)
        assert (answer.status, is_plain(answer)) == (400, True), body


@pytest.mark.parametrize("said", ["", "phx_made_up", "x" * 65, "é", "a\nb", "a\0b", 7, None])
def test_a_token_that_can_be_none_is_answered_401_in_plain_text(
    embedded: Collector, said: object
) -> None:
    batch = {"api_key": said, "batch": [event("anon-1")]}
    answer = embedded.request("POST", "/batch/", json.dumps(batch).encode())
    assert (answer.status, is_plain(answer)) == (401, True)


@pytest.mark.parametrize("name", ["api_key", "token", "$token"])
def test_a_property_called_token_beside_a_batch_s_token_is_a_property_like_any_other(
    project: Project, name: str
) -> None:
    said = [project.token, "somebody's csrf token", "phx_made_up", "x" * 100, 7, None, {"a": 1}]
    batch = [event("anon-1", properties={"token": one}) for one in said]
    answer = post(project, "/batch/", {name: project.token, "batch": batch})
    assert (answer.status, answer.body) == (200, OK)
    assert [one["properties"] for one in project.events()] == [{"token": one} for one in said]


def test_several_tokens_in_one_request_are_answered_401(project: Project) -> None:
    several = [{**event("anon-1"), "token": project.token}, {**event("anon-2"), "token": "other"}]
    answer = post(project, "/batch/", several)
    assert (answer.status, is_plain(answer)) == (401, True)
    project.capture(event("anon-3"))
    assert len(project.events()) == 1


@pytest.mark.parametrize("path", ROUTES)
def test_a_body_over_20_mib_is_answered_413_on_every_route(project: Project, path: str) -> None:
    largest = json.dumps(with_token(project, event("anon-1"))).encode().ljust(LARGEST_BODY)
    assert project.collector.request("POST", path, largest).status == 200
    answer = project.collector.request("POST", path, largest + b" ")
    assert (answer.status, is_plain(answer)) == (413, True)
    assert len(project.events()) == 1


def test_a_body_is_five_times_that_when_it_is_unpacked(project: Project) -> None:
    text = json.dumps(with_token(project, event("anon-1"))).encode()
    for size, status in ((LARGEST_UNPACKED, 200), (LARGEST_UNPACKED + 1, 413)):
        body = gzip.compress(text.ljust(size), 1)
        assert project.collector.request("POST", "/e/", body).status == status
    assert len(project.events()) == 1


@pytest.mark.parametrize("path", ["/e/", "/i/v0/e/", "/batch/"])
def test_six_large_events_and_a_small_one_are_all_stored(project: Project, path: str) -> None:
    """What posthog-js puts together after a page was without a network."""
    sent = [event("anon-1", long="x" * 500_000) for _ in range(6)] + [event("anon-1")]
    body = gzip.compress(json.dumps([with_token(project, one) for one in sent]).encode())
    answer = project.collector.request("POST", f"{path}?compression=gzip-js", body, **PLAIN)
    assert (answer.status, answer.body) == (200, OK)
    assert [one["uuid"] for one in project.events()] == [one["uuid"] for one in sent]


def test_an_event_over_1_000_000_bytes_is_answered_413_and_one_under_is_stored(
    project: Project,
) -> None:
    sent = event("anon-1", long="x" * 999_700)
    assert project.send(sent).status == 200
    answer = project.send(event("anon-2"), event("anon-1", long="x" * 1_000_000))
    assert (answer.status, is_plain(answer)) == (413, True)
    (found,) = project.events()
    assert found["properties"] == sent["properties"]


def number(collector: Collector, name: str) -> float:
    """One of its metrics."""
    text = collector.get("/metrics").body.decode()
    return float(text.split(f"\nusagekit_collector_{name} ")[1].split("\n")[0])


@contextmanager
def half_sent(collector: Collector, length: int) -> Iterator[None]:
    """A request of which most of the body has come, and the rest has not."""
    address = urlsplit(collector.url)
    with socket.create_connection((address.hostname, address.port or 0), 10) as connection:
        head = f"POST /e/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        connection.sendall(head.encode() + b" " * (length - 500))
        yield


def test_what_does_not_fit_is_answered_503_and_may_come_again(
    new_collector: Callable[..., Collector],
) -> None:
    limits = {"intake_events": 2, "batch_seconds": 60, "max_inflight_bytes": 5_000}
    with new_collector(**limits, max_projects=1) as collector:
        project = collector.project()
        # The first waits to be stored, and two find no room; another does.
        assert project.send(event("anon-1")).status == 200
        assert number(collector, "events_queued") == 1
        refused = project.send(event("anon-2"), event("anon-3"))
        assert (refused.status, is_plain(refused)) == (503, True)
        assert refused.headers["retry-after"] == "1"
        assert project.send(event("anon-5")).status == 200
        full = collector.get("/_health")
        assert (full.status, full.json) == (503, {"error": "the intake is full"})
        assert project.send(event("anon-6")).status == 503
        # While the body of another is on its way, there is no memory for these.
        with half_sent(collector, 4_000):
            until(lambda: number(collector, "buffered_bytes") >= 3_000)
            for refused in (
                project.send(event("anon-4", long="x" * 2_000)),
                collector.request("POST", "/e/", gzip.compress(b"[" + b" " * 4_900)),
            ):
                assert (refused.status, is_plain(refused)) == (503, True)
                assert refused.headers["retry-after"] == "1"
        until(lambda: number(collector, "buffered_bytes") == 0)
        # For these there is no room, ever.
        for body in (
            b"[" + b" " * 5_000,
            gzip.compress(b"[" + b" " * 5_000),
            base64.b64encode(b"[" + b" " * 3_000),
        ):
            answer = collector.request("POST", "/e/", body)
            assert (answer.status, is_plain(answer)) == (413, True)
        # Whoever asks does not wait for what waits for more; then there is room.
        assert [one["distinct_id"] for one in project.events()] == ["anon-1", "anon-5"]
        # What would never find room is taken when nothing else waits.
        assert project.send(*(event("anon-6") for _ in range(3))).status == 200
        # Nobody makes more projects than that; who has made them may still be removing some.
        full = collector.project().send(event("anon-1"))
        assert (full.status, full.headers["retry-after"], is_plain(full)) == (503, "1", True)
        assert number(collector, "buffered_bytes") == 0


@pytest.mark.parametrize(
    "path", [*PATHS, "/flags/", "/decide/", "/array/phc_1/config", "/array/phc_1/config.js"]
)
def test_any_page_on_the_web_may_send(embedded: Collector, path: str) -> None:
    asked = embedded.request(
        "OPTIONS",
        path,
        Origin="https://example.com",
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="content-type,x-made-up",
    )
    assert asked.status == 200
    assert asked.headers["access-control-allow-origin"] == "https://example.com"
    assert asked.headers["access-control-allow-credentials"] == "true"
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert asked.headers["access-control-allow-headers"] == "content-type,x-made-up"
    assert embedded.request("OPTIONS", path).status == 200
    answer = embedded.request("GET", path, Origin="https://example.com")
    assert answer.headers["access-control-allow-origin"] == "https://example.com"
    assert answer.headers["vary"] == "Origin"


def test_no_page_on_the_web_may_ask_the_api(embedded: Collector) -> None:
    answer = embedded.request("GET", "/api/projects", Origin="https://example.com")
    assert "access-control-allow-origin" not in answer.headers
    asked = embedded.request(
        "OPTIONS",
        "/api/persons/anon-1",
        Origin="https://example.com",
        Access_Control_Request_Method="DELETE",
    )
    assert asked.status == 405


@pytest.mark.parametrize("path", ["/flags/?v=2", "/flags", "/decide/?v=3", "/decide"])
def test_no_flag_is_on(embedded: Collector, path: str) -> None:
    for body in (b'{"token": "phc_1", "distinct_id": "anon-1"}', b"nonsense", b"", None):
        answer = embedded.request("POST", path, body)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json["flags"] == answer.json["featureFlags"] == {}
        assert answer.json["errorsWhileComputingFlags"] is False


def test_posthog_js_finds_a_configuration_in_which_nothing_is_on(embedded: Collector) -> None:
    found = embedded.get("/array/phc_1/config").json
    assert (found["token"], found["hasFeatureFlags"]) == ("phc_1", False)
    # Even a key that says no has posthog-js ask for the script of surveys.
    assert "surveys" not in found
    script = embedded.get("/array/phc_1/config.js")
    assert script.headers["content-type"].startswith("text/javascript")
    said = re.search(rb"\['phc_1'\] = {config: (.*), siteApps: \[\]};", script.body)
    assert said is not None
    assert json.loads(said[1]) == found


@pytest.mark.parametrize("token", ["');alert(1)//", "</script>", "\n\u2028", "a'b\"c\\d", "%27"])
def test_no_token_gets_out_of_the_script_of_the_configuration(
    embedded: Collector, token: str
) -> None:
    answer = embedded.get(f"/array/{quote(token, safe='')}/config.js")
    if "/" in token:
        assert answer.status == 404
        return
    said = answer.body.decode()
    name = said.split("_POSTHOG_REMOTE_CONFIG['")[1].split("'] = ")[0]
    assert re.fullmatch(r"[\w.-]*", name)
    assert len(re.findall(r"['\\<\n]", said)) == 2  # those around the name


# Who may send, and who may ask


def test_without_a_password_a_token_makes_its_project_on_first_use(embedded: Collector) -> None:
    token = f"phc_{uuid4().hex}"
    assert token not in embedded.get("/api/projects").body.decode()
    with ThreadPoolExecutor(8) as many:
        project = embedded.project(token)
        answers = list(many.map(project.send, [event(f"anon-{n}") for n in range(8)]))
    assert {answer.status for answer in answers} == {200}
    found = [one for one in embedded.get("/api/projects").json if token in one["tokens"]]
    assert [(one["name"], one["tokens"]) for one in found] == [(token, [token])]
    assert len(project.events()) == 8


def test_with_a_password_tokens_are_made_by_hand_and_the_api_asks_for_it(
    new_collector: Callable[..., Collector],
) -> None:
    collector = new_collector(password="correct horse")
    stopped = collector.run("token", "create", "a program")
    assert stopped.returncode == 0, stopped
    with collector:
        running = collector.run("token", "create", "another", "--url", collector.url)
        again = collector.run("token", "create", "a program", "--url", collector.url)
        tokens = [made.stdout.decode().strip() for made in (stopped, running, again)]
        assert len({*tokens}) == 3
        for number, token in enumerate(tokens):
            project = collector.project(token)
            assert project.send(event(f"anon-{number}")).status == 200
        assert len(collector.project(tokens[0]).events()) == 2
        assert len(collector.get("/api/events", project="another").json["events"]) == 1
        unknown = collector.project().send(event("anon-1"))
        assert (unknown.status, is_plain(unknown)) == (401, True)
        words = ("Bearer é", "Basic correct horse", "correct horse")
        paths = [("/api/projects", said) for said in words]
        for path, said in (*paths, ("/api/events", "Bearer wrong"), ("/metrics", "Bearer wrong")):
            answer = collector.request("GET", path, Authorization=said)
            assert (answer.status, sorted(answer.json)) == (401, ["error"]), (said, path)
        named = collector.request("GET", "/api/projects", Host="collector.example")
        assert [one["name"] for one in named.json] == ["a program", "another"]
        refused = collector.run("token", "create", "x", "--url", collector.url, "--password", "no")
        assert refused.returncode == 1
        assert b"another password" in refused.stderr


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project with an event, in a collector that asks for no password."""
    with Collector(tmp_path_factory.mktemp("open"), open=True) as collector:
        project = collector.project()
        project.capture(event("anon-1"))
        yield project


@pytest.mark.parametrize("path", ["/api/projects", "/api/events", "/metrics", "/api/export"])
def test_without_a_password_the_api_answers_to_names_of_this_machine_only(
    open_to_all: Project, path: str
) -> None:
    project = open_to_all
    ours = f"{path}?project={project.token}" if path in ("/api/events", "/api/export") else path
    for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:8600"):
        assert project.collector.request("GET", ours, Host=host).status == 200, host
    strange = (
        *("evil.example", "evil.example:8600", "127.0.0.1.evil.example", "localhost.evil.example"),
        *("0.0.0.0", "10.0.0.1", "[::2]", "localhost@evil.example", "127.0.0.1:x"),
        *("", ":", "[", "a b"),
    )
    for host in strange:
        answer = project.collector.request("GET", ours, Host=host)
        assert (answer.status, sorted(answer.json)) == (400, ["error"]), host


# Once


def test_the_same_event_is_stored_once_in_one_request_and_over_many(collector: Collector) -> None:
    project = collector.project()
    first, second = event("anon-1", "first"), event("anon-1", "second")
    project.send(first, {**first, "properties": {"other": 1}}, second)
    project.send({**second, "timestamp": "2026-05-04T11:00:00Z"}, first)
    with ThreadPoolExecutor(8) as many:
        third = event("anon-1", "third")
        answers = list(many.map(lambda _: project.send(third, second), range(8)))
    assert {answer.status for answer in answers} == {200}
    assert [found["event"] for found in project.events()] == ["first", "second", "third"]


def test_the_same_uuid_in_two_projects_is_two_events(collector: Collector) -> None:
    sent = event("anon-1")
    projects = [collector.project(), collector.project()]
    for project in projects:
        project.capture(sent)
        project.capture(sent)
    for project in projects:
        assert [found["uuid"] for found in project.events()] == [sent["uuid"]]
