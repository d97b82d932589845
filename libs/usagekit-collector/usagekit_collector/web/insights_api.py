"""The API's insights: what each may be asked, and what it answers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta

from usagekit_collector.queries import arrivals as arriving
from usagekit_collector.queries import insights
from usagekit_collector.queries.insights import MOST_STEPS
from usagekit_collector.web.filters import (
    EveryCommandQuery,
    Format,
    InsightQuery,
    PeriodsQuery,
    RankingQuery,
    insight,
    wish_of,
)
from usagekit_collector.web.operations import ApiError
from usagekit_collector.web.questions import ProjectQuery, TimesQuery, ask, project_of
from usagekit_collector.web.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request

_TEN_YEARS = 10 * 366 * 86_400
_STEPS = f"a funnel has 2 to {MOST_STEPS} steps: say step= for each"


class FunnelQuery(EveryCommandQuery, kw_only=True):
    """Which steps, and how long they may take."""

    step: Annotated[
        list[Annotated[str, Meta(min_length=1)]],
        Meta(
            description="A command, or the name of an event; once for each step, in order. The "
            "steps are what counts, so there is no other filter by command or by event.",
            extra_json_schema={"minItems": 2, "maxItems": MOST_STEPS},
        ),
    ]
    by: Annotated[Literal["command", "event"], Meta(description="What a step names.")] = "command"
    window: Annotated[
        int,
        Meta(ge=1, le=_TEN_YEARS, description="Seconds from the first step to the last at most."),
    ] = 7 * 86_400


class FirstSuccessQuery(EveryCommandQuery, kw_only=True):
    """Whose first success."""

    of: Annotated[str, Meta(description="With this command; default: any.")] = ""


class ArrivalsQuery(TimesQuery, kw_only=True):
    """When they arrived."""

    format: Format = "json"


class StoredQuery(ProjectQuery, kw_only=True):
    """Of which project, and how."""

    format: Format = "json"


class RetentionQuery(InsightQuery, kw_only=True):
    """What counts as coming again, and for how long."""

    weeks: Annotated[
        int, Meta(ge=1, le=520, description="For how many weeks each cohort is followed at most.")
    ] = 53


async def commands(service: Service, asked: RankingQuery, _: Request) -> list[insights.CommandUse]:
    """How each command is used, the most used first."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: insights.commands(client, wish, asked.limit))


async def events(service: Service, asked: RankingQuery, _: Request) -> list[insights.EventUse]:
    """How often each event was captured, the most frequent first."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: insights.events(client, wish, asked.limit))


async def failures(service: Service, asked: RankingQuery, _: Request) -> list[insights.Failure]:
    """How commands fail, the most frequent way first."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: insights.failures(client, wish, asked.limit))


async def versions(service: Service, asked: RankingQuery, _: Request) -> list[insights.VersionUse]:
    """How each version is used, the newest first."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: insights.versions(client, wish, asked.limit))


async def active(service: Service, asked: PeriodsQuery, _: Request) -> list[insights.Active]:
    """How many persons were there in each period."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: insights.active(client, wish, asked.interval))


async def funnel(service: Service, asked: FunnelQuery, _: Request) -> list[insights.FunnelStep]:
    """How many persons ran some commands one after the other."""
    if not 2 <= len(asked.step) <= MOST_STEPS:
        raise ApiError(400, _STEPS)
    wish = await wish_of(service, asked)
    steps = (asked.step, asked.window, asked.by)
    return await ask(service, lambda client: insights.funnel(client, wish, *steps))


async def first_success(
    service: Service, asked: FirstSuccessQuery, _: Request
) -> list[insights.FirstSuccess]:
    """How soon those succeeded who were there for the first time."""
    wish = await wish_of(service, asked)
    return [await ask(service, lambda client: insights.first_success(client, wish, asked.of))]


async def arrivals(service: Service, asked: ArrivalsQuery, _: Request) -> list[arriving.Arrival]:
    """How many events arrived on each day, and how long after they had happened."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: arriving.arrivals(client, wish))


async def stored(service: Service, asked: StoredQuery, _: Request) -> list[arriving.Stored]:
    """How much is stored, and when the last event arrived."""
    project = (await project_of(service, asked.project)).project
    return [await ask(service, lambda client: arriving.stored(client, project))]


async def retention(service: Service, asked: RetentionQuery, _: Request) -> list[insights.Cohort]:
    """How many of those who came for the first time in a week came again."""
    wish = await wish_of(service, asked)
    return await ask(service, lambda client: insights.retention(client, wish, asked.weeks))


async def lifecycle(service: Service, asked: PeriodsQuery, _: Request) -> list[insights.Lifecycle]:
    """Who came, came again, and stayed away in each period."""
    wish = await wish_of(service, asked)
    wished = (asked.interval, datetime.now(ZoneInfo(wish.tz)).date())
    return await ask(service, lambda client: insights.lifecycle(client, wish, *wished))


OPERATIONS = [
    insight(commands, RankingQuery, insights.CommandUse),
    insight(events, RankingQuery, insights.EventUse),
    insight(failures, RankingQuery, insights.Failure),
    insight(versions, RankingQuery, insights.VersionUse),
    insight(active, PeriodsQuery, insights.Active),
    insight(funnel, FunnelQuery, insights.FunnelStep),
    insight(first_success, FirstSuccessQuery, insights.FirstSuccess),
    insight(arrivals, ArrivalsQuery, arriving.Arrival),
    insight(stored, StoredQuery, arriving.Stored),
    insight(retention, RetentionQuery, insights.Cohort),
    insight(lifecycle, PeriodsQuery, insights.Lifecycle),
]
