"""The commands as they meet a newcomer: their help, their errors, their exit codes."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
import usagekit_collector
from usagekit_collector import __version__
from usagekit_collector.cli.commands import cli

from tests.support.collector import Collector, event
from tests.support.stopped import told

NewCollector = Callable[..., Collector]
PASSWORD = "made-up-secret"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A collector that runs, with a password."""
    with Collector(tmp_path_factory.mktemp("guarded"), password=PASSWORD) as running:
        yield running


def helps(group: click.Group, *words: str) -> Iterator[tuple[str, click.Command, str]]:
    """Each command's name, itself, and its help for a terminal of 80 columns."""
    for name, command in group.commands.items():
        context = click.Context(command, info_name=" ".join((*words, name)), terminal_width=80)
        yield context.info_name or "", command, command.get_help(context)
        if isinstance(command, click.Group):
            yield from helps(command, *words, name)


def test_without_a_command_it_prints_its_help(new_collector: NewCollector) -> None:
    collector = new_collector()
    asked = collector.run("--help")
    assert (asked.returncode, asked.stderr) == (0, b"")
    said = told(collector, code=2)
    assert said == asked.stdout.decode()
    assert '"usagekit-collector serve" is enough' in said
    for command in cli.commands:
        assert re.search(rf"^  {command} +[A-Z].*[^.]\.$", said, re.MULTILINE), command


def test_it_says_its_version(new_collector: NewCollector) -> None:
    ran = new_collector().run("--version")
    assert ran.stdout.decode() == f"usagekit-collector, version {__version__}\n"


def test_every_command_and_every_option_says_what_it_is_in_80_columns() -> None:
    found = list(helps(cli, "usagekit-collector"))
    assert len(found) == 15
    for name, command, said in found:
        assert f"Usage: {name} " in said
        assert command.help
        assert re.match(r"[A-Z][^\n]*\.", command.help)
        assert max(map(len, said.splitlines())) <= 80, said
        for one in command.params:
            if isinstance(one, click.Option) and one.name != "help":
                assert one.help, (name, one.name)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["exprot"], "No such command 'exprot'"),
        (["token", "create"], "Missing argument 'NAME'"),
        (["import", "-"], "Missing option '--token'"),
        (["import", "/no/such/file", "--token", "phc_x"], "No such file or directory"),
        (["export", "--start", "yesterday"], "'yesterday' is no date. Say 2026-11-25, or"),
        (["export", "--start", "2026-03-02", "--end", "2026-03-02"], "nothing in between"),
        (["export", "--format", "csv"], "'csv' is not one of 'jsonl', 'parquet'"),
        (["export", "--to", "mixpanel", "http://127.0.0.1:1", "key"], "say posthog"),
        (
            ["export", "--to", "posthog", "http://127.0.0.1:1", "key", "--output", "x"],
            "no --output",
        ),
        (["export", "--to", "posthog", "http://127.0.0.1:1"], "requires 3 arguments"),
        (["export", "--patience", "-1"], "is not in the range"),
        (["serve", "--port", "web"], "'web' is not a valid integer"),
    ],
)
def test_what_is_asked_for_in_the_wrong_way_ends_with_2(words: list[str], says: str) -> None:
    with pytest.raises(click.UsageError) as caught:
        cli.main(words, standalone_mode=False)
    assert (caught.value.exit_code, says in caught.value.format_message()) == (2, True), (
        caught.value
    )


def test_what_cannot_be_done_ends_with_1_and_a_line_or_two(guarded: Collector) -> None:
    assert guarded.process is not None
    owner = f"in use by another process (pid {guarded.process.pid}, {guarded.url}). Stop that one"
    for words in (["token", "create", "acme"], ["import", "/dev/null", "--token", "phc_x"]):
        said = told(guarded, *words)
        assert owner in said, said
        assert "--url" in said
    ask = ("--url", guarded.url)
    assert "1 to 100 printable characters" in told(guarded, "token", "create", "a\tb", *ask)
    assert "no project of this name" in told(guarded, "export", "--project", "x", *ask)


def test_the_readmes_three_commands_lead_to_an_insight(new_collector: NewCollector) -> None:
    readme = Path(usagekit_collector.__file__).parents[1] / "README.md"
    serve, *asks = re.findall(r"```sh\n(.*)\n```", readme.read_text())
    assert serve == "usagekit-collector serve"
    with new_collector() as running:
        here = str(running.folder / "store")
        answers = [
            subprocess.run(
                shlex.split(
                    one.replace("http://127.0.0.1:8600", running.url).replace(
                        "$HOME/.local/share/usagekit-collector", here
                    )
                ),
                capture_output=True,
                timeout=60,
            ).stdout
            for one in asks
        ]
    assert answers[0] == b'{"status":"Ok"}'
    assert b'"command":"login"' in answers[1]


def test_a_token_is_all_that_token_create_prints_and_it_is_of_the_project_of_that_name(
    guarded: Collector, new_collector: NewCollector
) -> None:
    stopped = new_collector()
    tokens = []
    for collector, more in ((guarded, ["--url", guarded.url]), (stopped, [])):
        ran = collector.run("token", "create", "acme", *more)
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert re.fullmatch(rb"phc_[\w-]{32}\n", ran.stdout)
        tokens.append(ran.stdout.decode().strip())
    with stopped as running:
        for collector, token in zip((guarded, running), tokens, strict=True):
            collector.project(token).capture(event("user-1"))
            (project,) = collector.get("/api/projects").json
            assert (project["name"], project["tokens"]) == ("acme", [token])
            assert collector.get("/api/events", project="acme").json["events"]


def test_a_command_loads_no_pages_and_no_server_before_it_needs_them() -> None:
    program = "import sys, usagekit_collector.cli.commands; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert not {b"jinja2", b"starlette", b"uvicorn"} & {*ran.stdout.split()}
