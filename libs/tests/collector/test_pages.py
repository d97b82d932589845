"""Pages: each number is what the exported events give; and what strangers sent stays text."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.pages.issue import issue
from usagekit_collector.pages.render import static
from usagekit_collector.pages.terminal import view_of
from usagekit_collector.queries.error_groups import ErrorGroup, id_of
from usagekit_collector.queries.seen import Wish
from usagekit_collector.settings import Settings, SettingsError

from tests.support.collector import Answer, Collector, Project, event
from tests.support.pages import Page

FORGE = "https://forge.example/acme/{project}/issues/new?title={title}&body={body}"
DAYS = 90
ZONE = ZoneInfo("America/St_Johns")
RUNS = ("CLI execution succeeded", "CLI execution failed")
PATHS = ("/", "/errors", "/releases", "/commands", "/support", "/journeys", "/data", "/live")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    '=HYPERLINK("http://evil.example")',
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "\N{DUCK}" * 40,
    "x" * 150,
    "{{ 7 * 7 }}{% raw %}",
    "../../etc/passwd",
    "a/b?c=d&e#f",
    "javascript:alert(1)",
]


@pytest.fixture(scope="module")
def exported(filled: Project) -> list[dict[str, Any]]:
    """All events, as the export has them."""
    answer = filled.collector.get("/api/export", project=filled.token)
    found = [json.loads(line) for line in answer.body.splitlines()]
    for one in found:
        one["timestamp"] = datetime.fromisoformat(one["timestamp"].replace("Z", "+00:00"))
    return found


def opened(target: Project | Collector, path: str, **query: Any) -> Page:
    answer = asked(target, path, **query)
    assert answer.status == 200, answer
    return Page(answer.body.decode())


def asked(target: Project | Collector, path: str, **query: Any) -> Answer:
    collector = target.collector if isinstance(target, Project) else target
    if isinstance(target, Project):
        query = {"project": target.token, **query}
    path += "?" + "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    return collector.request("GET", path, Accept="text/html")


class Model:
    """What the exported events give, plainly."""

    def __init__(self, events: list[dict[str, Any]], days: int, audience: str = "people") -> None:
        self.today = datetime.now(ZONE).date()
        self.first = self.today - timedelta(days=days - 1)
        self.all = [one for one in events if one["event"] in RUNS]
        self.came: dict[str, datetime] = {}
        for one in events:
            if not one["event"].startswith("$"):
                person = one["person_id"]
                self.came[person] = min(self.came.get(person, one["timestamp"]), one["timestamp"])
        self.runs = [
            one
            for one in self.all
            if self.first <= day_of(one) <= self.today and audience in ("all", audience_of(one))
        ]

    def of(self, **wanted: str) -> list[dict[str, Any]]:
        return [
            one
            for one in self.runs
            if all(one["properties"].get(key) == value for key, value in wanted.items())
        ]


def day_of(one: dict[str, Any]) -> date:
    found: date = one["timestamp"].astimezone(ZONE).date()
    return found


def audience_of(one: dict[str, Any]) -> str:
    if one["properties"].get("agent"):
        return "agents"
    return "ci" if one["properties"].get("ci") else "people"


def persons(runs: Iterable[dict[str, Any]]) -> int:
    return len({one["person_id"] for one in runs})


def failures(runs: Iterable[dict[str, Any]]) -> int:
    return sum(one["event"] == RUNS[1] for one in runs)


def p(share: float, runs: Iterable[dict[str, Any]]) -> float:
    return float(np.quantile([one["properties"]["duration"] for one in runs], share))


def by(name: str, runs: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for one in runs:
        found[one["properties"].get(name, "")].append(one)
    return found


def share(runs: list[dict[str, Any]]) -> Any:
    return pytest.approx(failures(runs) / len(runs)) if len(runs) >= 20 else None


@pytest.mark.parametrize(
    ("days", "audience"), [(7, "people"), (90, "all"), (90, "ci"), (7, "agents")]
)
def test_every_number_of_the_overview_is_what_the_export_gives(
    filled: Project, exported: list[dict[str, Any]], days: int, audience: str
) -> None:
    model = Model(exported, days, audience)
    page = opened(filled, "/", range=days, tz=ZONE.key, audience=audience)
    runs = model.runs
    present = {one["person_id"] for one in runs}
    assert page.tiles == {
        "Persons": persons(runs),
        "Runs": len(runs),
        "Success rate": pytest.approx(1 - failures(runs) / len(runs)),
        "p95": pytest.approx(p(0.95, runs)),
        "New persons": sum(
            model.came[one].astimezone(ZONE).date() >= model.first for one in present
        ),
    }
    days_of = defaultdict(list)
    for one in runs:
        days_of[day_of(one).isoformat()].append(one)
    listed = page.tables["Activity"]
    assert [row["Day"] for row in listed] == [
        (model.first + timedelta(days=nth)).isoformat() for nth in range(days)
    ]
    for row in listed:
        own = days_of[row["Day"]]
        assert (row["persons"], row["runs"], row["failures"]) == (
            persons(own),
            len(own),
            failures(own),
        )
    commands = by("command_name", runs)
    assert {row["Command"] for row in page.tables["Commands"]} == set(commands)
    check_use(page.tables["Commands"], "Command", commands)
    everybody = defaultdict(list)
    for one in Model(exported, days, "all").runs:
        everybody[audience_of(one)].append(one)
    names = {"people at a keyboard": "people", "CI": "ci", "AI agents": "agents"}
    total = sum(map(len, everybody.values()))
    for row in page.tables["Who runs it"]:
        own = everybody[names[row["Audience"]]]
        assert (row["Persons"], row["Runs"]) == (persons(own), len(own))
        assert row["Of all runs"] == pytest.approx(len(own) / total)


@pytest.mark.parametrize("audience", ["all", "people", "ci"])
def test_the_time_before_is_counted_as_if_it_had_been_asked_for(
    filled: Project, exported: list[dict[str, Any]], audience: str
) -> None:
    middle = datetime.combine(datetime.now(ZONE).date() - timedelta(days=20), datetime.min.time())
    middle = middle.replace(tzinfo=timezone.utc)
    length = timedelta(days=25)
    edges = [middle - length, middle, middle + length]
    said = {"audience": audience, "start": edges[1].isoformat(), "end": edges[2].isoformat()}
    now, before = filled.get("/api/insights/totals", **said, compare="previous")
    said |= {"start": edges[0].isoformat(), "end": edges[1].isoformat()}
    assert filled.get("/api/insights/totals", **said) == [before]
    model = Model(exported, DAYS, audience)
    for found, start, end in zip((before, now), edges, edges[1:], strict=False):
        runs = [one for one in model.all if start <= one["timestamp"] < end]
        own = [one for one in runs if audience in ("all", audience_of(one))]
        present = {one["person_id"] for one in own}
        assert found["newcomers"] == sum(start <= model.came[one] < end for one in present)
        assert (found["count"], found["persons"]) == (len(own), len(present))


def test_whom_an_alias_makes_one_is_no_newcomer_of_the_later_time(embedded: Collector) -> None:
    project = embedded.project()
    now = datetime.now(timezone.utc)

    def told() -> list[tuple[int, int]]:
        said = {"start": (now - timedelta(days=25)).isoformat(), "end": now.isoformat()}
        found = project.get("/api/insights/totals", **said, compare="previous")
        return [(one["newcomers"], one["persons"]) for one in found]

    for name, days in (("anon-early", 40), ("late", 10)):
        when = (now - timedelta(days=days)).isoformat()
        project.send(event(name, command_name="one", timestamp=when))
    assert told() == [(1, 1), (1, 1)]
    project.send(event("late", "$create_alias", alias="anon-early"))
    assert told() == [(0, 1), (1, 1)]


def check_use(rows: list[dict[str, Any]], name: str, known: dict[str, Any]) -> None:
    assert rows
    for row in rows:
        own = known[row[name] if not row[name].startswith("(") else ""]
        assert (row["Persons"], row["Runs"]) == (persons(own), len(own)), row
        assert row["Fails"] == share(own)
        assert row["p95"] == pytest.approx(p(0.95, own))
        if "p50" in row:
            assert row["p50"] == pytest.approx(p(0.5, own))


def test_every_number_of_the_errors_is_what_the_export_gives(
    filled: Project, exported: list[dict[str, Any]]
) -> None:
    model = Model(exported, 30)
    groups: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    ever: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for runs, into in ((model.runs, groups), (model.all, ever)):
        for one in runs:
            said = one["properties"]
            if one["event"] == RUNS[1]:
                key = said.get("error_type", ""), said["failure_kind"], said["command_name"]
                into[key].append(one)
    page = opened(filled, "/errors", range=30, tz=ZONE.key)
    rows = page.tables["Errors"]
    assert len(rows) == len(groups)
    links = [urlsplit(one).path for one in page.links if one.startswith("/errors/")]
    for row, link in zip(rows, links, strict=True):
        key = next(one for one in groups if link == f"/errors/{id_of(*one)}")
        own = groups[key]
        assert (row["Error"], row["Command"]) == (key[0] or key[1], key[2])
        assert (row["Persons"], row["Times"]) == (persons(own), len(own))
        last = max(one["timestamp"] for one in ever[key])
        assert row["Last seen"] == f"{last.astimezone(timezone.utc):%Y-%m-%d %H:%M}"
        inner = opened(filled, link, range=30, tz=ZONE.key)
        check_use(inner.tables["By version"], "Version", by("cli_version", own))
        check_use(inner.tables["By system"], "System", by("os_type", own))
        check_use(inner.tables["By python"], "Python", by("python_version", own))
        said = by("error_message", own)
        assert {
            row["Message"]: (row["Times"], row["Persons"]) for row in inner.tables["What they say"]
        } == {name or "(nothing)": (len(some), persons(some)) for name, some in said.items()}
        assert sum(row["persons"] for row in inner.tables["When"]) == sum(
            persons([one for one in own if day_of(one) == day]) for day in map(day_of, unique(own))
        )


def unique(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({day_of(one): one for one in runs}.values())


def test_an_issue_is_written_down_and_says_nothing_private(
    new_collector: Callable[..., Collector],
) -> None:
    said = {"command_name": "deploy\n@everybody <img src=x>", "cli_version": "`1.0`"}
    failed = event("anon-1", RUNS[1], error_type="KeyError", failure_kind="exception", **said)
    failed["properties"]["error_message"] = "a-private-word"
    for place in ("", FORGE):
        with new_collector(open=True, issues_url=place) as collector:
            project = collector.project()
            project.send(failed)
            (group,) = project.get("/api/insights/errors")
            page = opened(project, f"/errors/{group['id']}")
            assert [row["Message"] for row in page.tables["What they say"]] == ["a-private-word"]
            links = [one for one in page.links if one.startswith("https:")]
            if not place:
                assert links == []
                continue
            parts = urlsplit(links[0])
            assert (parts.hostname, unquote(parts.path)) == (
                "forge.example",
                f"/acme/{project.token}/issues/new",
            )
            asked_for = parse_qs(parts.query)
            assert asked_for["title"] == ["KeyError in deploy @everybody <img src=x>"]
            (text,) = asked_for["body"]
            assert "a-private-word" not in text
            for line in text.splitlines()[2:]:
                assert line == "" or line.startswith("    "), text
            assert group["id"] in text
            assert len(links[0]) < 8_000


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)//{title}{body}", "https://a.example/{title}", "{title}{body}"]
)
def test_what_opens_no_issue_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="issues_url"):
        Settings(issues_url=url).check()


def test_an_error_is_known_by_the_same_id_in_every_store(project: Project) -> None:
    said = {"error_type": "KeyError", "failure_kind": "exception", "command_name": "deploy"}
    project.send(event("anon-1", RUNS[1], cli_version="1.0", **said))
    assert [one["id"] for one in project.get("/api/insights/errors")] == ["f152476e7c"]


def test_the_page_of_data_says_what_there_is(
    filled: Project, exported: list[dict[str, Any]]
) -> None:
    page = opened(filled, "/data", range=7, tz=ZONE.key)
    arrived = page.tables["How much arrives"]
    assert len(arrived) == 7
    assert sum(row["events"] for row in arrived) == len(exported)
    assert [row["Token"] for row in page.tables["Tokens"]] == [filled.token]
    store = {row["What"]: row["Is"] for row in page.tables["The store"]}
    assert store["kept"] == "for ever"
    assert int(store["events of all projects"].replace("\u202f", "")) == len(exported)
    (known,) = filled.get("/api/insights/stored")
    assert known["events"] == len(exported)
    free = shutil.disk_usage(filled.collector.folder).free
    assert known["free_bytes"] == pytest.approx(free, rel=0.05)
    assert 0 < known["bytes"] < 10**9
    last = datetime.fromisoformat(known["last_arrived"].replace("Z", "+00:00"))
    text = asked(filled, "/").body.decode()
    assert f"The last event came at {last:%Y-%m-%d %H:%M} UTC." in text


def test_an_error_that_went_is_gone_and_one_that_returned_is_back(filled: Project) -> None:
    rows = opened(filled, "/errors", range=90, audience="all").tables["Errors"]
    states = {(row["Error"], row["Command"]): row["State"] for row in rows}
    assert states["KeyError", "deploy"] == "gone since 1.2.1"
    assert states["BuildError", "build"] in ("open", "new")
    groups = filled.get("/api/insights/errors")
    life = {(one["error_type"], one["command"]): one["state"] for one in groups}
    assert life["TimeoutError", "deploy"] == "back"


def test_every_number_of_the_releases_is_what_the_export_gives(
    filled: Project, exported: list[dict[str, Any]]
) -> None:
    model = Model(exported, 90)
    page = opened(filled, "/releases", range=90, tz=ZONE.key)
    known = by("cli_version", model.runs)
    rows = page.tables["Releases"]
    assert [row["Version"] for row in rows] == ["1.3.0", "1.2.1", "1.2.0", "1.1.0", "1.0.0"]
    for row in rows:
        own = known[row["Version"]]
        assert (row["Persons"], row["Runs"]) == (persons(own), len(own))
        assert row["Fails"] == share(own)
        firsts: dict[str, datetime] = {}
        for one in model.all:
            if one["properties"]["cli_version"] == row["Version"]:
                person = one["person_id"]
                firsts[person] = min(firsts.get(person, one["timestamp"]), one["timestamp"])
        third = sorted(firsts.values())[2].astimezone(timezone.utc)
        assert row["Release"] == f"released {third:%Y-%m-%d}"
    last = {one["person_id"]: one for one in sorted(model.runs, key=lambda one: one["timestamp"])}
    staying = by("cli_version", last.values())
    listed = page.tables["Who stays behind"]
    assert {row["Version of the last run"] for row in listed} == set(staying)
    for row in listed:
        own = staying[row["Version of the last run"]]
        assert row["Persons"] == len(own)
        assert row["Of all"] == (pytest.approx(len(own) / len(last)) if len(last) >= 20 else None)
        assert row["In CI or by agents"] == 0
        newer = ["1.3.0", "1.2.1", "1.2.0", "1.1.0", "1.0.0"].index(row["Version of the last run"])
        assert row["Releases since"] == newer
    inner = opened(filled, "/releases/1.2.0", range=90, tz=ZONE.key, audience="all")
    everybody = by("cli_version", Model(exported, 90, "all").runs)
    (rate, p95) = inner.tables["Better or worse?"]
    common = {one["properties"]["command_name"] for one in everybody["1.1.0"]} & {
        one["properties"]["command_name"] for one in everybody["1.2.0"]
    }
    counts = [
        sum(one["properties"]["command_name"] in common for one in everybody[version])
        for version in ("1.1.0", "1.2.0")
    ]
    assert [rate["Runs then"], rate["Runs now"]] == counts == [p95["Runs then"], p95["Runs now"]]
    check_use(inner.tables["By python"], "Python", by("python_version", everybody["1.2.0"]))


def test_the_release_that_broke_something_is_called_worse(filled: Project) -> None:
    query = {"release": "1.2.0", "start": "2020-01-01"}
    found = {one["measure"]: one for one in filled.get("/api/insights/verdict", **query)}
    assert found["failure_rate"]["before"] == "1.1.0"
    assert found["failure_rate"]["call"] == "worse"
    assert found["failure_rate"]["low"] > 0
    mended = filled.get("/api/insights/verdict", **query | {"release": "1.2.1"})[0]
    assert mended["call"] == "better"


def test_every_number_of_a_command_is_what_the_export_gives(
    filled: Project, exported: list[dict[str, Any]]
) -> None:
    model = Model(exported, 30)
    rows = opened(filled, "/commands", range=30, tz=ZONE.key).tables["Commands"]
    check_use(rows, "Command", by("command_name", model.runs))
    own = model.of(command_name="deploy")
    page = opened(filled, "/commands/deploy", range=30, tz=ZONE.key)
    check_use(page.tables["By version"], "Version", by("cli_version", own))
    options = defaultdict(list)
    for one in own:
        for name in one["properties"]["options"]:
            options[name].append(one)
    check_use(page.tables["By option"], "Option", options)
    assert sum(row["runs"] for row in page.tables["How long it takes"]) == len(own)
    found = {
        (row["Side"], row["Command"]): (row["Times"], row["Persons"])
        for row in page.tables["Before and after"]
    }
    assert found == next_to(model.runs, "deploy")


def next_to(runs: list[dict[str, Any]], command: str) -> dict[tuple[str, str], tuple[int, int]]:
    """What stands before and after a command, within half an hour."""
    sittings = defaultdict(list)
    for one in runs:
        sittings[one["person_id"]].append((one["timestamp"], one["properties"]["command_name"]))
    found = defaultdict(list)
    for person, own in sittings.items():
        own.sort()
        for nth, (moment, name) in enumerate(own):
            if name != command:
                continue
            for side, other in (("before", nth - 1), ("after", nth + 1)):
                near = ""
                if 0 <= other < len(own) and abs((own[other][0] - moment).total_seconds()) <= 1800:
                    near = own[other][1]
                found[side, near or "nothing"].append(person)
    return {key: (len(some), len(set(some))) for key, some in found.items()}


def test_an_empty_project_greets_and_one_event_is_there(embedded: Collector) -> None:
    made = embedded.request("POST", "/api/tokens", b'{"name": "greeted"}')
    project = embedded.project(made.json["tokens"][0])
    text = embedded.request("GET", f"/?project={project.token}", Accept="text/html").body.decode()
    assert project.token in text
    assert "No event has come yet" in text
    for path in PATHS:
        assert (
            embedded.request("GET", f"{path}?project={project.token}", Accept="text/html").status
            == 200
        )
    project.send(event("anon-1", command_name="one"))
    page = Page(
        embedded.request("GET", f"/?project={project.token}", Accept="text/html").body.decode()
    )
    assert (page.tiles["Persons"], page.tiles["Runs"]) == (1, 1)
    for path in (*PATHS, "/commands/one"):
        assert (
            embedded.request("GET", f"{path}?project={project.token}", Accept="text/html").status
            == 200
        )


def test_what_strangers_send_stays_text(embedded: Collector) -> None:
    project = embedded.project()
    for text in HOSTILE:
        said = {"command_name": text, "cli_version": text, "error_type": text, "os_type": text}
        failed = event("anon-1", **said, options=[text], failure_kind="exception")
        sent = (failed | {"event": RUNS[1]}, event("anon-2", **said))
        assert project.send(*sent).status == 200
    own = [quote(text, safe="") for text in HOSTILE[:1] + HOSTILE[8:]]
    for path in (*PATHS, *(f"/{kind}/{text}" for kind in ("commands", "releases") for text in own)):
        answer = asked(project, path)
        assert answer.status == 200, (path, answer)
        text = answer.body.decode()
        page = Page(text)
        for tag in ("<script>alert", "<svg onload", "onmouseover='"):
            assert tag not in text
        assert all(urlsplit(link).scheme in ("", "http") for link in page.links)
        if path == "/commands":
            assert {row["Command"] for row in page.tables["Commands"]} == {*HOSTILE}
        if path.startswith("/commands/"):
            assert page.h1 == unquote(path.removeprefix("/commands/"))
    table = embedded.get(
        "/api/insights/breakdown", project=project.token, by="command", format="csv"
    )
    cells = [row[0] for row in csv.reader(io.StringIO(table.body.decode()))][1:]
    assert sorted(cells) == sorted(f"'{one}" if one[0] in "=+-@" else one for one in HOSTILE)


def test_an_address_that_cannot_be_is_refused_in_words(filled: Project) -> None:
    for query in (
        {"range": "12"},
        {"tz": "Nowhere/Land"},
        {"start": "yesterday"},
        {"start": "0001-01-01"},
        {"end": "9999-12-31"},
        {"start": "1971-01-01", "end": "2199-12-31"},
        {"audience": "cats"},
    ):
        answer = asked(filled, "/", **query)
        assert answer.status == 400
        assert "That cannot be shown" in answer.body.decode()
    for path in ("/errors/0123456789", "/releases/9.9.9", "/commands/never"):
        assert asked(filled, path).status == 404
    assert asked(filled, "/", since="9.9.9").status == 404
    assert asked(filled, "/", project="nobody").status == 404


def test_since_a_version_begins_on_its_first_day(
    filled: Project, exported: list[dict[str, Any]]
) -> None:
    page = opened(filled, "/", since="1.3.0", tz=ZONE.key, audience="all")
    ever = [one for one in exported if one["event"] in RUNS]
    first = min(day_of(one) for one in ever if one["properties"]["cli_version"] == "1.3.0")
    assert page.tables["Activity"][0]["Day"] == first.isoformat()
    assert page.tiles["Runs"] == sum(day_of(one) >= first for one in ever)


def test_pages_are_small(filled: Project) -> None:
    text = asked(filled, "/").body + static("style.css")
    assert len(gzip.compress(text)) <= 60_000
    assert len(static("page.js")) <= 5_000


def test_a_page_says_what_it_may_do(filled: Project) -> None:
    answer = asked(filled, "/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    text = answer.body.decode()
    assert "style=" not in text
    assert text.count("<script") == text.count('<script src="/pages/page.js" defer></script>') == 1


def test_who_asks_by_curl_is_told_what_there_is(filled: Project) -> None:
    answer = filled.collector.request("GET", "/")
    assert answer.body.startswith(b"usagekit-collector")


def test_a_later_alias_mends_what_a_page_said(embedded: Collector) -> None:
    project = embedded.project()
    project.send(event("anon-1", command_name="a"), event("user-1", command_name="a"))
    assert opened(project, "/").tiles["Persons"] == 2
    project.send(event("user-1", "$create_alias", alias="anon-1"))
    assert opened(project, "/").tiles["Persons"] == 1
    assert embedded.request("DELETE", f"/api/persons/user-1?project={project.token}").status == 200
    assert opened(project, "/").tiles["Persons"] == 0


def test_the_static_files_are_all_that_is_served(filled: Project) -> None:
    for name in ("..%2Frender.py", "base.html", "%2e%2e/charts.py", "style.css%00"):
        assert filled.collector.request("GET", f"/pages/{name}").status == 404


def test_the_page_of_what_may_go_says_who_uses_what(
    filled: Project, exported: list[dict[str, Any]]
) -> None:
    page = opened(filled, "/support", tz=ZONE.key)
    month, quarter = (Model(exported, days, "all").runs for days in (30, 90))
    names = {
        "Python versions": ("Python", "python_version"),
        "Operating systems": ("System", "os_type"),
        "Commands": ("Command", "command_name"),
    }
    for title, (column, name) in names.items():
        late, early = by(name, month), by(name, quarter)
        rows = page.tables[title]
        assert {row[column] for row in rows} == set(early)
        for row in rows:
            own = early[row[column]]
            machines = [
                persons(one for one in own if audience_of(one) == audience)
                for audience in ("ci", "agents")
            ]
            assert row["Persons in 30 days"] == persons(late[row[column]])
            assert row["Persons in 90 days"] == persons(own)
            assert row["Of these in CI or by agents"] == sum(machines)
    trends = {row["Command"]: row["Trend"] for row in page.tables["Commands"]}
    assert trends["legacy sync"] == "gone"
    assert trends["status"] == "most are still there"


def test_a_person_is_shown_and_deleted_only_by_whoever_has_seen_all_of_them(
    embedded: Collector,
) -> None:
    project = embedded.project()
    project.send(event("anon-1", command_name="a"), event("user/1", command_name="b"))
    project.send(event("user/1", "$create_alias", alias="anon-1"))
    path = f"/persons/{quote('user/1', safe='')}"
    page = opened(project, path)
    assert {row["What"] for row in page.tables["Who"]} >= {"anon-1", "user/1"}
    assert {row["Command"] for row in page.tables["What they did"]} == {"a", "b", ""}
    text = asked(project, path).body.decode()
    csrf = text.split('name="csrf" value="')[-1].split('"')[0]

    def delete(**form: str) -> int:
        body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        kind = "application/x-www-form-urlencoded"
        target = f"{path}?project={project.token}"
        return embedded.request("POST", target, body, content_type=kind).status

    assert delete(csrf="0" * 64, confirmed="yes", at_most="2") == 403
    assert delete(csrf=csrf, at_most="2") == 400
    assert delete(csrf=csrf, confirmed="yes", at_most="1") == 409
    assert project.person("user/1") is not None
    assert delete(csrf=csrf, confirmed="yes", at_most="2") == 303
    assert project.person("user/1") is None
    assert asked(project, path).status == 404


def test_the_live_page_shows_the_last_to_come_first(embedded: Collector) -> None:
    project = embedded.project()
    for nth in range(3):
        project.send(event(f"anon-{nth}", command_name=f"c{nth}"))
    rows = opened(project, "/live").tables["As they come"]
    assert [row["Command"] for row in rows] == ["c2", "c1", "c0"]
    (row,) = opened(project, "/live", distinct_id="anon-1").tables["As they come"]
    assert (row["Command"], row["Distinct ID"]) == ("c1", "anon-1")


def test_the_data_of_every_panel_says_what_the_panel_says(filled: Project) -> None:
    group = filled.get("/api/insights/errors", start="2020-01-01")[0]["id"]
    for path in (*PATHS[:-1], f"/errors/{group}", "/releases/1.2.0", "/commands/deploy"):
        page = opened(filled, path, range=90, audience="all", tz=ZONE.key)
        sources = [one for one in page.links if one.startswith("/api/") and "format=csv" in one]
        page.tables.pop("Tokens", None)  # They are the project's, and no insight.
        assert len(sources) == len(page.tables), path
        for source, (title, rows) in zip(sources, page.tables.items(), strict=True):
            table = filled.collector.request("GET", source).body.decode()
            known = list(csv.DictReader(io.StringIO(table)))
            for shown, name in (("Persons", "persons"), ("Runs", "count"), ("Times", "count")):
                if rows and shown in rows[0] and name in known[0]:
                    said = sorted(row[shown] for row in rows)
                    assert said == sorted(float(row[name]) for row in known), (path, title, shown)


def week_of(one: dict[str, Any]) -> date:
    day = day_of(one)
    return day - timedelta(days=day.weekday())


def test_journeys_are_what_the_export_gives(
    filled: Project, exported: list[dict[str, Any]]
) -> None:
    model = Model(exported, 90)
    page = opened(filled, "/journeys", range=90, tz=ZONE.key, steps="login, deploy")
    own = [one for one in model.all if audience_of(one) == "people"]
    there = defaultdict(set)
    for one in own:
        there[one["person_id"]].add(week_of(one))
    came = {
        person: (day := moment.astimezone(ZONE).date()) - timedelta(days=day.weekday())
        for person, moment in model.came.items()
    }
    first = model.first - timedelta(days=model.first.weekday())
    weeks = [first + timedelta(weeks=nth) for nth in range(14)]
    for row in page.tables["Whether they come again"]:
        week = date.fromisoformat(row["First week"])
        cohort = [person for person, when in came.items() if when == week]
        assert row["Persons"] == len(cohort)
        for nth in range(1, 4):
            again = sum(week + timedelta(weeks=nth) in there[person] for person in cohort)
            said = row.get(f"Week {nth}")
            if said is not None:
                assert said == pytest.approx(again / len(cohort))
    rows = page.tables["Who comes and who goes"]
    assert len(rows) >= 12
    for row in rows:
        week = date.fromisoformat(row["Week from"])
        assert week in weeks
        before = week - timedelta(weeks=1)
        here = {person for person, known in there.items() if week in known}
        stayed = {person for person in here if before in there[person]}
        new = {person for person in here if came[person] == week}
        gone = {person for person, known in there.items() if before in known} - here
        assert row["new"] == len(new)
        assert row["returning"] == len(stayed)
        assert row["back after a pause"] == len(here - stayed - new)
        assert row["gone"] == -len(gone)
    new = {
        person
        for person in {one["person_id"] for one in model.runs}
        if model.came[person].astimezone(ZONE).date() >= model.first
    }
    succeeded = {}
    for one in sorted(own, key=lambda one: one["timestamp"], reverse=True):
        if one["event"] == RUNS[0] and one["properties"]["command_name"] == "deploy":
            succeeded[one["person_id"]] = one["timestamp"] - model.came[one["person_id"]]
    took = [succeeded[one] for one in new if one in succeeded]
    limits = {"at once": 0, "in an hour": 1 / 24, "in a day": 1, "in a week": 7, "by now": 999}
    rows = page.tables["Until the first success"]
    assert [row["They succeeded"] for row in rows] == [*limits]
    for row, days in zip(rows, limits.values(), strict=True):
        soon = sum(one <= timedelta(days=days) for one in took)
        assert row["New persons"] == soon
        assert row["Of all new persons"] == pytest.approx(soon / len(new))
    steps: dict[str, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    for one in model.runs:
        steps[one["person_id"]][one["properties"]["command_name"]].append(one["timestamp"])
    started = [known for known in steps.values() if known["login"]]
    done = [
        known
        for known in started
        if any(
            timedelta() < later - earlier <= timedelta(days=7)
            for earlier in known["login"]
            for later in known["deploy"]
        )
    ]
    (begin, end) = page.tables["How far they get"]
    assert (begin["Persons"], end["Persons"]) == (len(started), len(done))
    assert end["Of the first step"] == pytest.approx(len(done) / len(started))


def test_the_page_of_data_says_what_arrives(
    filled: Project, exported: list[dict[str, Any]]
) -> None:
    page = opened(filled, "/data", range=90, tz=ZONE.key)
    first = Model(exported, 90).first
    recent = [one for one in exported if day_of(one) >= first]
    names = by_event(recent)
    assert {row["Event"]: (row["Times"], row["Persons"]) for row in page.tables["Events"]} == {
        name: (len(own), persons(own)) for name, own in names.items()
    }
    sent = defaultdict(list)
    for one in recent:
        if not one["event"].startswith("$"):
            for name in one["properties"]:
                sent[name].append(one)
    found = {row["Property"]: row for row in page.tables["Fields"]}
    assert set(found) == set(sent)
    for name, row in found.items():
        assert (row["Events"], row["Persons"]) == (len(sent[name]), persons(sent[name])), name
    assert found["options"]["Is"] == "kept as it came"
    assert found["command_name"]["Is"] == "a column"


def by_event(events: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for one in events:
        found[one["event"]].append(one)
    return found


def test_a_clock_of_another_century_breaks_no_page(embedded: Collector) -> None:
    project = embedded.project()
    for year in ("1900", "2026"):
        when = f"{year}-01-02T00:00:00Z"
        project.send(event("anon-1", command_name="a", cli_version="1", timestamp=when))
    for path in (*PATHS, "/commands/a", "/releases/1"):
        assert asked(project, path).status in (200, 404), path
    assert asked(project, "/", since="1").status == 400
    (release,) = project.get("/api/insights/releases")
    assert release["released"] is None
    long_ago = {"start": "1900-01-02", "end": "2298-01-01"}
    assert project.get("/api/insights/changes", **long_ago) == []
    now, before = project.get("/api/insights/totals", **long_ago, compare="previous")
    assert (now["count"], before["count"]) == (2, 0)


def test_without_a_time_before_nothing_is_said_of_changes(filled: Project) -> None:
    assert "What changed" in opened(filled, "/").sentences
    assert "What changed" not in opened(filled, "/", compare="nothing").sentences


@given(st.text(), st.text(), st.text(), st.text())
def test_an_issue_has_no_line_of_a_stranger_s_own(
    error_type: str, command: str, version: str, project: str
) -> None:
    now = datetime.now(timezone.utc)
    group = ErrorGroup(
        id=id_of(error_type, "exception", command),
        error_type=error_type,
        failure_kind="exception",
        command=command,
        count=2,
        persons=1,
        in_ci=0,
        by_agents=0,
        first_seen=now,
        last_seen=now,
        first_version=version,
        last_version=version,
        is_new=True,
        state="gone",
        gone_since=version,
    )
    made = issue(view_of(project, Wish(project=1, start=now, end=now), 7, now), group, FORGE)
    assert made.host == "forge.example"
    parts = urlsplit(made.url)
    assert parts.hostname == "forge.example"
    said = parse_qs(parts.query, keep_blank_values=True)
    assert (said["title"], said["body"]) == ([made.title], [made.text])
    assert made.title.isprintable()
    assert len(made.title) <= 120
    first, *lines = made.text.split("\n")
    assert first == "Seen in usage events:"
    assert all(line == "" or line.startswith("    ") for line in lines)
    assert issue(view_of(project, Wish(project=1, start=now, end=now), 7, now), group, "").url == ""
