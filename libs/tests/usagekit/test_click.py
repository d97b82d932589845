"""Which command ran and how it ended, seen from outside; and a program that is none the wiser."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import typer
import typer.main
from usagekit.run import run
from usagekit.tracker import CommandTracker

from tests.support.home import PROGRAM, Home
from tests.support.policy import policy

pytestmark = pytest.mark.measured

if TYPE_CHECKING:
    from usagekit.tracker import Outcome

SECRET = "made-up-secret"


class Notes(CommandTracker):
    """Keeps what it is told in place of recording it."""

    def __init__(self, folder: Path, *, tracking: str = "1") -> None:
        super().__init__(policy(folder / "state"), {"TOOL_USAGE_TRACKING": tracking})
        self.seen: list[tuple[str, Outcome]] = []
        self.durations: list[float] = []

    def track_command_execution(
        self, command_name: str, outcome: Outcome, duration: float, options: Sequence[str] = ()
    ) -> None:
        self.seen.append((command_name, outcome))
        self.durations.append(duration)
        self.options = list(options)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo("1.0")
        raise typer.Exit


def _licence(wanted: bool) -> None:
    if wanted:
        typer.echo("MIT")
        sys.exit()


def make_app() -> typer.Typer:
    """A program of two levels, with an eager option, a group that is a command too, and aliases."""
    app, deep, both = typer.Typer(), typer.Typer(no_args_is_help=True), typer.Typer()
    app.add_typer(deep, name="deep")
    app.add_typer(both, name="both")

    @app.callback()
    def top(
        version: Annotated[bool, typer.Option(callback=_version, is_eager=True)] = False,
        licence: Annotated[bool, typer.Option(callback=_licence, is_eager=True)] = False,
    ) -> None: ...

    @both.callback(invoke_without_command=True)
    def by_itself() -> None: ...

    @both.command()
    @deep.command()
    @app.command("say-hello")
    def greet(name: Annotated[str, typer.Argument()] = "you", size: int = 1) -> None:
        if name == "fail":
            raise ValueError(SECRET)

    return app


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notes:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back what a crash leaves there
    return Notes(tmp_path)


@pytest.fixture
def run_words(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BaseException | None]:
    def run_app(*words: str, app: Any = None) -> BaseException | None:
        monkeypatch.setattr(sys, "argv", ["tool", *words])
        try:
            run(app or make_app(), notes)
        except BaseException as ending:  # noqa: BLE001
            return ending
        return None

    return run_app


RunWords = Callable[..., "BaseException | None"]


class TestOptions:
    @pytest.mark.parametrize(
        ("words", "options"),
        [
            (["say-hello"], []),
            (["say-hello", SECRET, "--size", "3"], ["size"]),
            (["say-hello", "-s", "3"], ["size"]),
            (["say-hello", "--no-loud"], ["no-loud"]),
            (["--colour", "red", "say-hello", "--loud"], ["colour", "loud"]),
        ],
    )
    def test_options_are_known_by_their_declared_names_wherever_they_stand(
        self, run_words: RunWords, notes: Notes, words: list[str], options: list[str]
    ) -> None:
        app = typer.Typer()

        @app.callback()
        def top(colour: str = "blue") -> None: ...

        @app.command("say-hello")
        def greet(
            name: Annotated[str, typer.Argument()] = "you",
            size: Annotated[int, typer.Option("-s", "--size")] = 1,
            loud: bool = False,
        ) -> None: ...

        run_words(*words, app=app)
        assert len(notes.seen) == 1
        assert sorted(notes.options) == options


class TestNames:
    @pytest.mark.parametrize(
        ("words", "name"),
        [
            (["say-hello"], "say-hello"),
            (["say-hello", SECRET, "--size", "3"], "say-hello"),
            (["deep", "greet", SECRET], "deep.greet"),
            (["both", "greet"], "both.greet"),
            (["both"], "both"),
        ],
    )
    def test_a_command_is_named_as_declared_with_its_groups(
        self, run_words: RunWords, notes: Notes, words: list[str], name: str
    ) -> None:
        run_words(*words)
        ((seen, outcome),) = notes.seen
        assert (seen, outcome.exit_code, outcome.failure_kind) == (name, 0, None)
        assert 0 < notes.durations[0] < 60_000

    def test_a_program_of_one_command_is_named_by_that_or_by_its_own_name(
        self, run_words: RunWords, notes: Notes
    ) -> None:
        app = typer.Typer()
        app.command()(lambda: None)
        run_words(app=app)
        assert [name for name, _ in notes.seen] == ["tool"]

    def test_a_command_that_typer_has_built_is_watched_as_well_as_an_app(
        self, run_words: RunWords, notes: Notes
    ) -> None:
        command = typer.main.get_command(make_app())
        run_words("deep", "greet", app=command)
        assert [name for name, _ in notes.seen] == ["deep.greet"]
        assert not {"make_context", "invoke", "resolve_command"} & vars(command).keys()

    def test_a_function_that_is_neither_is_the_program_s_one_command(
        self, run_words: RunWords, notes: Notes
    ) -> None:
        ran: list[None] = []
        assert run_words(app=lambda: ran.append(None)) is None
        assert ran == [None]
        assert [name for name, _ in notes.seen] == ["tool"]

    def test_the_commands_of_another_program_that_a_command_runs_are_not_its_own(
        self, run_words: RunWords, notes: Notes
    ) -> None:
        inner, app = make_app(), typer.Typer()
        app.command("outer")(lambda: inner(["deep", "greet"], standalone_mode=False))
        app.command("other")(lambda: None)
        run_words("outer", app=app)
        assert [name for name, _ in notes.seen] == ["outer"]


class TestNoEvents:
    @pytest.mark.parametrize(
        "words",
        [
            ["--help"],
            ["say-hello", "--help"],
            ["deep", "--help"],
            ["deep", "greet", "--help"],
            ["deep", "greet", SECRET, "--help"],
            ["both", "--help"],
            ["both", "greet", "--help"],
            ["--version"],
            ["--version", "deep", "greet"],
            ["--licence"],
            ["deep"],  # prints its help
        ],
    )
    def test_asking_what_there_is_is_no_event(
        self, run_words: RunWords, notes: Notes, words: list[str]
    ) -> None:
        run_words(*words)
        assert notes.seen == []


class TestUsageErrors:
    @pytest.mark.parametrize(
        ("words", "name"),
        [
            ([SECRET], "tool"),
            ([f"--{SECRET}"], "tool"),
            ([], "tool"),
            (["say-hello", f"--{SECRET}"], "say-hello"),
            (["say-hello", "--size", SECRET], "say-hello"),
            (["say-hello", "a", SECRET], "say-hello"),
            (["deep", SECRET], "deep"),
            (["deep", f"--{SECRET}"], "deep"),
            (["deep", "greet", "--size", SECRET], "deep.greet"),
            (["both", SECRET], "both"),
        ],
    )
    def test_they_belong_to_the_deepest_that_was_understood_and_quote_nobody(
        self, run_words: RunWords, notes: Notes, words: list[str], name: str
    ) -> None:
        ending = run_words(*words)
        assert isinstance(ending, SystemExit)
        assert ending.code == 2
        ((seen, outcome),) = notes.seen
        assert (seen, outcome.exit_code, outcome.failure_kind) == (name, 2, "usage_error")
        assert outcome.error_message is None
        assert SECRET not in f"{seen} {outcome.error_type}"


class TestNothingIsChanged:
    def test_what_is_raised_is_what_the_app_raises(self, run_words: RunWords, notes: Notes) -> None:
        ending = run_words("say-hello", "fail")
        assert isinstance(ending, ValueError)
        assert str(ending) == SECRET
        ((_, outcome),) = notes.seen
        assert (outcome.failure_kind, outcome.error_type) == ("exception", "ValueError")

    def test_what_is_returned_is_what_the_app_returns(self, tmp_path: Path) -> None:
        assert run(lambda: 42, Notes(tmp_path)) == 42
        assert run(lambda: 42, Notes(tmp_path, tracking="0")) == 42

    @pytest.mark.parametrize("words", [["say-hello"], ["deep", "greet", "fail"], ["--nonsense"]])
    def test_typer_and_the_app_are_left_as_they_were(
        self, run_words: RunWords, words: list[str]
    ) -> None:
        app = make_app()
        get_command, before = typer.main.get_command, dict(vars(app))
        run_words(*words, app=app)
        assert typer.main.get_command is get_command
        assert vars(app) == before

    def test_what_only_looks_like_a_group_of_click_s_runs_as_it_would(
        self, run_words: RunWords, notes: Notes
    ) -> None:
        class Promising:
            """As if its methods were coroutines: what they return is not what Click's do."""

            chain = False

            def make_context(self) -> str:
                return self.resolve_command()

            def invoke(self) -> str:
                return "kept"

            def resolve_command(self) -> str:
                return "a promise"

            def __call__(self) -> str:
                assert self.make_context() == "a promise"
                return self.invoke()

        assert run(Promising(), notes) == "kept"
        assert run_words("say-hello", app=Promising()) is None

    def test_an_app_can_be_run_again(self, run_words: RunWords, notes: Notes) -> None:
        app = make_app()
        for _ in range(2):
            run_words("deep", "greet", app=app)
        assert [name for name, _ in notes.seen] == ["deep.greet"] * 2

    def test_a_tracker_that_is_off_sees_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["tool", "say-hello"])
        notes = Notes(tmp_path, tracking="0")
        with pytest.raises(SystemExit):
            run(make_app(), notes)
        assert notes.seen == []

    def test_a_tracker_that_breaks_is_not_the_command_s_fault(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Broken(Notes):
            def track_command_execution(self, *_: object) -> None:
                raise MemoryError

        monkeypatch.setattr(sys, "argv", ["tool", "say-hello"])
        with pytest.raises(SystemExit) as caught:
            run(make_app(), Broken(tmp_path))
        assert caught.value.code == 0


# The commands of the program, and what is recorded of each: name, exit code, kind, class, message.
Recorded = tuple[str, int, "str | None", "str | None", "str | None"]
COMMANDS: dict[str, Recorded | None] = {
    "hello": ("hello", 0, None, None, None),
    "hello --name made-up-secret": ("hello", 0, None, None, None),
    "fail": ("fail", 1, "exception", "ValueError", "it broke"),
    "leave 0": ("leave", 0, None, None, None),
    "leave 3": ("leave", 3, "exit", None, ""),
    "leave-because 4": ("leave-because", 4, "exit", "KeyError", "'the reason'"),
    "system-exit 5": ("system-exit", 5, "exit", None, ""),
    "system-exit -- -1": ("system-exit", 255, "exit", None, ""),
    "system-exit words": ("system-exit", 1, "exit", None, "<argument>"),
    "abort": ("abort", 1, "interrupted", "Abort", ""),
    "interrupt": ("interrupt", 130, "interrupted", "KeyboardInterrupt", ""),
    "bad-value": ("bad-value", 2, "usage_error", "BadParameter", ""),
    "group nested": ("group.nested", 0, None, None, None),
    "group": ("group", 2, "usage_error", "UsageError", ""),
    "group made-up-secret": ("group", 2, "usage_error", "UsageError", ""),
    "leave made-up-secret": ("leave", 2, "usage_error", "BadParameter", ""),
    "hello --made-up-secret": ("hello", 2, "usage_error", "NoSuchOption", ""),
    "made-up-secret": ("arcade", 2, "usage_error", "UsageError", ""),
    "--help": None,
    "group nested --help": None,
}
Ended = tuple[int, bytes, bytes]


def on_and_off(
    home: Home, words: list[str], *, script: str = PROGRAM, **environ: str
) -> tuple[Ended, Ended]:
    """How the same command ends with tracking and without, run side by side."""
    processes = [
        home.start_program(
            *words, environ={"ARCADE_USAGE_TRACKING": value, **environ}, script=script
        )
        for value in "10"
    ]
    first, second = (process.communicate() for process in processes)
    return (processes[0].wait(), *first), (processes[1].wait(), *second)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Home]:
    """A home whose events stay in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    home = Home(folder)
    yield home
    home.wait_for_senders()


def recorded(home: Home) -> list[Recorded]:
    home.wait_for_senders()
    found = []
    for event in home.log():
        own = event["properties"]
        kind, error, message = (
            own.get(name) for name in ("failure_kind", "error_type", "error_message")
        )
        found.append((own["command_name"], own["exit_code"], kind, error, message))
        assert (event["event"] == "CLI execution succeeded") is (kind is None)
    return found


class TestRealProcesses:
    @pytest.mark.parametrize("words", list(COMMANDS))
    def test_a_command_ends_the_same_with_tracking_and_without_and_is_recorded(
        self, local: Home, words: str
    ) -> None:
        tracked, untracked = on_and_off(local, words.split())
        assert tracked == untracked
        assert b"usagekit" not in tracked[2]

        expected = COMMANDS[words]
        found = recorded(local)
        assert found == ([] if expected is None else [expected])
        assert SECRET not in str(local.log())

    @pytest.mark.parametrize("words", ["fail", "leave-because 4", "system-exit words", "interrupt"])
    def test_a_plain_traceback_is_the_same_too(self, local: Home, words: str) -> None:
        tracked, untracked = on_and_off(local, words.split(), TYPER_STANDARD_TRACEBACK="1")
        assert tracked == untracked
        assert b"usagekit" not in tracked[2]
        if words == "fail":
            assert tracked[2].rstrip().endswith(b"ValueError: it broke")
            assert b"program.py" in tracked[2]

    @pytest.mark.parametrize("standard", ["", "1"], ids=["pretty", "plain"])
    def test_the_traceback_of_an_error_that_led_to_another_does_not_show_the_watch_either(
        self, local: Home, standard: str
    ) -> None:
        program = local.folder / "chained.py"
        program.write_text(CHAINED)
        tracked, untracked = on_and_off(
            local, ["fail"], script=str(program), TYPER_STANDARD_TRACEBACK=standard
        )
        assert tracked[2].count(b"made-up") == untracked[2].count(b"made-up") > 1
        assert tracked == untracked
        assert b"usagekit" not in tracked[2]

    @pytest.mark.parametrize("shell", ["bash", "zsh"])
    def test_completion_leaves_no_trace(self, local: Home, shell: str) -> None:
        environ = {
            "_PROGRAM.PY_COMPLETE": f"complete_{shell}",
            "_PROGRAM_PY_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": "program.py hel",
            "COMP_CWORD": "1",
            "_TYPER_COMPLETE_ARGS": "program.py hel",
        }
        tracked, untracked = on_and_off(local, [], **environ)
        assert tracked == untracked
        assert b"hello" in tracked[1]
        assert recorded(local) == []
        assert not local.state.exists()


CHAINED = """
import typer
from arcade_cli.usage import usage_config
from typer.core import TyperGroup
from usagekit.run import run
from usagekit.tracker import CommandTracker

class Translating(TyperGroup):
    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except ValueError as error:
            raise RuntimeError("made-up two") from error

app = typer.Typer(cls=Translating)
other = app.command("other")(lambda: None)

@app.command()
def fail():
    raise ValueError("made-up one")

run(app, CommandTracker(usage_config()))
"""
