"""Projects and tokens: listed, renamed, revoked and removed, by the API and by commands."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.collector import Answer, Collector, Project, event
from tests.support.stopped import ask_engine, told

NewCollector = Callable[..., Collector]


def change(project: Project, method: str, path: str, **said: Any) -> Answer:
    body = json.dumps(said).encode() if said else None
    return project.collector.request(method, path, body)


def names(collector: Collector) -> dict[str, list[str]]:
    return {one["name"]: one["tokens"] for one in collector.get("/api/projects").json}


def test_a_renamed_project_is_the_same_under_another_name(project: Project) -> None:
    project.capture(event("ada"))
    name = f"{project.token} renamed"
    answer = change(project, "PATCH", f"/api/projects/{project.token}", name=name)
    assert (answer.status, answer.json["name"]) == (200, name)
    assert names(project.collector)[name] == [project.token]
    project.capture(event("bob"))
    assert len(Project(project.collector, name).events()) == 2
    # Neither a name that another has, nor one that is none.
    other = project.collector.project()
    other.capture(event("eve"))
    path = f"/api/projects/{project.token}"
    assert change(project, "PATCH", path, name=other.token).status == 409
    assert change(project, "PATCH", path, name="\n").status in (400, 409)
    assert change(project, "PATCH", "/api/projects/nobody's", name="x").status == 404


def test_a_revoked_token_is_refused_for_good_and_the_others_go_on(project: Project) -> None:
    project.capture(event("ada"))
    path = f"/api/tokens/{project.token}"
    only = change(project, "DELETE", path)
    assert (only.status, "only token" in only.json["error"]) == (409, True)
    made = change(project, "POST", "/api/tokens", name=project.token).json["tokens"][-1]
    answer = change(project, "DELETE", path)
    assert (answer.status, answer.json["tokens"]) == (200, [made])
    # Where a new token would make a project, this one makes none.
    assert project.send(event("bob")).status == 401
    assert change(project, "DELETE", path).status == 409
    other = Project(project.collector, made)
    other.capture(event("bob"))
    assert len(other.events()) == 2


def test_a_removed_project_is_gone_with_all_that_was_in_it_and_no_other(project: Project) -> None:
    other = project.collector.project()
    for one in (project, other):
        one.capture(event("ada", "$create_alias", alias="anon"), event("bob"))
    before = other.events(), other.person("ada")
    answer = change(project, "DELETE", f"/api/projects/{quote(project.token)}")
    assert (answer.status, answer.json["events"], answer.json["is_gone"]) == (200, 2, True)
    assert project.collector.get("/api/events", project=project.token).status == 404
    assert project.send(event("ada")).status == 401
    assert (other.events(), other.person("ada")) == before
    # A new one is another, even if it is the last that was removed.
    new = project.collector.project()
    new.capture(event("ada"))
    person = new.person("ada")
    assert person is not None
    assert (person["distinct_ids"], person["events"]) == (["ada"], 1)


@pytest.mark.parametrize("is_running", [pytest.param(False, marks=pytest.mark.torture), True])
def test_the_commands_do_the_same(new_collector: NewCollector, is_running: bool) -> None:
    collector = new_collector()
    if is_running:
        collector.start()
    more = ["--url", collector.url] if is_running else []

    def run(*words: str) -> str:
        ran = collector.run(*words, *more)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.decode()

    first, second = (run("token", "create", "acme").strip() for _ in range(2))
    third = run("token", "create", "other").strip()
    said = run("project", "list")
    assert [line.split("\t")[0] for line in said.splitlines()] == ["acme", "other"]
    assert {first, second, third} <= set(said.split())
    run("token", "revoke", first)
    assert first not in run("project", "list")
    run("project", "rename", second, "acme 2")
    assert said.replace("acme", "acme 2").replace(f"{first} ", "") in (run("project", "list"), "")
    assert "no project" in told(collector, "project", "rename", "acme", "x", *more)
    assert "another project has this name" in told(
        collector, "project", "rename", "acme 2", "other", *more
    )
    assert "only token" in told(collector, "token", "revoke", second, *more)
    run("project", "remove", "acme 2", "--yes")
    assert [line.split("\t")[0] for line in run("project", "list").splitlines()] == ["other"]
    # Nobody removes one by mistake.
    asked = collector.run("project", "remove", "other", *more, said=b"n\n")
    assert (asked.returncode, run("project", "list").split("\t")[0]) == (1, "other")
    collector.stop() if is_running else None


def test_a_list_that_is_full_keeps_programs_waiting_until_there_is_room(
    new_collector: NewCollector,
) -> None:
    with new_collector(max_projects=1) as collector:
        first, second = collector.project(), collector.project()
        first.capture(event("ada"))
        answer = second.send(event("ada"))
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        path = f"/api/projects/{first.token}"
        assert collector.request("DELETE", path).status == 200
        second.capture(event("ada"))


def test_nothing_comes_into_a_project_while_it_is_removed(new_collector: NewCollector) -> None:
    with new_collector() as collector, ThreadPoolExecutor(4) as many:
        project, stop = collector.project(), threading.Event()
        project.capture(event("ada"))

        def send() -> set[int]:
            statuses = set()
            while not stop.is_set():
                statuses.add(project.send(event("bob")).status)
            return statuses

        senders = [many.submit(send) for _ in range(3)]
        time.sleep(0.5)
        answer = collector.request("DELETE", f"/api/projects/{project.token}")
        assert answer.status == 200
        stop.set()
        assert set().union(*(one.result() for one in senders)) <= {200, 401}
    left = "SELECT count() AS count FROM events"
    assert ask_engine(collector, left) == [{"count": 0}]
