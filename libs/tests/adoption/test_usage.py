"""``Usage``: what a program may say of itself, what follows from its name, and who its user is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
import usagekit
from usagekit import Usage
from usagekit.identity import UsageIdentity
from usagekit.testing import ANON_ID, captured

from tests.support.recorder import Recorder
from tests.support.senders import senders, wait_for_senders


@pytest.fixture
def acme() -> Usage:
    return Usage("acme", version="1.2.0")


class TestWhatFollowsFromTheName:
    def test_variables_and_commands_are_named_after_the_program(self) -> None:
        config = Usage("acme-cli.2", version="1").config()
        assert config.tracking_variable == "ACME_CLI_2_USAGE_TRACKING"
        assert config.program == "acme-cli.2"
        assert Usage("acme", version="1", prefix="TRACK").config().tracking_variable == (
            "TRACK_TRACKING"
        )

    @pytest.mark.parametrize(
        ("platform", "environ", "folder"),
        [
            ("linux", {}, "{home}/.local/state/acme"),
            ("linux", {"XDG_STATE_HOME": "/made/up"}, "/made/up/acme"),
            ("linux", {"XDG_STATE_HOME": "not/absolute"}, "{home}/.local/state/acme"),
            ("darwin", {}, "{home}/Library/Application Support/acme"),
            ("win32", {"LOCALAPPDATA": "C:\\made\\up"}, "C:\\made\\up\\acme"),
            ("win32", {}, "{home}\\AppData\\Local\\acme"),
        ],
    )
    def test_the_state_is_kept_where_the_platform_keeps_such(
        self,
        acme: Usage,
        monkeypatch: pytest.MonkeyPatch,
        platform: str,
        environ: dict[str, str],
        folder: str,
    ) -> None:
        monkeypatch.setattr(sys, "platform", platform)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        assert acme.config().paths.home == folder.format(home=os.environ["HOME"])

    def test_the_folders_above_are_made_private_where_they_are_missing(self, acme: Usage) -> None:
        home = Path(os.environ["HOME"])
        UsageIdentity(acme.config()).load_or_create()
        for folder in (".local", ".local/state", ".local/state/acme", ".local/state/acme/usage"):
            assert (home / folder).stat().st_mode & 0o777 == 0o700

    def test_the_environment_is_stronger_than_the_program(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        acme = Usage(
            "acme", version="1", host="https://usage.acme.example", project_api_key="phc_a"
        )
        assert acme.config().host == "https://usage.acme.example"
        monkeypatch.setenv("ACME_USAGE_HOST", "http://127.0.0.1:8600")
        monkeypatch.setenv("ACME_USAGE_PROJECT_KEY", "phc_b")
        config = acme.config()
        assert (config.host, config.project_api_key) == ("http://127.0.0.1:8600", "phc_b")

    @pytest.mark.parametrize(
        ("options", "problem"),
        [
            ({"name": ""}, "name"),
            ({"name": "../acme"}, "name"),
            ({"name": "-acme"}, "name"),
            ({"name": "ac me"}, "name"),
            ({"name": "acmé"}, "name"),
            ({"host": "usage.acme.example"}, "http"),
            ({"folder": "relative"}, "absolute"),
            ({"credentials": "/made/up"}, "resolver"),
            ({"resolver": "acme.auth:whoami"}, "credentials"),
            ({"credentials": "/made/up", "resolver": lambda: None}, "imported"),
            ({"credentials": "/made/up", "resolver": "no_function"}, "imported"),
        ],
        ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
    )
    def test_what_cannot_be_is_refused_with_a_reason(
        self, options: dict[str, Any], problem: str
    ) -> None:
        with pytest.raises(ValueError, match=problem):
            Usage(**{"name": "acme", "version": "1", **options})


WHO = "Uppington"


class TestCaptured:
    def test_a_test_sees_the_events_and_nothing_else_happens(self, acme: Usage) -> None:
        with captured() as events:
            assert acme.run(lambda: 3) == 3
        (event,) = events
        assert (event.event_name, event.distinct_id) == ("CLI execution failed", ANON_ID)
        assert event.properties["command_name"] == "acme"
        assert event.properties["exit_code"] == 3
        assert os.listdir(os.environ["HOME"]) == []

    def test_it_holds_whatever_the_environment_says_and_ends_with_the_block(
        self, acme: Usage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DO_NOT_TRACK", "1")
        with captured() as events:
            acme.run(lambda: None)
        acme.run(lambda: None)
        assert len(events) == 1
        assert os.listdir(os.environ["HOME"]) == []

    def test_somebody_who_logs_in_is_who_they_say_until_they_log_out(self, acme: Usage) -> None:
        with captured() as events:
            acme.run(lambda: None)
            acme.run(lambda: acme.identify("account-1"))
            acme.run(acme.logout)
            acme.run(lambda: None)
        assert [event.distinct_id for event in events] == [
            ANON_ID,
            "account-1",
            "account-1",
            ANON_ID,
        ]

    def test_an_error_s_message_is_what_would_be_sent(self, acme: Usage) -> None:
        def fails(name: str) -> None:
            raise ValueError(f"no zorkmids for {name}")

        with captured() as events, pytest.raises(ValueError, match="zorkmids"):
            acme.run(lambda: fails(WHO))
        assert events[0].properties["error_message"] == "no zorkmids for <value>"

    def test_commands_without_a_framework_are_events_of_their_own(self, acme: Usage) -> None:
        with captured() as events:
            with acme.command("db.migrate"):
                pass
            with pytest.raises(KeyError), acme.command("db.drop"):
                raise KeyError("made up")
            with pytest.raises(SystemExit), acme.command("db.exit"):
                sys.exit(0)
        seen = [
            (one.properties["command_name"], one.properties.get("failure_kind")) for one in events
        ]
        assert seen == [("db.migrate", None), ("db.drop", "exception"), ("db.exit", None)]


def test_the_surface_is_small() -> None:
    assert set(usagekit.__all__) == {
        "CommandTracker",
        "Consent",
        "Event",
        "Outcome",
        "Usage",
        "UsageConfig",
        "UsageIdentity",
        "UsageService",
        "decide",
    }


@pytest.mark.parametrize("principal_id", ["", "  "])
def test_an_account_without_an_id_is_refused(acme: Usage, principal_id: str) -> None:
    with pytest.raises(ValueError, match="not empty"):
        acme.identify(principal_id)


def test_where_a_resolver_is_asked_nobody_is_identified_by_hand() -> None:
    acme = Usage("acme", version="1", credentials="~/made-up", resolver="acme.auth:whoami")
    with pytest.raises(ValueError, match="resolver"):
        acme.identify("account-1")


def test_usage_commands_are_mounted_in_what_holds_commands_only(acme: Usage) -> None:
    with pytest.raises(TypeError, match="argparse"):
        acme.mount(lambda: None)


PROGRAM = """
import sys
from usagekit import Usage
usage = Usage("acme", version="1.2.0", {options})
def main():
    word = sys.argv[1]
    if word.startswith("login="):
        usage.identify(word.partition("=")[2])
    elif word == "logout":
        usage.logout()
