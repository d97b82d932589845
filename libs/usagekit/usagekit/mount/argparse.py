"""The ``usage`` commands for an argparse program. They do their work while they are parsed, as
``--version`` does: how the program calls its own commands is its business."""

import argparse
import os
import sys

from usagekit.argparse import RAN
from usagekit.mount import GROUP_HELP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from usagekit.commands import Option, UsageCommand
    from usagekit.config import UsageConfig


def add_usage_parser(
    subparsers: "Any", config: "Callable[[], UsageConfig]", name: str = "usage"
) -> None:
    """Add the group to what ``add_subparsers()`` returned.

    Args:
        subparsers: the action that holds the program's sub-commands.
        config: makes the program's policy; called when a command runs.
        name: what the group is called.
    """
    # A class of its own, lest the program's parsers have a say in what these mean.
    kind = subparsers._parser_class
    subparsers._parser_class = _UsageParser
    try:
        subparsers.add_parser(name, help=GROUP_HELP, description=GROUP_HELP).fill(config)
    finally:
        subparsers._parser_class = kind


class _UsageParser(argparse.ArgumentParser):
    """The group; its commands are added when the command line has come as far as this."""

    _config: "Callable[[], UsageConfig] | None" = None

    def fill(self, config: "Callable[[], UsageConfig]") -> None:
        self._config = config

    def parse_known_args(self, args: "Any" = None, namespace: "Any" = None) -> "Any":
        if self._config is not None:
            config, self._config = self._config, None
            _add_commands(self, config)
        return super().parse_known_args(args, namespace)


class _CommandParser(argparse.ArgumentParser):
    """One command: parsed, it runs, and the program is over."""

    command: "UsageCommand"
    config: "Callable[[], UsageConfig]"

    def parse_known_args(self, args: "Any" = None, namespace: "Any" = None) -> "Any":  # noqa: ARG002
        own, unknown = super().parse_known_args(args)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        ending = SystemExit(_run(self.command, self.config(), vars(own)))
        setattr(ending, RAN, self.command.tracked)
        raise ending


def _add_commands(group: _UsageParser, config: "Callable[[], UsageConfig]") -> None:
    from usagekit.commands import COMMANDS

    commands = group.add_subparsers(
        parser_class=_CommandParser, title="commands", metavar="COMMAND", required=True
    )
    for command in COMMANDS:
        parser = commands.add_parser(command.name, help=command.help, description=command.help)
        parser.command, parser.config = command, config
        for option in command.options:
            _add_option(parser, option)


def _add_option(parser: argparse.ArgumentParser, option: "Option") -> None:
    names = [f"--{option.name}", *([f"-{option.short}"] if option.short else [])]
    if option.default is None:
        parser.add_argument(*names, action="store_true", help=option.help)
    else:
        parser.add_argument(
            *names,
            type=_seconds,
            default=option.default,
            metavar="SECONDS",
            help=f"{option.help} Default: {option.default}.",
        )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 3_600):
        raise argparse.ArgumentTypeError(f"not a number from 1 to 3600: {text!r}")
    return int(text)


def _run(command: "UsageCommand", config: "UsageConfig", options: "dict[str, Any]") -> int:
    from usagekit.commands import UsageCommandError

    try:
        command.run(config, os.environ, **options)
    except UsageCommandError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0
