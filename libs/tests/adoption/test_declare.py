"""``Usage(..., declare=True)``: what a program has is told once a version, and nothing else is."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from usagekit import Usage
from usagekit.declaration import declaration_of
from usagekit.testing import captured

from tests.support.recorder import Received, Recorder
from tests.support.senders import wait_for_senders

START = """
import argparse, sys
import click, typer
from usagekit import Usage
usage = Usage(
    "acme", version={version!r}, declare={declare}, host={host!r}, project_api_key={token!r}
)
"""
# Each has a command status with --json/-j, a group db with migrate (--dry-run) and drop, and the
# commands of usagekit.
TYPER = """
app, db = typer.Typer(), typer.Typer()
app.add_typer(db, name="db")
usage.mount(app)
@app.command()
def status(as_json: bool = typer.Option(False, "--json", "-j")): pass
@db.command()
def migrate(dry_run: bool = False): pass
@db.command(hidden=True)
def drop(): pass
usage.run(app)
"""
# This one makes a command of whatever word is typed, and is not to be asked which there are.
CLICK = """
class Group(click.Group):
    def get_command(self, context, word):
        if word not in self.commands:
            self.add_command(click.Command(word, callback=lambda: None))
        return super().get_command(context, word)
    def list_commands(self, context):
        raise SystemExit("asked")
@click.group(cls=Group)
def app(): pass
@app.command()
@click.option("-j", "--json", is_flag=True)
def status(json): pass
@app.group()
def db(): pass
@db.command()
@click.option("--dry-run", is_flag=True)
def migrate(dry_run): pass
@db.command()
def drop(): pass
usage.mount(app)
usage.run(app)
"""
ARGPARSE = """
def main():
    argparse.ArgumentParser().parse_args([])  # for something else
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    status = commands.add_parser("status", aliases=["st"])
    status.add_argument("-j", "--json", action="store_true")
    status.add_argument("kind", choices=["a", "b"], nargs="?")
    db = commands.add_parser("db").add_subparsers()
    db.add_parser("migrate").add_argument("--dry-run")
    db.add_parser("drop")
    usage.mount(commands)
    parser.parse_args()
