"""The notice: before the first event, once, on stderr, and to nobody whom it does not concern."""

from __future__ import annotations

import json

import pytest
from arcade_cli.usage import NOTICE

from tests.support.home import Home
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured


def stderr_of(home: Home, *words: str, environ: dict[str, str] | None = None) -> str:
    """What a command prints on stderr, word for word."""
    process = home.start(*words, environ=environ)
    out, err = process.communicate(timeout=60)
    assert NOTICE.encode() not in out
    return str(err.decode())


def test_it_stands_on_stderr_before_the_first_event_and_never_again(
    home: Home, recorder: Recorder
) -> None:
    process = home.start("usage", "status", "--json")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err.decode()) == (0, NOTICE + "\n")
    assert json.loads(out)["tracking"] == "on"
    recorder.wait_for(1)
    for words in (["toolkit", "list"], ["usage", "status"]):
        assert stderr_of(home, *words) == ""


def test_it_is_three_lines_that_fit_a_terminal_and_say_how_to_stop_it() -> None:
    lines = NOTICE.splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 80
    assert "arcade usage off" in lines[2]
    assert NOTICE.isascii()


def test_a_command_that_was_mistyped_is_an_event_too(home: Home) -> None:
    assert NOTICE in stderr_of(home, "nonsense")
    assert NOTICE not in stderr_of(home, "nonsense")


@pytest.mark.parametrize(
    "environ",
    [
        {"ARCADE_USAGE_TRACKING": "0"},
        {"DO_NOT_TRACK": "1"},
        {"ARCADE_USAGE_PROJECT_KEY": ""},
        {"CI": "true"},
        {"ARCADE_USAGE_TRACKING": "0", "ARCADE_USAGE_DEBUG": "1"},
    ],
    ids=lambda environ: " ".join(f"{name}={value}" for name, value in environ.items()),
)
def test_whom_it_does_not_concern_is_not_told(home: Home, environ: dict[str, str]) -> None:
    assert stderr_of(home, "toolkit", "list", environ=environ) == ""
    assert not (home.state / "usage/notice").exists()


def test_what_is_no_event_gives_no_notice(home: Home) -> None:
    complete = {"_ARCADE_COMPLETE": "complete_bash", "COMP_WORDS": "arcade u", "COMP_CWORD": "1"}
    assert stderr_of(home, "--version") == ""
    assert stderr_of(home, "--help") == ""
    assert stderr_of(home, "toolkit", "--help") == ""
    assert stderr_of(home, environ=complete) == ""
    assert not home.state.exists()


def test_of_many_first_runs_one_tells(home: Home) -> None:
    processes = [home.start("usage", "status") for _ in range(10)]
    told = [process.communicate(timeout=60)[1] for process in processes]
    assert sorted(told) == [b""] * 9 + [f"{NOTICE}\n".encode()]


def test_a_home_that_cannot_remember_it_spoils_no_script_s_stderr(home: Home) -> None:
    home.state.write_text("no folder")
    assert stderr_of(home, "toolkit", "list") == ""
