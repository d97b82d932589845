"""What a program sees of its own stack: its files and its frameworks', as if nobody watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.senders import wait_for_senders

PRELUDE = """
import json, os, sys, traceback, warnings
from usagekit import Usage
from usagekit.crash import hide_own_frames
usage = Usage("acme", version="1")
tracked = "ACME_BARE" not in os.environ
seen, lines = [], set()

def look(where):
    "The stack from here, without the lines, which the two ways to start differ in."
    frames, frame = [], sys._getframe(1)
    while frame is not None:
        own = (frame.f_code.co_filename, frame.f_globals.get("__name__"), frame.f_code.co_name)
        if not frames or frames[-1] != own:
            frames.append(own)
        frame = frame.f_back
    seen.append([where, frames])

def trace(frame, event, _):
    if frame.f_code.co_filename == __file__:
        lines.add(frame.f_lineno)
        return trace
    return None

def start(app):
    if "trace" in os.environ:
        sys.settrace(trace)
    try:
        usage.run(app) if tracked else app()
    except BaseException as error:
        seen.append(["raised", [type(error).__name__, str(error)]])
        texts = traceback.format_exception(type(error), error, error.__traceback__)
        files = [one.split(",")[0] for one in texts if one.lstrip().startswith("File")]
        pairs = zip(files, [None, *files])
        seen.append(["traceback", [one for one, before in pairs if one != before]])
    sys.settrace(None)
    print(json.dumps([seen, sorted(lines)]))
"""
CLICK = """
import {click} as click

class Kind(click.ParamType):
    name = "kind"
    def convert(self, value, param, ctx):
        look("convert")
        return value

class Lazy(click.Group):
    {a}def resolve_command(self, ctx, args):
        look("resolve")
        return {w}super().resolve_command(ctx, args)

def callback(ctx, param, value):
    look("option")
    return value

@click.group(cls=Lazy)
@click.option("--loud", is_flag=True, callback=callback)
{a}def cli(loud):
    look("group")

@cli.result_callback()
{a}def result(*args, **kwargs):
    look("result")

@cli.command()
@click.argument("word", type=Kind())
{a}def work(word):
    look("command")
    warnings.warn("made up", stacklevel=2)
    if word == "fail":
        raise ValueError("it broke")
    if word == "exit":
        sys.exit(3)

{start}
"""
TYPER = """
import typer
app = typer.Typer()

def callback(value: bool):
    look("option")
    return value

def parse(value: str):
    look("convert")
    return value

@app.callback()
def acme(loud: bool = typer.Option(False, callback=callback)):
    look("group")

@app.command()
def work(word: str = typer.Argument(parser=parse)):
    look("command")
    if word == "fail":
        raise ValueError("it broke")
    if word == "exit":
        sys.exit(3)

start(app)
"""
ARGPARSE = """
import argparse

class Action(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        look("action")

def kind(word):
    look("convert")
    return word

def main():
    parser = argparse.ArgumentParser("acme")
    parser.add_argument("--loud", action=Action, nargs=0)
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("work").add_argument("word", type=kind)
    word = parser.parse_args().word
    look("command")
    if word == "fail":
        raise ValueError("it broke")
    return 3 if word == "exit" else 0

start(main)
"""
PLAIN = {"a": "", "w": "", "click": "click", "start": "start(cli)"}
PROGRAMS = {
    "click": CLICK.format(**PLAIN),
    "click in a main": CLICK.format(**{**PLAIN, "start": "start(lambda: cli())"}),
    "rich-click": CLICK.format(**{**PLAIN, "click": "rich_click"}),
    "asyncclick": CLICK.format(a="async ", w="await ", click="asyncclick", start="start(cli)"),
    "typer": TYPER,
    "argparse": ARGPARSE,
}


def looks(
    folder: Path, program: str, *words: str, **environ: str
) -> tuple[list[list[object]], list[int]]:
    """What the program saw of its stack, where; and its lines that ran, if it was to trace them."""
    (folder / "acme.py").write_text(PRELUDE + program)
    ran = subprocess.run(
        [sys.executable, "acme.py", *words],
        env={"HOME": str(folder), "PATH": os.environ["PATH"], **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    wait_for_senders(folder)
    assert ran.stdout, ran.stderr
    seen, lines = json.loads(ran.stdout.splitlines()[-1])
    return [*seen, ["words", ran.stderr.replace("usage.run", "")]], lines


@pytest.mark.parametrize("words", ["--loud work fine", "work fail", "work exit", "work", "nope"])
@pytest.mark.parametrize("framework", PROGRAMS)
def test_the_stack_is_the_program_s_own(tmp_path: Path, framework: str, words: str) -> None:
    program = PROGRAMS[framework]
    bare, _ = looks(tmp_path, program, *words.split(), ACME_BARE="1")
    tracked, _ = looks(tmp_path, program, *words.split(), ACME_USAGE_TRACKING="1")
    assert tracked == bare
    assert "usagekit" not in json.dumps(tracked)
    if words == "--loud work fine":
        assert {"convert", "command"} <= {str(where) for where, _ in tracked}


@pytest.mark.parametrize("framework", PROGRAMS)
def test_no_line_of_the_program_runs_that_it_would_not_run(tmp_path: Path, framework: str) -> None:
    """As whoever measures coverage would see it."""
    program = PROGRAMS[framework]
    _, bare = looks(tmp_path, program, "work", "fine", ACME_BARE="1", trace="1")
    _, tracked = looks(tmp_path, program, "work", "fine", trace="1")
    assert len(bare) > 5
    (own,) = (nth for nth, line in enumerate(PRELUDE.split("\n"), 1) if "usage.run(app)" in line)
    assert sorted({*tracked} - {*bare}) == [own]
    assert {*bare} <= {*tracked}
