"""The API: projects, events, persons, insights; and what each operation does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from clickhouse_connect.driver.exceptions import DatabaseError
from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from usagekit_collector.queries import events, persons
from usagekit_collector.store import projects
from usagekit_collector.store.client import Client
from usagekit_collector.store.projects import Project, check_name, create_token
from usagekit_collector.transfer import export
from usagekit_collector.web import insights_api, usage_api
from usagekit_collector.web.operations import ApiError, Operation
from usagekit_collector.web.questions import (
    ProjectQuery,
    TimesQuery,
    answered,
    ask,
    is_gone,
    project_of,
    times,
)
from usagekit_collector.web.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request

_T = TypeVar("_T")


class NewToken(Struct, kw_only=True):
    """A token to be made, for a project of this name: one that exists, or a new one."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]


class NewName(Struct, kw_only=True):
    """What a project is to be called."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]


class ExportQuery(TimesQuery, kw_only=True):
    """Which events are exported, and how."""

    format: Annotated[
        Literal["jsonl", "parquet"], Meta(description="Lines of JSON, or a Parquet file.")
    ] = "jsonl"


class DeletionQuery(ProjectQuery, kw_only=True):
    """Who is deleted."""

    at_most: Annotated[
        int, Meta(ge=1, description="With more distinct_ids than this nobody is deleted.")
    ] = 20


class EventsQuery(TimesQuery, kw_only=True):
    """Which events, the last to arrive first."""

    event: Annotated[str, Meta(description="Of this name.")] = ""
    command: Annotated[str, Meta(description="Of this command.")] = ""
    distinct_id: Annotated[str, Meta(description="Captured under this ID.")] = ""
    before: Annotated[
        int, Meta(ge=0, le=2**63 - 1, description="The `next` of the page before.")
    ] = 2**63 - 1
    limit: Annotated[int, Meta(ge=1, le=1000, description="How many at most.")] = 100


async def list_projects(service: Service, _: Any, __: Request) -> list[Project]:
    """All projects, with their tokens."""
    return await run_in_threadpool(service.projects.refresh)


async def make_token(service: Service, asked: Any, _: Request) -> Project:
    """Make a token, and its project if there is none of that name."""
    _, wish = asked
    try:
        check_name(wish.name)
    except ValueError as error:
        raise ApiError(400, str(error)) from error
    made: Project = await service.write(lambda client: create_token(client, wish.name))
    return made


async def rename_project(service: Service, asked: Any, request: Request) -> Project:
    """Call a project, said by its name or token, by another name."""
    _, wish = asked
    project = await project_of(service, request.path_params["project"])
    return await _carried_out(service, lambda client: projects.rename(client, project, wish.name))


async def remove_project(service: Service, _: Any, request: Request) -> projects.Removed:
    """Remove a project, said by its name or token, with all its events and persons."""
    project = await project_of(service, request.path_params["project"])
    removed, remains = await _carried_out(service, lambda client: projects.remove(client, project))
    removed.is_gone = await is_gone(service, remains)
    return removed


async def revoke_token(service: Service, _: Any, request: Request) -> Project:
    """Revoke a token: nothing is taken in under it any more."""
    token = request.path_params["token"]
    return await _carried_out(service, lambda client: projects.revoke(client, token))


async def _carried_out(service: Service, step: Callable[[Client], _T]) -> _T:
    """What the writer's step gives. Raises ApiError for what cannot be."""
    try:
        result: _T = await service.write(step)
    except ValueError as error:
        raise ApiError(409, str(error)) from error
    return result


async def list_events(service: Service, asked: EventsQuery, _: Request) -> events.Page:
    """Events, the last to arrive first."""
    start, end = times(asked)
    project = await project_of(service, asked.project)
    wish = events.Wish(
        project=project.project,
        start=start,
        end=end,
        event=asked.event,
        command=asked.command,
        distinct_id=asked.distinct_id,
        before=asked.before,
        limit=asked.limit,
    )
    return await ask(service, lambda client: events.page(client, wish))