with usage.command(sys.argv[1].partition("=")[0]):
    main()
"""

RunProgram = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def acme_runs(home: Path, recorder: Recorder, tmp_path: Path) -> RunProgram:
    def runs(word: str, options: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        options = f"host={recorder.url!r}, project_api_key='phc_made_up', {options}"
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM.replace("{options}", options), word],
            env={"HOME": str(home), "PATH": os.environ["PATH"], **environ},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        wait_for_senders(home)
        return ran

    return runs


class TestALifeInRealProcesses:
    def test_the_past_becomes_the_account_s_and_after_the_logout_a_stranger_begins(
        self, acme_runs: RunProgram, recorder: Recorder
    ) -> None:
        for word in ("before", "login=account-1", "after", "login=account-1", "logout", "later"):
            ran = acme_runs(word)
            assert (ran.returncode, ran.stdout) == (0, "")
        recorder.wait_for(6)
        seen = [(event.command or event.event, event.distinct_id) for event in recorder.received]
        anonymous, stranger = seen[0][1], seen[-1][1]
        assert seen == [
            ("before", anonymous),
            ("$create_alias", "account-1"),
            ("login", "account-1"),
            ("after", "account-1"),
            ("login", "account-1"),
            ("logout", "account-1"),
            ("later", stranger),
        ]
        assert recorder.aliases[0].properties["alias"] == anonymous
        assert stranger not in (anonymous, "account-1")

    def test_another_account_gets_an_anonymous_id_of_its_own(
        self, acme_runs: RunProgram, recorder: Recorder
    ) -> None:
        for word in ("login=account-1", "login=account-2"):
            acme_runs(word)
        recorder.wait_for(2)
        assert [one.distinct_id for one in recorder.aliases] == ["account-1", "account-2"]
        assert len({one.properties["alias"] for one in recorder.aliases}) == 2

    def test_off_means_that_nobody_is_noted_down(
        self, acme_runs: RunProgram, home: Path, recorder: Recorder
    ) -> None:
        acme_runs("login=account-1", ACME_USAGE_TRACKING="0")
        assert list(home.iterdir()) == []
        assert recorder.requests == 0

    def test_a_resolver_is_asked_in_the_background(
        self, acme_runs: RunProgram, home: Path, recorder: Recorder, tmp_path: Path
    ) -> None:
        """It must be importable by the sender: here through PYTHONPATH, as usagekit is itself."""
        library = tmp_path / "library"
        library.mkdir()
        (library / "acme_auth.py").write_text(
            "import os, sys\n"
            "def whoami():\n"
            "    assert 'runpy' in sys.modules or '-m' in sys.orig_argv\n"
            "    return 'account-' + open(os.path.expanduser('~/token')).read()\n"
        )
        (home / "token").write_text("7")
        path = os.pathsep.join([str(Path(usagekit.__file__).parents[1]), str(library)])
        acme_runs("work", "credentials='~/token', resolver='acme_auth:whoami'", PYTHONPATH=path)
        recorder.wait_for(1)
        assert [one.distinct_id for one in recorder.received] == ["account-7"] * 2

    def test_the_notice_speaks_of_no_commands_that_there_are_not(
        self, acme_runs: RunProgram
    ) -> None:
        said = acme_runs("work").stderr
        assert said.count("\n") == 3
        assert "acme usage" not in said
        assert "ACME_USAGE_TRACKING=0" in said
        assert acme_runs("work").stderr == ""


def test_python_m_usagekit_by_hand_says_what_it_is() -> None:
    ran = subprocess.run([sys.executable, "-m", "usagekit"], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "nothing to do here" in ran.stderr
    assert senders(Path(os.environ["HOME"])) == []


MANY = """
import sys
from usagekit import Usage
show = sys.excepthook
usage = Usage("acme", version="1")
def fails():
    raise ValueError("again")
