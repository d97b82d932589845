"""What a program says that it has: whoever says it, what nobody has ever used is seen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from usagekit_collector.transfer.declaring import NoDeclaration, declaration_of

from tests.support.collector import Collector, Project, event
from tests.support.pages import Page
from tests.support.senders import wait_for_senders

TOKEN = "phc_made_up_project"


def file_of(folder: Path, said: object) -> str:
    file = folder / "declared.json"
    file.write_text(said if isinstance(said, str) else json.dumps(said))
    return str(file)


def said_by(version: str, commands: list[str], options: list[str] | None = None) -> dict[str, Any]:
    """As a program says it itself."""
    return event(
        "somebody",
        "$cli_declared",
        cli_version=version,
        declared_commands=commands,
        declared_options=options or [],
    )


def run(command: str, when: str, version: str = "1.0", **more: Any) -> dict[str, Any]:
    return event(
        "somebody",
        timestamp=f"{when}T12:00:00Z",
        command_name=command,
        cli_version=version,
        **more,
    )


def declared(project: Project, **query: Any) -> list[tuple[str, ...]]:
    """What it has: kind, name, by which version, and when it was used last, in which version."""
    found = project.get("/api/insights/declared", **query)
    names = ("kind", "name", "version", "last_seen", "last_version")
    rows = [[row[name] for name in names] for row in found]
    return [(*row[:3], (row[3] or "never")[:10], row[4]) for row in rows]


def page(project: Project) -> Page:
    answer = project.collector.request(
        "GET", f"/support?project={project.token}", Accept="text/html"
    )
    assert answer.status == 200, answer
    return Page(answer.body.decode())


@pytest.mark.parametrize("while_it_runs", [True, False])
def test_a_file_says_it_and_the_page_says_what_was_never_used(
    new_collector: Any, tmp_path: Path, while_it_runs: bool
) -> None:
    collector = new_collector().start()
    project = collector.project(TOKEN)
    project.capture(
        run("db.migrate", "2020-01-03"),
        run("db.migrate", "2020-01-02", "0.9"),
        run("status", "2020-01-05", options=["json"]),
    )
    file = file_of(
        tmp_path,
        {
            "version": "2.0",
            "commands": ["status", "db.migrate", "legacy sync", "db.drop"],
            "options": ["json", "dry-run"],
        },
    )
    where = ("--url", collector.url) if while_it_runs else ()
    if not while_it_runs:
        collector.stop()
    ran = collector.run("declare", file, "--token", TOKEN, *where)
    assert (ran.returncode, ran.stdout) == (0, b""), ran.stderr
    if not while_it_runs:
        collector.start()

    assert declared(project) == [
        ("command", "db.drop", "2.0", "never", ""),
        ("command", "legacy sync", "2.0", "never", ""),
        ("option", "dry-run", "2.0", "never", ""),
        ("command", "db.migrate", "2.0", "2020-01-03", "1.0"),
        ("command", "status", "2.0", "2020-01-05", "1.0"),
        ("option", "json", "2.0", "2020-01-05", "1.0"),
    ]
    assert [name for _, name, *_ in declared(project, limit=2)] == ["db.drop", "legacy sync"]
    shown = page(project)
    assert shown.sentences["What the program has"].startswith("Of what 2.0 has, 3 were never used.")
    rows = shown.tables["What the program has"]
    assert [(row["Name"], row["Is"], row["Used"]) for row in rows[2:4]] == [
        ("dry-run", "an option", "never"),
        ("db.migrate", "a command", "yes"),
    ]


def test_the_last_version_to_say_so_counts_and_what_it_said_last(collector: Collector) -> None:
    project = collector.project()
    assert project.send(said_by("1.0", ["old"]), said_by("2.0", ["new"])).status == 200
    assert project.send(said_by("1.0", ["old", "older"])).status == 200
    assert [row[1:3] for row in declared(project)] == [("new", "2.0")]
    assert project.send(said_by("2.0", ["new", "newer"])).status == 200
    assert [row[1:3] for row in declared(project)] == [("new", "2.0"), ("newer", "2.0")]


def test_of_more_than_can_be_listed_all_are_counted(collector: Collector) -> None:
    project = collector.project()
    project.capture(said_by("1.0", [f"c{number}" for number in range(130)], ["json"]))
    shown = page(project)
    assert shown.sentences["What the program has"].startswith("Of what 1.0 has, 131 were never")
    assert len(shown.tables["What the program has"]) == len(declared(project)) == 100
    assert len(declared(project, limit=1000)) == 131


PROGRAM = """
import click
from usagekit import Usage
usage = Usage(
    "acme", version="3.0", declare=True, host={url!r}, project_api_key={token!r}
)
@click.group()
@click.option("--json", is_flag=True)
def app(json): pass
app.command("status")(lambda: None)
app.command("drop")(lambda: None)
usage.run(app)
"""


def test_a_program_that_says_so_itself_is_understood(collector: Collector) -> None:
    project = collector.project()
    text = PROGRAM.format(url=collector.url, token=project.token)
    ran = subprocess.run([sys.executable, "-c", text, "status"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    wait_for_senders(os.environ["HOME"])
    found = project.get("/api/insights/declared")
    assert [(one["name"], one["version"], one["last_version"]) for one in found] == [
        ("drop", "3.0", ""),
        ("json", "3.0", ""),
        ("status", "3.0", "3.0"),
    ]


def test_a_command_that_was_chained_was_used(collector: Collector) -> None:
    project = collector.project()
    project.capture(run("image.crop+blur", "2020-01-02"), run("c++", "2020-01-04"))
    project.capture(said_by("1.0", ["image.blur", "image.crop", "crop", "c++", "image.crop+blur"]))
    assert [(row[1], row[3]) for row in declared(project)] == [
        ("crop", "never"),
        ("image.blur", "2020-01-02"),
        ("image.crop", "2020-01-02"),
        ("image.crop+blur", "2020-01-02"),
        ("c++", "2020-01-04"),
    ]


def test_to_say_so_is_no_use_and_makes_nobody(collector: Collector, tmp_path: Path) -> None:
    project = collector.project()
    project.capture(run("status", "2020-01-02"))
    before = {
        name: project.get(f"/api/insights/{name}", **query)
        for name, query in (("active", {}), ("breakdown", {"by": "command"}), ("totals", {}))
    }
    file = file_of(tmp_path, {"version": "2.0", "commands": ["status"]})
    ran = collector.run("declare", file, "--token", project.token, "--url", collector.url)
    assert ran.returncode == 0, ran.stderr
    assert len(declared(project)) == 1
    assert before == {
        name: project.get(f"/api/insights/{name}", **query)
        for name, query in (("active", {}), ("breakdown", {"by": "command"}), ("totals", {}))
    }
    said = project.person(project.events()[-1]["distinct_id"])
    assert said is not None
    assert not said["is_identified"]


@pytest.mark.parametrize("odd", [7, "text", {"a": 1}, [None, 1, {"b": []}, ""], None])
def test_what_a_stranger_says_that_it_has_breaks_nothing(collector: Collector, odd: object) -> None:
    project = collector.project()
    project.capture(run("status", "2020-01-02"))
    assert declared(project) == []
    assert "has not said" in page(project).sentences["What the program has"]
    hostile = said_by("1.0", ["<script>alert(1)</script>", "=1+1", "a" * 5_000])
    project.capture(hostile)
    assert {name for _, name, *_ in declared(project)} == {
        *hostile["properties"]["declared_commands"]
    }
    assert page(project).tables["What the program has"][0]["Name"] == "<script>alert(1)</script>"
    worse = said_by("2.0", [])
    worse["properties"] |= {"declared_commands": odd, "declared_options": odd}
    project.capture(worse)
    declared(project)
    page(project)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "truncated"),
        ("[]", "Expected `object`"),
        ({"version": "1"}, "commands"),
        ({"version": "", "commands": []}, "version"),
        ({"version": "1", "commands": "a"}, "commands"),
        ({"version": "1", "commands": [1]}, "commands[0]"),
        ({"version": "1", "commands": [], "opts": []}, "opts"),
        ("\udc80", "invalid character"),
    ],
)
def test_a_file_that_says_something_else_is_refused_in_words(said: object, why: str) -> None:
    text = said if isinstance(said, str) else json.dumps(said)
    with pytest.raises(NoDeclaration, match=re.escape(why)) as caught:
        declaration_of(text.encode("utf-8", "surrogateescape"))
    assert '"version": "1.2.0"' in str(caught.value)


def test_a_refusal_is_told_by_the_command(new_collector: Any, tmp_path: Path) -> None:
    ran = new_collector().run("declare", file_of(tmp_path, "{}"), "--token", TOKEN)
    assert (ran.returncode, ran.stdout) == (1, b"")
    said = (
        b"usagekit-collector: that does not say what a program has: Object missing required field"
    )
    assert ran.stderr.startswith(said), ran.stderr