async def get_person(service: Service, asked: ProjectQuery, request: Request) -> persons.Profile:
    """Who goes by this ID."""
    project = await project_of(service, asked.project)
    distinct_id = request.path_params["distinct_id"]
    found = await ask(service, lambda client: persons.find(client, project.project, distinct_id))
    if found is None:
        raise ApiError(404, "nobody goes by this ID")
    return found


async def delete_person(
    service: Service, asked: DeletionQuery, request: Request
) -> persons.Deleted:
    """Delete a person, with all IDs and events."""
    project = await project_of(service, asked.project)
    distinct_id = request.path_params["distinct_id"]
    wish = (project.project, distinct_id, asked.at_most)
    try:
        found = await service.write(lambda client: persons.delete(client, *wish))
    except persons.TooMany as error:
        raise ApiError(409, str(error)) from error
    if found is None:
        raise ApiError(404, "nobody goes by this ID")
    deleted: persons.Deleted = found[0]
    deleted.is_gone = await is_gone(service, found[1])
    return deleted


async def export_events(service: Service, asked: ExportQuery, _: Request) -> Response:
    """All events between two times, in the order in which they arrived."""
    between = times(asked)
    project = await project_of(service, asked.project)
    wish = (service.engine, project.project, *between)
    is_parquet = asked.format == "parquet"

    def begin() -> tuple[bytes, Iterator[bytes]]:
        pieces = export.parquet(*wish) if is_parquet else export.lines(*wish)
        return next(pieces, b""), pieces

    # What fails at once is told; later, the answer ends without its end.
    first, pieces = await answered(service, begin)
    kind = export.PARQUET if is_parquet else export.JSON_LINES
    return StreamingResponse(chain([first], _watched(service, pieces)), media_type=kind)


def _watched(service: Service, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces; a part that cannot be read is out of the way of the next who asks."""
    try:
        yield from pieces
    except DatabaseError as error:
        service.storer.put_aside(error)
        raise


_NO_PROJECT = {404: "there is no such project"}
_NOBODY = {404: "there is no such project, or nobody goes by this ID"}
_PERSON = "/api/persons/{distinct_id}"

OPERATIONS = [
    Operation(
        method="GET",
        path="/api/projects",
        handler=list_projects,
        result=list[Project],
    ),
    Operation(
        method="POST",
        path="/api/tokens",
        handler=make_token,
        body=NewToken,
        result=Project,
    ),
    Operation(
        method="PATCH",
        path="/api/projects/{project}",
        handler=rename_project,
        body=NewName,
        result=Project,
        errors={**_NO_PROJECT, 409: "another project has this name"},
    ),
    Operation(
        method="DELETE",
        path="/api/projects/{project}",
        handler=remove_project,
        result=projects.Removed,
        errors={**_NO_PROJECT, 409: "it was removed meanwhile"},
    ),
    Operation(
        method="DELETE",
        path="/api/tokens/{token}",
        handler=revoke_token,
        result=Project,
        errors={409: "no project has this token, or no other one"},
    ),
    Operation(
        method="GET",
        path="/api/events",
        handler=list_events,
        query=EventsQuery,
        result=events.Page,
        errors=_NO_PROJECT,
    ),
    Operation(
        method="GET",
        path="/api/export",
        handler=export_events,
        query=ExportQuery,
        result=(export.JSON_LINES, export.PARQUET),
        errors=_NO_PROJECT,
    ),
    Operation(
        method="GET",
        path=_PERSON,
        handler=get_person,
        query=ProjectQuery,
        result=persons.Profile,
        errors=_NOBODY,
    ),
    Operation(
        method="DELETE",
        path=_PERSON,
        handler=delete_person,
        query=DeletionQuery,
        result=persons.Deleted,
        errors={**_NOBODY, 409: "they have more distinct_ids than at_most"},
    ),
    *insights_api.OPERATIONS,
    *usage_api.OPERATIONS,
]
