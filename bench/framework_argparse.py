"""A hello-world argparse program."""

import argparse

import three_lines

parser = argparse.ArgumentParser("hello")
commands = parser.add_subparsers(dest="command", required=True)
commands.add_parser("hello").add_argument("--name", default="world")


def run() -> None:
    options = parser.parse_args()
    print(f"hello {options.name}")


def main() -> None:
    three_lines.start(run, commands)
