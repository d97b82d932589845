"""Who may ask the API, and who may make a project: neither another user of the machine, nor a page
of another origin."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from usagekit_collector.web.api import OPERATIONS

from tests.support.collector import Answer, Collector, Project, event

NewCollector = Callable[..., Collector]
BY_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
# How a browser says whose page sends a request; the page is not ours.
FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"},
]
# Another user of the machine, who tries all files of a store and all operations of its collector;
# and prints what was refused, or that it was not.
NEIGHBOUR = """
import encodings.idna, http.client, json, os, pathlib, sys
from urllib.parse import urlsplit
os.setgroups([])
os.setgid(54321)
os.setuid(54321)
store = pathlib.Path(sys.argv[1])
for step in (
    lambda: list(store.iterdir()),
    lambda: (store / "authorization").read_text(),
    lambda: (store / "collector.lock").read_text(),
    lambda: (store / "mine").write_text("x"),
):
    try:
        step()
        print("could")
    except PermissionError:
        print("refused")
for url, method, path in json.loads(sys.argv[2]):
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    path = path.format(distinct_id="ada", project="phc_made_up", token="phc_made_up")
    body = '{"name": "theirs"}' if method in ("POST", "PATCH") else None
    connection.request(method, path, body, {"Content-Type": "application/json"})
    print(connection.getresponse().status)
