"""acme, as Typer programs are written."""

from __future__ import annotations

import os
from typing import Optional

import typer
from endings import COMMANDS
from tracking import start, usage

app = typer.Typer(pretty_exceptions_show_locals=False)
group, steps, bad_callback = typer.Typer(), typer.Typer(), typer.Typer()


def process_result(*_: object) -> None:
    raise LookupError("in a result callback")


bad_result = typer.Typer(result_callback=process_result)


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo("acme, version 1.2.0")
        raise typer.Exit


@app.callback()
def acme(
    loud: bool = False, version: bool = typer.Option(False, callback=show_version, is_eager=True)
) -> None: ...


for name, ending in COMMANDS.items():
    app.command(name)(ending)


@app.command()
def leave(code: int) -> None:
    raise typer.Exit(code)


@app.command()
def abort() -> None:
    raise typer.Abort


@app.command()
def refuse() -> None:
    raise typer.BadParameter("made-up refusal")


@group.command()
def nested(size: Optional[int] = None) -> None:  # noqa: UP045 (Typer reads it, on 3.10 too)
    print("nested", size)


@group.callback()
def group_callback() -> None: ...


steps.command("one")(lambda: print("one"))
steps.command("two")(lambda: print("two"))


@bad_callback.callback()
def break_callback() -> None:
    raise LookupError("in a callback")


bad_callback.command("inner")(lambda: print("never"))


@bad_result.callback()
def keep_it_a_group() -> None: ...


bad_result.command("inner")(lambda: print("before"))

app.add_typer(group, name="group")
app.add_typer(steps, name="steps")
app.add_typer(bad_callback, name="bad-callback")
app.add_typer(bad_result, name="bad-result")
usage.mount(app)


def main() -> None:
    """Somebody's own main, around the app."""
    app()


if __name__ == "__main__":
    start(main if "ACME_MAIN" in os.environ else app)
