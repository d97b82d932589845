"""The group of commands ``usage`` as part of a program: one mount for each framework."""

import sys

from usagekit.tracker import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import Any

    from usagekit.config import UsageConfig

GROUP_HELP = "See and decide what usage tracking does."
# Its commands' names, for groups that make the commands late (``commands.COMMANDS``).
NAMES = ("status", "on", "off", "show", "log", "schema", "flush", "reset", "purge", "export")


def mount(
    target: "Any", config: "Callable[[], UsageConfig]", name: str = "usage"
) -> "Callable[[], str]":
    """Add the group to a Typer app, a Click group, or what argparse's ``add_subparsers`` returned.

    Args:
        target: what to add it to.
        config: makes the program's policy; called when a command runs.
        name: what the group is called.

    Returns what says the name, or nothing while the program does without the group. Raises
    TypeError for any other target, and ValueError for a name that is none, or is taken.
    """
    if not is_name(name) or name.startswith("-") or "." in name or "+" in name:
        raise ValueError(f"not a name for a group of commands: {name!r}")
    typer = sys.modules.get("typer")
    if typer is not None and isinstance(target, typer.Typer):
        from usagekit.mount.typer import add_usage_group, names_in

        _require_free(name, names_in(target))
        return add_usage_group(target, config, name)
    if hasattr(target, "add_command"):
        from usagekit.mount.click import click_group

        _require_free(name, getattr(target, "commands", ()))
        target.add_command(click_group(config, name), name)
    elif hasattr(target, "add_parser"):
        from usagekit.mount.argparse import add_usage_parser

        _require_free(name, target.choices or ())
        add_usage_parser(target, config, name)
    else:
        raise TypeError(
            "the usage commands can be mounted in a Typer app, a Click group, or what argparse's "
            f"add_subparsers() returned; not in {type(target).__name__}"
        )
    return lambda: name


def _require_free(name: str, taken: "Container[str]") -> None:
    if name in taken:
        raise ValueError(
            f"the program has a command {name!r} of its own: usage.mount(..., name='tracking'), "
            "say, calls the usage commands otherwise"
        )
