"""Names are the program's: what a group lists, what a parser declares. No word of the user's is
one, and no object of the program's is changed by being looked at."""

from __future__ import annotations

import json
import sys
from collections import UserDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from click_default_group import DefaultGroup  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from typer.core import TyperGroup
from usagekit import Usage
from usagekit.commands import COMMANDS
from usagekit.mount import NAMES
from usagekit.mount.click import click_group
from usagekit.testing import captured
from usagekit.tracker import is_name

from tests.support.forks import ancestor
from tests.support.recorder import Recorder
from tests.support.senders import wait_for_senders

pytestmark = pytest.mark.measured

# What a user may type where a command is expected.
WORDS = ["./customers/acme/merger.py", "merger", "没有客户李小龙先生", "C:\\made\\up", "a b", "-"]


Runs = Callable[..., "tuple[str, list[str]]"]


def command(name: str | None) -> click.Command:
    return click.Command(name, callback=lambda: None)


class AnyWord(click.Group):
    """Makes a command of whatever it is asked for, as runners of scripts do."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or command(cmd_name)


class Keeping(AnyWord):
    """Has what it made among its own."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        made = super().get_command(ctx, cmd_name)
        assert made is not None
        self.add_command(made, cmd_name)
        return made


class LookingAhead(Keeping):
    """Has made it before it is time to."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        self.get_command(ctx, args[-1])
        return super().parse_args(ctx, args)


class Listing(AnyWord):
    """Keeps what it made to itself, and lists it from then on."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.made: dict[str, click.Command] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *self.made]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        made = super().get_command(ctx, cmd_name)
        assert made is not None
        return self.made.setdefault(cmd_name, made)


class Kept(UserDict[str, click.Command]):
    """Commands in a mapping that makes what it has not."""

    def get(self, key: str, default: Any = None) -> Any:
        return self.data.setdefault(key, command(key))


class Nameless(AnyWord):
    """Its commands have no name of their own."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return command(None)


class Breaking(AnyWord):
    def list_commands(self, ctx: click.Context) -> list[str]:
        raise OSError("made up: no folder of plugins")


class Exiting(AnyWord):
    def list_commands(self, ctx: click.Context) -> list[str]:
        sys.exit("made up: not configured")


class Endless(AnyWord):
    def list_commands(self, ctx: click.Context) -> Any:
        while True:
            yield "build"


class ListingPaths(AnyWord):
    """Lists the files that lie about."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [word for word in WORDS if not is_name(word)]


class KeptToo(dict[str, click.Command]):
    """The same of another kind."""

    def get(self, key: str, default: Any = None) -> Any:
        return self.setdefault(key, command(key))


def with_commands(kept: Any, kind: type[click.Group] = click.Group) -> click.Group:
    group = kind("acme")
    kept["build"] = command("build")
    group.commands = kept
    return group


GENEROUS: dict[str, Callable[[], click.Group]] = {
    "makes": lambda: AnyWord("acme", {"build": command("build")}),
    "keeps": lambda: Keeping("acme", {"build": command("build")}),
    "looks ahead": lambda: LookingAhead("acme", {"build": command("build")}),
    "lists": lambda: Listing("acme", {"build": command("build")}),
    "a mapping of its own": lambda: with_commands(Kept()),
    "a dictionary of its own": lambda: with_commands(KeptToo()),
    "a dictionary of its own, ahead": lambda: with_commands(KeptToo(), LookingAhead),
    "nameless": lambda: Nameless("acme"),
    "breaks": lambda: Breaking("acme"),
    "exits": lambda: Exiting("acme"),
    "endless": lambda: Endless("acme"),
}


