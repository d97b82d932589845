"""The ``arcade`` program: its commands, each of which loads what it needs when it runs."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from usagekit.mount.typer import usage_group
from usagekit.run import run
from usagekit.tracker import CommandTracker

from arcade_cli import __version__
from arcade_cli.errors import ArcadeError
from arcade_cli.usage import usage_config


class _ArcadeGroup(TyperGroup):
    """Turns an ArcadeError, from whatever command, into one message and exit code 1."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except ArcadeError as error:
            from arcade_cli.show import say, say_lines

            if error.detail and ctx.meta.get("arcade.debug"):
                say_lines(error.detail, err=True)
            say(f"Error: {error}", err=True)
            raise typer.Exit(1) from error


def _show_version(wanted: bool) -> None:
    if wanted:
        from arcade_cli.show import say

        say(f"arcade {__version__}")
        raise typer.Exit


def _set_debug(ctx: typer.Context, wanted: bool) -> None:
    ctx.meta["arcade.debug"] = wanted


Debug = Annotated[
    bool,
    typer.Option("--debug", "-d", callback=_set_debug, help="Show what lies behind an error."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

app = typer.Typer(
    name="arcade",
    cls=_ArcadeGroup,
    help="Run Arcade tools and manage your login.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
toolkit_app = typer.Typer(help="Find and run installed toolkits.", no_args_is_help=True)
app.add_typer(toolkit_app, name="toolkit")
app.add_typer(usage_group(usage_config), name="usage")


@app.callback()
def arcade(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Run Arcade tools and manage your login."""


@app.command()
def login(
    host: Annotated[
        str, typer.Option("--host", "-h", help="The Arcade Cloud to log in to.")
    ] = "cloud.arcade.dev",
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", min=1, max=65535, help="Port of a service on this machine."),
    ] = None,
    callback_host: Annotated[
        str, typer.Option("--callback-host", help="Name by which the browser reaches this machine.")
    ] = "localhost",
    timeout: Annotated[
        int, typer.Option("--timeout", min=1, max=86_400, help="Seconds to wait for the browser.")
    ] = 300,
    _debug: Debug = False,
) -> None:
    """Log in to Arcade Cloud with your browser."""
    from arcade_cli.login import log_in, service_url

    log_in(service_url(host, port), callback_host, timeout)


@app.command()
def logout(_debug: Debug = False) -> None:
    """Log out, and forget the credentials."""
    from arcade_cli import credentials
    from arcade_cli.show import say

    say("Logged out." if credentials.delete() else "You are not logged in.")


@app.command()
def whoami(json: AsJson = False, _debug: Debug = False) -> None:
    """Show which account is logged in."""
    from arcade_cli.account import show_account

    show_account(as_json=json)


@toolkit_app.command("list")
def list_toolkits(json: AsJson = False, _debug: Debug = False) -> None:
    """List the toolkits that are installed."""
    from arcade_cli import toolkits

    toolkits.show_list(as_json=json)


@toolkit_app.command("show")
def show_toolkit(
    name: Annotated[str, typer.Argument(help="A toolkit, as `arcade toolkit list` names it.")],
    json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show the tools of a toolkit and their arguments."""
    from arcade_cli import toolkits

    toolkits.show_one(name, as_json=json)


@toolkit_app.command("run")
def run_tool(
    tool: Annotated[str, typer.Argument(help="The tool, as TOOLKIT.TOOL.", metavar="NAME.TOOL")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(help="key=value for each argument, or all of them as one JSON object."),
    ] = None,
    json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Run a tool, as in: arcade toolkit run Math.Add a=1 b=2."""
    from arcade_cli import toolkits

    toolkits.run_tool(tool, arguments or [], as_json=json)


def cli() -> None:
    """The entry point of ``arcade`` and ``arcade-mcp``."""
    run(app, CommandTracker(usage_config()))
