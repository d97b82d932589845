"""posthog-js, as it is published, in a real browser; and what a page of another origin can do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from usagekit_collector.web.api import OPERATIONS

from tests.support.clients import modules, visit
from tests.support.collector import Collector, Project, event

NewCollector = Callable[..., Collector]
# Before and after it reads its configuration from the server, and says when it sends in the body.
VERSIONS = ["posthog-js", "posthog-js-1.379", "posthog-js-1.200", "posthog-js-1.100"]
# A page that has posthog-js of its own, and one that loads it from the collector. What it calls
# before it is there, it finds in a list.
OWN = """
<!doctype html><link rel="icon" href="data:,">
<script src="/{package}/dist/array.js"></script>
<script>posthog.init("{token}", {options})</script>
"""
SNIPPET = """
<!doctype html><link rel="icon" href="data:,">
<script>
  var posthog = (window.posthog = []);
  posthog._i = [["{token}", {options}, "posthog"]];
  posthog.__SV = 1;
  posthog.people = [];
  posthog.push(["capture", "early"]);
</script>
<script async src="{host}/static/array.js"></script>
"""
# All of these, in the ways in which a page may: asking first, and as a form would.
ATTACK = """
Promise.all(%s.flatMap(([method, path]) => ["cors", "no-cors"].map(async (mode) => {
    const asks = mode === "cors";
    const said = {name: "theirs", api_key: "phc_theirs", event: "theirs", distinct_id: "theirs"};
    try {
        const answer = await fetch(%s + path, {
            mode,
            method: asks || method === "GET" ? method : "POST",
            headers: {"Content-Type": asks ? "application/json" : "text/plain"},
            body: method === "GET" ? undefined : JSON.stringify(said),
            credentials: "include",
        });
        return [path, mode, answer.status, await answer.text()];
    } catch (error) {
        return [path, mode, "refused"];
    }
})))
"""
WAIT = "new Promise((done) => setTimeout(done, {}))"
# Until posthog-js is there, and has sent what it has.
LOADED = """
new Promise((done) => {
    const look = () => (posthog.__loaded ? done() : setTimeout(look, 20));
    look();
})
"""
SENT = WAIT.format(800)


class Site(BaseHTTPRequestHandler):
    """Pages of another origin than the collector's, and the packages for Node."""

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/page":
            said = {name: values[0] for name, values in query.items()}
            options = {"api_host": said["host"], "opt_out_useragent_filter": True}
            page = SNIPPET if said["package"] == "snippet" else OWN
            kind, body = "text/html", page.format(**said, options=json.dumps(options)).encode()
        else:
            kind, body = "text/javascript", (modules() / path.lstrip("/")).read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def page(site: str, package: str, project: Project, *steps: str, error: int = 0) -> dict[str, Any]:
    """A visit to a page that tracks, by this package."""
    query = f"package={package}&host={project.collector.url}&token={project.token}"
    return {"url": f"{site}/page?{query}", "steps": [LOADED, *steps], "error": error}


def made(collector: Collector) -> Project:
    """A project that is there, into which pages may send."""
    project = collector.project()
    project.capture(event("nobody"))
    return project


def sent(project: Project, name: str) -> list[dict[str, Any]]:
    return [one for one in project.events() if one["event"] == name]


@pytest.mark.parametrize(
    "versions", [VERSIONS[:2], pytest.param(VERSIONS[2:], marks=pytest.mark.torture)], ids=str
)
def test_posthog_js_sends_what_a_page_does_and_its_console_is_empty(
    embedded: Collector, site: str, versions: list[str]
) -> None:
    projects = {package: made(embedded) for package in versions}
    steps = [
        "posthog.capture('said', {number: 7, text: 'grüße'})",
        "posthog.get_distinct_id()",
        "posthog.identify('ada', {plan: 'pro'})",
        SENT,
        "posthog.reset()",
        "posthog.capture('after the reset')",
        "posthog.opt_out_capturing()",
        "posthog.capture('after the opt-out')",
        SENT,
    ]
    visits = visit(*(page(site, package, projects[package], *steps) for package in versions))
    for package, seen in zip(versions, visits, strict=True):
        project = projects[package]
        assert seen["said"] == [], package
        assert [one for one in seen["asked"] if one[2] not in (200, 204)] == [], package
        (said,) = sent(project, "said")
        assert (said["properties"]["number"], said["properties"]["text"]) == (7, "grüße")
        assert said["distinct_id"] == seen["returned"][2]
        assert sent(project, "$pageview"), package
        person = project.person("ada")
        assert person is not None
        assert (person["is_identified"], person["properties"]["plan"]) == (True, "pro")
        assert set(person["distinct_ids"]) == {"ada", said["distinct_id"]}
        (after,) = sent(project, "after the reset")
        assert after["distinct_id"] not in person["distinct_ids"]
        assert sent(project, "after the opt-out") == []


