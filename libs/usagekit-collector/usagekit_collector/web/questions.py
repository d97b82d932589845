"""What all questions to the API have in common: whose, from when to when, and how one is put."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clickhouse_connect.driver.exceptions import DatabaseError
from msgspec import Meta, Struct
from starlette.concurrency import run_in_threadpool

from usagekit_collector.errors import Busy, StoreError
from usagekit_collector.ingest.capture import EARLIEST, LATEST
from usagekit_collector.store.client import Client
from usagekit_collector.store.damage import where
from usagekit_collector.store.erasure import Remains, hurry, there
from usagekit_collector.store.projects import Project, UnknownProject
from usagekit_collector.web.operations import ApiError
from usagekit_collector.web.service import Service

_T = TypeVar("_T")
# The engine's numbers for a question that took too long, or more memory than it may.
_TOO_MUCH = frozenset([159, 160, 241])
# Parts that cannot be read are put aside for one question, one after the other.
_MOST_PARTS = 100
# Seconds for which it is waited that the files are tidied up, which takes one or two where nobody
# is reading an old part; and between two looks.
_PATIENCE, _PAUSE = 15.0, 0.2
# Characters of what was asked that are repeated where it cannot be.
_SHOWN = 100
_TOO_LARGE = "that is too much at once: narrow the dates, or raise query_seconds and query_bytes"

InProject = Annotated[
    str | None, Meta(description="The project's name or token; default: the only one.")
]
_TIME: dict[str, Any] = {
    "oneOf": [{"type": "string", "format": kind} for kind in ("date-time", "date")],
    "examples": ["2026-03-02", "2026-03-02T13:00", "2026-03-02T13:00:00+01:00"],
}
Start = Annotated[
    str | None, Meta(description="No earlier than this; default: ever.", extra_json_schema=_TIME)
]
End = Annotated[
    str | None, Meta(description="Earlier than this; default: ever.", extra_json_schema=_TIME)
]
Zone = Annotated[
    str,
    Meta(
        description="The time zone of times that name none, and of days.",
        min_length=1,
        extra_json_schema={"examples": ["Europe/Berlin"]},
    ),
]
# A plus in an address is a space, unless it is written %2B.
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


class ProjectQuery(Struct, kw_only=True):
    """Which project is meant."""

    project: InProject = None


class TimesQuery(ProjectQuery, kw_only=True):
    """Which project is meant, from when to when."""

    start: Start = None
    end: End = None
    tz: Zone = "UTC"


async def ask(service: Service, question: Callable[[Client], _T]) -> _T:
    """Put a question to the store, in a thread. Raises Busy, and ApiError for one too large."""

    def answer() -> _T:
        with service.engine.reader() as client:
            return question(client)

    return await answered(service, answer)


async def answered(service: Service, answer: Callable[[], _T]) -> _T:
    """What something in a thread gives that asks the store; where that meets parts that cannot be
    read, they are put aside, and it is done again. Raises Busy, and ApiError."""
    for _ in range(_MOST_PARTS):
        try:
            with _too_much():
                return await run_in_threadpool(answer)
        except DatabaseError as error:
            if not await _put_aside(service, error):
                raise
    return await run_in_threadpool(answer)


async def is_gone(service: Service, remains: Remains | None) -> bool:
    """Whether nothing is left in the files of what was deleted, for which it is waited a little."""

    def look(client: Client) -> Remains:
        if service.engine.folder is not None:
            hurry(client)
        return there(client)

    deadline = time.monotonic() + _PATIENCE
    while remains and time.monotonic() < deadline:
        await asyncio.sleep(_PAUSE)
        with suppress(Busy):
            remains &= await ask(service, look)
    return remains is not None and not remains


async def _put_aside(service: Service, error: DatabaseError) -> bool:
    if where(error) is None:
        return False
    try:
        return await asyncio.wrap_future(service.storer.put_aside(error))
    except StoreError:
        return False


@contextmanager
def _too_much() -> Iterator[None]:
    """Raises ApiError for a question that costs more than it may."""
    try:
        yield
    except DatabaseError as error:
        if error.code not in _TOO_MUCH:
            raise
        raise ApiError(503, _TOO_LARGE) from error


async def project_of(service: Service, wish: str | None) -> Project:
    """The project that is meant. Raises ApiError."""
    try:
        return await run_in_threadpool(service.projects.named, wish)
    except UnknownProject as error:
        raise ApiError(404 if wish else 400, str(error)) from error


def times(asked: TimesQuery) -> tuple[datetime, datetime]:
    """From when to when, in UTC, within what the store can be asked about. Raises ApiError."""
    try:
        zone = ZoneInfo(asked.tz)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ApiError(
            400, f"tz: {asked.tz[:_SHOWN]!r} is no time zone, as Europe/Berlin is"
        ) from None
    start = _moment("start", asked.start, zone) if asked.start is not None else EARLIEST
    end = _moment("end", asked.end, zone) if asked.end is not None else LATEST
    return start, end


def _moment(name: str, text: str, zone: ZoneInfo) -> datetime:
    iso = _LOST_PLUS.sub("+", text.strip())
    try:
        # Python 3.10 knows no Z.
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", iso))
    except ValueError:
        raise ApiError(
            400,
            f"{name}: {text[:_SHOWN]!r} is no time. Say 2026-03-02, 2026-03-02T13:00, or "
            "2026-03-02T13:00:00+01:00",
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return min(max(moment, EARLIEST), LATEST).astimezone(timezone.utc)
