"""optparse's parsers, seen in this process: loaded before the program begins, or while it runs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from usagekit import Usage
from usagekit.testing import captured

CASES = {
    "": ("acme", [], None),
    "-j word": ("acme", ["json"], None),
    "--dry-run --json -- --size": ("acme", ["dry-run", "json"], None),
    "--size 3": ("acme", ["size"], None),
    "--size three": ("acme", ["size"], "usage_error"),
    "--nope": ("acme", [], "usage_error"),
    "refuse": ("acme", [], "usage_error"),
    "--help": None,
    "-V": None,
}


def main() -> None:
    import optparse

    parser = optparse.OptionParser("acme", prog="acme")
    parser.add_option("-j", "--json", action="store_true")
    parser.add_option("-V", "--version", action="store_true")
    parser.add_option("--size", type="int")
    group = optparse.OptionGroup(parser, "more")
    group.add_option("--dry-run", action="store_true")
    parser.add_option_group(group)
    other = optparse.OptionParser()
    other.add_option("--inner")
    other.parse_args(["--inner", "x"])
    _, words = parser.parse_args()
    other.parse_args([])
    if "refuse" in words:
        parser.error("made up")


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Any]]:
    def run(line: str) -> list[Any]:
        monkeypatch.setattr(sys, "argv", ["acme", *line.split()])
        with captured() as events:
            try:
                Usage("acme", version="1").run(main)
            except SystemExit:
                pass
        found = [one.properties for one in events]
        return [
            (one["command_name"], one.get("options", []), one.get("failure_kind")) for one in found
        ]

    return run


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("line", CASES)
def test_what_a_parser_took_and_how_it_ended(
    ran: Callable[[str], list[Any]], monkeypatch: pytest.MonkeyPatch, line: str, is_late: bool
) -> None:
    import optparse

    if is_late:
        monkeypatch.delitem(sys.modules, "optparse")
    finders = list(sys.meta_path)
    before = [dict(vars(kind)) for kind in (optparse.OptionParser, optparse.Option)]
    expected = CASES[line]
    assert ran(line) == ([] if expected is None else [expected])
    assert sys.meta_path == finders
    after = sys.modules["optparse"]
    assert "exec_module" not in vars(after.__loader__)
    assert [dict(vars(kind)) for kind in (optparse.OptionParser, optparse.Option)] == before
    for kind in (after.OptionParser, after.Option):
        for step in ("parse_args", "error", "process"):
            made = vars(kind).get(step)
            assert made is None or made.__module__ == "optparse"
            assert made is None or made.__closure__ is None


@pytest.mark.parametrize("framework", ["argparse", "click.core"])
def test_a_framework_that_is_loaded_anew_is_watched(
    monkeypatch: pytest.MonkeyPatch, framework: str
) -> None:
    __import__(framework)
    monkeypatch.delitem(sys.modules, framework)
    monkeypatch.setattr(sys, "argv", ["acme", "--made-up"])

    def loads() -> None:
        __import__(framework)

    with captured() as events:
        Usage("acme", version="1").run(loads)
    assert [one.properties["command_name"] for one in events] == ["acme"]
    assert "exec_module" not in vars(sys.modules[framework].__loader__)
