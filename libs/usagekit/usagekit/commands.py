"""The ``usage`` commands: what a person may see and do about their own tracking.

No framework is known here. ``COMMANDS`` says what there is; a mount (``typer.py``) makes it part
of a program. A command prints its result, and raises UsageCommandError for what the person
has to know of instead; then the program ends with exit code 1.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TextIO

from usagekit import log, stored
from usagekit.config import UsageConfig, decide
from usagekit.flush import flush
from usagekit.identity import UsageIdentity
from usagekit.report import next_event, status
from usagekit.schema import ENVELOPE, PROPERTIES
from usagekit.shown import as_json, shown

# Seconds between two looks at the log.
_LOOK = 0.5


class UsageCommandError(Exception):
    """What a person has to know, in one or two lines; its text may be shown as it is."""

    def __str__(self) -> str:
        return shown(super().__str__())


class Option(NamedTuple):
    """An option of a command: a flag, or a number of seconds where there is a default.

    Attributes:
        name: as in ``--name``.
        help: what it does.
        short: its letter, as in ``-n``, or nothing.
        default: seconds.
    """

    name: str
    help: str
    short: str = ""
    default: int | None = None


class UsageCommand(NamedTuple):
    """One command of the group.

    Attributes:
        name: what it is called.
        help: what it does, in one sentence.
        run: does it; called with the program's policy, the environment, and the options.
        options: what it takes.
        tracked: whether its runs are events.
    """

    name: str
    help: str
    run: Callable[..., None]
    options: tuple[Option, ...] = ()
    tracked: bool = True


def show_status(config: UsageConfig, environ: Mapping[str, str], *, json: bool) -> None:
    """Print whether this machine is tracked, who decided, and what is waiting."""
    fields = status(config, environ)
    if json:
        _print_json(fields)
        return
    warnings = fields.pop("warnings")
    width = max(map(len, fields)) + 2
    for name, value in fields.items():
        _say(f"{name.replace('_', ' '):<{width}}{'-' if value is None else value}")
    for warning in warnings if isinstance(warnings, list) else ():
        _say(f"Warning: {warning}")


def switch_on(config: UsageConfig, environ: Mapping[str, str]) -> None:
    """Store the choice to be tracked, and say so if something else is stronger."""
    _choose(config, on=True)
    consent = decide(environ, config)
    if not consent.enabled:
        raise UsageCommandError(
            f"your choice is stored, but tracking stays off here: {consent.reason}."
        )
    _say("Usage tracking is on.")


def switch_off(config: UsageConfig, environ: Mapping[str, str]) -> None:
    """Store the choice not to be tracked, and remove what was queued."""
    _choose(config, on=False)
    try:
        removed = stored.empty_queue(config)
    except OSError as error:
        raise UsageCommandError(
            f"your choice is stored, but not all that waited could be removed: {error}."
        ) from error
    gone = f" Removed {_events(removed)} that waited to be sent." if removed else ""
    consent = decide(environ, config)
    if consent.enabled:
        raise UsageCommandError(
            f"your choice is stored, but tracking is still on here: {consent.reason}.{gone}"
        )
    _say(f"Usage tracking is off.{gone}")


def show_next_event(config: UsageConfig, environ: Mapping[str, str]) -> None:
    """Print the exact event that the next command would send."""
    event = next_event(config, environ)
    if event is None:
        _say(
            f"Tracking is off: nothing would be sent. See: {config.usage_command} status",
            sys.stderr,
        )
        return
    _print_json(event)


def show_log(config: UsageConfig, environ: Mapping[str, str], *, json: bool, follow: bool) -> None:
    """Print what became of the last events, newest last; with ``follow``, of further ones too."""
    seen: list[dict[str, Any]] = []
    try:
        while True:
            entries = log.read(config.paths)
            for entry in _after(seen, entries):
                _say(as_json(entry) if json else _as_line(entry))
            seen = entries
            if not follow:
                break
            time.sleep(_LOOK)
    except KeyboardInterrupt:  # how a person ends it
        return
    if not seen and not json:
        waiting = status(config, environ)["waiting_events"]
        wait = "waits" if waiting == 1 else "wait"
        more = f" {_events(waiting)} {wait}: see {config.usage_command} status." if waiting else ""
        _say(f"Nothing was sent yet.{more}")


def show_schema(_config: UsageConfig, _environ: Mapping[str, str], *, json: bool) -> None:
    """Print every field that an event can have, and why."""
    declared = {**ENVELOPE, **PROPERTIES}
    if json:
        _print_json({name: field.as_dict() for name, field in declared.items()})
        return
    for name, field in declared.items():
        kind = f"{field.kind}, {field.unit}" if field.unit else field.kind
        _say(f"{name:<18}{kind:<21}e.g. {field.example_text()}")
        _say(f"    {field.why}")


def flush_queue(config: UsageConfig, environ: Mapping[str, str], *, timeout: int) -> None:
    """Send what is queued now, and say what went."""
    if not decide(environ, config).enabled or config.debug:
        waiting = status(config, environ)["waiting_events"]
        if waiting:
            raise UsageCommandError(
                f"nothing is sent while tracking is off or only shown; still queued: "
                f"{_events(waiting)}. See: {config.usage_command} status"
            )
        _say("Nothing was queued.")
        return
    flushed = flush(config, timeout)
    if flushed.sent:
        _say(f"Sent {_events(flushed.sent)}.")
    if flushed.local:
        _say(f"Noted {_events(flushed.local)} in the local log: no destination is set.")
    if flushed.refused:
        _say(f"The receiver refused {_events(flushed.refused)} for good.")
    if flushed.remaining:
        raise UsageCommandError(
            f"still queued: {_events(flushed.remaining)} ({flushed.reason}). "
            "They are kept, and sent after a later command."
        )
    if not (flushed.sent or flushed.local or flushed.refused):
        _say("Nothing was queued.")


def reset(config: UsageConfig, _environ: Mapping[str, str]) -> None:
    """Give this machine a new anonymous ID."""
    identity = UsageIdentity(config)
    before = identity.anon_id
    identity.reset_to_anonymous()
    after = UsageIdentity(config).load_or_create()
    if after.one_off or after.anon_id == before:
        raise UsageCommandError(f"the new ID could not be stored in {config.paths.identity}.")
    _say(f"This machine is {after.anon_id} from now on.")


def purge(config: UsageConfig, environ: Mapping[str, str]) -> None:
    """Remove all that is stored here about the person."""
    try:
        stored.purge(config)
    except OSError as error:
        raise UsageCommandError(f"not all could be removed: {error}") from error
    _say(f"Removed what usage tracking had stored in {config.paths.home}.")
    if decide(environ, config).enabled:
        _say(f"Tracking is still on. To switch it off: {config.usage_command} off")


def export(config: UsageConfig, _environ: Mapping[str, str]) -> None:
    """Print all that is stored here about the person, as one JSON document."""
    _print_json(stored.export(config))


_JSON = Option("json", "Print JSON, for programs.")

COMMANDS = (
    UsageCommand(
        "status", "Show whether you are tracked, why, and where to.", show_status, (_JSON,)
    ),
    UsageCommand("on", "Switch tracking on, for good.", switch_on),
    UsageCommand("off", "Switch tracking off, for good; what waits is removed.", switch_off),
    UsageCommand("show", "Show the exact event that would be sent next.", show_next_event),
    UsageCommand(
        "log",
        "Show what was sent, newest last.",
        show_log,
        (_JSON, Option("follow", "Go on with what is sent from now on.", "f")),
    ),
    UsageCommand("schema", "Show every field that an event can have.", show_schema, (_JSON,)),
    UsageCommand(
        "flush",
        "Send what is queued, now: for the end of a CI job.",
        flush_queue,
        (Option("timeout", "Seconds to wait at most.", default=30),),
    ),
    UsageCommand("reset", "Give this machine a new anonymous ID.", reset),
    UsageCommand("purge", "Remove all that is stored here about you.", purge, tracked=False),
    UsageCommand("export", "Print all that is stored here about you, as JSON.", export),
)


def _choose(config: UsageConfig, *, on: bool) -> None:
    try:
        stored.choose(config, on=on)
    except OSError as error:
        word = "1" if on else "0"
        raise UsageCommandError(
            f"your choice could not be stored ({error}). "
            f"Set {config.tracking_variable}={word} in your environment instead."
        ) from error


def _after(seen: list[dict[str, Any]], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries that are new since the last look: what follows the last one of then."""
    if not seen or seen[-1] not in entries:
        return entries
    return entries[len(entries) - entries[::-1].index(seen[-1]) :]


def _as_line(entry: dict[str, Any]) -> str:
    """When, what became of it, which command, how it ended and after how long."""
    properties = entry.get("properties")
    known = properties if isinstance(properties, dict) else {}
    at = str(entry.get("timestamp", ""))[:19].replace("T", " ")
    ended = str(known.get("failure_kind") or "ok")
    took = known.get("duration")
    duration = f"{took:,.0f} ms" if isinstance(took, (int, float)) else "-"
    name = str(known.get("command_name", entry.get("event", "")))
    result = str(entry.get("result", ""))
    return f"{at:<20} {result:<9}{name:<22} {ended:<12}{duration:>11}"


def _say(text: str, stream: TextIO | None = None) -> None:
    """Print a line, harmless whoever wrote what it says."""
    _print(shown(text), stream or sys.stdout)


def _print_json(value: object) -> None:
    _print(as_json(value, indent=2), sys.stdout)


def _print(text: str, stream: TextIO) -> None:
    """Print at once, so that a reader who has gone away is noticed here. What the stream has no
    letters for stands there escaped."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    print(text, file=stream, flush=True)


def _events(number: object) -> str:
    return "1 event" if number == 1 else f"{number} events"