class TestClickNames:
    @pytest.mark.parametrize("word", WORDS)
    @pytest.mark.parametrize("make", GENEROUS.values(), ids=GENEROUS)
    def test_a_group_that_takes_any_word_makes_no_name_of_it(
        self, runs: Runs, make: Callable[[], click.Group], word: str
    ) -> None:
        group, words = make(), ["--", word] if word == "-" else [word]
        assert runs(group, *words) == ("acme", [])

    def test_what_lists_paths_has_no_name_for_them(self, runs: Runs) -> None:
        assert runs(ListingPaths("acme"), WORDS[0]) == ("acme", [])

    def test_the_deepest_that_is_listed_is_the_name_whatever_comes_below(self, runs: Runs) -> None:
        inner = click.Group("made", {"build": command("build")})

        class Making(click.Group):
            def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
                return inner

        top = click.Group("acme", {"sub": Making("sub")})
        assert runs(top, "sub", "customers", "build") == ("sub", [])
        assert runs(Making("acme"), "customers", "build") == ("acme", [])

    @pytest.mark.parametrize(
        ("words", "name"),
        [
            (["build", "merger", "test"], "build+test"),
            (["merger", "build"], "build"),
            (["merger", "merger"], "acme"),
        ],
    )
    def test_of_several_that_are_chained_those_count_that_are_listed(
        self, runs: Runs, words: list[str], name: str
    ) -> None:
        own = {"build": command("build"), "test": command("test")}
        for kind in (AnyWord, Keeping, Listing):
            assert runs(kind("acme", dict(own), chain=True), *words) == (name, [])

    def test_a_typer_app_whose_group_takes_any_word_makes_no_name_of_it(self, runs: Runs) -> None:
        class Taking(TyperGroup):
            def get_command(self, ctx: Any, cmd_name: str) -> Any:
                return super().get_command(ctx, cmd_name) or self.commands["build"].__class__(
                    cmd_name, callback=lambda: None
                )

        app = typer.Typer(cls=Taking)
        app.command("build")(lambda: None)
        app.command("test")(lambda: None)
        assert runs(app, "build") == ("build", [])
        assert runs(app, "merger") == ("acme", [])
        assert runs(lambda: app(), "merger") == ("acme", [])  # noqa: PLW0108 (a main of its own)

    def test_options_that_a_command_makes_of_what_it_is_given_are_not_its_own(
        self, runs: Runs
    ) -> None:
        class Taking(click.Command):
            def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
                for word in args:
                    name = word.partition("=")[0]
                    if name != "--size":
                        self.params.append(click.Option([name]))
                return super().parse_args(ctx, args)

        taking = Taking("acme", params=[click.Option(["--size"])], callback=lambda **_: None)
        words = ("--patient-john-doe=1", "--size=2")
        assert runs(taking, *words) == ("acme", ["size"])

    def test_a_callback_that_answers_whatever_it_is_asked_is_a_command_all_the_same(
        self, runs: Runs
    ) -> None:
        class Eager:
            asked: list[str] = []  # noqa: RUF012

            def __getattr__(self, name: str) -> bool:
                self.asked.append(name)
                return True

            def __call__(self) -> None:
                pass

        assert runs(click.Command("acme", callback=Eager())) == ("acme", [])
        assert not [name for name in Eager.asked if "usagekit" in name]


class Lazy(click.Group):
    """Click's own recipe for commands that are imported when they are needed."""

    def __init__(self, known: dict[str, str]) -> None:
        super().__init__("acme")
        self.known = known
        self.listed = 0

    def list_commands(self, ctx: click.Context) -> list[str]:
        self.listed += 1
        return [*super().list_commands(ctx), *self.known]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.known:
            return command(self.known[cmd_name])
        return super().get_command(ctx, cmd_name)


class Abbreviating(click.Group):
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        matches = [name for name in self.list_commands(ctx) if name.startswith(cmd_name)]
        return super().get_command(ctx, matches[0]) if len(matches) == 1 else None


class Aliasing(click.Group):
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, {"co": "checkout"}.get(cmd_name, cmd_name))


def renamed() -> click.Group:
    group = click.Group("acme")
    group.add_command(command("cli"), "build")
    return group


def with_default() -> click.Group:
    group: click.Group = DefaultGroup("acme", default="build", default_if_no_args=True)
    group.add_command(
        click.Command("build", callback=lambda file: None, params=[click.Argument(["file"])])
    )
    return group


def collection() -> click.Group:
    return click.CommandCollection("acme", sources=[click.Group("a", {"build": command("build")})])


def twice() -> click.Group:
    one = command("checkout")
    return click.Group("acme", {"co": one, "checkout": one})


HONEST: dict[str, tuple[Callable[[], click.Group], str, str]] = {
    "plain": (lambda: click.Group("acme", {"build": command("build")}), "build", "build"),
    "under another name": (renamed, "build", "build"),
    "under two names": (twice, "co", "checkout"),
    "lazy": (lambda: Lazy({"build": "build"}), "build", "build"),
    "lazy, under another name": (lambda: Lazy({"build": "cli"}), "build", "build"),
    "abbreviated": (lambda: Abbreviating("acme", {"build": command("build")}), "bu", "build"),
    "an alias": (lambda: Aliasing("acme", {"checkout": command("checkout")}), "co", "checkout"),
    "a default": (with_default, "./customers/acme/merger.py", "build"),
    "a collection": (collection, "build", "build"),
    "beside what it makes": (GENEROUS["makes"], "build", "build"),
}


