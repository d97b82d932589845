"""What a failed command lets out of its exception's text: the program's words, not the user's."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from usagekit.message import MARKS, message_of
from usagekit.outcome import RAW_MESSAGE_LIMIT
from usagekit.redact import Redactor
from usagekit.source import Source, related
from usagekit.typed import Typed

from tests.support.home import clean_environ
from tests.support.senders import wait_for_senders

NOBODY = Redactor()


def raised(fails: Callable[..., object], *words: object) -> BaseException:
    """What this raises. The words come as values: no frame on the way has them in its source."""
    try:
        fails(*words)
    except BaseException as error:  # noqa: BLE001 (whatever it is)
        return error
    raise AssertionError("it did not fail")


def sent(fails: Callable[..., object], *words: object, parsed: Iterable[object] = ()) -> str:
    """What is sent in the end of what this raises."""
    return NOBODY.redact(message_of(raised(fails, *words), parsed=parsed), 10_000)


def from_elsewhere(text: str) -> None:
    raise ValueError(text)


def no_luck(text: str) -> None:
    raise ValueError(f"no luck with {text} here")


@pytest.fixture(autouse=True)
def nothing_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["program"])


class DiscreetError(Exception):
    def __init__(self, said: str) -> None:
        super().__init__("Uppington")
        self.usage_message = f"tool failed: {said}"


class GizmoError(Exception):
    """Words its message by itself."""

    def __init__(self, gizmo: str) -> None:
        super().__init__(gizmo)
        self.gizmo = gizmo

    def __str__(self) -> str:
        return f"the flurbing of {self.gizmo} stalled"


MESSAGES = {"late": "the quibbler came {} too late for {}"}
NOTHING: dict[str, str] = {}
OLD_KIND = "%s squorked at %d"


def worded(name: str) -> str:
    return f"no such thingamabob: {name!r}"


class Machine:
    def refusal(self, name: str) -> Exception:
        return ValueError(f"the machine unfroobles {name}")

    def start(self, name: str) -> None:
        raise self.refusal(name)


def fail(error: BaseException) -> None:
    raise error


def fail_within_another(name: str) -> None:
    try:
        raise GizmoError(name)
    except GizmoError as error:
        raise RuntimeError(f"giving up on the zorkmid: {error}") from None


SAID = [
    (lambda name: fail(GizmoError(name)), "the flurbing of <value> stalled"),
    (lambda name: fail(ValueError(worded(name))), "no such thingamabob: '<value>'"),
    (Machine().start, "the machine unfroobles <value>"),
    (
        lambda name: fail(ValueError(MESSAGES["late"].format(name, name))),
        "the quibbler came <value> too late for <value>",
    ),
    (lambda name: fail(ValueError(OLD_KIND % (name, 7))), "<value> squorked at 7"),
    (
        fail_within_another,
        "giving up on the zorkmid: the flurbing of <value> stalled",
    ),
    (lambda name: sys.exit(f"zorkmids ran out for {name}"), "zorkmids ran out for <value>"),
    (int, "invalid literal for int() with base 10: '<value>'"),
    (
        lambda name: Path(f"/nowhere/{name}.txt").read_text(),
        "[Errno 2] No such file or directory: '/nowhere/<value>.txt'",
    ),
    (open, "[Errno 2] No such file or directory: '<path>'"),
    (lambda name: NOTHING[name], "'<value>'"),
    (lambda _: NOTHING["frobnicator"], "'frobnicator'"),
    (lambda name: name.frobnicator, "'str' object has no attribute 'frobnicator'"),
    (lambda name: json.loads("[" + name), "Expecting value: line 1 column 2 (char 1)"),
]


@pytest.mark.parametrize(("fails", "said"), SAID)
def test_what_stands_in_the_source_stays_and_what_was_put_into_it_goes(
    fails: Callable[[str], Any], said: str
) -> None:
    assert sent(fails, "Made Uppington") == said
    assert sent(fails, "made-up/Uppington") in (said, said.replace("value", "path"))


def test_what_was_typed_is_said_to_be_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "argv", ["tool", "query", "--at", "select age from people where Smith"]
    )
    assert sent(from_elsewhere, 'near "Smith": syntax error') == ('near "<argument>": syntax error')
    assert sent(no_luck, "Smith") == "no luck with <value> here"
    assert sent(no_luck, sys.argv[3]) == "no luck with <argument> here"


def test_the_program_s_own_words_stay_although_they_were_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["tool", "no", "luck", "here", "open"])
    assert sent(no_luck, "open") == "no luck with <argument> here"


def test_a_secret_variable_s_value_and_places_are_said_to_be_that(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MADE_UP_TOKEN", "open the connection")
    monkeypatch.chdir(tmp_path)

    assert sent(no_luck, "open the connection") == "no luck with <secret> here"
    assert sent(no_luck, str(tmp_path)) == "no luck with <path> here"
    text = f"cannot open the connection in {tmp_path}/notes.txt"
    assert sent(from_elsewhere, text) == "cannot <secret> in <path>.txt"


def test_no_description_is_asked_of_objects_that_were_parsed() -> None:
    class Connection:
        def __init__(self) -> None:
            self.parts = ["invalid", Path("/configuration/request")]

        @property
        def anything(self) -> str:
            raise AssertionError("it was asked")

        def __str__(self) -> str:
            raise AssertionError("it was asked")

    said = sent(from_elsewhere, "invalid configuration request", parsed=[Connection()])
    assert said == "<argument> <argument> <argument>"


def test_values_of_every_kind_that_a_framework_makes_count_as_typed(tmp_path: Path) -> None:
    with (tmp_path / "connection.txt").open("w") as file:
        parsed = ["invalid", b"request", {"key": ("timeout",)}, file, 4711, None, True]
        text = "invalid request: timeout, connection, 4711"
        assert sent(from_elsewhere, text, parsed=parsed) == (
            "<argument> <argument>: <argument>, <argument>, <argument>"
        )


# Words that the sender would let pass: what is typed is known by nothing else.
WORDS = st.lists(
    st.sampled_from(["invalid", "request", "timeout", "connection", "server", "column"]),
    min_size=1,
    max_size=3,
).map(" ".join)
OTHERS = st.text(st.characters(exclude_categories=["Cs", "Co", "Cn"]), min_size=4, max_size=30)
SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.title,
    repr,
    json.dumps,
    lambda text: json.dumps(json.dumps(text)),
    urllib.parse.quote,
    urllib.parse.quote_plus,
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: text.lower().replace(" ", "-"),
    lambda text: text.lower().replace(" ", "_"),
    lambda text: text.replace(" ", ""),
    lambda text: f"没有客户{text}先生",
    "\u200b".join,
    lambda text: f"\x1b[1m{text}\x1b[0m",
]


def letters(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFC", text).casefold() if each.isalnum())


@example(value="10:20:30\u2028A", spelt=str, way="p")
@example(value="meeting A 2026-11-25", spelt=str.upper, way="a")
@example(value="555 0199", spelt=str, way="p")
@given(value=WORDS | OTHERS, spelt=st.sampled_from(SPELLINGS), way=st.sampled_from("apes"))
def test_in_no_spelling_does_a_value_stand_in_what_leaves(
    value: str, spelt: Callable[[str], str], way: str
) -> None:
    """Typed, parsed, the value of a secret variable, or that of a variable in a template."""
    text = f"{spelt(value)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["tool", f"--name={value}"] if way == "a" else ["tool"])
        if way == "s" and "\0" not in value:
            patch.setenv("MADE_UP_SECRET", value)
        parsed = [value] if way == "p" else []
        put = sent(no_luck, text, parsed=parsed)
        said = sent(from_elsewhere, text, parsed=parsed)
    known = letters("no luck with here argument value secret path name number url email host key")
    if len(letters(value)) > 3 and letters(value) not in known:
        assert letters(value) not in letters(put.replace("no luck with", ""))
        longest = max(map(len, map(letters, value.split())))  # one character alone says nothing
        if way != "e" and len(letters(value)) > 6 and longest > 1:
            assert letters(value) not in letters(said)


@given(st.text(max_size=300), st.text(max_size=50))
def test_whatever_a_message_holds_it_is_looked_through(text: str, value: str) -> None:
    said = sent(from_elsewhere, text + value, parsed=[value])
    assert not set(MARKS) & set(said)


def test_the_marks_cannot_be_forged() -> None:
    text = f"{MARKS[0]}Uppington{MARKS[1]}"
    assert "Uppington" not in sent(from_elsewhere, text)
    assert "Uppington" not in message_of(raised(no_luck, text))


def endless(length: int) -> None:
    raise ValueError("cannot do: " + "Uppington of everything, " * length)


@pytest.mark.timeout(30, func_only=True)
def test_a_message_and_a_command_line_of_any_length_are_looked_through_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They would take minutes if each word were looked for in all of the message."""
    monkeypatch.setattr(sys, "argv", ["tool", *(f"word{n} é{n}" for n in range(50_000))])
    monkeypatch.setenv("MADE_UP_SECRET", "s3cret" * 20_000)
    for _ in range(3):
        message = message_of(raised(endless, 50_000), parsed=[sys.argv])
        assert len(message) < 2 * RAW_MESSAGE_LIMIT


