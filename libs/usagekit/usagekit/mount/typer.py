"""The ``usage`` group for a Typer program: ``app.add_typer(usage_group(config), name="usage")``.

Its commands are made when one of them is asked for: Typer would otherwise make all of them at each
start of the program, half a millisecond each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from usagekit.click import UNTRACKED
from usagekit.mount import GROUP_HELP, NAMES

if TYPE_CHECKING:
    from usagekit.commands import Option, UsageCommand
    from usagekit.config import UsageConfig


def names_in(app: typer.Typer) -> set[str]:
    """The names of an app's own commands and groups, as Typer makes them."""
    found = set()
    for one in app.registered_commands:
        made = getattr(one.callback, "__name__", "").lower().replace("_", "-")
        found.add(one.name or made)
    for group in app.registered_groups:
        inner = group.typer_instance.info.name if group.typer_instance else None
        found.update(name for name in (group.name, inner) if isinstance(name, str))
    return found


def add_usage_group(
    app: typer.Typer, config: Callable[[], UsageConfig], name: str
) -> Callable[[], str]:
    """Add the group to an app, unless that has one command only when it is called.

    Returns what says the name, or nothing while the app does without.
    """
    groups = _Groups(app)
    app.registered_groups = groups
    app.add_typer(usage_group(config), name=name)
    return lambda: name if groups else ""


class _Groups(list[Any]):
    """An app's groups. They are none, for whoever asks whether there are any, as long as ours alone
    would make a group of an app of one command."""

    def __init__(self, app: typer.Typer) -> None:
        super().__init__(app.registered_groups)
        self._app = app

    def __bool__(self) -> bool:
        app = self._app
        is_a_group = app.registered_callback or app.info.callback or len(self) > 1
        return bool(is_a_group) or len(app.registered_commands) != 1


def usage_group(config: Callable[[], UsageConfig]) -> typer.Typer:
    """The group, to be added to a Typer app.

    Args:
        config: makes the program's policy; called when a command runs.
    """

    class LazyGroup(TyperGroup):
        names = NAMES

        def list_commands(self, ctx: Any) -> list[str]:
            names: list[str] = self._made().list_commands(ctx)
            return names

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            return self._made().get_command(ctx, cmd_name)

        def _made(self) -> Any:
            if not self.commands:
                group: Any = typer.main.get_command(_app(config))
                self.commands = group.commands
            return super()

    return typer.Typer(cls=LazyGroup, no_args_is_help=True, help=GROUP_HELP)


def _app(config: Callable[[], UsageConfig]) -> typer.Typer:
    from usagekit.commands import COMMANDS

    app = typer.Typer()
    for command in COMMANDS:
        app.command(command.name, help=command.help)(_function(command, config))
    return app


def _function(command: UsageCommand, config: Callable[[], UsageConfig]) -> Callable[..., None]:
    """A function such as a person would write for this command, with its options."""

    def run(**options: Any) -> None:
        from usagekit.commands import UsageCommandError

        try:
            command.run(config(), os.environ, **options)
        except UsageCommandError as error:
            typer.echo(f"Error: {error}", err=True)
            raise typer.Exit(1) from error

    parameters = [_parameter(option) for option in command.options]
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    setattr(run, UNTRACKED, not command.tracked)
    return run


def _parameter(option: Option) -> Parameter:
    names = [f"--{option.name}", *([f"-{option.short}"] if option.short else [])]
    if option.default is None:
        kind: Any = Annotated[bool, typer.Option(*names, help=option.help)]
        return Parameter(option.name, Parameter.KEYWORD_ONLY, default=False, annotation=kind)
    kind = Annotated[int, typer.Option(*names, help=option.help, min=1, max=3_600)]
    return Parameter(option.name, Parameter.KEYWORD_ONLY, default=option.default, annotation=kind)
