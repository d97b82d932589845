"""What the foreground loads, and which room may know of which: rules that a machine can check."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import arcade_cli
import pytest
import usagekit

from tests.support.home import clean_environ

USAGEKIT = Path(usagekit.__file__).parent
ARCADE = Path(arcade_cli.__file__).parent
LIBS = Path(__file__).parents[2]

# All that a program with Typer loads more of, because one of its commands is tracked.
OWN = {
    "faulthandler",
    "arcade_cli",
    "arcade_cli.usage",
    "usagekit",
    "usagekit._unix",
    "usagekit.click",
    "usagekit.config",
    "usagekit.facts",
    "usagekit.record",
    "usagekit.run",
    "usagekit.service",
    "usagekit.snapshot",
    "usagekit.standin",
    "usagekit.tracker",
}
DEAR = {
    "posthog",
    "requests",
    "yaml",
    "json",
    "http.client",
    "urllib.request",
    "importlib.metadata",
    "tempfile",
    "logging",
    "socket",
    "ssl",
    "subprocess",
    "uuid",
    "platform",
    "threading",
    "dataclasses",
}

PROGRAM = """
import sys
import typer
app = typer.Typer()

@app.command()
def one():
    pass

@app.command()
def two():
    pass

before = set(sys.modules)
kind, sys.argv = sys.argv[1], ["program", "one"]
if kind == "tracked":
    from arcade_cli.usage import usage_config
    from usagekit.run import run
    from usagekit.tracker import CommandTracker
    ends = lambda: run(app, CommandTracker(usage_config()))
else:
    ends = app
try:
    ends()
except SystemExit as ending:
    assert ending.code == 0, ending.code
print(*sorted(set(sys.modules) - before))
print(*sorted(before))
"""


@pytest.fixture
def bare_environ(tmp_path: Path) -> dict[str, str]:
    """A home without a word of coverage, which would load much itself."""
    (tmp_path / "bare").mkdir()
    return clean_environ(tmp_path / "bare")


def loaded(environ: dict[str, str], kind: str) -> tuple[set[str], set[str]]:
    """The modules that one command loads after Typer, and those that Typer had loaded."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    after, before = ran.stdout.splitlines()
    return set(after.split()), set(before.split())


def test_a_tracked_command_loads_these_modules_and_no_other(bare_environ: dict[str, str]) -> None:
    loaded(bare_environ, "tracked")  # the first makes the identity, for which it needs more
    tracked, before = loaded(bare_environ, "tracked")
    untracked, _ = loaded(bare_environ, "untracked")

    assert tracked - untracked == OWN
    assert (tracked - untracked) & DEAR - before == set()
    spawned = Path(bare_environ["HOME"], ".arcade", "usage")
    assert json.loads((spawned.parent / "usage.json").read_text())["anon_id"]
    assert spawned.is_dir()


def test_a_command_that_is_not_tracked_loads_no_more(bare_environ: dict[str, str]) -> None:
    off, _ = loaded({**bare_environ, "ARCADE_USAGE_TRACKING": "0"}, "tracked")
    untracked, _ = loaded(bare_environ, "untracked")
    assert off - untracked <= OWN
    assert not Path(bare_environ["HOME"], ".arcade").exists()


def test_importing_the_package_loads_nothing_else() -> None:
    script = (
        "import sys; before = set(sys.modules); import usagekit; print(*set(sys.modules) - before)"
    )
    ran = subprocess.run([sys.executable, "-Ic", script], capture_output=True, text=True)
    assert ran.stdout.split() == ["usagekit"]


@pytest.mark.parametrize("name", usagekit.__all__)
def test_each_public_name_is_there_when_it_is_asked_for(name: str) -> None:
    assert getattr(usagekit, name).__name__ == name


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        usagekit.nonsense  # noqa: B018


def sources(*folders: Path) -> Iterator[tuple[Path, ast.Module]]:
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere in a file, in functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(*packages: str) -> set[str]:
    """Names of the files that import anything of these packages."""
    return {
        path.relative_to(LIBS).as_posix()
        for path, tree in sources(USAGEKIT, ARCADE)
        if {name.partition(".")[0] for name in imported(tree)} & set(packages)
    }


def test_the_mechanism_knows_no_program() -> None:
    assert not [path for path in importers("arcade_cli") if path.startswith("usagekit/")]


def test_only_the_delivery_knows_the_sdk_and_its_http_library() -> None:
    known = {"usagekit/usagekit/connect.py", "usagekit/usagekit/delivery.py"}
    assert importers("posthog", "requests", "urllib3") == known
    assert importers("posthog") == {"usagekit/usagekit/delivery.py"}


def test_only_the_commands_and_the_policy_know_the_mechanism() -> None:
    assert importers("usagekit") - {
        f"usagekit/{path.relative_to(USAGEKIT.parent)}" for path in USAGEKIT.rglob("*.py")
    } == {
        "arcade-cli/arcade_cli/main.py",
        "arcade-cli/arcade_cli/usage/__init__.py",
        "arcade-cli/arcade_cli/usage/__main__.py",
    }


def test_the_mechanism_needs_nothing_but_python_and_its_own_delivery() -> None:
    foreign = {
        name.partition(".")[0]
        for _, tree in sources(USAGEKIT)
        for name in imported(tree)
        if name.partition(".")[0] not in sys.stdlib_module_names | {"usagekit"}
    }
    assert foreign == {"posthog", "requests", "urllib3", "typer", "click"}
    for framework in ("typer", "click"):
        assert [path for path in importers(framework) if path.startswith("usagekit/")] == [
            f"usagekit/usagekit/mount/{framework}.py"
        ]


def spoken(tree: ast.Module) -> Iterator[str]:
    """The constants in a file that a program could use: all but the docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node not in docstrings:
            yield str(node.value)


def test_only_the_policy_knows_the_names_of_its_variables() -> None:
    found = {
        path.relative_to(LIBS).as_posix()
        for path, tree in sources(USAGEKIT, ARCADE)
        if any("ARCADE_USAGE" in text for text in spoken(tree))
    }
    assert found == {"arcade-cli/arcade_cli/usage/__init__.py"}


def test_the_mechanism_s_code_never_says_the_program_s_name() -> None:
    found = {
        path.name
        for path, tree in sources(USAGEKIT)
        if any("arcade" in text.lower() for text in spoken(tree))
    }
    assert found == set()
