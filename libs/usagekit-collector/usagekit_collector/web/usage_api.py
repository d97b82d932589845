"""The API's insights of how a program is used, how it fails, and what its releases changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from usagekit_collector.ingest.capture import EARLIEST, LATEST
from usagekit_collector.queries import changes as changing
from usagekit_collector.queries import declared as declaring
from usagekit_collector.queries import error_groups, usage
from usagekit_collector.queries import fields as arriving
from usagekit_collector.queries import releases as releasing
from usagekit_collector.queries.seen import Wish
from usagekit_collector.web.filters import (
    EveryCommandQuery,
    Format,
    InsightQuery,
    Limit,
    PeriodsQuery,
    RankingQuery,
    insight,
    wish_of,
)
from usagekit_collector.web.operations import ApiError
from usagekit_collector.web.questions import ProjectQuery, ask, project_of
from usagekit_collector.web.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request

By = Annotated[usage.By, Meta(description="What they have in common.")]


class TotalsQuery(InsightQuery, kw_only=True):
    """Which events count, and whether the time before is wanted too."""

    compare: Annotated[
        Literal["nothing", "previous"],
        Meta(description="With the time before, of the same length: that is the second row."),
    ] = "nothing"


class BreakdownQuery(RankingQuery, kw_only=True):
    """Which events count, and by what they are told apart."""

    by: By


class SeriesQuery(PeriodsQuery, kw_only=True):
    """Which events count, in which periods of time, and by what they are told apart."""

    by: Annotated[usage.By | None, Meta(description="What they have in common.")] = None
    top: Annotated[int, Meta(ge=1, le=50, description="So many of them, at most.")] = 5
    name: Annotated[
        list[str], Meta(description="Or those of these names; once for each.", max_length=50)
    ] = msgspec.field(default_factory=list)


class NeighboursQuery(EveryCommandQuery, kw_only=True):
    """Next to which command."""

    of: Annotated[str, Meta(min_length=1, description="The command.")]
    limit: Annotated[int, Meta(ge=1, le=100, description="How many at most, on each side.")] = 10


class ErrorsQuery(RankingQuery, kw_only=True):
    """Which failures count."""

    id: Annotated[str, Meta(description="Of this ID.")] = ""
    changed_in: Annotated[
        str, Meta(description="That this version has brought, or is the first without.")
    ] = ""


class ReleasesQuery(InsightQuery, kw_only=True):
    """Which events count, and when a version is out."""

    few: Annotated[
        int, Meta(ge=1, le=10, description="A version is out once so many persons have run it.")
    ] = 3


class VerdictQuery(ReleasesQuery, kw_only=True):
    """Which version, beside which."""

    release: Annotated[str, Meta(min_length=1, description="The version.")]
    before: Annotated[
        str, Meta(description="The version that it is compared with; default: the one before it.")
    ] = ""


class DeclaredQuery(ProjectQuery, kw_only=True):
    """Of which project, and how."""

    limit: Limit = 100
    format: Format = "json"


class ChangesQuery(RankingQuery, kw_only=True):
    """Which events count, from when to when; and how many changes are told at most."""

    limit: Annotated[int, Meta(ge=1, le=100, description="How many at most.")] = 5


async def totals(service: Service, asked: TotalsQuery, _: Request) -> list[usage.Totals]:
    """All runs together."""
    wish = await wish_of(service, asked)
    if asked.compare != "previous":
        return [await ask(service, lambda client: usage.totals(client, wish))]
    both = _with_before(wish)
    return list(await ask(service, lambda client: usage.totals_of_both_times(client, both)))


async def breakdown(service: Service, asked: BreakdownQuery, _: Request) -> list[usage.Use]:
    """The runs by what they have in common: what the most persons have first."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: usage.breakdown(client, wish, asked.by, asked.limit))


async def series(service: Service, asked: SeriesQuery, _: Request) -> list[usage.Point]:
    """The runs of each period; of the names with the most persons."""
    wish = await wish_of(service, asked)
    wished = (asked.interval, asked.by, asked.top, (asked.name or None) if asked.by else None)
    return await ask(service, lambda client: usage.series(client, wish, *wished))


