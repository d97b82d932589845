"""``usagekit-collector``: the commands."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, BinaryIO, NoReturn

import click
from clickhouse_connect.driver.exceptions import ClickHouseError

from usagekit_collector import __version__
from usagekit_collector.cli import doctor
from usagekit_collector.cli.console import (
    WithSettings,
    moment,
    settings_of,
    settings_options,
    tell,
    tell_error,
    tell_meanwhile,
    tell_progress,
    url_option,
    written,
)
from usagekit_collector.cli.projects import project, token
from usagekit_collector.cli.report import report
from usagekit_collector.errors import CollectorError
from usagekit_collector.ingest.capture import EARLIEST, LATEST
from usagekit_collector.settings import Settings
from usagekit_collector.store.ddl import cluster_ddl
from usagekit_collector.store.opening import opened_store
from usagekit_collector.store.password import of_url
from usagekit_collector.store.projects import Projects
from usagekit_collector.store.state import waiting
from usagekit_collector.transfer import demo, export
from usagekit_collector.transfer.history import lines_of, messages
from usagekit_collector.transfer.importing import take_in
from usagekit_collector.transfer.remote import Remote
from usagekit_collector.transfer.replay import Replay

# What went wrong with these is said by their text, and by nothing else.
_TOLD = (CollectorError, ClickHouseError, ValueError, OSError)


def main() -> NoReturn:
    """Run the command; faults of settings and store are told in words, exit code 1."""
    try:
        cli(standalone_mode=True)
    except _TOLD as error:
        tell_error(error)
        raise SystemExit(1) from None
    raise SystemExit(0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Your own PostHog-compatible receiver of usage events.

    To begin, "usagekit-collector serve" is enough: it listens on http://127.0.0.1:8600
    and keeps what it receives in a folder of yours.
    """


@cli.command(cls=WithSettings, short_help="Receive events, and answer questions about them.")
@settings_options(*Settings.__struct_fields__)
def serve(config: str | None, **options: Any) -> None:
    """Receive events, store them, and answer questions about them.

    It runs until it is told to stop, by Ctrl-C or SIGTERM.
    """
    from usagekit_collector.web.server import serve

    serve(settings_of(config, options))


_patience = click.option(
    "--patience",
    type=click.FloatRange(min=0, max=86_400),
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="How long a batch is tried again that the other side does not take.",
)


@cli.command("export", short_help="Write events out, or send them to PostHog.")
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
def export_(
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


@cli.command("import", short_help="Take in events from a file of JSON lines.")
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
    found = messages(lines_of(source))
    settings = settings_of(config, options)
    if url:
        counts = Replay(url, token, patience=patience, tell=tell_meanwhile).send(found)
    else:
        counts = take_in(settings, found, token)
    tell_progress(counts, "taken in")


@cli.command("demo-data", short_help="Take in made-up events, to see pages that are full.")
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
    settings = settings_of(config, options)
    if url:
        counts = Replay(url, token, patience=patience, tell=tell_meanwhile).send(found)
    else:
        counts = take_in(settings, found, token)
    tell_progress(counts, "taken in")


@cli.command("doctor", short_help="Say what is stored, and whether all is well.")
@click.option("--rebuild-identity", is_flag=True, help="Fold all events into persons anew.")
@settings_options("store", "state")
def doctor_(config: str | None, rebuild_identity: bool, **options: Any) -> None:
    """Say what is stored, by what versions, and whether all is well.

    The exit code is 1 if something is not. No collector may run on the store meanwhile.
    """
    fine = True
    settings = settings_of(config, options)
    with opened_store(settings, writes=rebuild_identity) as engine:
        for finding in doctor.examine(engine, settings):
            fine = fine and finding.fine
            click.echo(f"{'ok ' if finding.fine else '!! '} {finding.what:10} {finding.said}")
        if rebuild_identity:
            rules = {"merges_dangerously": settings.merge_dangerously}
            people, count = doctor.rebuild(engine.writer, **rules)
            click.echo(f"ok  rebuilt    {people:,} persons; {count:,} rows differed from before")
    raise SystemExit(0 if fine else 1)


cli.add_command(token)
cli.add_command(project)
cli.add_command(report)


@cli.command(short_help="Print the tables of a cluster.")
@click.option("--cluster", required=True, metavar="NAME", help="As the servers call it.")
@click.option(
    "--database",
    default="usagekit",
    metavar="NAME",
    show_default=True,
    help="In which they will be.",
)
def ddl(cluster: str, database: str) -> None:
    """Print the tables of a replicated, sharded cluster, for its administrator to make."""
    click.echo(cluster_ddl(cluster, database), nl=False)


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
        read = export.parquet if kind == "parquet" else export.lines
        yield read(engine, number, start, end)


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    yield rest
