"""What a page is asked to show: its address is all of that, so a link is a view. Pure; no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from usagekit_collector.queries.seen import Audience, Wish

Range = Literal["7", "30", "90", "365", "own"]
RANGES: dict[Range, str] = {
    "7": "7 days",
    "30": "30 days",
    "90": "90 days",
    "365": "a year",
    "own": "own dates",
}
AUDIENCES: dict[Audience, str] = {
    "people": "people",
    "ci": "CI",
    "agents": "agents",
    "all": "all",
}


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a page's address, but for what is as usual."""

    project: str = ""
    range: Range = "30"
    start: str = ""
    end: str = ""
    since: str = ""
    compare: Literal["previous", "nothing"] = "previous"
    tz: str = ""
    audience: Audience = "people"
    command: str = ""
    version: str = ""
    os: str = ""
    python: str = ""
    distinct_id: str = ""
    steps: str = ""

    def query(self, **other: Any) -> str:
        """The query of an address: of this state with something else in it."""
        said = {**msgspec.structs.asdict(self), **other}
        usual = {one.name: one.default for one in msgspec.structs.fields(State)}
        found = {name: value for name, value in said.items() if value != usual.get(name)}
        return f"?{urlencode(found)}" if found else ""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A state, and what it comes to.

    Attributes:
        project: its name; ``projects``: of all.
        wish: which events.
        span: the time that is asked for, in words.
        origin: where the collector is, for the lines to copy.
        behind: how many events have not been stored yet.
    """

    state: State
    project: str
    projects: list[str]
    wish: Wish
    span: str
    origin: str
    behind: int
    now: datetime

    def api(self, path: str, **more: Any) -> str:
        """The address of the API that gives what a panel shows."""
        wish = self.wish
        said: dict[str, Any] = {
            "project": self.project,
            "start": _iso(wish.start),
            "end": _iso(wish.end),
            "tz": "" if wish.tz == "UTC" else wish.tz,
            "audience": "" if wish.audience == "all" else wish.audience,
        }
        said |= {one: getattr(wish, one) for one in ("command", "version", "os", "python")}
        said |= more
        found = {key: value for key, value in said.items() if value not in ("", None)}
        return f"/api/insights/{path}?{urlencode(found, doseq=True)}"


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