def test_of_a_value_that_is_cut_no_half_is_left() -> None:
    text = "x " * (RAW_MESSAGE_LIMIT // 2 - 3) + "Uppington" * 1_000
    assert "Upping" not in sent(from_elsewhere, text)


def test_a_chain_of_exceptions_is_followed_and_not_for_ever() -> None:
    first = ValueError("a")
    for number in range(100):
        second = ValueError(f"{number}")
        second.__cause__, second.__context__ = first, second
        first = second
    first.others = first  # type: ignore[attr-defined]
    assert len(related(first)) == 20


def test_a_source_is_read_and_nothing_is_called() -> None:
    class Surprising:
        def __getattr__(self, name: str) -> str:
            raise AssertionError("it was asked")

    def fails(thing: object) -> None:
        raise ValueError(f"no luck with {SURPRISE!r}")

    assert Source([raised(fails, Surprising())]).pieces >= {"no luck with"}


def test_of_what_its_author_chose_to_record_ordinary_words_stay() -> None:
    assert sent(fail, DiscreetError("TOOL_RUNTIME_FATAL")) == "tool failed: TOOL_RUNTIME_FATAL"
    assert sent(fail, DiscreetError("Uppington")) == "tool failed: <value>"
    typed = sent(fail, DiscreetError("FATAL_TIMEOUT"), parsed=["timeout"])
    assert typed == "tool failed: FATAL_<argument>"


SURPRISE = type("Surprise", (), {"__repr__": lambda _: "Uppington"})()


def test_names_of_options_are_the_program_s_and_their_values_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["tool", "toolkit", "--json", "a=column", "-otable", "row"])
    typed = Typed(["toolkit"])
    text = "toolkit json column table row"
    assert typed.without(text) == "toolkit json <argument> <argument> <argument>"


