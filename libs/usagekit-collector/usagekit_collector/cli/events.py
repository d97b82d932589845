"""``usagekit-collector export``, ``import``, ``declare`` and ``demo-data``: events out, and in."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, BinaryIO

import click

from usagekit_collector.cli.console import (
    moment,
    settings_of,
    settings_options,
    tell,
    tell_meanwhile,
    tell_progress,
    url_option,
    written,
)
from usagekit_collector.ingest.capture import EARLIEST, LATEST
from usagekit_collector.settings import Settings
from usagekit_collector.store.opening import opened_store
from usagekit_collector.store.password import of_url
from usagekit_collector.store.projects import Projects
from usagekit_collector.store.state import waiting
from usagekit_collector.transfer import demo
from usagekit_collector.transfer import export as exporting
from usagekit_collector.transfer.declaring import declaration_of, event_of
from usagekit_collector.transfer.history import Message, lines_of, messages
from usagekit_collector.transfer.importing import take_in
from usagekit_collector.transfer.remote import Remote
from usagekit_collector.transfer.replay import Replay

_patience = click.option(
    "--patience",
    type=click.FloatRange(min=0, max=86_400),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long a batch is tried again that the other side does not take.",
)


@click.command("export", short_help="Write events out, or send them to PostHog.")
@click.option("--project", metavar="NAME", help="Its name or token. Default: the only one.")
@click.option(
    "--start",
    type=moment,
    metavar="DATE",
    help="No earlier than this: 2026-11-25, or 2026-11-25T13:00:00; in UTC.",
)
@click.option("--end", type=moment, metavar="DATE", help="Earlier than this.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "parquet"]),
    help="Lines of JSON, or a Parquet file. Default: jsonl.",
)
@click.option("--output", metavar="FILE", help="Default: stdout. It appears once it is complete.")
@click.option(
    "--to",
    nargs=3,
    metavar="posthog HOST KEY",
    help="Send them as history to the project of that key, at a host such as "
    "https://us.i.posthog.com, or at another collector.",
)
@_patience
@url_option
@settings_options("store", "state", "password")
def export(
    config: str | None,
    project: str | None,
    start: datetime | None,
    end: datetime | None,
    kind: str | None,
    output: str | None,
    to: tuple[str, str, str] | None,
    patience: float,
    url: str | None,
    **options: Any,
) -> None:
    """Write events out, in the order in which they arrived; or send them to PostHog.

    Events keep their UUIDs and times, so that the same command may be run again: nobody stores
    one twice. A store belongs to one process: while a collector runs, say --url.
    """
    start, end = start or EARLIEST, end or LATEST
    _check_export(start, end, kind, output, to)
    replay = to and Replay(to[1], to[2], patience=patience, tell=tell_meanwhile)
    settings = settings_of(config, options)
    with _exported(settings, url, project, start, end, kind or "jsonl") as chunks:
        if to and replay:
            tell_progress(replay.send(messages(_lines(chunks))), "sent")
            return
        with written(output or "-") as file:
            file.writelines(chunks)


@click.command("import", short_help="Take in events from a file of JSON lines.")
@click.argument("source", type=click.File("rb"), metavar="FILE")
@click.option("--token", required=True, metavar="TOKEN", help="Of the project that they go into.")
@_patience
@url_option
@settings_options("store", "state")
def import_(
    config: str | None,
    source: BinaryIO,
    token: str,
    patience: float,
    url: str | None,
    **options: Any,
) -> None:
    """Take in events from FILE, lines of JSON as PostHog or "export" writes them; - is stdin.

    What is there already is not stored again, so that an import which broke off is simply
    run once more. A store belongs to one process: while a collector runs, say --url.
    """
    counts = _taken_in(
        settings_of(config, options), messages(lines_of(source)), token, url, patience
    )
    tell_progress(counts, "taken in")


@click.command("declare", short_help="Say what commands and options a program has.")
@click.argument("source", type=click.File("rb"), metavar="FILE")
@click.option("--token", required=True, metavar="TOKEN", help="Of the program's project.")
@_patience
@url_option
@settings_options("store", "state")
def declare(
    config: str | None,
    source: BinaryIO,
    token: str,
    patience: float,
    url: str | None,
    **options: Any,
) -> None:
    """Say what commands and options a program has, so that it is seen which are never used.

    FILE is JSON, with the version that has them; - is stdin:

    {"version": "1.2.0", "commands": ["db.migrate"], "options": ["dry-run"]}

    A store belongs to one process: while a collector runs, say --url.
    """
    said = declaration_of(source.read())
    found = messages([event_of(said, datetime.now(timezone.utc))])
    counts = _taken_in(settings_of(config, options), found, token, url, patience)
    tell_progress(counts, "taken in")


@click.command("demo-data", short_help="Take in made-up events, to see pages that are full.")
@click.option(
    "--token", default="phc_demo", show_default=True, metavar="TOKEN", help="Of their project."
)
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=90,
    show_default=True,
    help="How many of them, until now.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Other events for each.")
@_patience
@url_option
@settings_options("store", "state")
def demo_data(
    config: str | None,
    token: str,
    days: int,
    seed: int,
    patience: float,
    url: str | None,
    **options: Any,
) -> None:
    """Take in made-up events of a made-up program, until now: to see pages that are full.

    The same seed gives the same events. A store belongs to one process: while a collector runs,
    say --url.
    """
    until = datetime.now(timezone.utc).replace(microsecond=0)
    found = messages(demo.events(seed, until, days))
    counts = _taken_in(settings_of(config, options), found, token, url, patience)
    tell_progress(counts, "taken in")


def _taken_in(
    settings: Settings, found: Iterator[Message], token: str, url: str | None, patience: float
) -> Iterator[int]:
    """How many events so far: by way of a collector that runs, or into the store itself."""
    if url:
        return Replay(url, token, patience=patience, tell=tell_meanwhile).send(found)
    return take_in(settings, found, token)


def _check_export(
    start: datetime,
    end: datetime,
    kind: str | None,
    output: str | None,
    to: tuple[str, str, str] | None,
) -> None:
    if start >= end:
        raise click.UsageError("--end is no later than --start: there is nothing in between.")
    if to and to[0] != "posthog":
        raise click.UsageError(f"There is no way to send events to {to[0]!r}: say posthog.")
    if to and (kind or output):
        raise click.UsageError("What is sent --to a host has no --format, and no --output.")
    if kind == "parquet" and not output and sys.stdout.isatty():
        raise click.UsageError("A Parquet file is nothing for a terminal: say --output FILE.")


@contextmanager
def _exported(
    settings: Settings,
    url: str | None,
    project: str | None,
    start: datetime,
    end: datetime,
    kind: str,
) -> Iterator[Iterable[bytes]]:
    """The events, as a file would have them."""
    if url:
        asked = {"start": start.isoformat(), "end": end.isoformat(), "format": kind}
        yield Remote(*of_url(settings, url)).export(project=project, **asked)
        return
    with opened_store(settings) as engine:
        if count := waiting(settings):
            tell(
                f"usagekit-collector: {count:,} events wait to be stored, and are not among these: "
                'the next start of "usagekit-collector serve" stores them'
            )
        number = Projects(engine).named(project).project
        read = exporting.parquet if kind == "parquet" else exporting.lines
        yield read(engine, number, start, end)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    yield rest