@pytest.mark.torture
def test_what_is_sent_as_a_page_is_left_arrives(embedded: Collector, site: str) -> None:
    project = made(embedded)
    (seen,) = visit(page(site, VERSIONS[0], project, SENT, "posthog.capture('at the end')"))
    assert seen["said"] == []
    assert len(sent(project, "at the end")) == len(sent(project, "$pageleave")) == 1


@pytest.mark.torture
def test_a_wrong_clock_tears_no_visit_apart(embedded: Collector, site: str) -> None:
    hours = 5 * 3600 * 1000
    projects = {package: made(embedded) for package in VERSIONS}
    steps = ["posthog.capture('said')", SENT]
    visit(*(page(site, one, project, *steps, error=-hours) for one, project in projects.items()))
    for package, project in projects.items():
        for one in (*sent(project, "$pageview"), *sent(project, "said")):
            when = datetime.fromisoformat(one["timestamp"].replace("Z", "+00:00"))
            apart = datetime.now(timezone.utc) - when
            assert timedelta(0) < apart < timedelta(minutes=2), (package, one["event"])


# Scripts that the collector serves


@pytest.mark.torture
def test_a_page_may_load_posthog_js_from_the_collector(
    new_collector: NewCollector, site: str
) -> None:
    with new_collector(posthog_js=modules() / "posthog-js") as collector:
        project = made(collector)
        (seen,) = visit(page(site, "snippet", project, "posthog.capture('said')", SENT))
        assert seen["said"] == []
        assert len(sent(project, "said")) == 1
        answer = collector.get("/static/array.js")
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "public, max-age=300"
        version = json.loads((modules() / "posthog-js/package.json").read_bytes())["version"]
        assert collector.get(f"/static/{version}/surveys.js").status == 200
        other = collector.get("/static/1.0.0/surveys.js")
        assert (other.status, version in other.body.decode()) == (404, True)


def test_nothing_else_of_the_package_is_served_nor_what_is_beside_it(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    package = tmp_path / "posthog-js"
    (package / "dist").mkdir(parents=True)
    (package / "dist/array.js").write_text("array")
    (package / "package.json").write_text("{")
    (tmp_path / "secret.js").write_text("made-up-secret")
    (package / "dist/linked.js").symlink_to(tmp_path / "secret.js")
    (package / "dist/folder.js").mkdir()
    with new_collector(posthog_js=package) as collector:
        assert collector.get("/static/array.js").body == b"array"
        for name in (
            *("linked.js", "folder.js", "none.js", "array.js.map", "../package.json", ".js"),
            *("..%2F..%2Fsecret.js", "..%5csecret.js", "%2e%2e/secret.js", "array.js%00.js"),
            *("1.0/array.js", f"{tmp_path}/secret.js", "%2Fetc%2Fpasswd"),
        ):
            answer = collector.get(f"/static/{name}")
            assert (answer.status, b"secret" in answer.body) == (404, False), name


def test_without_the_package_it_says_what_to_do(
    embedded: Collector, new_collector: NewCollector, tmp_path: Path
) -> None:
    answer = embedded.request("GET", "/static/array.js", Origin="https://a.example")
    assert answer.status == 404
    assert b"npm install posthog-js" in answer.body
    assert b"--posthog-js" in answer.body
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    collector = new_collector()
    ran = collector.run("serve", "--posthog-js", str(tmp_path))
    assert (ran.returncode, b"is no posthog-js" in ran.stderr) == (1, True)


@pytest.mark.parametrize("name", ["surveys", "early_access_features", "web_experiments"])
def test_of_what_there_is_not_there_is_nothing(embedded: Collector, name: str) -> None:
    for path in (f"/api/{name}", f"/api/{name}/?token=phc_1"):
        answer = embedded.request("GET", path, Origin="https://a.example", Authorization="")
        assert (answer.status, list(answer.json.values())) == (200, [[]])
        assert answer.headers["access-control-allow-origin"] == "https://a.example"


# A page that means harm


def test_a_page_of_another_origin_reads_and_changes_nothing_in_a_real_browser(
    new_collector: NewCollector, site: str
) -> None:
    with new_collector(open=True) as collector:
        project = made(collector)
        before = collector.get("/api/projects").json, project.events()
        tries = [
            [one.method, one.path.format(distinct_id="nobody", project=project.token, token="x")]
            for one in OPERATIONS
        ]
        tries += [["GET", "/metrics"], ["POST", "/e/"]]
        attack = ATTACK % (json.dumps(tries), json.dumps(collector.url))
        (seen,) = visit({"url": f"{site}/posthog-js/package.json", "steps": [attack]})
        for path, mode, status, *text in seen["returned"][0]:
            if path == "/e/" and mode == "cors":
                # It may be told that there is no such project.
                assert status == 401
            else:
                assert (status, text) in (("refused", []), (0, [""])), (path, mode)
        assert (collector.get("/api/projects").json, project.events()) == before
