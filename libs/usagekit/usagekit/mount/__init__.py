"""The group of commands ``usage`` as part of a program: one mount for each framework."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from usagekit.config import UsageConfig

GROUP = "usage"
GROUP_HELP = "See and decide what usage tracking does."
# Its commands' names, for groups that make the commands late (``commands.COMMANDS``).
NAMES = ("status", "on", "off", "show", "log", "schema", "flush", "reset", "purge", "export")


def mount(target: "Any", config: "Callable[[], UsageConfig]") -> None:
    """Add the group to a Typer app, a Click group, or what argparse's ``add_subparsers`` returned.

    Args:
        target: what to add it to.
        config: makes the program's policy; called when a command runs.

    Raises TypeError for anything else.
    """
    typer = sys.modules.get("typer")
    if typer is not None and isinstance(target, typer.Typer):
        from usagekit.mount.typer import usage_group

        target.add_typer(usage_group(config), name=GROUP)
    elif hasattr(target, "add_command"):
        from usagekit.mount.click import click_group

        target.add_command(click_group(config), GROUP)
    elif hasattr(target, "add_parser"):
        from usagekit.mount.argparse import add_usage_parser

        add_usage_parser(target, config)
    else:
        raise TypeError(
            "the usage commands can be mounted in a Typer app, a Click group, or what argparse's "
            f"add_subparsers() returned; not in {type(target).__name__}"
        )