"""
# A page of a name that its owner has had point here.
REBOUND = {
    "Origin": "http://evil.example:8600",
    "Host": "evil.example:8600",
    "Sec-Fetch-Site": "same-origin",
}
BODIES: dict[str, Any] = {
    "POST /api/tokens": {"name": "theirs"},
    "PATCH /api/projects/{project}": {"name": "theirs"},
}


@pytest.fixture(scope="module", params=["open", "guarded"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collector]:
    """With what its user has stored."""
    is_open = request.param == "open"
    with Collector(tmp_path_factory.mktemp(request.param), open=is_open) as collector:
        collector.project("phc_made_up").capture(event("ada"), event("bob"))
        yield collector


def each_operation(collector: Collector, headers: dict[str, str]) -> dict[str, Answer]:
    """What all operations answer to a request with these headers, as its page would send it."""
    answers = {}
    for one in OPERATIONS:
        path = one.path.format(distinct_id="ada", project="phc_made_up", token="phc_made_up")
        query = "?project=phc_made_up" if "{project}" not in path else ""
        body = BODIES.get(f"{one.method} {one.path}")
        said = None if body is None else json.dumps(body).encode()
        name = f"{one.method} {one.path}"
        answers[name] = collector.request(one.method, path + query, said, **headers)
    answers["GET /metrics"] = collector.request("GET", "/metrics", None, **headers)
    return answers


def content(collector: Collector) -> Any:
    """All that may be read."""
    return [
        collector.get("/api/projects").json,
        collector.project("phc_made_up").events(),
        collector.project("phc_made_up").person("ada"),
    ]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_origin_reads_and_changes_nothing(
    running: Collector, headers: dict[str, str]
) -> None:
    before = content(running)
    # Even if it knew the password.
    for name, answer in each_operation(running, headers).items():
        assert (answer.status, list(answer.json)) == (403, ["error"]), name
        assert "access-control-allow-origin" not in answer.headers
    assert content(running) == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_changes_something_says_that_it_is_json(running: Collector, kind: str) -> None:
    # Else a page may send it without having asked, by a browser that says nothing of origins.
    before = content(running)
    body = json.dumps({"name": "theirs"}).encode()
    for method, path in (("POST", "/api/tokens"), ("PATCH", "/api/projects/phc_made_up")):
        answer = running.request(method, path, body, content_type=kind)
        assert (answer.status, "application/json" in answer.json["error"]) == (415, True)
    assert content(running) == before


def test_our_own_page_may_ask(running: Collector) -> None:
    host = urlsplit(running.url).netloc
    for headers in (
        {"Origin": running.url, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        # A proxy speaks TLS with the page.
        {"Origin": f"https://{host}", "Host": host},
    ):
        assert running.request("GET", "/api/projects", None, **headers).status == 200, headers


@pytest.mark.parametrize(
    "headers", [*FOREIGN, {"Referer": "https://evil.example/page"}, REBOUND], ids=str
)
def test_a_page_of_another_origin_sends_into_projects_that_are_there_and_makes_none(
    running: Collector, headers: dict[str, str]
) -> None:
    count = len(running.project("phc_made_up").events())
    for token, status in (("phc_of_nobody", 401), ("phc_made_up", 200)):
        body = json.dumps({"api_key": token, "batch": [event("page")]}).encode()
        answer = running.request("POST", "/e/", body, content_type="text/plain", **headers)
        assert answer.status == status, answer
    assert len(running.project("phc_made_up").events()) == count + 1
    v1 = json.dumps({"created_at": "2026-03-01T12:00:00Z", "batch": []}).encode()
    answer = running.request(
        "POST", "/i/v1/analytics/events", v1, Authorization="Bearer phc_of_nobody", **headers
    )
    assert answer.status != 200
    assert len(running.get("/api/projects").json) == 1


def test_pages_of_an_allowed_origin_make_a_project(new_collector: NewCollector) -> None:
    allowed = "http://localhost:3000, https://app.example/"
    with new_collector(allow_origin=allowed) as collector:
        for number, (origin, status) in enumerate(
            [
                ("http://localhost:3000", 200),
                ("https://app.example", 200),
                ("https://app.example.evil.example", 401),
                ("http://localhost:30000", 401),
            ]
        ):
            body = json.dumps({"api_key": f"phc_{number}", "batch": [event("page")]}).encode()
            sent = collector.request("POST", "/e/", body, Origin=origin)
            assert sent.status == status, origin
        # Nor may they read.
        assert collector.request("GET", "/api/projects", Origin="https://app.example").status == 403


# The password


def test_the_first_start_makes_a_password_that_its_users_commands_find(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    with collector:
        file = collector.folder / "store" / "authorization"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        line = file.read_text()
        assert re.fullmatch(r"Authorization: Bearer [\w-]{43}\n", line)
        collector.project("phc_made_up").capture(event("ada"))
        nobody = collector.request("GET", "/api/projects", Authorization="")
        assert (nobody.status, str(file) in nobody.json["error"]) == (401, True)
        asked = ["curl", "-s", "-H", f"@{file}", f"{collector.url}/api/projects"]
        assert b"phc_made_up" in subprocess.run(asked, capture_output=True, check=True).stdout
        for words in (["project", "list"], ["export"], ["token", "create", "acme"]):
            ran = collector.run(*words, "--url", collector.url)
            assert ran.returncode == 0, ran.stderr
        named = collector.url.replace("127.0.0.1", "localhost")
        assert collector.run("project", "list", "--url", named).returncode == 0
    with collector:
        assert file.read_text() == line


def test_a_store_on_a_server_has_its_password_beside_the_folder_of_an_embedded_one(
    server: Collector,
) -> None:
    file = server.folder / ".local/share/usagekit-collector.server/authorization"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert server.request("GET", "/api/projects", Authorization="").status == 401
    assert server.run("project", "list", "--url", server.url).returncode == 0


def test_the_password_is_said_to_nobody_but_the_collector_that_has_the_store(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    with collector:
        pass
    # It has ended: its port is anybody's.
    port = urlsplit(collector.url).port or 0
    with socket.create_server(("127.0.0.1", port)) as neighbour, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(collector.run, "project", "list", "--url", collector.url)
        connection, _ = neighbour.accept()
        with connection:
            said = connection.recv(65_536)
        assert asked.result().returncode == 1
    assert said.startswith(b"GET /api/projects ")
    assert b"authorization" not in said.lower()


@BY_ROOT
def test_another_user_of_the_machine_reads_and_changes_nothing(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    collector = new_collector()
    with collector:
        collector.project("phc_made_up").capture(event("ada"))
        before = content(collector)
        # The folders above it may be entered, as those of a home may.
        for one in [collector.folder, *collector.folder.parents]:
            if one != Path("/") and not one.stat().st_mode & 0o001:
                one.chmod(one.stat().st_mode | 0o001)
        told = [(collector.url, one.method, one.path) for one in OPERATIONS]
        words = [str(collector.folder / "store"), json.dumps(told)]
        command = [sys.executable, "-I", "-c", NEIGHBOUR, *words]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert ran.stdout.split() == ["refused"] * 4 + ["401"] * len(OPERATIONS), ran
        assert content(collector) == before


def test_a_wrong_password_is_told_counted_and_slowed_down_and_the_right_one_is_not(
    running: Collector,
) -> None:
    if running.is_open:
        pytest.skip("it asks for none")

    def guess(number: int) -> int:
        return running.request("GET", "/api/projects", Authorization=f"Bearer {number}").status

    def wrong() -> float:
        found = re.search(rb"wrong_passwords_total ([\d.]+)", running.get("/metrics").body)
        assert found
        return float(found[1])

    before = wrong()
    with ThreadPoolExecutor(4) as many:
        began = time.monotonic()
        guesses = [many.submit(guess, number) for number in range(4)]
        # Meanwhile whoever knows it waits for nobody.
        assert running.get("/api/projects").status == 200
        own = time.monotonic() - began
        statuses = [one.result() for one in guesses]
        all_of_them = time.monotonic() - began
    assert statuses == [401] * 4
    assert own < all_of_them / 2
    assert wrong() - before == 4
    assert "a wrong password from 127.0.0.1" in running.log.read_text()


# Every request, every answer


def test_a_request_of_two_lengths_is_refused_and_its_connection_closed(
    running: Collector,
) -> None:
    address = urlsplit(running.url)
    smuggled = b"0\r\n\r\nGET /_health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for path in (b"/batch/", b"/api/tokens", b"/_health"):
        with socket.create_connection((address.hostname, address.port or 0), 60) as wire:
            wire.sendall(
                b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n%b" % (path, len(smuggled), smuggled)
            )
            answers = b""
            while piece := wire.recv(65_536):
                answers += piece
        assert answers.startswith(b"HTTP/1.1 400 "), answers
        assert answers.count(b"HTTP/1.1") == 1
    assert "what came is no HTTP" in running.log.read_text()


def test_probes_are_answered_to_anybody(running: Collector) -> None:
    for path in ("/_health", "/_readiness", "/_liveness"):
        answer = running.request("GET", path, Authorization="", Host="10.0.0.7:8600")
        assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_what_is_no_http_is_refused_the_same_way_and_said_once(running: Collector) -> None:
    address = urlsplit(running.url)
    for _ in range(5):
        with socket.create_connection((address.hostname, address.port or 0), 60) as wire:
            wire.sendall(b"no HTTP at all\r\n\r\n")
            answer = wire.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"x-content-type-options: nosniff" in answer.lower()
        assert b"cache-control: no-store" in answer.lower()
    assert running.log.read_text().count("what came is no HTTP") == 1


def test_what_is_refused_is_counted(running: Collector) -> None:
    def refused() -> dict[bytes, float]:
        text = running.get("/metrics").body
        found = re.findall(rb'refused_total{status="(\d+)"} ([\d.]+)', text)
        return {status: float(count) for status, count in found}

    before = refused()
    each_operation(running, {"Origin": "null"})
    running.request("POST", "/api/tokens", b"{}", content_type="text/plain")
    after = refused()
    assert after[b"403"] - before.get(b"403", 0) == len(OPERATIONS) + 1
    assert after[b"415"] - before.get(b"415", 0) == 1


def test_every_answer_says_how_it_is_to_be_taken(running: Collector) -> None:
    project = Project(running, "phc_made_up")
    for answer in (
        *(running.get(path) for path in ("/", "/_health", "/openapi.json", "/metrics", "/none")),
        running.request("GET", "/api/projects", Authorization="Bearer x"),
        running.request("POST", "/batch/", b"{"),
        running.request("OPTIONS", "/e/", Origin="https://a.example"),
        running.request("PUT", "/api/events"),
        project.send(event("ada")),
        running.get("/api/export", project="phc_made_up"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff", answer
        assert answer.headers["cache-control"] == "no-store", answer
