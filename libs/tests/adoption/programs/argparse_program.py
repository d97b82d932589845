"""acme, as argparse programs are written."""

from __future__ import annotations

import argparse
import sys

from endings import COMMANDS
from tracking import start, usage


def main() -> int | None:
    parser = argparse.ArgumentParser("acme", epilog="made up")
    parser.add_argument("--version", action="version", version="1.2.0")
    parser.add_argument("--loud", action="store_true")
    commands = parser.add_subparsers(dest="command")
    for name in COMMANDS:
        commands.add_parser(name)
    group = commands.add_parser("group", aliases=["g"])
    inner = group.add_subparsers(dest="inner", required=True)
    nested = inner.add_parser("nested")
    nested.add_argument("--size", type=int)
    number = commands.add_parser("number")
    number.add_argument("code", type=int)
    commands.add_parser("parse-more")
    usage.mount(commands)
    options = parser.parse_args()
    if options.command == "number":
        if options.code > 255:
            parser.error("made-up limits are for made-up programs")
        return int(options.code)
    if options.command in ("group", "g"):
        print("nested", options.size)
    elif options.command == "parse-more":
        parse_more()
    elif options.command is None:
        parser.print_help()
    else:
        COMMANDS[options.command]()
    return None


def parse_more() -> None:
    """A command that has a command line of its own to parse, and gets it wrong."""
    parser = argparse.ArgumentParser("made-up")
    parser.add_subparsers().add_parser("made").add_subparsers().add_parser("up")
    parser.parse_args(["made", "up"])
    try:
        parser.parse_args(["made", "down"])
    except SystemExit as ending:
        print("refused", ending)


if __name__ == "__main__":
    sys.exit(start(main))
