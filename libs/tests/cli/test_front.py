"""The program's front: help, version, completion, its three names, and what it costs to import."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from arcade_cli import __version__

from tests.support.home import ARCADE, Home, Ran, without_notice
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured

COMMANDS = {
    "": ["login", "logout", "whoami", "toolkit", "usage"],
    "login": [],
    "logout": [],
    "whoami": [],
    "toolkit": ["list", "show", "run"],
    "toolkit list": [],
    "toolkit show": [],
    "toolkit run": [],
    "usage": ["status", "show"],
    "usage status": [],
    "usage show": [],
}
NAMES = {
    "arcade": [ARCADE],
    "arcade-mcp": [str(Path(ARCADE).with_name("arcade-mcp"))],
    "python -m arcade_cli": [sys.executable, "-m", "arcade_cli"],
}


def call(home: Home, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program under one of its names."""
    return subprocess.run(
        [*NAMES[name], *words], env=home.environ, cwd=home.folder, capture_output=True, text=True
    )


def nothing_was_recorded(home: Home, recorder: Recorder) -> None:
    assert home.senders() == []
    assert not home.state.exists()  # the first event of all makes it, before the command ends
    assert recorder.requests == 0


def test_the_version_is_the_package_s(home: Home, recorder: Recorder) -> None:
    ran = home.run("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"arcade {__version__}\n", "")
    nothing_was_recorded(home, recorder)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of somebody who only reads help; events would go somewhere."""
    return Home(tmp_path_factory.mktemp("home"), host="http://127.0.0.1:9")


@pytest.fixture(scope="module")
def read(reader: Home) -> dict[str, Ran]:
    """Every page of help, by what is typed after ``arcade``."""
    lines = [*(f"{command} --help" for command in COMMANDS), "", "toolkit", "usage"]
    with ThreadPoolExecutor(4) as pool:
        return dict(
            zip(lines, pool.map(lambda line: reader.run(*line.split()), lines), strict=True)
        )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_each_command(read: dict[str, Ran], command: str) -> None:
    ran = read[f"{command} --help"]
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: arcade {command}".rstrip() in ran.out
    words = ran.out.split()
    assert [name for name in COMMANDS[command] if name not in words] == []


@pytest.mark.parametrize("group", ["", "toolkit", "usage"])
def test_a_group_without_a_command_prints_its_help(read: dict[str, Ran], group: str) -> None:
    assert read[group].code == 2
    assert f"Usage: arcade {group}".rstrip() in read[group].out + read[group].err


def test_help_is_no_event(read: dict[str, Ran], reader: Home) -> None:
    assert len(read) > len(COMMANDS)
    assert reader.senders() == []
    assert not reader.state.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["whoami", "--nonsense"],
        ["toolkit", "run"],
    ],
    ids=" ".join,
)
def test_a_mistyped_command_line_is_a_usage_error_on_stderr(home: Home, words: list[str]) -> None:
    home.environ["ARCADE_USAGE_TRACKING"] = "0"
    ran = home.run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "--help" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("name", NAMES)
def test_the_program_is_the_same_by_all_its_names(
    home: Home, recorder: Recorder, name: str
) -> None:
    assert call(home, name, "--version").stdout == f"arcade {__version__}\n"
    ran = call(home, name, "whoami")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert (
        without_notice(ran.stderr.encode())
        == b"Error: You are not logged in. Run `arcade login`.\n"
    )
    (event,) = recorder.wait_for(1)
    assert event.command == "whoami"


@pytest.mark.parametrize(
    ("name", "typed", "offered"),
    [
        ("arcade", "arcade to", ["toolkit"]),
        ("arcade", "arcade toolkit ", ["list", "show", "run"]),
        ("arcade", "arcade toolkit list --j", ["--json"]),
        ("arcade-mcp", "arcade-mcp log", ["login", "logout"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "offers",
)
def test_the_shell_can_complete_what_is_typed(
    home: Home, recorder: Recorder, name: str, typed: str, offered: list[str]
) -> None:
    home.environ |= {
        f"_{name.replace('-', '_').upper()}_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split(" ")) - 1),
    }
    ran = call(home, name)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.split() == offered
    nothing_was_recorded(home, recorder)


def test_the_shell_gets_a_script_to_complete_with(home: Home, recorder: Recorder) -> None:
    home.environ["_ARCADE_COMPLETE"] = "source_bash"
    ran = home.run()
    assert (ran.code, ran.err) == (0, "")
    subprocess.run(["bash", "-n"], input=ran.out.encode(), check=True)
    nothing_was_recorded(home, recorder)


def test_importing_the_program_loads_none_of_what_only_some_commands_need(home: Home) -> None:
    program = (
        "import sys, arcade_cli.main\n"
        "heavy = {'rich', 'yaml', 'arcade_core', 'posthog', 'requests', 'pydantic', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], env=home.environ, capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("[]\n", "")
