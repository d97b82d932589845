"""argparse: what a parser had declared counts, and no table of the program's is asked for it."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections import OrderedDict, UserDict, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from usagekit import Usage
from usagekit.testing import captured

from tests.support.forks import ancestor
from tests.support.recorder import Recorder
from tests.support.senders import wait_for_senders

pytestmark = pytest.mark.measured

Runs = Callable[..., "tuple[str, list[str]]"]


class Look(dict[str, Any]):
    """A table of options that has whatever it is asked for, as traitlets' has."""

    def __contains__(self, key: object) -> bool:
        return self.get(str(key)) is not None

    def get(self, key: str, default: Any = None) -> Any:
        if key.startswith("--") and "=" not in key and not super().__contains__(key):
            self[key] = argparse._StoreAction([key], dest=key.lstrip("-"))
        return super().get(key, default)

    def __missing__(self, key: str) -> Any:
        return self.get(key)


class Parsers(dict[str, argparse.ArgumentParser]):
    """Sub-parsers that are made when they are asked for."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> argparse.ArgumentParser:
        self[key] = parser = argparse.ArgumentParser(key)
        return parser


class ForeignParsers(UserDict[str, Any]):
    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> Any:
        return self.data.setdefault(key, argparse.ArgumentParser(key))


class Fresh(defaultdict[str, argparse.ArgumentParser]):
    """The library's own mapping of this kind; argparse asks whether it has the word."""

    def __init__(self) -> None:
        super().__init__(argparse.ArgumentParser)

    def __contains__(self, key: object) -> bool:
        return self[str(key)] is not None


def parsers(kind: Callable[[], Any]) -> argparse.ArgumentParser:
    """A parser whose sub-commands, of which ``build`` is one, are in a mapping of this kind."""
    parser = argparse.ArgumentParser("acme")
    commands = parser.add_subparsers(dest="command")
    made = kind()
    made["build"] = argparse.ArgumentParser("build")
    commands._name_parser_map = made
    commands.choices = made
    return parser


def with_options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("acme")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    parser.add_argument("-o", "--out")
    parser.add_argument("-q", action="store_true")
    parser.add_argument("--cache", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--no-color", action="store_true")
    commands = parser.add_subparsers()
    run = commands.add_parser("exec")
    run.add_argument("--dry-run", "-n", action="store_true")
    run.add_argument("program", nargs=argparse.REMAINDER)
    commands.add_parser("build").add_argument("targets", nargs="*")
    return parser


class TestOptions:
    @pytest.mark.parametrize(
        ("line", "options"),
        [
            ("-vv build", ["verbose"]),
            ("-vqofile build", ["out", "q", "verbose"]),
            ("--verb --out=made-up build", ["out", "verbose"]),
            ("-o -- build", []),  # refused: nothing was taken
            ("--cache build", ["cache"]),
            ("--no-cache build", ["no-cache"]),
            ("--no-cache --cache build", ["cache"]),
            ("--no-color build", ["no-color"]),
            ("exec -n make -v --out x", ["dry-run"]),
            ("exec make -v --dry-run", []),
            ("exec -- make -v", []),
            ("-v exec -n -- make -v -o x", ["dry-run", "verbose"]),
            ("build -- -v --out", []),
            ("build a b", []),
            ("build a --unknown", []),
            ("-v build --unknown", ["verbose"]),
        ],
    )
    def test_what_the_parser_took_for_an_option_was_used_and_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch, line: str, options: list[str]
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["acme", *line.split()])
        with captured() as events, contextlib.suppress(SystemExit):
            Usage("acme", version="1").run(lambda: with_options().parse_args() and None)
        assert events[0].properties.get("options", []) == options

    def test_a_parser_of_the_program_s_own_kind_takes_them_as_ever(self, runs: Runs) -> None:
        class Own(argparse.ArgumentParser):
            def _get_values(self, action: Any, words: Any) -> Any:
                return super()._get_values(action, words)

        parser = Own("acme")
        parser.add_argument("--size", type=int)
        assert runs(lambda: parser.parse_args() and None, "--size", "3") == ("acme", ["size"])


