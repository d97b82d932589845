"""The ``usage`` group for a Click program. Its commands are made when one of them is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from usagekit.click import UNTRACKED
from usagekit.mount import GROUP_HELP, NAMES

if TYPE_CHECKING:
    from usagekit.commands import Option, UsageCommand
    from usagekit.config import UsageConfig


def click_group(config: Callable[[], UsageConfig], name: str = "usage") -> click.Group:
    """The group, to be added to a Click group.

    Args:
        config: makes the program's policy; called when a command runs.
        name: what it is called.
    """
    return _LazyGroup(name, config)


class _LazyGroup(click.Group):
    names = NAMES

    def __init__(self, name: str, config: Callable[[], UsageConfig]) -> None:
        super().__init__(name, help=GROUP_HELP, no_args_is_help=True)
        self._config = config

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._make()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._make()
        return super().get_command(ctx, cmd_name)

    def _make(self) -> None:
        from usagekit.commands import COMMANDS

        if not self.commands:
            self.commands = {one.name: _command(one, self._config) for one in COMMANDS}


def _command(command: UsageCommand, config: Callable[[], UsageConfig]) -> click.Command:
    def run(**options: Any) -> None:
        from usagekit.commands import UsageCommandError

        try:
            command.run(config(), os.environ, **options)
        except UsageCommandError as error:
            click.echo(f"Error: {error}", err=True)
            raise click.exceptions.Exit(1) from error

    setattr(run, UNTRACKED, not command.tracked)
    options: list[click.Parameter] = [_option(option) for option in command.options]
    return click.Command(command.name, callback=run, params=options, help=command.help)


def _option(option: Option) -> click.Option:
    names = [f"--{option.name}", *([f"-{option.short}"] if option.short else [])]
    if option.default is None:
        return click.Option(names, is_flag=True, help=option.help)
    return click.Option(
        names,
        type=click.IntRange(1, 3_600),
        default=option.default,
        show_default=True,
        help=option.help,
    )
