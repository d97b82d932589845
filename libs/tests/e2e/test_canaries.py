"""Nothing of the user's gets out: made-up secrets wherever a command can meet them."""

from __future__ import annotations

import random
import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit.outcome import without_the_user_s

from tests.support.home import Home
from tests.support.recorder import Recorder

PROGRAM = str(Path(__file__).parents[1] / "support" / "program.py")
LETTERS = string.ascii_letters + string.digits


def canary(chance: random.Random) -> str:
    """Something that stands nowhere else: in one case a word, in another of several kinds."""
    word = "canary" + "".join(chance.choices(LETTERS, k=chance.randrange(6, 20)))
    return chance.choice([word, f"{word} {word}", f"{word}-{word}", f"é{word}", f"./{word}.txt"])


def command(chance: random.Random) -> list[str]:
    """A command of the program that meets canaries in one of its ways."""
    one = canary(chance)
    return chance.choice(
        [
            ["fail", "--text", f"no such thing: {one}"],
            ["fail", "--text", one],
            [f"fail{one}"],
            ["fail", f"--{one}"],
            ["hello", "--name", one, one],
            ["system-exit", one],
            ["leave", one],
            ["group", one],
        ]
    )


@pytest.mark.parametrize("seed", range(12))
def test_no_canary_leaves_the_command(home: Home, recorder: Recorder, seed: int) -> None:
    """In the words of the command line, the values of options, the environment, the working
    folder, and so in the text of exceptions too."""
    chance = random.Random(f"canaries {seed}")
    count = 8
    for _ in range(count):
        folder = home.folder / "work" / canary(chance).replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        environ = {"MADE_UP_TOKEN": canary(chance), "CANARY": canary(chance), "CI": "1"}
        subprocess.run(
            [sys.executable, PROGRAM, *command(chance)],
            env={**home.environ, **environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            cwd=folder,
            capture_output=True,
            timeout=60,
        )
        for sender in home.senders():
            try:
                assert b"canary" not in Path(f"/proc/{sender}/cmdline").read_bytes()
            except OSError:
                continue
    recorder.wait_for(count, seconds=30)
    home.wait_for_senders()
    for event in recorder.events:
        assert "canary" not in repr(event.message)
    for path in home.state.rglob("*"):
        assert not path.is_file() or b"canary" not in path.read_bytes()


def test_no_canary_is_on_disk_while_an_event_waits(home: Home, recorder: Recorder) -> None:
    recorder.mode = "503"
    chance = random.Random("waiting canaries")
    for _ in range(6):
        subprocess.run(
            [sys.executable, PROGRAM, *command(chance)],
            env=home.environ,
            capture_output=True,
            timeout=60,
        )
    home.wait_for_senders()
    assert len(home.waiting()) == 6
    assert "canary" not in repr(home.waiting())


WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40)


@given(typed=st.lists(WORDS, min_size=1, max_size=5), around=st.text(max_size=40))
def test_what_was_typed_does_not_stand_in_a_message(typed: list[str], around: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["tool", *(f"--name={word}" for word in typed)])
        text = without_the_user_s(around + " ".join(typed) + repr(typed))
    for word in typed:
        assert word not in text.replace("<argument>", "").replace("<secret>", "") or word in around


def test_the_program_s_own_words_stay_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "argv", ["tool", "toolkit", "run", "--json", "Made.Up", "a=1", "-ofile"]
    )
    monkeypatch.setenv("MADE_UP_API_KEY", "hunter2hunter2")
    said = without_the_user_s(
        "toolkit Made.Up did not run with --json, 1 and file and hunter2hunter2",
        ["toolkit", "run"],
    )
    assert said == "toolkit <argument> did not run with --json, 1 and <argument> and <secret>"


@pytest.mark.timeout(20)
def test_a_message_that_is_too_long_to_look_through_is_none() -> None:
    assert without_the_user_s("x" * 2_000_000) == ""