async def durations(service: Service, asked: InsightQuery, _: Request) -> list[usage.Duration]:
    """How many runs took how long, by version."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: usage.durations(client, wish))


async def neighbours(service: Service, asked: NeighboursQuery, _: Request) -> list[usage.Neighbour]:
    """What was run right before a command and right after it, by the same person."""
    wish = await wish_of(service, asked)
    wished = (asked.of, asked.limit)
    return await ask(service, lambda client: usage.neighbours(client, wish, *wished))


async def errors(service: Service, asked: ErrorsQuery, _: Request) -> list[error_groups.ErrorGroup]:
    """The ways in which commands fail, and whether they are gone: that of the most persons
    first."""
    wish = await wish_of(service, asked)
    found = await ask(service, lambda client: error_groups.error_groups(client, wish, asked.limit))
    wanted = asked.changed_in
    return [
        one
        for one in found
        if asked.id in ("", one.id) and (not wanted or error_groups.is_changed_in(one, wanted))
    ]


async def samples(service: Service, asked: RankingQuery, _: Request) -> list[error_groups.Sample]:
    """What failures say of themselves, redacted by whoever sent them: with error=, those of one."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: error_groups.samples(client, wish, asked.limit))


async def last_versions(
    service: Service, asked: RankingQuery, _: Request
) -> list[releasing.LastVersion]:
    """On which version persons are, by their last run."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: releasing.last_versions(client, wish, asked.limit))


async def releases(service: Service, asked: ReleasesQuery, _: Request) -> list[releasing.Release]:
    """All versions, the last to be released first."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: releasing.releases(client, wish, asked.few))


async def verdict(service: Service, asked: VerdictQuery, _: Request) -> list[releasing.Verdict]:
    """Whether a version is better or worse than the one before it, on the same mix of commands."""
    wish = await wish_of(service, asked)
    before = asked.before
    if not before:
        found = await ask(service, lambda client: releasing.releases(client, wish, asked.few))
        before = next((one.before for one in found if one.version == asked.release), "")
    if not before:
        raise ApiError(404, "there is no such release, or none before it: say before=")
    wished = (asked.release, before)
    return await ask(service, lambda client: releasing.verdict(client, wish, *wished))


async def fields(service: Service, asked: RankingQuery, _: Request) -> list[arriving.Field]:
    """Which properties arrive, those of most events first."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: arriving.fields(client, wish, asked.limit))


async def declared(service: Service, asked: DeclaredQuery, _: Request) -> list[declaring.Declared]:
    """The commands and options that the program says it has: what was never used first."""
    project = (await project_of(service, asked.project)).project
    return (await ask(service, lambda client: declaring.declared(client, project)))[: asked.limit]


async def changes(service: Service, asked: ChangesQuery, _: Request) -> list[changing.Change]:
    """What has changed from the time before, of the same length."""
    wish = _with_before(await wish_of(service, asked))
    return await ask(service, lambda client: changing.changes(client, wish, asked.limit))


def _with_before(wish: Wish) -> Wish:
    """Raises ApiError for one that has no time before it."""
    if wish.start == EARLIEST or wish.end == LATEST:
        raise ApiError(400, "say from when to when: start= and end=")
    return wish


OPERATIONS = [
    insight(totals, TotalsQuery, usage.Totals),
    insight(breakdown, BreakdownQuery, usage.Use),
    insight(series, SeriesQuery, usage.Point),
    insight(durations, InsightQuery, usage.Duration),
    insight(neighbours, NeighboursQuery, usage.Neighbour),
    insight(errors, ErrorsQuery, error_groups.ErrorGroup),
    insight(samples, RankingQuery, error_groups.Sample),
    insight(last_versions, RankingQuery, releasing.LastVersion),
    insight(releases, ReleasesQuery, releasing.Release),
    insight(verdict, VerdictQuery, releasing.Verdict),
    insight(fields, RankingQuery, arriving.Field),
    insight(declared, DeclaredQuery, declaring.Declared),
    insight(changes, ChangesQuery, changing.Change),
]