ASKS = """
import sys
import click
from usagekit import Usage

@click.command()
@click.option("--reason", prompt=True)
@click.option("--level", default="connection")
def tell(reason, level):
    raise RuntimeError(open(sys.argv[0][:-7] + "answer").read().strip())

Usage("acme", version="1").run(tell)
"""
READS = """
import argparse, sys
from usagekit import Usage

def main():
    parser = argparse.ArgumentParser(fromfile_prefix_chars="@")
    parser.add_argument("--reason", nargs="+")
    parser.add_argument("--level", default="connection")
    parser.parse_args()
    raise RuntimeError(open(sys.argv[0][:-7] + "answer").read().strip())

Usage("acme", version="1").run(main)
"""


@pytest.mark.parametrize(("source", "words"), [(ASKS, []), (READS, ["@words"])])
def test_what_was_asked_for_or_read_from_a_file_of_arguments_does_not_leave(
    tmp_path: Path, source: str, words: list[str]
) -> None:
    """In words that would pass, if they had not been typed."""
    (tmp_path / "acme.py").write_text(source)
    program = tmp_path / "a_program"
    program.write_text(source)
    (tmp_path / "a_answer").write_text("Server refused the Session: connection lost")
    (tmp_path / "words").write_text("--reason\nserver\nrefused the session\n")
    ran = subprocess.run(
        [sys.executable, str(program), *words],
        input="server refused the session\n",
        cwd=tmp_path,
        env=clean_environ(tmp_path),
        capture_output=True,
        text=True,
    )
    assert "connection lost" in ran.stderr
    wait_for_senders(tmp_path)
    (line,) = (tmp_path / ".local/state/acme/usage/log.jsonl").read_text().splitlines()
    assert json.loads(line)["properties"]["error_message"] == (
        "<argument> <argument> the <argument>: connection lost"
    )
