"""The same program, tracked by usagekit.

The policy stands here, as it would in a program of its own; the sender is arcade's, which reads
the same variables, so that the bench needs to install no further package.
"""

import os

import typer

app = typer.Typer()


@app.command()
def hello(name: str = "world") -> None:
    print(f"hello {name}")


@app.command()
def goodbye(name: str = "world") -> None:
    print(f"goodbye {name}")


def tracker():
    """This program's tracker; here, so that the clock can count the imports."""
    from usagekit.config import UsageConfig
    from usagekit.tracker import CommandTracker

    home = f"{os.environ['HOME']}/.arcade"
    config = UsageConfig(
        program="hello",
        version="1.0",
        sender_module="arcade_cli.usage",
        home=home,
        prefix="ARCADE_USAGE",
        host=os.environ.get("ARCADE_USAGE_HOST", ""),
        project_api_key=os.environ.get("ARCADE_USAGE_PROJECT_KEY", ""),
        credentials=f"{home}/credentials.yaml",
    )
    return CommandTracker(config)


def main() -> None:
    from usagekit.run import run

    run(app, tracker())
