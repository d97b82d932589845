"""``usagekit-collector token`` and ``project``: who writes into what."""

from __future__ import annotations

from typing import Any

import click

from usagekit_collector.cli.console import settings_of, settings_options, tell, url_option
from usagekit_collector.metrics import Metrics
from usagekit_collector.store import projects
from usagekit_collector.store.opening import opened_store
from usagekit_collector.store.password import of_url
from usagekit_collector.store.projects import Project, Projects
from usagekit_collector.store.storer import storing
from usagekit_collector.transfer.remote import Remote


@click.group(short_help="Tokens, by which programs write into projects.")
def token() -> None:
    """Tokens, by which programs write into projects."""


@token.command("create", short_help="Make a token, and its project if there is none yet.")
@click.argument("name")
@url_option
@settings_options("store", "password")
def token_create(config: str | None, url: str | None, name: str, **options: Any) -> None:
    """Make a token, and the project NAME if there is none yet.

    The token is printed. A program sends it along as its project API key.
    """
    settings = settings_of(config, options)
    if url:
        click.echo(Remote(*of_url(settings, url)).create_token(name))
        return
    with opened_store(settings, writes=True) as engine:
        click.echo(projects.create_token(engine.writer, name).tokens[-1])


@token.command("revoke", short_help="Have a token write into nothing any more.")
@click.argument("token")
@url_option
@settings_options("store", "password")
def token_revoke(config: str | None, url: str | None, token: str, **options: Any) -> None:
    """Have TOKEN write into nothing any more: what is sent under it is refused.

    A project's only token cannot be revoked: make another one first, or remove the project.
    """
    settings = settings_of(config, options)
    if url:
        revoked = Remote(*of_url(settings, url)).revoke(token)
    else:
        with opened_store(settings, writes=True) as engine:
            revoked = projects.revoke(engine.writer, token)
    tell(f"revoked; {_named(revoked)} has {len(revoked.tokens)} left")


@click.group(short_help="Projects, which programs write into.")
def project() -> None:
    """Projects, which programs write into."""


@project.command("list", short_help="All projects, with their tokens.")
@url_option
@settings_options("store", "password")
def project_list(config: str | None, url: str | None, **options: Any) -> None:
    """All projects, the oldest first, each with its tokens."""
    settings = settings_of(config, options)
    if url:
        found = Remote(*of_url(settings, url)).projects()
    else:
        with opened_store(settings) as engine:
            found = Projects(engine).refresh()
    for one in found:
        click.echo(f"{_named(one)}\t{one.created_at:%Y-%m-%d}\t{' '.join(map(_shown, one.tokens))}")


@project.command("rename", short_help="Call a project by another name.")
@click.argument("project")
@click.argument("name")
@url_option
@settings_options("store", "password")
def project_rename(
    config: str | None, url: str | None, project: str, name: str, **options: Any
) -> None:
    """Call PROJECT, said by its name or a token, by another NAME."""
    settings = settings_of(config, options)
    if url:
        Remote(*of_url(settings, url)).rename(project, name)
        return
    with opened_store(settings, writes=True) as engine:
        projects.rename(engine.writer, Projects(engine).named(project), name)


@project.command("remove", short_help="Remove a project with all that is in it.")
@click.argument("project")
@click.option("--yes", is_flag=True, help="Do not ask.")
@url_option
@settings_options("store", "state", "password")
def project_remove(
    config: str | None, url: str | None, project: str, yes: bool, **options: Any
) -> None:
    """Remove PROJECT, said by its name or a token, with all its events and persons.

    Its tokens are revoked. There is no way back but an export that was made before.
    """
    if not yes:
        click.confirm(f"Remove {_shown(project)}, with all its events and persons?", abort=True)
    settings = settings_of(config, options)
    if url:
        removed = Remote(*of_url(settings, url)).remove(project)
    else:
        with (
            opened_store(settings, writes=True) as engine,
            storing(engine, settings, Metrics()) as (intake, storer),
        ):
            named = Projects(engine).named(project)
            # What waits for it is not to come after it.
            removed, _ = storer.call(
                lambda client: projects.remove(client, named), after=intake.position
            ).result()
    tell(f"removed, with {removed.events:,} events")


def _named(one: Project) -> str:
    return _shown(one.name)


def _shown(text: str) -> str:
    """As it may stand in a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
