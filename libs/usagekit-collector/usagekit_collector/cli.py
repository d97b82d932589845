"""``usagekit-collector``: the commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, BinaryIO, NoReturn

import click
from clickhouse_connect.driver.exceptions import ClickHouseError

from usagekit_collector import __version__, doctor, export
from usagekit_collector.ddl import cluster_ddl
from usagekit_collector.decode import Refused
from usagekit_collector.engine import Busy, Engine, StoreError, migrate, store_errors
from usagekit_collector.capture import EARLIEST, LATEST
from usagekit_collector.projects import Projects, UnknownProject, create_token
from usagekit_collector.remote import Remote, RemoteError
from usagekit_collector.settings import Settings, SettingsError, load

_F = Callable[..., Any]
# What went wrong with these is said by their text, and by nothing else.
_TOLD = (
    SettingsError,
    StoreError,
    RemoteError,
    UnknownProject,
    Refused,
    Busy,
    export.ReplayError,
    ClickHouseError,
    ValueError,
    OSError,
)


def main() -> NoReturn:
    """Run the command; faults of settings and store are told in words, exit code 1."""
    try:
        cli(standalone_mode=True)
    except _TOLD as error:
        click.echo(f"usagekit-collector: {error}", err=True)
        raise SystemExit(1) from None
    raise SystemExit(0)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Your own PostHog-compatible receiver of usage events."""


def _settings(*names: str) -> Callable[[_F], _F]:
    """The options of a command that are settings; and the file that holds the others."""
    kinds: dict[str, Any] = {
        "host": {"help": "Address to listen on.", "show_default": "127.0.0.1"},
        "port": {"type": int, "help": "TCP port; 0 is one that is free.", "show_default": "8600"},
        "store": {
            "help": "chdb:///folder, or clickhouse://user:password@host:8443/database.",
            "show_default": "chdb:///~/.local/share/usagekit-collector",
        },
        "password": {"help": "What the API asks for; better set by the variable."},
        "retention_days": {"type": int, "help": "Keep events for so long; 0 is for ever."},
    }

    def decorate(command: _F) -> _F:
        for name in reversed(names):
            flag = f"--{name.replace('_', '-')}"
            command = click.option(flag, name, **kinds[name])(command)
        return click.option("--config", help="A TOML file of settings.")(command)

    return decorate


def _load(config: str | None, **options: Any) -> Settings:
    return load(options, os.environ, config)


@cli.command()
@_settings("host", "port", "store", "password", "retention_days")
def serve(config: str | None, **options: Any) -> None:
    """Receive events, store them, answer questions about them."""
    from usagekit_collector.server import serve

    serve(_load(config, **options))


_url = click.option("--url", help="Ask the collector that runs there, rather than open the store.")
_project = click.option("--project", help="The project's name or token; default: the only one.")
_start = click.option("--start", type=click.DateTime(), help="No earlier than this, UTC.")
_end = click.option("--end", type=click.DateTime(), help="Earlier than this, UTC.")


@cli.group()
def token() -> None:
    """Tokens, by which programs write into projects."""


@token.command("create")
@click.argument("name")
@_url
@_settings("store", "password")
def token_create(config: str | None, url: str | None, name: str, **options: Any) -> None:
    """Make a token, and the project NAME if there is none yet."""
    settings = _load(config, **options)
    if url:
        click.echo(Remote(url, settings.password).create_token(name)["tokens"][-1])
        return
    with _store(settings, writes=True) as engine:
        click.echo(create_token(engine.writer, name).tokens[-1])


