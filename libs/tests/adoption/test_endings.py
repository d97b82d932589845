"""Every ending in every framework: the same output and exit code as without, one right event."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.forks import ancestor
from tests.support.senders import wait_for_senders

PROGRAMS = Path(__file__).parent / "programs"


class Seen(NamedTuple):
    """What an event says of an ending; -1: nobody knows the exit code."""

    command_name: str
    exit_code: int = 0
    failure_kind: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    options: tuple[str, ...] = ()


def failed(name: str, code: int, kind: str, error: str | None = None, message: str = "") -> Seen:
    return Seen(name, code, kind, error, message)


def refused(name: str, error: str) -> Seen:
    return failed(name, 2, "usage_error", error)


ALL: dict[str, Seen | None] = {
    "return": Seen("return"),
    "exit-none": Seen("exit-none"),
    "exit-zero": Seen("exit-zero"),
    "exit-three": failed("exit-three", 3, "exit"),
    "exit-minus-one": failed("exit-minus-one", 255, "exit"),
    "exit-true": failed("exit-true", 1, "exit"),
    "exit-words": failed("exit-words", 1, "exit", None, "made-up words"),
    "exit-because": failed("exit-because", 4, "exit", "ValueError", "it broke"),
    "fail": failed("fail", 1, "exception", "ValueError", "it broke"),
    "fail-again": failed("fail-again", 1, "exception", "RuntimeError", "and so did this"),
    "interrupt": failed("interrupt", 130, "interrupted", "KeyboardInterrupt"),
    "terminate": failed("terminate", -1, "terminated"),
    "terminate-in-c": failed("terminate-in-c", -1, "terminated"),
    "terminate-with-a-handler": failed("terminate-with-a-handler", 5, "exit"),
    "terminate-after-a-handler": failed("terminate-after-a-handler", -1, "terminated"),
    "hang-up": failed("hang-up", -1, "terminated"),
    "hang-up-after-a-loop": failed("hang-up-after-a-loop", -1, "terminated"),
    "interrupt-by-default": failed("interrupt-by-default", -1, "interrupted"),
    "pipe-by-default": failed("pipe-by-default", -1, "interrupted"),
    "pipe-by-default-at-the-end": failed("pipe-by-default-at-the-end", -1, "interrupted"),
    "hang-up-ignored": Seen("hang-up-ignored"),
    "kill": failed("kill", -1, "killed"),
    "exit-at-once": failed("exit-at-once", 6, "exit"),
    "exit-at-once-well": Seen("exit-at-once-well"),
    "exit-in-a-child": failed("exit-in-a-child", -1, "killed"),
    "print-little": failed("print-little", 120, "interrupted", "BrokenPipeError"),
    "print-much-to-nobody": failed("print-much-to-nobody", 1, "interrupted", "BrokenPipeError"),
    "break-own-pipe": failed(
        "break-own-pipe", 1, "exception", "BrokenPipeError", "[Errno 32] Broken pipe"
    ),
    "run-async": failed("run-async", 1, "exception", "KeyError", "'in a coroutine'"),
    "group nested --size 3": Seen("group.nested", options=("size",)),
    "--loud return": Seen("return", options=("loud",)),
    "--help": None,
    "--version": None,
    "group nested --help": None,
}
ARGPARSE: dict[str, Seen | None] = {
    "": Seen("acme"),
    "g nested": Seen("group.nested"),
    "number 0": Seen("number"),
    "number 7": failed("number", 7, "exit"),
    "parse-more": Seen("parse-more"),
    "number 300": refused("number", "ArgumentError"),
    "made-up": refused("acme", "ArgumentError"),
    "--made-up": refused("acme", "ArgumentError"),
    "group": refused("group", "ArgumentError"),
    "group made-up": refused("group", "ArgumentError"),
    "group nested --size made-up": refused("group.nested", "ArgumentError")._replace(
        options=("size",)
    ),
    "usage status": Seen("usage.status"),
    "usage made-up": refused("usage", "ArgumentError"),
    "usage log --made-up": refused("usage.log", "ArgumentError"),
    "usage purge": None,
}
# Between the two ways in which the versions of Click name what was not found.
NO_COMMAND = "UsageError|NoSuchCommand"
CLICK: dict[str, Seen | None] = {
    "leave 0": Seen("leave"),
    "leave 7": failed("leave", 7, "exit"),
    "abort": failed("abort", 1, "interrupted", "Abort"),
    "refuse": refused("refuse", "UsageError|BadParameter"),
    "made-up": refused("acme", NO_COMMAND),
    "--made-up": refused("acme", "NoSuchOption"),
    "group made-up": refused("group", NO_COMMAND),
    "group nested --size made-up": refused("group.nested", "BadParameter"),
    "leave": refused("leave", "MissingParameter"),
    "steps two": Seen("steps.two"),
    "bad-callback inner": failed(
        "bad-callback.inner|bad-callback", 1, "exception", "LookupError", "in a callback"
    ),
    "bad-result inner": failed(
        "bad-result.inner", 1, "exception", "LookupError", "in a result callback"
    ),
    "usage status": Seen("usage.status"),
    "usage log --made-up": refused("usage.log", "NoSuchOption"),
    "usage purge": None,
}
ONLY_CLICK: dict[str, Seen | None] = {
    "": None,  # prints its help; versions differ in the exit code
    "group": None,
    "lazy later": Seen("lazy.later"),
    "steps one two": Seen("steps.one+two"),
    "lazy made-up": refused("lazy", NO_COMMAND),
    "interrupt": failed("interrupt", 1, "interrupted", "KeyboardInterrupt"),
    "complain": failed("complain", 1, "exception", "ClickException", "made-up complaint"),
}
# What the programs import of others.
IMPORTS = {
    "argparse_program": ("argparse", "asyncio"),
    "click_program": ("click", "asyncio"),
    "rich-click": ("rich_click", "rich.traceback", "asyncio"),
    "typer_program": ("typer", "rich.traceback", "pydantic.types", "importlib.metadata", "asyncio"),
}
# Framework, program, its environment, and what it is asked to do.
FRAMEWORKS: dict[str, tuple[str, dict[str, str], dict[str, Seen | None]]] = {
    "argparse": ("argparse_program", {}, {**ALL, **ARGPARSE}),
    "click": ("click_program", {}, {**ALL, **CLICK, **ONLY_CLICK}),
    "rich-click": ("click_program", {"ACME_RICH": "1"}, {**ALL, **CLICK, **ONLY_CLICK}),
    "typer": ("typer_program", {}, {**ALL, **CLICK}),
    "click in a main": ("click_program", {"ACME_MAIN": "1"}, {**CLICK, **ONLY_CLICK}),
    "typer in a main": ("typer_program", {"ACME_MAIN": "1"}, CLICK),
}
CASES = [
    pytest.param(program, environ, words, seen, id=f"{framework}: {words}")
    for framework, (program, environ, cases) in FRAMEWORKS.items()
    for words, seen in cases.items()
]


def ends(home: Path, program: str, words: str, environ: Mapping[str, str]) -> tuple[int, str, str]:
    """Run the program with these words: exit code or signal, output, error output. Addresses of
    objects, which some tracebacks show, differ from run to run."""
    ran = ancestor(*IMPORTS["rich-click" if "ACME_RICH" in environ else program]).run(
        str(PROGRAMS / f"{program}.py"),
        *words.split(),
        environ={"HOME": str(home), "PATH": "/usr/bin:/bin", "COLUMNS": "80", **environ},
        cwd=home,
    )
    out, err = (re.sub("0x[0-9a-f]{6,}", "0x", text.decode()) for text in (ran.stdout, ran.stderr))
    return ran.returncode, out, err


@pytest.mark.parametrize(("program", "environ", "words", "expected"), CASES)
def test_an_ending_is_the_same_as_without_and_recorded_for_what_it_was(
    tmp_path: Path, program: str, environ: dict[str, str], words: str, expected: Seen | None
) -> None:
    bare = ends(tmp_path, program, words, {**environ, "ACME_BARE": "1"})
    off = ends(tmp_path, program, words, {**environ, "ACME_USAGE_TRACKING": "0"})
    of_usage = words in ("usage status", "usage purge")  # which say what tracking is like
    assert off == bare or of_usage
    assert not (tmp_path / ".local").exists()
    measured = environ == {} and "COVERAGE_PROCESS_CONFIG" in os.environ
    config = {"COVERAGE_PROCESS_CONFIG": os.environ["COVERAGE_PROCESS_CONFIG"]} if measured else {}
    tracked = ends(tmp_path, program, words, {**environ, **config})
    assert tracked == bare or of_usage
    wait_for_senders(tmp_path)
    events = recorded(tmp_path)
    died = expected is not None and expected.exit_code == -1
    if died or words.startswith("exit-at-once"):
        assert events == []  # the next command's sender finds it
        ends(tmp_path, program, "return", environ)
        wait_for_senders(tmp_path)
        events = [event for event in recorded(tmp_path) if event.command_name != "return"]
    if expected is None:
        assert events == []
        return
    (seen,) = events
    assert seen.command_name in expected.command_name.split("|")
    assert seen.error_type in (expected.error_type or "").split("|") or (
        seen.error_type is expected.error_type is None
    )
    if words == "interrupt":  # versions of Typer differ
        expected = expected._replace(exit_code=seen.exit_code)
    assert seen == expected._replace(command_name=seen.command_name, error_type=seen.error_type)
    if seen.exit_code >= 0:
        assert seen.exit_code == (tracked[0] if tracked[0] >= 0 else 128 - tracked[0])


def recorded(home: Path) -> list[Seen]:
    """What the local log says, for nothing is sent without a host; oldest first."""
    log = home / ".local/state/acme/usage/log.jsonl"
    if not log.exists():
        return []
    found = []
    for line in log.read_text().splitlines():
        properties: dict[str, Any] = json.loads(line)["properties"]
        found.append(
            Seen(
                properties["command_name"],
                properties.get("exit_code", -1),
                properties.get("failure_kind"),
                properties.get("error_type"),
                properties.get("error_message"),
                tuple(properties.get("options", ())),
            )
        )
    return found