class TestNamesThatStay:
    @pytest.mark.parametrize("case", HONEST)
    def test_what_a_group_lists_is_a_name_however_it_comes_to_its_commands(
        self, runs: Runs, case: str
    ) -> None:
        make, word, name = HONEST[case]
        assert runs(make(), word) == (name, [])

    def test_a_folder_of_commands_says_no_name(self, runs: Runs, tmp_path: Path) -> None:
        """What lies there may be the user's as well; and looking takes its time."""
        folder = tmp_path / "commands"
        folder.mkdir()
        (folder / "build.py").touch()

        class OfAFolder(AnyWord):
            def list_commands(self, ctx: click.Context) -> list[str]:
                return sorted(path.stem for path in folder.iterdir())

        assert runs(OfAFolder("acme"), "build") == ("acme", [])

    @pytest.mark.parametrize("names", [["build"], ["build", "test", "push", "pull"]], ids=len)
    def test_names_in_the_source_of_a_list_are_the_program_s(
        self, runs: Runs, names: list[str]
    ) -> None:
        source = f"def list_commands(self, ctx):\n    return {names}\n"
        written: dict[str, Any] = {}
        exec(source, written)
        kind = type("Written", (AnyWord,), {"list_commands": written["list_commands"]})
        assert runs(kind("acme"), "build") == ("build", [])
        assert runs(kind("acme"), "merger") == ("acme", [])

    def test_the_usage_commands_have_their_names(self, runs: Runs) -> None:
        top = click.Group("acme")
        top.add_command(click_group(Usage("acme", version="1").config))
        assert runs(top, "usage", "reset") == ("usage.reset", [])

    def test_the_usage_commands_are_those_that_there_are(self) -> None:
        assert list(NAMES) == [command.name for command in COMMANDS]

    def test_no_group_is_asked_for_a_list(self, runs: Runs) -> None:
        """It may import, print, take its time, or expect to be asked once."""
        group = Lazy({"later": "later"})
        group.add_command(command("build"))
        assert runs(group, "build") == ("build", [])
        assert runs(group, "later") == ("later", [])
        assert group.listed == 0


class Proxy:
    """Any attribute that it is asked for, it has; each costs it something."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return self

    def __call__(self) -> None:
        pass


def test_a_callable_that_has_any_attribute_is_a_main_and_is_not_asked_for_any(runs: Runs) -> None:
    proxy = Proxy()
    assert runs(proxy) == ("acme", [])
    assert proxy.asked == []


class TestNamesByHand:
    @pytest.mark.parametrize(
        "name",
        ["db.migrate", "build", "run_all", "docs:build", "a+b", "v2", "größe", "परीक्षण", "x" * 100],
    )
    def test_a_name_is_words_and_dots(self, name: str) -> None:
        with captured() as events, Usage("acme", version="1").command(name):
            pass
        assert events[0].properties["command_name"] == name

    @pytest.mark.parametrize(
        "name",
        [
            *("", ".", "a.", ".a", "a..b", "-", "x" * 101, "a b", "a\nb", "a\tb", "a\0b"),
            *("./customers/acme/merger.py", "/home/jane", "~/a", "C:\\made\\up", "\\\\host\\share"),
            *("open the file", "jane@acme.example", "a=b", "a?b", "https://acme.example", "a,b"),
            *("'a'", "$HOME", "a%20b", "a\u200bb", "(a)", "a;b", "a|b", "a&b", "a*"),
        ],
    )
    def test_what_has_the_shape_of_a_path_or_a_sentence_is_refused(self, name: str) -> None:
        with pytest.raises(ValueError, match="not a name"):
            Usage("acme", version="1").command(name)

    @pytest.mark.parametrize("name", [None, 3, b"build", ["build"], Path("build")])
    def test_what_is_no_text_is_refused(self, name: Any) -> None:
        with pytest.raises(ValueError, match="not a name"):
            Usage("acme", version="1").command(name)

    @given(st.text(max_size=120))
    def test_a_name_has_no_blank_slash_or_quote_and_is_short(self, text: str) -> None:
        if is_name(text):
            assert 0 < len(text) <= 100
            assert not set(text) & set(" \t\r\n/\\'\"@=?&%$~<>(){}[]|;,*#!\0\x1b")
            assert text.isprintable()


RUNNER = """
import json, sys
import click
from usagekit import Usage

usage = Usage("acme", version="1", host={host!r}, project_api_key="phc_made_up")

class Runner(click.Group):
    def get_command(self, ctx, cmd_name):
        found = super().get_command(ctx, cmd_name)
        return found or click.Command(cmd_name, callback=lambda: sys.exit(3))

build = click.Command("build", callback=lambda: None)
usage.run(Runner("acme", {{"sub": Runner("sub", {{"build": build}})}}))
"""


class TestRealProcesses:
    @pytest.fixture
    def home(self, tmp_path: Path) -> Iterator[Path]:
        folder = tmp_path / "acme-home"
        folder.mkdir()
        yield folder
        wait_for_senders(folder)

    def test_of_a_script_s_path_nothing_is_kept_and_nothing_leaves(
        self, home: Path, tmp_path: Path, recorder: Recorder
    ) -> None:
        script = tmp_path / "runner.py"
        script.write_text(RUNNER.format(host=recorder.url))
        environ = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        ran = [
            ancestor("click").run(str(script), *words, environ=environ, cwd=tmp_path)
            for words in (["sub", "build"], ["sub", "Acme-Corp/merger.py"], ["Acme-Corp"])
        ]
        assert [one.returncode for one in ran] == [0, 3, 3]
        recorder.wait_for(3)
        assert sorted(event.command for event in recorder.events) == ["acme", "sub", "sub.build"]
        wait_for_senders(home)
        kept = [path.read_text() for path in home.rglob("*") if path.is_file()]
        assert "Acme-Corp" not in json.dumps([event.message for event in recorder.received])
        assert not [text for text in kept if "Acme-Corp" in text or "merger" in text]
