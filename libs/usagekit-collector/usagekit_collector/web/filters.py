"""Which events an insight is about, as it is asked through HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from usagekit_collector.queries import error_groups
from usagekit_collector.queries.periods import Interval
from usagekit_collector.queries.seen import Audience, Wish
from usagekit_collector.web.operations import ApiError, Operation
from usagekit_collector.web.questions import TimesQuery, ask, project_of, times
from usagekit_collector.web.service import Service

Limit = Annotated[int, Meta(ge=1, le=1000, description="How many at most.")]
Format = Annotated[Literal["json", "csv"], Meta(description="JSON, or a table for a spreadsheet.")]
Period = Annotated[
    Interval, Meta(description="By days, weeks (from Monday) or months, as they begin in tz.")
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
    format: Format = "json"


class InsightQuery(EveryCommandQuery, kw_only=True):
    """Which events count, those of one command or of one name perhaps."""

    command: Annotated[str, Meta(description="Of this command.")] = ""
    error: Annotated[str, Meta(description="Failures of this ID, as `errors` has it.")] = ""
    event: Annotated[
        str, Meta(description="Of this name; only so do those count that begin with a $.")
    ] = ""


class RankingQuery(InsightQuery, kw_only=True):
    """Which events count, and how long the answer may be."""

    limit: Limit = 100


class PeriodsQuery(InsightQuery, kw_only=True):
    """Which events count, and in which periods of time."""

    interval: Period = "day"


async def wish_of(service: Service, asked: TimesQuery) -> Wish:
    """What is asked for. Raises ApiError."""
    start, end = times(asked)
    project = await project_of(service, asked.project)
    fields = {name: getattr(asked, name) for name in Wish.__struct_fields__ if hasattr(asked, name)}
    fields |= {"project": project.project}
    wish = Wish(**{**fields, "start": start, "end": end})
    error = getattr(asked, "error", "")
    if not error:
        return wish
    found = await ask(service, lambda client: error_groups.only(client, wish, error))
    if found is None:
        raise ApiError(404, "no error has this ID")
    return found


def insight(handler: Any, query: type[msgspec.Struct], result: Any) -> Operation:
    """The operation that a handler does, which gives a list of results."""
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