def ends():
    raise KeyError("the last")
for _ in range({count}):
    try:
        usage.run(fails)
    except ValueError:
        pass
if {count} > 1:
    usage.run(lambda: None)
    assert sys.excepthook is show  # nothing is left there by what somebody has caught
usage.run(ends)
"""


@pytest.mark.parametrize("on", ["0", "1"])
def test_however_many_runs_of_a_process_fail_the_last_is_shown_as_it_is(on: str) -> None:
    """One process, as a test suite or a server has it."""
    environ = {"HOME": os.environ["HOME"], "PATH": os.environ["PATH"], "ACME_USAGE_TRACKING": on}
    shown = []
    for count in (0, 1_100):
        ran = subprocess.run(
            [sys.executable, "-c", MANY.format(count=count)],
            env={**environ, "ACME_USAGE_DEBUG": "" if on == "0" else "1"},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 1
        lines = ran.stderr.splitlines()
        shown.append(lines[lines.index("Traceback (most recent call last):") :][:-1])
        assert lines[-1].startswith(("KeyError", "{")), lines[-3:]
        assert "RecursionError" not in ran.stderr
        assert "usagekit" not in "".join(lines[-5:])
    assert len(shown[0]) == len(shown[1])


LATE = """
import argparse, sys
from usagekit import Usage
usage = Usage("acme", version="1", host="http://127.0.0.1:9", project_api_key="phc_made_up")
def main():
    parser = argparse.ArgumentParser("acme")
    commands = parser.add_subparsers()
    commands.add_parser("work")
    usage.mount(commands)
    parser.parse_args()
