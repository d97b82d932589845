"""The API's insights: what each may be asked, and what it answers."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from usagekit_collector.queries import insights
from usagekit_collector.queries.insights import MOST_STEPS
from usagekit_collector.queries.periods import Interval
from usagekit_collector.queries.seen import Audience, Wish
from usagekit_collector.web.operations import ApiError, Operation
from usagekit_collector.web.questions import TimesQuery, ask, project_of, times
from usagekit_collector.web.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request

_TEN_YEARS = 10 * 366 * 86_400
_STEPS = f"a funnel has 2 to {MOST_STEPS} steps: say step= for each"

Limit = Annotated[int, Meta(ge=1, le=1000, description="How many at most.")]
Period = Annotated[
X
]


class EveryCommandQuery(TimesQuery, kw_only=True):
    """Which events count."""

    version: Annotated[str, Meta(description="Of this version.")] = ""
    os: Annotated[str, Meta(description="On this system.")] = ""
    python: Annotated[str, Meta(description="Of this version of Python.")] = ""
    ci: Annotated[str, Meta(description="In this vendor's CI.")] = ""
    agent: Annotated[str, Meta(description="Run by this AI agent.")] = ""
    audience: Annotated[
        Audience, Meta(description="Of people at a keyboard, of CI, or of AI agents; or of all.")
    ] = "all"


class InsightQuery(EveryCommandQuery, kw_only=True):
    """Which events count, those of one command or of one name perhaps."""

    command: Annotated[str, Meta(description="Of this command.")] = ""
    event: Annotated[
        str, Meta(description="Of this name; only so do those count that begin with a $.")
    ] = ""


class RankingQuery(InsightQuery, kw_only=True):
    """Which events count, and how long the answer may be."""

    limit: Limit = 100


class PeriodsQuery(InsightQuery, kw_only=True):
    """Which events count, and in which periods of time."""

    interval: Period = "day"


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


class RetentionQuery(InsightQuery, kw_only=True):
    """What counts as coming again, and for how long."""

    weeks: Annotated[
        int, Meta(ge=1, le=520, description="For how many weeks each cohort is followed at most.")
    ] = 53


async def commands(service: Service, asked: RankingQuery, _: Request) -> list[insights.CommandUse]:
    """How each command is used, the most used first."""
    wish = await _wish(service, asked)
    return await ask(service, lambda client: insights.commands(client, wish, asked.limit))


async def events(service: Service, asked: RankingQuery, _: Request) -> list[insights.EventUse]:
    """How often each event was captured, the most frequent first."""
    wish = await _wish(service, asked)
    return await ask(service, lambda client: insights.events(client, wish, asked.limit))


async def failures(service: Service, asked: RankingQuery, _: Request) -> list[insights.Failure]:
    """How commands fail, the most frequent way first."""
    wish = await _wish(service, asked)
    return await ask(service, lambda client: insights.failures(client, wish, asked.limit))


async def versions(service: Service, asked: RankingQuery, _: Request) -> list[insights.VersionUse]:
    """How each version is used, the newest first."""
    wish = await _wish(service, asked)
    return await ask(service, lambda client: insights.versions(client, wish, asked.limit))


async def active(service: Service, asked: PeriodsQuery, _: Request) -> list[insights.Active]:
    """How many persons were there in each period."""
    wish = await _wish(service, asked)
    return await ask(service, lambda client: insights.active(client, wish, asked.interval))


async def funnel(service: Service, asked: FunnelQuery, _: Request) -> list[insights.FunnelStep]:
    """How many persons ran some commands one after the other."""
    if not 2 <= len(asked.step) <= MOST_STEPS:
        raise ApiError(400, _STEPS)
    wish = await _wish(service, asked)
    steps = (asked.step, asked.window, asked.by)
    return await ask(service, lambda client: insights.funnel(client, wish, *steps))


async def retention(service: Service, asked: RetentionQuery, _: Request) -> list[insights.Cohort]:
    """How many of those who came for the first time in a week came again."""
    wish = await _wish(service, asked)
    return await ask(service, lambda client: insights.retention(client, wish, asked.weeks))


async def lifecycle(service: Service, asked: PeriodsQuery, _: Request) -> list[insights.Lifecycle]:
    """Who came, came again, and stayed away in each period."""
    wish = await _wish(service, asked)
    wished = (asked.interval, datetime.now(timezone.utc).date())
    return await ask(service, lambda client: insights.lifecycle(client, wish, *wished))


async def _wish(service: Service, asked: EveryCommandQuery) -> Wish:
    start, end = times(asked)
    project = await project_of(service, asked.project)
    fields = {name: getattr(asked, name) for name in Wish.__struct_fields__ if hasattr(asked, name)}
    fields |= {"project": project.project}
    return Wish(**{**fields, "start": start, "end": end})


def _insight(handler: Any, query: type[msgspec.Struct], result: Any) -> Operation:
    return Operation(
        method="GET",
        path=f"/api/insights/{handler.__name__}",
        handler=handler,
        query=query,
        result=list[result],
        errors={
            404: "there is no such project",
            503: "too much at once: try again, or narrow the dates",
        },
    )


OPERATIONS = [
    _insight(commands, RankingQuery, insights.CommandUse),
    _insight(events, RankingQuery, insights.EventUse),
    _insight(failures, RankingQuery, insights.Failure),
    _insight(versions, RankingQuery, insights.VersionUse),
    _insight(active, PeriodsQuery, insights.Active),
    _insight(funnel, FunnelQuery, insights.FunnelStep),
    _insight(retention, RetentionQuery, insights.Cohort),
    _insight(lifecycle, PeriodsQuery, insights.Lifecycle),
]
