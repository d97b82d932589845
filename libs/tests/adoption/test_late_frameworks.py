"""Whatever a program reads its command line by, and whenever it loads that: what was run has its
name, and what was no command is no event."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

import pytest

# The program's run, alone in a process in which nobody has loaded a framework yet; then what is
# left of our looking, and the events.
AROUND = """
import json, sys
from usagekit import Usage
from usagekit.testing import captured
assert not {"argparse", "click", "typer"} & set(sys.modules)
finders = list(sys.meta_path)
"""
BENEATH = """
sys.argv = ["acme", *sys.argv[1:]]
ending = None
with captured() as events:
    try:
        Usage("acme", version="1").run(main)
    except BaseException as error:
        ending = type(error).__name__, str(error)
assert sys.meta_path == finders, sys.meta_path
for name in {"click.core", "argparse", "typer.main"} & set(sys.modules):
    assert type(sys.modules[name].__loader__).__module__.startswith("_frozen"), name
    assert sys.modules[name].__spec__.loader is sys.modules[name].__loader__
print(json.dumps([ending, [one.properties for one in events]]))
"""
CLICK = """
def main():
    import click
    @click.group()
    @click.option("--json", is_flag=True)
    def app(json): pass
    @app.group()
    def db(): pass
    @db.command()
    @click.option("--dry-run", is_flag=True)
    def migrate(dry_run): pass
    return app()
"""
TYPER = """
def main():
    import typer
    app, db = typer.Typer(), typer.Typer()
    app.add_typer(db, name="db")
    @app.callback()
    def top(json: bool = False): pass
    @db.command()
    def migrate(dry_run: bool = False): pass
    @db.command()
    def drop(): pass
    app()
"""
ARGPARSE = """
def main():
    import argparse
    parser = argparse.ArgumentParser("acme")
    parser.add_argument("--json", action="store_true")
    db = parser.add_subparsers(required=True).add_parser("db").add_subparsers(required=True)
    db.add_parser("migrate").add_argument("--dry-run", action="store_true")
    parser.parse_args()
"""
PROGRAMS = {"click": CLICK, "typer": TYPER, "argparse": ARGPARSE}


class Ran(NamedTuple):
    """What became of a run: the error that left it, and its one event, if there was any."""

    ending: list[str] | None
    name: str | None = None
    options: tuple[str, ...] = ()
    kind: str | None = None


def run(program: str, *words: str) -> Ran:
    ran = subprocess.run(
        [sys.executable, "-c", AROUND + program + BENEATH, *words],
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    ending, events = json.loads(ran.stdout.splitlines()[-1])
    if not events:
        return Ran(ending)
    (event,) = events
    options = tuple(event.get("options", ()))
    return Ran(ending, event["command_name"], options, event.get("failure_kind"))


@pytest.mark.parametrize("framework", PROGRAMS)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("--json db migrate --dry-run", ("db.migrate", ("dry-run", "json"), None)),
        ("db migrate", ("db.migrate", (), None)),
        ("db migrate --help", None),
        ("--help", None),
        ("db migrate --unknown", ("db.migrate", (), "usage_error")),
        ("made-up", ("acme", (), "usage_error")),
    ],
)
def test_a_framework_that_is_loaded_in_main_is_seen(
    framework: str, line: str, expected: tuple[str, tuple[str, ...], str | None] | None
) -> None:
    ran = run(PROGRAMS[framework], *line.split())
    assert (None if ran.name is None else ran[1:]) == expected


OPTPARSE = """
def main():
    import optparse
    parser = optparse.OptionParser("acme", version="1")
    parser.add_option("-j", "--json", action="store_true")
    parser.add_option("--size", type="int")
    group = optparse.OptionGroup(parser, "more")
    group.add_option("--dry-run", action="store_true")
    parser.add_option_group(group)
    other = optparse.OptionParser()
    other.add_option("--inner")
    other.parse_args(["--inner", "x"])
    asked, words = parser.parse_args()
    other.parse_args([])
    if "refuse" in words: parser.error("made up")
    if "fail" in words: raise ValueError("made up")
"""
DOCOPT = """
def main():
    from docopt import docopt
    docopt("Usage: acme [--json] fine")
"""
FIRE = """
def main():
    import fire
    fire.Fire({"fine": lambda json=False: None}, name="acme")
"""
CYCLOPTS = """
def main():
    import cyclopts
    app = cyclopts.App(name="acme", version="1")
    @app.command
    def fine(json: bool = False): pass
    app()
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-j --dry-run", ("acme", ("dry-run", "json"), None)),
        ("--size 3 word -- --json", ("acme", ("size",), None)),
        ("--json fail", ("acme", ("json",), "exception")),
        ("--size x", ("acme", ("size",), "usage_error")),
        ("--nope", ("acme", (), "usage_error")),
        ("refuse", ("acme", (), "usage_error")),
        ("--help", None),
        ("--version", None),
    ],
)
@pytest.mark.parametrize("is_early", [False, True])
def test_optparse_is_seen(
    line: str, expected: tuple[str, tuple[str, ...], str | None] | None, is_early: bool
) -> None:
    ran = run(("import optparse\n" if is_early else "") + OPTPARSE, *line.split())
    assert (None if ran.name is None else ran[1:]) == expected


