"""Programs that know nothing of usagekit, wrapped from outside by its three lines."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.forks import ancestor
from tests.support.recorder import Recorder
from tests.support.senders import wait_for_senders

BARE = """
import sys
{start}
sys.exit({main}())
"""
WRAPPED = """
import sys
{start}
from usagekit import Usage
usage = Usage("{name}", version="1", host="{host}", project_api_key="phc_made_up")
sys.exit(usage.run({main}))
"""


class Program(NamedTuple):
    """A program, and what to ask of it: words, then how an event names that and its ending."""

    start: str
    main: str
    good: str
    good_name: str
    bad: str
    bad_name: str
    bad_code: int
    bad_kind: str


PROGRAMS = {
    "http": Program(  # argparse
        "from httpie.__main__ import main",
        "main",
        "--offline --ignore-stdin GET made-up.example a==1",
        "http",
        "--ignore-stdin 127.0.0.1:1/made-up",
        "http",
        1,
        "exit",
    ),
    "pip-audit": Program(  # argparse
        "from pip_audit._cli import audit",
        "audit",
        "--dry-run --path nothing",
        "pip-audit",
        "-r made-up.txt --made-up",
        "pip-audit",
        2,
        "usage_error",
    ),
    "sqlite-utils": Program(  # Click, with a default command
        "from sqlite_utils.cli import cli",
        "cli",
        "tables a.db --counts",
        "tables",
        "query a.db made-up",
        "query",
        1,
        "exception",
    ),
    "flask": Program(  # Click, in a main of its own
        "from flask.cli import main",
        "main",
        "--app site_of_ours routes",
        "routes",
        "--app made_up_app run",
        "run",
        2,
        "usage_error",
    ),
    "black": Program(  # Click, one command, in a main of its own
        "from black import patched_main",
        "patched_main",
        "--check good.py",
        "black",
        "--check bad.py",
        "black",
        123,
        "exit",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which these programs find something to do."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "good.py").write_text("made = up\n")
    (work / "bad.py").write_text("made up = (\n")
    (work / "nothing").mkdir()
    sqlite3.connect(work / "a.db").close()
    (work / "site_of_ours.py").write_text("from flask import Flask\napp = Flask('site_of_ours')\n")
    return work


def test_a_program_is_wrapped_and_none_the_wiser(
    folder: Path, tmp_path: Path, recorder: Recorder, name: str
) -> None:
    program = PROGRAMS[name]
    home = tmp_path / "home"
    home.mkdir()

    def ends(template: str, words: str) -> tuple[int, str, str]:
        script = tmp_path / f"{len(template)}" / name
        script.parent.mkdir(exist_ok=True)
        filled = {"{start}": program.start, "{main}": program.main}
        filled |= {"{name}": name, "{host}": recorder.url}
        text = template
        for hole, what in filled.items():
            text = text.replace(hole, what)
        script.write_text(text)
        ran = ancestor(program.start.split()[1]).run(
            str(script),
            *words.split(),
            environ={"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "80", "CI": "1"},
            cwd=folder,
        )
        return ran.returncode, ran.stdout.decode(), ran.stderr.decode()

    for words, code in (("--help", 0), (program.good, 0), (program.bad, program.bad_code)):
        bare, wrapped = ends(BARE, words), ends(WRAPPED, words)
        assert wrapped == bare
        assert wrapped[0] == code

    wait_for_senders(home)
    good, bad = sorted(recorder.wait_for(2), key=lambda event: str(event.message["timestamp"]))
    assert (good.command, good.event) == (program.good_name, "CLI execution succeeded")
    assert (bad.command, bad.event) == (program.bad_name, "CLI execution failed")
    assert bad.properties["exit_code"] == program.bad_code
    assert bad.properties["failure_kind"] == program.bad_kind
    assert "made" not in repr((good.message, bad.message))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", PROGRAMS)
