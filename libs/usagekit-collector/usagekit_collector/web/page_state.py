"""What the address of a page asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from usagekit_collector.pages.view import State
from usagekit_collector.queries import releases
from usagekit_collector.queries.seen import Wish
from usagekit_collector.store.client import Client
from usagekit_collector.store.projects import Project
from usagekit_collector.web.operations import ApiError

# A version is out once so many persons have run it.
FEW = 3
# The days that can be asked for, and how many at once.
_FIRST, _LAST, _LONGEST = date(1971, 1, 1), date(2200, 1, 1), timedelta(days=3_660)


def state_of(query: Mapping[str, str]) -> State:
    """What an address says. Raises ValueError for what cannot be."""
    try:
        state: State = msgspec.convert(dict(query), State, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error
    for text in (state.start, state.end):
        if text and not _FIRST <= date.fromisoformat(text) <= _LAST:
            raise ValueError(f"{text} is no day from {_FIRST} to {_LAST}")
    return state


def zone_of(said: str, remembered: str) -> ZoneInfo:
    """The time zone that is asked for; else the browser's. Raises ApiError."""
    try:
        return ZoneInfo(said or remembered or "UTC")
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        if said:
            raise ApiError(400, f"{said[:100]!r} is no time zone, as Europe/Berlin is") from error
        return ZoneInfo("UTC")


def wish_of(client: Client, project: Project, state: State, zone: ZoneInfo) -> Wish:
    """The events that a page is about: whole days, until the end of today."""
    today = datetime.now(zone).date()
    end = date.fromisoformat(state.end) if _is_own(state) and state.end else today
    days = 30 if state.range == "own" else int(state.range)
    start = end - timedelta(days=days - 1)
    if _is_own(state) and state.start:
        start = date.fromisoformat(state.start)
    names = ("audience", "command", "version", "os", "python")
    made = Wish(
        project=project.project,
        start=midnight(min(start, end), zone),
        end=midnight(end + timedelta(days=1), zone),
        tz=zone.key,
        **{name: getattr(state, name) for name in names},
    )
    if not state.since:
        return _checked(made)
    found = releases.releases(client, msgspec.structs.replace(made, version=""), FEW)
    first = next((one.first_seen for one in found if one.version == state.since), None)
    if first is None:
        raise ApiError(404, f"no version {state.since[:100]!r} has been run")
    start = midnight(first.astimezone(zone).date(), zone)
    return _checked(msgspec.structs.replace(made, start=min(start, made.end)))


def _checked(wish: Wish) -> Wish:
    """Raises ApiError for more days than a page can list."""
    if wish.end - wish.start > _LONGEST:
        raise ApiError(400, f"a page shows {_LONGEST.days} days at most: say start and end")
    return wish


def span_of(state: State, wish: Wish) -> str:
    """The time that is asked for, in words."""
    if state.since:
        return f"the time since {state.since}"
    if not _is_own(state):
        return f"the last {state.range} days"
    zone = ZoneInfo(wish.tz)
    last = (wish.end - timedelta(microseconds=1)).astimezone(zone).date()
    return f"{wish.start.astimezone(zone).date()} to {last}"


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(day, time(), zone).astimezone(timezone.utc)


def _is_own(state: State) -> bool:
    return state.range == "own" or bool(state.start or state.end)