@cli.command("export")
@_project
@_start
@_end
@click.option("--format", "kind", type=click.Choice(["jsonl", "parquet"]), default="jsonl")
@click.option("--output", type=click.File("wb", lazy=True), default="-", help="Default: stdout.")
@click.option(
    "--to", nargs=3, metavar="posthog HOST KEY", help="Send them there as history instead."
)
@_url
@_settings("store", "password")
def export_(
    config: str | None,
    project: str | None,
    start: datetime | None,
    end: datetime | None,
    kind: str,
    output: BinaryIO,
    to: tuple[str, str, str] | None,
    url: str | None,
    **options: Any,
) -> None:
    """Write events out, in the order in which they arrived; or send them to PostHog."""
    if to and to[0] != "posthog":
        raise click.UsageError(f"there is no way to send events to {to[0]!r}: say posthog")
    settings = _load(config, **options)
    kind = "jsonl" if to else kind
    with _exported(settings, url, project, _utc(start), _utc(end), kind) as chunks:
        if not to:
            output.writelines(chunks)
            return
        _told(export.replay(export.messages(_lines(chunks)), to[1], to[2]), "sent")


@cli.command("import")
@click.argument("source", type=click.File("rb"))
@click.option("--token", required=True, help="Of the project that they go into.")
@_url
@_settings("store")
def import_(
    config: str | None, source: BinaryIO, token: str, url: str | None, **options: Any
) -> None:
    """Take in events from SOURCE, JSON lines as PostHog or "export" writes them; - is stdin.

    What is there already is not stored again.
    """
    settings = _load(config, **options)
    found = export.messages(source)
    if url:
        _told(export.replay(found, url, token), "taken in")
        return
    from usagekit_collector.service import Service

    service = Service(settings)
    try:
        _told(service.take_in(found, token), "taken in")
    finally:
        service.close()


@cli.command("doctor")
@click.option("--rebuild-identity", is_flag=True, help="Fold all events into persons anew.")
@_settings("store")
def doctor_(config: str | None, rebuild_identity: bool, **options: Any) -> None:
    """Say what is stored, in what versions, and whether all is well; exit code 1 if it is not."""
    fine = True
    with _store(_load(config, **options), writes=rebuild_identity) as engine:
        for finding in doctor.examine(engine):
            fine = fine and finding.fine
            click.echo(f"{'ok ' if finding.fine else '!! '} {finding.what:10} {finding.said}")
        if rebuild_identity:
            identities = doctor.rebuild(engine.writer)
            count = doctor.differences(engine.writer, identities)
            doctor.replace(engine.writer, identities)
            people = len(identities.persons)
            click.echo(f"ok  rebuilt    {people:,} persons; {count} rows differed from before")
    raise SystemExit(0 if fine else 1)


@cli.command()
@click.option("--cluster", required=True, metavar="NAME", help="As the servers call it.")
@click.option("--database", default="usagekit", metavar="NAME", show_default=True)
def ddl(cluster: str, database: str) -> None:
    """Print the tables of a replicated, sharded cluster, for its administrator to make."""
    click.echo(cluster_ddl(cluster, database), nl=False)


@contextmanager
def _store(settings: Settings, *, writes: bool = False) -> Iterator[Engine]:
    engine = Engine(settings)
    try:
        with store_errors("the store cannot be used"):
            migrate(engine.writer)
            if writes:
                engine.own(wait=False)
        yield engine
    finally:
        engine.close()


@contextmanager
def _exported(
    settings: Settings,
    url: str | None,
    project: str | None,
    start: datetime | None,
    end: datetime | None,
    kind: str,
) -> Iterator[Iterator[bytes]]:
    if url:
        times = {name: at and at.isoformat() for name, at in (("start", start), ("end", end))}
        yield Remote(url, settings.password).export(project=project, format=kind, **times)
        return
    with _store(settings) as engine:
        number = Projects(engine).named(project).project
        asked = (engine.writer, number, start or EARLIEST, end or LATEST)
        yield export.parquet(*asked) if kind == "parquet" else export.lines(export.events(*asked))


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    yield rest


def _told(counts: Iterator[int], what: str) -> None:
    """Say how far it has come, on stderr."""
    count = 0
    for count in counts:
        click.echo(f"\r{count:,} events {what}", nl=False, err=True)
    click.echo(f"\r{count:,} events {what}", err=True)


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=timezone.utc)
