"""The first page in a terminal: the same numbers, in lines that fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.pages.public import folded
from usagekit_collector.queries.usage import Use

from tests.support.clients import AXE, visit
from tests.support.collector import Collector, Project, event
from tests.support.pages import Page


def lines(target: Collector, *words: str, columns: int = 100) -> list[str]:
    target.environ["COLUMNS"] = str(columns)
    ran = target.run("report", *words)
    assert (ran.returncode, ran.stderr) == (0, b""), ran
    return ran.stdout.decode().splitlines()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_report_says_what_the_api_says(filled: Project, columns: int) -> None:
    collector = filled.collector
    said = lines(collector, "--url", collector.url, columns=columns)
    assert max(map(len, said)) <= columns
    end = datetime.now(timezone.utc).date() + timedelta(days=1)
    asked = {"start": end - timedelta(days=30), "end": end, "audience": "people"}
    (totals,) = filled.get("/api/insights/totals", **asked)
    thin = "\N{NARROW NO-BREAK SPACE}"
    for line, name in zip(said, ("persons", "count"), strict=False):
        assert line[14:25].strip(" ") == f"{totals[name]:,}".replace(",", thin)
    for one in filled.get("/api/insights/breakdown", by="command", **asked):
        line = [line for line in said if line.startswith(f"{one['name']} ")][-1]
        assert str(one["persons"]) in line.split()
    assert {"WHAT CHANGED", "ACTIVITY", "COMMANDS", "WHO RUNS IT"} <= {*said}


def test_a_report_is_the_same_from_a_store_that_nobody_has_open(
    new_collector: Callable[..., Collector],
) -> None:
    collector = new_collector().start()
    project = collector.project()
    now = datetime.now(timezone.utc)
    project.send(
        *(event(f"anon-{nth}", command_name="a", timestamp=now.isoformat()) for nth in range(7))
    )
    running = json.loads("\n".join(lines(collector, "--url", collector.url, "--json")))
    collector.stop()
    assert json.loads("\n".join(lines(collector, "--json"))) == running
    assert (running["now"]["persons"], running["before"]["persons"]) == (7, 0)


def test_what_strangers_sent_moves_no_cursor(embedded: Collector) -> None:
    project = embedded.project()
    project.send(event("anon-1", command_name="a\x1b[2Jb\r\nc\N{RIGHT-TO-LEFT OVERRIDE}d"))
    said = lines(embedded, "--url", embedded.url, "--project", project.token)
    assert any(line.startswith("a?[2Jb??c?d") for line in said)
    assert not any("\x1b" in line for line in said)


def test_one_file_says_the_same_and_asks_nobody_for_anything(
    filled: Project, tmp_path: Path
) -> None:
    collector, file = filled.collector, tmp_path / "usage.html"
    assert lines(collector, "--url", collector.url, "--html", str(file)) == []
    page = Page(file.read_text())
    end = datetime.now(timezone.utc).date() + timedelta(days=1)
    asked = {"start": end - timedelta(days=30), "end": end, "audience": "people"}
    (totals,) = filled.get("/api/insights/totals", **asked)
    assert (page.tiles["Persons"], page.tiles["Runs"]) == (totals["persons"], totals["count"])
    commands = filled.get("/api/insights/breakdown", by="command", **asked)
    assert {row["Command"] for row in page.tables["Commands"]} == {one["name"] for one in commands}
    steps = [AXE, "document.querySelectorAll('a, form, script, iframe').length"]
    for theme in ("light", "dark"):
        wanted = {"url": file.as_uri(), "steps": steps, "script": "axe-core/axe.min.js"}
        (seen,) = visit({**wanted, "colorScheme": theme})
        assert seen["returned"] == [[], 0]
        assert seen["said"] == []
        assert {url for _, url, _ in seen["asked"]} <= {file.as_uri()}


def test_what_strangers_sent_is_text_in_the_file_and_a_fault_leaves_the_old_one(
    embedded: Collector, tmp_path: Path
) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    project, file = embedded.project(), folder / "usage.html"
    hostile = "</style></title><script>alert(1)</script>"
    project.send(event("anon-1", command_name=hostile))
    words = ("--url", embedded.url, "--project", project.token, "--html", str(file))
    lines(embedded, *words)
    text = file.read_text()
    assert "<script" not in text
    assert hostile in Page(text).tables["Commands"][0]["Command"]
    ran = embedded.run("report", *words[:-1], "/nowhere/usage.html")
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert b"/nowhere" in ran.stderr
    ran = embedded.run("report", "--url", embedded.url, "--project", "none", *words[-2:])
    assert ran.returncode != 0
    assert file.read_text() == text
    assert [*folder.iterdir()] == [file]
    assert embedded.run("report", *words, "--json").returncode == 2


def published(target: Collector, folder: Path, *words: str) -> tuple[Any, Page]:
    assert lines(target, "--url", target.url, "--public", str(folder), *words) == []
    assert {one.name for one in folder.iterdir()} == {"usage.json", "index.html"}
    said = json.loads((folder / "usage.json").read_text())
    return said, Page((folder / "index.html").read_text())


def test_what_a_few_have_done_is_published_under_no_name(
    embedded: Collector, tmp_path: Path
) -> None:
    project, folder = embedded.project(), tmp_path / "a" / "site"
    words = ("--project", project.token)
    project.send(event("anon-1", command_name="status"))
    ran = embedded.run("report", "--url", embedded.url, *words, "--public", str(folder))
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert b"fewer than 5 persons" in ran.stderr
    assert not folder.exists()
    runs = {"status": 8, "deploy": 6, "private-name": 2, "=another": 1}
    project.send(
        *(
            event(f"anon-{nth}", command_name=one)
            for one in runs
            for nth in range(2, runs[one] + 2)
        ),
        event("anon-1", "CLI execution failed", command_name="deploy", error_type="PrivateError"),
    )
    said, page = published(embedded, folder, *words)
    assert [one["name"] for one in said["commands"]] == ["status"]
    assert said["other_commands"] == 10
    project.send(*(event(f"anon-{nth}", command_name="third") for nth in range(2)))
    said, page = published(embedded, folder, *words)
    assert [one["name"] for one in said["commands"]] == ["status", "deploy"]
    listed = {row["Command"]: (row["Persons"], row["Runs"]) for row in page.tables["Commands"]}
    assert listed == {"status": (9, 9), "deploy": (7, 7), "other": (None, 5)}
    for file in folder.iterdir():
        text = file.read_text()
        assert not any(one in text for one in ("private-name", "=another", "third", "anon-"))
        assert "PrivateError" not in text
        assert project.token not in text
    # Nobody is told when one person has run it, or of the few of these that are an agent.
    fields = {"name", "count", "persons", "failures", "p50", "p95"}
    assert [{*one} for one in said["commands"]] == [fields, fields]
    said, page = published(embedded, folder, *words, "--panel", "activity")
    assert "commands" not in said
    assert set(page.tables) == {"Activity"}
    renamed = ("project", "rename", project.token, "a program", "--url", embedded.url)
    assert embedded.run(*renamed).returncode == 0
    said, page = published(embedded, folder, "--project", "a program")
    assert (said["project"], page.h1) == ("a program", "Usage of a program")


def use(name: str, persons: int, count: int) -> Use:
    now = datetime.now(timezone.utc)
    return Use(
        name=name,
        count=count,
        persons=persons,
        in_ci=0,
        by_agents=0,
        failures=0,
        failure_rate=0,
        rate_low=0,
        rate_high=1,
        p50=None,
        p95=None,
        p99=None,
        p95_low=None,
        p95_high=None,
        first_seen=now,
        last_seen=now,
        last_version="",
    )


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 30))), st.integers(2, 9))
def test_whoever_is_in_no_line_is_among_enough_others(
    groups: list[tuple[int, int]], fewest: int
) -> None:
    uses = [use(f"{nth}", persons, persons + more) for nth, (persons, more) in enumerate(groups)]
    kept, other = folded(uses, sum(one.count for one in uses), fewest)
    assert all(one.persons >= fewest for one in kept)
    assert other + sum(one.count for one in kept) == sum(one.count for one in uses)
    left = sum(one.persons for one in uses if one not in kept)
    assert left == 0 or left >= fewest or not kept
    assert len(kept) >= sum(one.persons >= fewest for one in uses) - 1
