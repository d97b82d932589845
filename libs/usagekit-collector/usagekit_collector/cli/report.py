"""The command that prints the first page."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click
import msgspec

from usagekit_collector.cli.console import settings_of, settings_options, url_option
from usagekit_collector.queries.changes import Change
from usagekit_collector.queries.releases import Release
from usagekit_collector.queries.seen import Wish
from usagekit_collector.queries.usage import Point, Totals, Use
from usagekit_collector.store.opening import opened_store
from usagekit_collector.store.password import of_url
from usagekit_collector.store.projects import Projects, named
from usagekit_collector.transfer.remote import Remote

if TYPE_CHECKING:
    from usagekit_collector.pages.overview import Overview
    from usagekit_collector.pages.view import View

_COMMANDS = 20


@click.command("report", short_help="Print who ran what, how it went, and what changed.")
@click.option("--project", metavar="NAME", help="Its name or token. Default: the only one.")
@click.option(
    "--days",
    type=click.IntRange(1, 3_650),
    default=30,
    show_default=True,
    help="How many, until today; compared with as many before.",
)
@click.option(
    "--audience",
    type=click.Choice(["people", "ci", "agents", "all"]),
    default="people",
    show_default=True,
    help="Whose runs.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--html",
    type=click.File("w", encoding="utf-8", atomic=True),
    metavar="FILE",
    help="As one file for a browser, to mail: it asks nobody for anything. - is the output.",
)
@click.option(
    "--public",
    type=click.Path(file_okay=False, writable=True, path_type=Path),
    metavar="DIR",
    help="As index.html and usage.json, for any web server: for everybody to see.",
)
@click.option(
    "--panel",
    "panels",
    type=click.Choice(["changes", "activity", "commands", "audiences"]),
    multiple=True,
    help="Of --public: only this; may be said again.  [default: all]",
)
@click.option(
    "--fewest",
    type=click.IntRange(2, 1_000),
    default=5,
    show_default=True,
    help="Of --public: what fewer persons have done is told together, as other, or not at all.",
)
@url_option
@settings_options("store", "state", "password")
def report(
    config: str | None,
    project: str | None,
    days: int,
    audience: Any,
    as_json: bool,
    html: TextIO | None,
    public: Path | None,
    panels: Any,
    fewest: int,
    url: str | None,
    **options: Any,
) -> None:
    """Print the collector's first page: who ran what, how it went, and what changed.

    Days are those of UTC. A store belongs to one process: while a collector runs, say --url.
    """
    if sum(map(bool, (as_json, html, public))) > 1:
        raise click.UsageError("say one of --json, --html and --public")
    # What others of the commands do not need.
    from usagekit_collector.pages import alone, terminal
    from usagekit_collector.web import page_data

    settings = settings_of(config, options)
    now = datetime.now(timezone.utc)
    end = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    wish = Wish(project=0, start=end - timedelta(days=days), end=end, audience=audience)
    if url:
        remote = Remote(*of_url(settings, url))
        own = named(remote.projects(), project)
        found = _of_remote(remote, own.name, wish)
    else:
        with opened_store(settings) as engine, engine.reader() as client:
            own = Projects(engine).named(project)
            wish = msgspec.structs.replace(wish, project=own.project)
            found = page_data.overview_of(client, wish, compares=True)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    # A project that was given no name goes by its token, which is nobody's business.
    name = "" if own.name in own.tokens else own.name
    view = terminal.view_of(name, wish, days, now)
    if html:
        html.write(alone.html(view, found))
        return
    if public:
        _publish(public, view, found, panels, fewest)
        return
    for line in terminal.text(view, found, shutil.get_terminal_size().columns):
        click.echo(line)


def _publish(folder: Path, view: View, found: Overview, chosen: Any, fewest: int) -> None:
    """Write what everybody may know. Raises click.ClickException."""
    from usagekit_collector.pages import alone, overview, public

    try:
        made = public.public(view, found, chosen or public.NAMES, fewest)
        folder.mkdir(parents=True, exist_ok=True)
        files = {
            "index.html": alone.html_of(
                view, overview.tiles(found), public.panels(view, made, found)
            ),
            "usage.json": msgspec.json.format(msgspec.json.encode(made)).decode() + "\n",
        }
        for name, text in files.items():
            with click.open_file(str(folder / name), "w", encoding="utf-8", atomic=True) as file:
                file.write(text)
    except (ValueError, OSError) as error:
        raise click.ClickException(f"it cannot be published: {error}") from error


def _of_remote(remote: Remote, project: str, wish: Wish) -> Overview:
    """What the first page is made of, as a collector that runs says. Raises RemoteError."""
    from usagekit_collector.pages.overview import Overview

    asked: dict[str, Any] = {
        "project": project,
        "start": wish.start.isoformat(),
        "end": wish.end.isoformat(),
        "tz": wish.tz,
        "audience": wish.audience,
    }
    now, before = remote.insight("totals", Totals, **asked, compare="previous")
    by_command = {**asked, "by": "command"}
    return Overview(
        now=now,
        before=before,
        changes=remote.insight("changes", Change, **asked),
        days=remote.insight("series", Point, **asked),
        releases=remote.insight("releases", Release, **asked),
        commands=remote.insight("breakdown", Use, **by_command, limit=_COMMANDS),
        command_days=remote.insight("series", Point, **by_command, top=_COMMANDS),
        audiences=remote.insight(
            "breakdown", Use, **{**asked, "by": "audience", "audience": "all"}
        ),
    )
