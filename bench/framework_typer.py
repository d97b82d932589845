"""A hello-world Typer program."""

import three_lines
import typer

app = typer.Typer()


@app.command()
def hello(name: str = "world") -> None:
    print(f"hello {name}")


@app.command()
def goodbye(name: str = "world") -> None:
    print(f"goodbye {name}")


def main() -> None:
    three_lines.start(app, app)
