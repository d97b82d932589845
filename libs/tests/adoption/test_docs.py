"""docs/adopt.md, as written: its programs run, and their events arrive."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.recorder import Recorder
from tests.support.senders import wait_for_senders

PAGE = (Path(__file__).parents[3] / "docs/adopt.md").read_text()
# By the heading under which it stands.
PROGRAMS = dict(
    re.findall(r"^### ([^\n]+)\n(?:(?!```).)*```python\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
)

RunAcme = Callable[..., "subprocess.CompletedProcess[str]"]


def snippets(heading: str) -> list[str]:
    """The pieces of Python under a heading."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "acme").mkdir()
    yield tmp_path / "acme"
    wait_for_senders(tmp_path)


@pytest.fixture
def run_acme(folder: Path, tmp_path: Path) -> RunAcme:
    def run(program: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        (folder / "acme.py").write_text(program)
        ran = subprocess.run(
            [sys.executable, "acme.py", *words],
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], **environ},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        wait_for_senders(tmp_path)
        return ran

    return run


def test_the_page_has_a_program_for_each_framework() -> None:
    assert list(PROGRAMS) == ["Typer", "Click", "argparse", "None of them"]


@pytest.mark.parametrize("framework", PROGRAMS)
def test_each_program_s_first_event_is_shown_kept_and_sent(
    run_acme: RunAcme, recorder: Recorder, framework: str
) -> None:
    program = PROGRAMS[framework]
    shown = run_acme(program, "hello", ACME_USAGE_DEBUG="1")
    assert '"command_name": "hello"' in shown.stderr
    assert run_acme(program, "hello").stdout.startswith("hello")
    if framework != "None of them":
        assert re.search(
            r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  local    hello +ok +[\d,]+ ms$",
            run_acme(program, "usage", "log").stdout,
            re.MULTILINE,
        )
    there = {"ACME_USAGE_HOST": recorder.url, "ACME_USAGE_PROJECT_KEY": "phc_made_up"}
    assert run_acme(program, "hello", **there).returncode == 0
    (event,) = recorder.wait_for(1)
    assert (event.command, event.properties["cli_version"]) == ("hello", "1.2.0")


def test_somebody_logs_in(run_acme: RunAcme, recorder: Recorder) -> None:
    there = {"ACME_USAGE_HOST": recorder.url, "ACME_USAGE_PROJECT_KEY": "phc_made_up"}
    login, with_resolver = snippets("Somebody logs in")
    identify, logout = login.splitlines()
    for step in (identify, logout):
        program = PROGRAMS["None of them"].replace(
            'print("hello"', f'{step}\n        print("hello"'
        )
        assert run_acme(program, "hello", **there).returncode == 0
    recorder.wait_for(2)
    assert [one.distinct_id for one in recorder.received] == ["account-1"] * 3
    said = run_acme(f"from usagekit import Usage\n{with_resolver}print(usage.config().credentials)")
    assert said.stdout.endswith("/.acme/token\n")


def test_the_place_to_send_to_can_be_said_in_the_program(run_acme: RunAcme) -> None:
    (snippet,) = snippets("The first event")
    said = run_acme(f"from usagekit import Usage\n{snippet}print(usage.config().host)")
    assert said.stdout == "https://usage.acme.dev\n"


def check(folder: Path, program: str, test: str) -> None:
    """The test, beside the program, passes, and leaves nothing."""
    (folder / "acme.py").write_text(program)
    (folder / "test_acme.py").write_text(test)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme.py"],
        env={"HOME": str(folder.parent), "PATH": os.environ["PATH"]},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "1 passed" in ran.stdout, ran.stdout
    assert not (folder.parent / ".local").exists()


@pytest.mark.parametrize(("nth", "framework"), [*enumerate(PROGRAMS)])
def test_the_tests_of_the_page_pass_as_written_and_leave_nothing(
    folder: Path, nth: int, framework: str
) -> None:
    tests = snippets("In your tests")
    assert len(tests) == len(PROGRAMS)
    check(folder, PROGRAMS[framework], tests[nth])


@pytest.mark.parametrize(
    ("framework", "runner", "app"),
    [("Typer", "typer.testing", "app"), ("Click", "click.testing", "cli")],
)
def test_a_runner_of_the_framework_s_own_goes_past_it(
    folder: Path, framework: str, runner: str, app: str
) -> None:
    test = f"""
from acme import {app}
from {runner} import CliRunner
from usagekit.testing import captured

def test_hello():
    with captured() as events:
        assert CliRunner().invoke({app}, ["hello"]).output == "hello you\\n"
    assert events == []
"""
    check(folder, PROGRAMS[framework], test)


def test_without_a_framework_the_log_is_where_the_page_says(
    run_acme: RunAcme, tmp_path: Path
) -> None:
    said = run_acme(PROGRAMS["None of them"], "usage", "log")
    assert said.stdout == "hello log\n"
    log = tmp_path / ".local/state/acme/usage/log.jsonl"
    assert '"command_name": "hello"' in log.read_text()


def test_every_kind_of_failure_stands_in_the_table_of_endings() -> None:
    from usagekit.schema import FAILURE_KINDS

    table = PAGE.split("## How a command can end")[1].split("## ")[0]
    assert {kind for kind in FAILURE_KINDS if f"| `{kind}` |" not in table} == set()
