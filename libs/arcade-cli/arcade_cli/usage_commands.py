"""``arcade usage``: what tracking knows and sends, shown to the person it is about."""

import os

import typer
from usagekit.report import next_event, status

from arcade_cli.show import show_fields, show_json
from arcade_cli.usage import usage_config


def show_status(*, as_json: bool) -> None:
    """Print whether this machine is tracked, who decided, and what is waiting."""
    show_fields(status(usage_config(), os.environ), as_json=as_json)


def show_next_event() -> None:
    """Print the exact event that the next command would send."""
    event = next_event(usage_config(), os.environ)
    if event is None:
        typer.echo("Tracking is off: nothing would be sent. See: arcade usage status", err=True)
        return
    show_json(event)
