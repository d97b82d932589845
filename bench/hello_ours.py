"""The same program, tracked by usagekit with arcade's policy."""

import typer
from arcade_cli.usage import usage_config
from usagekit.click import run
from usagekit.tracker import CommandTracker

app = typer.Typer()


@app.command()
def hello(name: str = "world") -> None:
    print(f"hello {name}")


@app.command()
def goodbye(name: str = "world") -> None:
    print(f"goodbye {name}")


if __name__ == "__main__":
    run(app, CommandTracker(usage_config()))
