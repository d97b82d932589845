"""``usagekit-collector``: the commands."""

from __future__ import annotations

from typing import Any, NoReturn

import click
from clickhouse_connect.driver.exceptions import ClickHouseError

from usagekit_collector import __version__
from usagekit_collector.cli import doctor
from usagekit_collector.cli.console import (
    WithSettings,
    settings_of,
    settings_options,
    tell_error,
)
from usagekit_collector.cli.events import declare, demo_data, export, import_
from usagekit_collector.cli.projects import project, token
from usagekit_collector.cli.report import report
from usagekit_collector.errors import CollectorError
from usagekit_collector.settings import Settings
from usagekit_collector.store.ddl import cluster_ddl
from usagekit_collector.store.opening import opened_store

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


for one in (export, import_, declare, demo_data, token, project, report):
    cli.add_command(one)


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