@pytest.mark.parametrize("program", [DOCOPT, FIRE, CYCLOPTS], ids=["docopt", "fire", "cyclopts"])
def test_what_other_frameworks_refuse_is_a_usage_error(program: str) -> None:
    assert run(program, "nope", "--wrong=1")[1:] == ("acme", (), "usage_error")
    assert run(program, "fine")[1:] == ("acme", (), None)
    assert run(program, "--help").name is None


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("--version", None),
        ("--help", None),
        ("-V build", None),
        ("build", "build"),
        ("build --version 1.2", "build"),
        ("exec make --version", "exec"),
    ],
)
@pytest.mark.parametrize("program", ["argparse", "click"])
def test_a_program_that_answers_by_itself_what_it_is_asked(
    program: str, line: str, name: str | None
) -> None:
    assert run(ANSWERING[program], *line.split()).name == name


ANSWERING = {
    "click": """
def main():
    import click, sys
    @click.group(invoke_without_command=True, add_help_option=False)
    @click.option("--help", is_flag=True)
    @click.option("-V", "--version", is_flag=True)
    @click.pass_context
    def app(ctx, help, version):
        if version or help: ctx.exit()
    @app.command()
    @click.option("--version")
    def build(version): pass
    @app.command("exec", context_settings={"ignore_unknown_options": True}, add_help_option=False)
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    def run(words): pass
    app()
""",
    "argparse": """
def main():
    import argparse
    parser = argparse.ArgumentParser("acme", add_help=False)
    parser.add_argument("--help", action="store_true")
    parser.add_argument("-V", "--version", action="store_true")
    commands = parser.add_subparsers()
    commands.add_parser("build").add_argument("--version")
    commands.add_parser("exec").add_argument("words", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    if asked.version is True: print("1.0")
""",
}


OTHERS = {
    "no framework": """
def main():
    if "--fail" in sys.argv: raise SystemExit(3)
""",
    "one of which nobody knows": """
def main():
    words = sys.argv[1:]
    if "--" in words: words = words[:words.index("--")]
    if {"--help", "-h", "--version"} & set(words): raise SystemExit(1 if "bad" in words else 0)
""",
    "click for something else": """
def main():
    import argparse
    parser = argparse.ArgumentParser("acme")
    parser.add_subparsers().add_parser("build")
    parser.parse_args()
    import click
    inner = click.Command("inner", callback=lambda made_up: None)
    inner.params.append(click.Option(["--made-up"]))
    inner.main(["--made-up", "x"], standalone_mode=False)
""",
    "a parser for something else": """
def main():
    import argparse
    other = argparse.ArgumentParser("other")
    other.add_argument("--creator")
    other.add_subparsers().add_parser("inner")
    other.parse_args(["--creator", "x"])
    other.parse_args([])
    try:
        other.parse_args(["--help"])
    except SystemExit:
        pass
    try:
        other.parse_args(["--wrong"])
    except SystemExit:
        pass
    parser = argparse.ArgumentParser("acme")
    parser.add_argument("--fail", action="store_true")
    parser.add_subparsers().add_parser("build")
    asked = parser.parse_args()
    other.parse_args(["inner"])
    if asked.fail: raise SystemExit(4)
""",
    "words of its own in addition": """
def main():
    import argparse
    parser = argparse.ArgumentParser("acme")
    parser.add_argument("--color")
    parser.add_subparsers().add_parser("build")
    parser.parse_args(["--color", "no", *sys.argv[1:]])
""",
    "in two steps": """
def main():
    import argparse
    first = argparse.ArgumentParser("acme", add_help=False)
    first.add_argument("--config")
    asked, rest = first.parse_known_args()
    second = argparse.ArgumentParser("acme")
    second.add_subparsers().add_parser("build")
    second.parse_args(rest)
""",
}


@pytest.mark.parametrize(
    ("program", "line", "expected"),
    [
        ("no framework", "anything", ("acme", (), None)),
        ("no framework", "--fail", ("acme", (), "exit")),
        ("one of which nobody knows", "build --help", None),
        ("one of which nobody knows", "--help build", None),
        ("one of which nobody knows", "deep er -h", None),
        ("one of which nobody knows", "--version", None),
        ("one of which nobody knows", "exec -- make --help", ("acme", (), None)),
        ("one of which nobody knows", "bad --help", ("acme", (), "exit")),
        ("one of which nobody knows", "build", ("acme", (), None)),
        ("click for something else", "build", ("build", (), None)),
        ("a parser for something else", "build", ("build", (), None)),
        ("a parser for something else", "--fail build", ("build", ("fail",), "exit")),
        ("words of its own in addition", "build", ("build", ("color",), None)),
        ("in two steps", "--config x build", ("build", ("config",), None)),
    ],
)
def test_what_is_read_by_other_means_is_taken_for_what_it_is(
    program: str, line: str, expected: tuple[str, tuple[str, ...], str | None] | None
) -> None:
    ran = run(OTHERS[program], *line.split())
    assert (None if ran.name is None else ran[1:]) == expected


def test_a_framework_that_cannot_be_loaded_is_the_program_s_trouble() -> None:
    program = """
class Refuses:
    def find_spec(self, name, *_):
        if name == "click.core": raise ImportError("made up")
sys.meta_path.append(Refuses())
sys.path = [one for one in sys.path if not one.endswith("-packages")]
finders = list(sys.meta_path)
def main():
    import click
"""
    ran = run(program)
    assert ran.ending is not None
    assert ran.ending[0] in ("ImportError", "ModuleNotFoundError")
    assert ran[1:] == ("acme", (), "exception")