usage.run(main)
"""


def test_the_notice_speaks_of_commands_that_are_mounted_while_the_program_runs(home: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LATE, "work"],
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "See it: acme usage show. Stop it: acme usage off, or ACME_USAGE_TRACKING=0." in (
        ran.stderr
    )


OWN = {
    "typer": """
import typer
app = typer.Typer()
@app.command({command})
def usage(): print("my own")
@app.command()
def other(): pass
usage_kit.mount(app{name})
usage_kit.run(app)
""",
    "typer group": """
import typer
app = typer.Typer()
group = typer.Typer()
@group.command()
def own(): print("my own")
@group.command()
def other(): pass
app.add_typer(group, name="usage")
usage_kit.mount(app{name})
usage_kit.run(app)
""",
    "click": """
import click
@click.group()
def app(): pass
app.command("usage")(lambda: print("my own"))
usage_kit.mount(app{name})
usage_kit.run(app)
""",
    "argparse": """
import argparse
def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    commands.add_parser("usage").set_defaults(run=lambda: print("my own"))
    usage_kit.mount(commands{name})
    parser.parse_args().run()
usage_kit.run(main)
""",
}
START = """
import sys
from usagekit import Usage
usage_kit = Usage("acme", version="1", host="http://127.0.0.1:9", project_api_key="phc_made_up")
"""


def acme_says(home: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", START + program, *words],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "COLUMNS": "80"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("framework", OWN)
def test_a_command_of_the_program_s_own_is_not_replaced(home: Path, framework: str) -> None:
    program = OWN[framework].replace("{command}", "")
    ran = acme_says(home, program.replace("{name}", ""), "usage")
    assert ran.returncode == 1
    assert "the program has a command 'usage' of its own: usage.mount(..., name=" in ran.stderr

    words = ("usage", "own") if framework == "typer group" else ("usage",)
    home = home / "another"  # which has not had the notice
    home.mkdir()
    program = program.replace("{name}", ", name='tracking'")
    ran = acme_says(home, program, *words)
    assert ran.stdout == "my own\n", ran
    assert "See it: acme tracking show. Stop it: acme tracking off, or " in ran.stderr
    assert "tracking             on" in acme_says(home, program, "tracking", "status").stdout


def test_a_name_that_is_none_is_refused(acme: Usage) -> None:
    for name in ("", "a b", "a.b", "../a", "-a"):
        with pytest.raises(ValueError, match="not a name"):
            acme.mount(typer.Typer(), name=name)


ONE = """
import typer
app = typer.Typer()
@app.command()
def only(word: str = "you"): print("hello", word)
{more}
usage_kit.mount(app)
{later}
usage_kit.run(app)
"""


def test_a_typer_app_of_one_command_is_called_as_before(home: Path) -> None:
    alone = ONE.replace("{more}", "").replace("{later}", "")
    ran = acme_says(home, alone, "--word", "ada")
    assert (ran.returncode, ran.stdout) == (0, "hello ada\n"), ran
    assert "Stop it: set ACME_USAGE_TRACKING=0 in your environment." in ran.stderr
    for more, later in (
        ("app.callback()(lambda: None)", ""),
        ("", "app.callback()(lambda: None)"),
        ("app.command('two')(lambda: None)", ""),
        ("", "app.command('two')(lambda: None)"),
        (
            "",
            "o = typer.Typer(); o.command()(lambda: None); app.add_typer(o, name='o')",
        ),
    ):
        program = ONE.replace("{more}", more).replace("{later}", later)
        assert acme_says(home, program, "only", "--word", "bob").stdout == "hello bob\n"
        assert "tracking " in acme_says(home, program, "usage", "status").stdout