usage.run(main)
"""
PROGRAMS = {"typer": TYPER, "click": CLICK, "argparse": ARGPARSE}
COMMANDS, OPTIONS = ["db.drop", "db.migrate", "status"], ["dry-run", "json"]
Runs = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def runs(home: Path, recorder: Recorder, tmp_path: Path) -> Runs:
    def run(
        program: str,
        *words: str,
        version: str = "1.0",
        declare: bool = True,
        host: str = recorder.url,
        token: str = "phc_made_up",
        **environ: str,
    ) -> subprocess.CompletedProcess[str]:
        start = START.format(version=version, declare=declare, host=host, token=token)
        ran = subprocess.run(
            [sys.executable, "-c", start + program, *words],
            env={"HOME": str(home), "PATH": os.environ["PATH"], **environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        wait_for_senders(home)
        return ran

    return run


def declarations(recorder: Recorder) -> list[Received]:
    return [one for one in recorder.events if one.event == "$cli_declared"]


@pytest.mark.parametrize("framework", PROGRAMS)
def test_it_is_told_once_a_version_with_the_first_command_s_event(
    runs: Runs, recorder: Recorder, framework: str
) -> None:
    program = PROGRAMS[framework]
    for version in ("1.0", "1.0", "2.0", "2.0"):
        ran = runs(program, "status", "--json", version=version)
        assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
    events = recorder.wait_for(6)
    told = declarations(recorder)
    assert [one.properties["cli_version"] for one in told] == ["1.0", "2.0"]
    assert events[0] in told
    for one in told:
        assert one.properties["declared_commands"] == COMMANDS
        assert one.properties["declared_options"] == OPTIONS
        assert one.is_anon
    assert len({one.distinct_id for one in events}) == 1
    known = {"cli_version", "declared_commands", "declared_options", "$process_person_profile"}
    assert {name for name in told[0].properties if name[:5] not in ("$lib", "$lib_", "$geoi")} == (
        known
    )


def test_a_word_that_becomes_a_command_is_the_user_s_and_not_told(
    runs: Runs, recorder: Recorder
) -> None:
    ran = runs(CLICK, "my-made-up-secret")
    assert ran.returncode == 0, ran.stderr
    recorder.wait_for(2)
    assert declarations(recorder)[0].properties["declared_commands"] == COMMANDS
    assert "my-made-up-secret" not in json.dumps([one.message for one in recorder.events])


@pytest.mark.parametrize(
    "other",
    [
        {"declare": False},
        {"CI": "true"},
        {"host": ""},
        {"ACME_USAGE_TRACKING": "0"},
        {"DO_NOT_TRACK": "1"},
        {"ACME_USAGE_DEBUG": "1"},
    ],
    ids=str,
)
def test_else_it_is_not(runs: Runs, recorder: Recorder, home: Path, other: dict[str, Any]) -> None:
    ran = runs(TYPER, "status", **other)
    assert ran.returncode == 0
    assert "declared" not in ran.stderr
    assert declarations(recorder) == []
    assert list(home.rglob("declared")) == []


def test_a_question_tells_nothing_and_no_output_differs(runs: Runs, recorder: Recorder) -> None:
    bare, ran = runs(TYPER, "--help", declare=False), runs(TYPER, "--help")
    assert "Usage:" in bare.stdout
    assert (ran.returncode, ran.stdout, ran.stderr) == (bare.returncode, bare.stdout, bare.stderr)
    assert recorder.events == []


def test_a_home_that_cannot_be_written_tells_nothing_again_and_again(
    runs: Runs, recorder: Recorder, home: Path
) -> None:
    (home / ".local").write_text("no folder")
    for _ in range(2):
        assert runs(TYPER, "status").returncode == 0
    recorder.wait_for(2)
    assert declarations(recorder) == []


def test_what_is_purged_may_be_told_again_and_is_exported(
    runs: Runs, recorder: Recorder, home: Path
) -> None:
    runs(TYPER, "status")
    assert json.loads(runs(TYPER, "usage", "export").stdout)["declared"] == "1.0"
    assert "declared" in {one.name for one in home.rglob("*")}
    runs(TYPER, "usage", "purge")
    assert "declared" not in {one.name for one in home.rglob("*")}
    assert len(declarations(recorder)) == 1


def test_a_test_s_events_are_the_commands_only() -> None:
    usage = Usage("acme", version="1", declare=True, host="http://127.0.0.1:9", project_api_key="a")
    with captured() as events, pytest.raises(SystemExit):
        usage.run(click.Command("acme", callback=lambda: None, params=[]))
    assert [one.event_name for one in events] == ["CLI execution succeeded"]


class Late(click.Group):
    """Makes its commands when it is asked."""

    def list_commands(self, _: click.Context) -> list[str]:
        return ["early", "late"]

    def get_command(self, _: click.Context, name: str) -> click.Command:
        return click.Command(name, params=[click.Option([f"--{name}-way"])])


def test_by_hand_groups_are_asked_for_what_they_make_late() -> None:
    usage = Usage("acme", version="1.0")
    assert usage.declaration(Late("acme")) == {
        "version": "1.0",
        "commands": ["early", "late"],
        "options": ["early-way", "late-way"],
    }
    assert declaration_of(Late("acme"), "acme").commands == []


def test_a_program_of_one_command_has_its_own_name() -> None:
    usage = Usage("acme", version="1.0")
    app, parser = typer.Typer(), argparse.ArgumentParser()
    app.command()(lambda: None)
    parser.add_argument("--out")
    assert usage.declaration(app)["commands"] == ["acme"]
    assert usage.declaration(parser) == {"version": "1.0", "commands": ["acme"], "options": ["out"]}
    with pytest.raises(TypeError, match="argparse parser"):
        usage.declaration(lambda: None)


def test_what_is_odd_has_an_end() -> None:
    group = click.Group("loop", invoke_without_command=True)
    group.add_command(group, "again")
    assert len(declaration_of(group, "acme").commands) == 21
    many = click.Group("many")
    for number in range(3_000):
        many.add_command(click.Command(f"c{number}", params=[click.Option([f"--o{number}"])]))
    many.add_command(click.Command("a path/with/slashes"), "a path/with/slashes")
    found = declaration_of(many, "acme")
    assert (len(found.commands), len(found.options)) == (1_000, 1_000)
