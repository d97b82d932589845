"""A small Typer program with arcade's tracking, whose commands end in many ways.

Run as ``python program.py COMMAND``.
"""

from __future__ import annotations

import os
import sys

import typer
from arcade_cli.usage import usage_config
from usagekit.run import run
from usagekit.tracker import CommandTracker

app = typer.Typer()
group = typer.Typer()
app.add_typer(group, name="group")


@app.command()
def hello(name: str = "you") -> None:
    print(f"hello {name!r}")


@app.command()
def fail(text: str = "it broke", size: int = 0) -> None:
    raise ValueError(text + "x" * size)


@app.command()
def leave(code: int) -> None:
    raise typer.Exit(code)


@app.command()
def leave_because(code: int) -> None:
    try:
        raise KeyError("the reason")
    except KeyError as error:
        raise typer.Exit(code) from error


@app.command()
def say_too_much(chained: bool = False) -> None:
    """Fails as careless programs do: where it is, who runs it and what it was told in secret."""
    secret = os.environ["MADE_UP_TOKEN"]
    try:
        with open(os.path.join(os.getcwd(), "plan.txt")):
            pass
    except OSError as error:
        said = f"{error}; I am in {os.getcwd()}, of {os.path.expanduser('~')}, and know {secret}"
        if chained:
            raise RuntimeError(f"cannot go on: {said}") from error
        raise typer.Exit(3) from OSError(said)


@app.command()
def system_exit(code: str) -> None:
    sys.exit(int(code) if code.lstrip("-").isdigit() else code)


@app.command()
def abort() -> None:
    raise typer.Abort


@app.command()
def interrupt() -> None:
    raise KeyboardInterrupt


@app.command()
def bad_value() -> None:
    raise typer.BadParameter("what the user typed")


@app.command()
def hold(read_fd: int) -> None:
    """Keeps going until the other end of a pipe is closed."""
    os.read(read_fd, 1)


@group.command()
def nested() -> None:
    print("nested")


if __name__ == "__main__":
    run(app, CommandTracker(usage_config()))
