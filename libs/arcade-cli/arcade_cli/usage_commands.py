"""``arcade usage``: what tracking knows and sends, shown to the person it is about."""

import os

import typer
from usagekit.config import decide
from usagekit.flush import flush
from usagekit.report import next_event, status

from arcade_cli.errors import ArcadeError
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


def flush_queue(timeout: int) -> None:
    """Send what is queued now, and say what went. Raises ArcadeError if something remains."""
    config = usage_config()
    if not decide(os.environ, config).enabled or config.debug:
        waiting = status(config, os.environ)["waiting_events"]
        if waiting:
            raise ArcadeError(
                f"nothing is sent while tracking is off or only shown; still queued: "
                f"{_events(waiting)}. See: arcade usage status"
            )
        typer.echo("Nothing was queued.")
        return
    flushed = flush(config, timeout)
    if flushed.sent:
        typer.echo(f"Sent {_events(flushed.sent)}.")
    if flushed.local:
        typer.echo(f"Noted {_events(flushed.local)} in the local log: no destination is set.")
    if flushed.refused:
        typer.echo(f"The receiver refused {_events(flushed.refused)} for good.")
    if flushed.remaining:
        raise ArcadeError(
            f"still queued: {_events(flushed.remaining)} ({flushed.reason}). "
            "They are kept, and sent after a later command."
        )
    if not (flushed.sent or flushed.local or flushed.refused):
        typer.echo("Nothing was queued.")


def _events(number: object) -> str:
    return "1 event" if number == 1 else f"{number} events"
