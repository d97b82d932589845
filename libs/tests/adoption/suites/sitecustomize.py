"""Every command of Click's and Typer's, in every process that finds this on its path, is run
through usagekit: for their own test suites (``make suites``).

Without SUITE_STATE it only imports what it imports, so that this makes no difference."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import click.core
import typer.core
import typer.main
import typer.testing
from usagekit import Usage, usage
from usagekit.tracker import CommandTracker

STATE = os.environ.get("SUITE_STATE", "")


class CountingTracker(CommandTracker):
    """Leaves a byte for each event, since the queue and the log have their limits."""

    def _record(self, event: dict[str, Any]) -> None:
        super()._record(event)
        fd = os.open(f"{STATE}/events", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(fd, b".")
        os.close(fd)


usage.make_tracker = CountingTracker
suite = Usage("suite", version="1", folder=STATE or "/nowhere")


def tracked(call: Callable[..., Any]) -> Callable[..., Any]:
    """The function, run by usagekit; what it runs itself is not run once more."""

    @functools.wraps(call)
    def run(*args: Any, **kwargs: Any) -> Any:
        if suite._tracker is not None:
            return call(*args, **kwargs)
        return suite.run(functools.partial(call, *args, **kwargs))

    return run


def instrument(*owners: Any) -> None:
    for owner in owners:
        if "main" in vars(owner):
            owner.main = tracked(owner.main)


if STATE:
    instrument(click.core.Command, typer.core.TyperCommand, typer.core.TyperGroup)
    if hasattr(typer, "_click"):
        instrument(typer._click.core.Command)
    typer.main.Typer.__call__ = tracked(typer.main.Typer.__call__)
    assert typer.testing
