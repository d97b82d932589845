"""A hello-world Click program."""

import click
import three_lines


@click.group()
def cli() -> None:
    pass


@cli.command()
@click.option("--name", default="world")
def hello(name: str) -> None:
    print(f"hello {name}")


def main() -> None:
    three_lines.start(cli, cli)
