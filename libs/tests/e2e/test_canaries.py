"""Nothing of the user's gets out: made-up secrets wherever a command can meet them."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.home import Home
from tests.support.recorder import Recorder

LETTERS = string.ascii_letters + string.digits
# Of these, a command for each event; a burst of them costs one sender.
CASES = 40


def canary(chance: random.Random) -> str:
    """Something that stands nowhere else: in one case a word, in another of several kinds."""
    word = "canary" + "".join(chance.choices(LETTERS, k=chance.randrange(6, 20)))
    return chance.choice([word, f"{word} {word}", f"{word}-{word}", f"é{word}", f"./{word}.txt"])


def command(chance: random.Random) -> tuple[str, list[str]]:
    """A program and a command of it that meets canaries in one of its ways."""
    one, other = canary(chance), canary(chance)
    return chance.choice(
        [
            ("program", ["fail", "--text", f"no such thing: {one}"]),
            ("program", ["fail", "--text", one]),
            ("program", [f"fail{one}"]),
            ("program", ["fail", f"--{one}"]),
            ("program", ["hello", "--name", one]),
            ("program", ["hello", "--name", one, other]),
            ("program", ["system-exit", one]),
            ("program", ["leave", one]),
            ("program", ["group", one]),
            ("program", ["say-too-much", "--chained"]),
            ("program", ["say-too-much", "--no-chained"]),
            ("arcade", ["toolkit", "run", "Math.Add", f"a={one}", f"b={other}"]),
            ("arcade", ["toolkit", "run", "Math.Add", f"{one}=1"]),
            ("arcade", ["toolkit", "run", f"Math.{one}"]),
            ("arcade", ["toolkit", "run", one, f"{other}=1"]),
            ("arcade", ["toolkit", "show", one]),
            ("arcade", ["login", "--host", "https://cloud.example", "--timeout", one]),
            ("arcade", ["usage", one]),
        ]
    )


def run_many(home: Home, chance: random.Random, count: int) -> list[int]:
    """Run that many commands, each among canaries, and return their exit codes. No canary is on
    the command line of any process that they start."""
    codes = []
    for number in range(count):
        program, words = command(chance)
        folder = home.folder / "work" / f"{number}-{canary(chance).replace('/', '-')}"
        folder.mkdir(parents=True)
        environ = {"MADE_UP_TOKEN": canary(chance), "CANARY": canary(chance), "CI": "1"}
        start = home.start if program == "arcade" else home.start_program
        process = start(*words, environ=environ, cwd=folder)
        process.communicate(timeout=60)
        codes.append(process.wait())
        for sender in home.senders():
            with suppress(OSError):
                assert b"canary" not in Path(f"/proc/{sender}/cmdline").read_bytes()
    return codes


def among_canaries(new_home: Callable[..., Home], chance: random.Random) -> Home:
    """A home in a folder that is a canary itself."""
    folder = new_home().folder / canary(chance).replace("/", "-")
    folder.mkdir()
    home = new_home()
    return Home(folder, home.environ["ARCADE_USAGE_HOST"], home.cloud)


def assert_no_canary_under(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert not path.is_file() or b"canary" not in path.read_bytes(), path


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.torture) for seed in range(1, 5))]
)
def test_no_canary_leaves_the_command(
    new_home: Callable[..., Home], recorder: Recorder, seed: int
) -> None:
    """In the words of the command line, the values of options, inputs of tools, the environment,
    the working folder, the home folder, and so in the text of exceptions too."""
    chance = random.Random(f"canaries {seed}")
    home = among_canaries(new_home, chance)
    codes = run_many(home, chance, CASES)
    recorder.wait_for(CASES, seconds=30)
    home.wait_for_senders()
    # They did meet their canaries: few of these commands find nothing wrong.
    assert sum(code != 0 for code in codes) > CASES / 2
    for event in recorder.events:
        assert "canary" not in repr(event.message)
    assert_no_canary_under(home.state)


def test_no_canary_is_on_disk_while_an_event_waits(
    new_home: Callable[..., Home], recorder: Recorder
) -> None:
    recorder.mode = "503"
    chance = random.Random("waiting canaries")
    home = among_canaries(new_home, chance)
    run_many(home, chance, CASES)
    home.wait_for_senders()
    assert len(home.waiting()) == CASES
    assert_no_canary_under(home.state)
