"""``arcade toolkit``: finding, describing and running what is installed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.home import Home, Ran

pytestmark = pytest.mark.measured

NewHome = Callable[..., Home]

# What is typed after ``arcade toolkit``, and what comes back.
RESULTS = {
    ("run", "Math.Add", "a=1", "b=2"): "3\n",
    ("run", "Math.Add", "a=-1", "b=1e2"): "99\n",
    ("run", "mAtH.aDD", "b=2", "a=1"): "3\n",
    ("run", "Math.Add", '{"a": "1", "b": "2"}'): "3\n",
    ("run", "Math.Add", "--json", '{"a": "1", "b": "2"}'): '"3"\n',
    ("run", "--json", "Math.Add", '{"a": "1", "b": "2"}'): '"3"\n',
    ("run", "Math.SumList", 'numbers=["1","2"]'): "3\n",
    ("run", "Math.SumList", '{"numbers": ["1", "2"]}', "--json"): '"3"\n',
}
REFUSALS = {
    ("run", "Math.Nonsense", "a=1"): ["Math", "'Nonsense'", "arcade toolkit show Math"],
    ("run", "Nonsense.Add", "a=1"): ["'Nonsense'", "Installed: Math"],
    ("run", "Add", "a=1"): ["'Add'", "TOOLKIT.TOOL"],
    ("show", "Nonsense"): ["'Nonsense'", "Installed: Math"],
    ("run", "Math.Add", "a=1"): ["needs b", "a: string, b: string"],
    ("run", "Math.Add"): ["needs a and b"],
    ("run", "Math.Add", "a=1", "b=2", "c=3"): ["no argument 'c'", "a: string"],
    ("run", "Math.Add", '{"a": "1", "b": "2", "c": "3"}'): ["no argument 'c'"],
    ("run", "Math.Add", "1", "2"): ["'1'", "key=value"],
    ("run", "Math.Add", '{"a": "1", '): ["not valid JSON"],
    ("run", "Math.SumList", "numbers=many"): ["'many'", "numbers", "array"],
    ("run", "Math.SumList", "numbers=3"): ["numbers", "array"],
    ("run", "Math.SumList", "numbers=[1, 2]"): ["numbers", "string"],
    ("run", "Math.Add", '{"a": 1, "b": "2"}'): ["a: string"],
    ("run", "Math.Divide", "a=1", "b=0"): ["Math.Divide failed", "DivisionByZero"],
}


def test_installed_toolkits_are_listed_in_a_table(untracked: Home) -> None:
    ran = untracked.run("toolkit", "list")
    assert (ran.code, ran.err) == (0, "")
    title, head, math = ran.out.splitlines()
    assert title.strip() == "Toolkits"
    assert head.split() == ["Name", "Version", "Tools", "Description"]
    assert math.split()[:2] == ["Math", version("arcade_math")]


def test_installed_toolkits_are_listed_in_json(untracked: Home) -> None:
    ran = untracked.run("toolkit", "list", "--json")
    (math,) = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (math["name"], math["version"]) == ("Math", version("arcade_math"))
    assert math["tools"] > 20
    assert math["description"]


def test_a_toolkit_s_tools_are_shown_in_a_table(untracked: Home) -> None:
    ran = untracked.run("toolkit", "show", "Math")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Math {version('arcade_math')}: ")
    (add,) = [line for line in ran.out.splitlines() if line.startswith("Math.Add ")]
    assert add.split(None, 1)[1].split("  ")[0] == "a: string, b: string"
    assert max(map(len, ran.out.splitlines())) <= 100


@pytest.mark.parametrize("name", ["Math", "ARCADE-math"])
def test_a_toolkit_s_tools_are_shown_in_json_by_whatever_name_it_is_called(
    untracked: Home, name: str
) -> None:
    ran = untracked.run("toolkit", "show", name, "--json")
    assert (ran.code, ran.err) == (0, "")
    shown = json.loads(ran.out)
    assert shown["name"] == "Math"
    tools = {tool["name"]: tool for tool in shown["tools"]}
    assert len(tools) > 20
    assert [argument["name"] for argument in tools["Math.Add"]["arguments"]] == ["a", "b"]
    (numbers,) = tools["Math.SumList"]["arguments"]
    assert (numbers["type"], numbers["required"]) == ("array", True)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, ...], Ran]:
    """All of these at once, because each takes a third of a second and none stores anything."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.environ["ARCADE_USAGE_TRACKING"] = "0"
    lines = [*RESULTS, *REFUSALS]
    with ThreadPoolExecutor(4) as pool:
        return dict(
            zip(lines, pool.map(lambda line: home.run("toolkit", *line), lines), strict=True)
        )


@pytest.mark.parametrize("line", RESULTS, ids=" ".join)
def test_a_tool_prints_its_result_and_nothing_else(
    ran: dict[tuple[str, ...], Ran], line: tuple[str, ...]
) -> None:
    assert ran[line] == Ran(0, RESULTS[line], "")


@pytest.mark.parametrize("line", REFUSALS, ids=" ".join)
def test_what_cannot_be_done_is_said_in_one_message(
    ran: dict[tuple[str, ...], Ran], line: tuple[str, ...]
) -> None:
    ran[line].refused_in_one_message(*REFUSALS[line])


def test_an_argument_that_is_given_twice_is_not_dropped_in_silence(untracked: Home) -> None:
    untracked.run("toolkit", "run", "Math.Add", "a=1", "a=5", "b=2").refused_in_one_message("'a'")


def test_debug_shows_what_lies_behind_a_tool_s_failure(untracked: Home) -> None:
    ran = untracked.run("toolkit", "run", "Math.Divide", "a=1", "b=0", "--debug")
    assert (ran.code, ran.out) == (1, "")
    assert "arcade_math" in ran.err
    assert ran.err.count("Traceback") == 1
    assert ran.err.splitlines()[-1].startswith("Error: Math.Divide failed")


def test_the_working_folder_is_of_no_account(untracked: Home, tmp_path: Path) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    for name in ("yaml", "rich", "json", "arcade_cli", "arcade_math", "usagekit"):
        (hostile / f"{name}.py").write_text("raise SystemExit('imported from the working folder')")
    for folder in ("/", hostile):
        ran = untracked.run("toolkit", "run", "Math.Add", "a=1", "b=2", cwd=folder)
        assert ran == Ran(0, "3\n", "")


def test_a_working_folder_that_is_gone_is_of_no_account(untracked: Home, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    # Between the change of folder and the start of the program.
    ran = untracked.exec(
        *("toolkit", "run", "Math.Add", "a=1", "b=2"), cwd=gone, preexec_fn=gone.rmdir
    )
    assert ran == Ran(0, "3\n", "")


PRINTING = (["toolkit", "list"], ["toolkit", "show", "Math", "--json"], ["usage", "status"])


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_reader_that_has_gone_away_is_no_reason_for_a_traceback(
    untracked: Home, words: list[str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ran = untracked.run(*words, stdout=write)
    finally:
        os.close(write)
    assert ran.err == ""


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_closed_standard_output_is_no_reason_for_a_traceback(
    untracked: Home, words: list[str]
) -> None:
    ran = untracked.exec(*words, stdout=None, preexec_fn=lambda: os.close(1))
    assert ran == Ran(0, "", "")
