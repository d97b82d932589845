"""The same program, tracked by the published ``arcade-mcp``; run in an environment of its own."""

import os

from arcade_cli.usage.command_tracker import TrackedTyper, command_tracker

# It has a real project's key and host built in. Nothing of a bench may go there.
command_tracker.usage_service.host = os.environ["ARCADE_USAGE_HOST"]
command_tracker.usage_service.api_key = os.environ["ARCADE_USAGE_PROJECT_KEY"]

app = TrackedTyper()


@app.command()
def hello(name: str = "world") -> None:
    print(f"hello {name}")


@app.command()
def goodbye(name: str = "world") -> None:
    print(f"goodbye {name}")


def main() -> None:
    app()