class TestArgparse:
    def test_a_table_that_has_any_option_declares_none_and_is_not_asked(self, runs: Runs) -> None:
        parser = argparse.ArgumentParser("acme")
        parser.add_argument("--size")
        table = Look(parser._option_string_actions)
        parser._option_string_actions = table
        words = ("--size", "1", "word", "--b=1")
        name = runs(lambda: parser.parse_known_args([*words[:3]]) and None, *words)
        assert name == ("acme", ["size"])
        assert "--b" not in dict.keys(table)

        typed = ("--Patient.john_doe=1", "--size", "2")
        assert runs(lambda: parser.parse_args() and None, *typed) == ("acme", ["size"])

    def test_a_table_that_makes_an_entry_for_each_look_has_none_for_ours(self, runs: Runs) -> None:
        parser = argparse.ArgumentParser("acme")
        parser.add_argument("word")
        looked: list[str] = []

        class Noting(defaultdict[str, Any]):
            def get(self, key: str, default: Any = None) -> Any:
                looked.append(key)
                return super().get(key, default)

        table = Noting(list, parser._option_string_actions)
        parser._option_string_actions = table
        assert runs(lambda: parser.parse_args() and None, "customer") == ("acme", [])
        assert looked == []

    def test_options_that_a_program_declares_of_what_it_is_given_are_not_its_own(
        self, runs: Runs
    ) -> None:
        def main() -> None:
            parser = argparse.ArgumentParser("acme")
            parser.add_argument("--size")
            for word in parser.parse_known_args()[1]:
                if word.startswith("--"):
                    parser.add_argument(word.partition("=")[0])
            assert parser.parse_args().patient_john_doe == "1"

        assert runs(main, "--patient-john-doe=1", "--size=2") == ("acme", ["size"])

    def test_a_command_line_that_is_used_up_by_reading_it_is_left_to_the_program(
        self, runs: Runs
    ) -> None:
        parser = argparse.ArgumentParser("acme")
        parser.add_argument("--size")
        found = []

        def main() -> None:
            found.append(parser.parse_args(iter(["--size", "3"])).size)

        assert runs(main)[0] == "acme"
        assert found == ["3"]

    @pytest.mark.parametrize("kind", [Parsers, ForeignParsers, Fresh])
    @pytest.mark.parametrize("word", ["merger", "./customers/acme/merger.py"])
    def test_sub_parsers_that_are_made_of_any_word_make_no_name_of_it(
        self, runs: Runs, kind: Callable[[], Any], word: str
    ) -> None:
        assert runs(lambda: parsers(kind).parse_args() and None, word) == ("acme", [])

    @pytest.mark.parametrize("kind", [dict, OrderedDict, Parsers])
    def test_those_that_were_there_before_have_their_names(
        self, runs: Runs, kind: Callable[[], Any]
    ) -> None:
        assert runs(lambda: parsers(kind).parse_args() and None, "build") == ("build", [])

    def test_what_stands_below_a_parser_that_nobody_declared_has_no_name_either(
        self, runs: Runs
    ) -> None:
        class Deep(Parsers):
            def __missing__(self, key: str) -> argparse.ArgumentParser:
                self[key] = parsers(dict)
                choices: Any = self[key]._actions[-1].choices
                choices["build"].add_subparsers().add_parser("fast")
                return self[key]

        for words in (["acme-corp", "build"], ["acme-corp", "build", "fast"]):
            assert runs(lambda: parsers(Deep).parse_args() and None, *words) == ("acme", [])

    def test_choices_that_say_that_they_are_a_dictionary_are_not_asked_for_it(
        self, runs: Runs
    ) -> None:
        class Promise:
            """Is made good when anybody looks at it."""

            @property  # type: ignore[misc]
            def __class__(self) -> type:
                raise AssertionError("made up: the plugins were loaded")

            def __contains__(self, key: object) -> bool:
                return True

        parser = argparse.ArgumentParser("acme")
        parser.add_argument("kind").choices = Promise()  # type: ignore[assignment]
        assert runs(lambda: parser.parse_args() and None, "large") == ("acme", [])

    def test_a_parser_that_is_used_on_the_way_takes_no_name_away(self, runs: Runs) -> None:
        """Such as one that takes a value apart."""
        helper = argparse.ArgumentParser("helper")
        helper.add_argument("--inner")
        parser = argparse.ArgumentParser("acme")
        parser.add_argument("--pair", type=lambda text: helper.parse_args([text]))
        parser.add_subparsers().add_parser("build")
        words = ("--pair=--inner=1", "build")
        name, options = runs(lambda: parser.parse_args(list(words)) and None, *words)
        assert name == "build"
        assert "pair" in options


class TestRealProcesses:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Iterator[Path]:
        folder = tmp_path / "acme-home"
        folder.mkdir()
        yield folder
        wait_for_senders(folder)

    def test_of_an_option_that_nobody_declared_nothing_leaves(
        self, home: Path, tmp_path: Path, recorder: Recorder
    ) -> None:
        script = tmp_path / "notebooks.py"
        script.write_text(
            "import argparse\n"
            "from usagekit import Usage\n"
            "class Look(dict):\n"
            "    def get(self, key, default=None):\n"
            "        return self.setdefault(key, argparse._StoreAction([key], dest='x'))\n"
            "    def __contains__(self, key):\n"
            "        return '=' not in key and self.get(key) is not None\n"
            "def main():\n"
            "    parser = argparse.ArgumentParser()\n"
            "    parser.add_argument('--size')\n"
            "    table = parser._option_string_actions = Look(parser._option_string_actions)\n"
            "    parser.parse_known_args()\n"
            f"Usage('acme', version='1', host={recorder.url!r}, project_api_key='phc_made_up')"
            ".run(main)\n"
        )
        words = ["--Patient.john_doe=1", "--size=2"]
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        ran = ancestor("click").run(str(script), *words, environ=environ, cwd=tmp_path)
        assert ran.returncode == 0, ran.stderr
        (event,) = recorder.wait_for(1)
        assert event.properties["options"] == ["size"]
        assert "john_doe" not in json.dumps(event.message)
