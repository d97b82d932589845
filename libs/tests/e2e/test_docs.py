"""The docs name all that there is: commands, variables, properties, files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from arcade_cli.main import app
from arcade_cli.usage import usage_config
from typer.core import TyperGroup

ROOT = Path(__file__).parents[3]
USAGE = (ROOT / "docs/usage-tracking.md").read_text()
README = (ROOT / "README.md").read_text()


def commands() -> list[str]:
    """Every command of the program, groups first."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    found = []
    for name, command in root.commands.items():
        context = typer.Context(command)
        inner = command.list_commands(context) if isinstance(command, TyperGroup) else [""]
        found += [f"{name} {each}".strip() for each in inner]
    return found


@pytest.mark.parametrize("command", commands())
def test_the_readme_names_each_command(command: str) -> None:
    words = command.split()
    shown = README.replace("`", "").replace(",", " ")
    assert f"arcade {command}" in shown or re.search(rf"arcade .*\b{words[-1]}\b", shown)


def test_each_variable_stands_in_the_docs() -> None:
    config = usage_config({"HOME": "/made-up"})
    variables = {config.tracking_variable, config.event_variable, *config.sender_environ}
    variables |= {"ARCADE_USAGE_DEBUG", "DO_NOT_TRACK"}
    assert {name for name in variables if f"| `{name}` |" not in USAGE} == set()


def test_each_file_stands_in_the_docs() -> None:
    paths = usage_config({"HOME": "/made-up"}).paths
    named = [paths.identity, paths.spool, paths.log, paths.link]
    named += [paths.running, paths.dropped, paths.breaker, paths.choice]
    assert [path for path in named if path.replace("/made-up", "~") not in USAGE] == []


def test_each_room_stands_on_the_tour() -> None:
    tour = (ROOT / "CONTRIBUTING.md").read_text()
    packages = ("usagekit/usagekit", "usagekit-collector/usagekit_collector")
    rooms = {path.name for each in packages for path in (ROOT / "libs" / each).glob("*.py")}
    assert {room for room in rooms - {"__init__.py"} if room not in tour} == set()


def test_each_test_file_stands_in_the_list_of_proofs_and_torture_where_it_is() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    rows = [line.split("|")[2:4] for line in page.splitlines() if re.match(r"\|.*`test_", line)]
    known, torture = ({name for row in rows for name in names(row[column])} for column in (0, 1))
    files = {
        f"{path.parent.name}/{path.stem}": path.read_text()
        for path in ROOT.glob("libs/tests/*/test_*.py")
    }
    assert files.keys() == known | torture
    marked = {name for name, text in files.items() if "pytest.mark." + "torture" in text}
    said = {name for row in rows if row[1].strip() for name in (names(row[1]) or names(row[0]))}
    assert marked <= said


def names(cell: str) -> list[str]:
    """Test files as the list names them: ``usagekit/`test_a` `test_b`, cli/`test_c```."""
    return [
        f"{folder}/{name}"
        for folder, some in re.findall(r"(\w+)/((?:`\w+`\s*)+)", cell)
        for name in re.findall(r"\w+", some)
    ]


def test_each_door_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for door in ("demo", "test", "torture", "check", "bench"):
        assert re.search(rf"^{door}:.*## ", makefile, re.MULTILINE)
        assert f"make {door}" in README + (ROOT / "CONTRIBUTING.md").read_text()
