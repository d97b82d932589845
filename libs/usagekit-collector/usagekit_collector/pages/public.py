"""The first page for everybody: what only a few have done has no line of its own. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeVar

import msgspec

from usagekit_collector.pages import overview
from usagekit_collector.pages.overview import Overview
from usagekit_collector.pages.panels import Cell, Panel
from usagekit_collector.pages.view import View
from usagekit_collector.queries.changes import Change
from usagekit_collector.queries.releases import Release
from usagekit_collector.queries.seen import Audience
from usagekit_collector.queries.usage import Point, Totals, Use

Name = Literal["changes", "activity", "commands", "audiences"]
NAMES: tuple[Name, ...] = ("changes", "activity", "commands", "audiences")
_T = TypeVar("_T", Use, Change, Release)


class Line(msgspec.Struct, frozen=True):
    """How what goes by one name is used: nothing that is one person's, as when the last run was.

    Attributes:
        p50, p95: of durations, in milliseconds.
    """

    name: str
    count: int
    persons: int
    failures: int
    p50: float | None
    p95: float | None


class Out(msgspec.Struct, frozen=True):
    """A release, and the day on which it was out."""

    version: str
    released: date
    persons: int


class Public(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What everybody may know; what was not chosen is not in it.

    Attributes:
        fewest: what fewer persons than these have done is not said.
        other_commands, other_audiences: how many runs are not of those that are told of.
    """

    project: str
    start: datetime
    end: datetime
    audience: Audience
    fewest: int
    totals: Totals
    changes: list[Change] | None = None
    days: list[Point] | None = None
    releases: list[Out] | None = None
    commands: list[Line] | None = None
    other_commands: int = 0
    audiences: list[Line] | None = None
    other_audiences: int = 0


def public(view: View, found: Overview, chosen: Sequence[Name], fewest: int) -> Public:
    """What of it may be known. Raises ValueError where all of it is of fewer persons."""
    if found.now.persons < fewest:
        raise ValueError(f"all of it was done by fewer than {fewest} persons")
    commands, other_commands = folded(found.commands, found.now.count, fewest)
    names = {one.name for one in commands}
    total = sum(one.count for one in found.audiences)
    audiences, other_audiences = folded(found.audiences, total, fewest)
    parts: dict[Name, dict[str, Any]] = {
        # A command that only a few run by now is not named; one that nobody runs any more is.
        "changes": {
            "changes": [
                one
                for one in _known(found.changes, fewest)
                if one.command in names or one.kind == "vanished"
            ]
        },
        "activity": {
            "days": found.days,
            "releases": [
                Out(one.version, one.released.date(), one.persons)
                for one in _known(found.releases, fewest)
                if one.released is not None
            ],
        },
        "commands": {"commands": _lines(commands), "other_commands": other_commands},
        "audiences": {"audiences": _lines(audiences), "other_audiences": other_audiences},
    }
    return Public(
        project=view.project,
        start=view.wish.start,
        end=view.wish.end,
        audience=view.wish.audience,
        fewest=fewest,
        totals=found.now,
        **{field: value for name in chosen for field, value in parts[name].items()},
    )


def panels(view: View, made: Public, found: Overview) -> list[Panel]:
    """Its panels: of what was found, what may be known."""
    some = []
    if made.changes is not None:
        some.append(overview.changes(view, made.changes))
    if made.days is not None and made.releases is not None:
        versions = {one.version for one in made.releases}
        releases = [one for one in found.releases if one.version in versions]
        some.append(overview.activity(view, made.totals, made.days, releases))
    if made.commands is not None:
        uses = _those(found.commands, made.commands)
        days = [one for one in found.command_days if one.name in {use.name for use in uses}]
        some.append(_with_other(overview.commands(view, uses, days), made.other_commands))
    if made.audiences is not None:
        uses = _those(found.audiences, made.audiences)
        panel = overview.audiences(view, uses, made.other_audiences)
        some.append(_with_other(panel, made.other_audiences))
    return some


def _lines(uses: Iterable[Use]) -> list[Line]:
    return [msgspec.convert(one, Line, from_attributes=True) for one in uses]


def _those(uses: Iterable[Use], lines: Iterable[Line]) -> list[Use]:
    names = {one.name for one in lines}
    return [one for one in uses if one.name in names]


def _known(some: Iterable[_T], fewest: int) -> list[_T]:
    return [one for one in some if one.persons >= fewest]


def folded(uses: list[Use], total: int, fewest: int) -> tuple[list[Use], int]:
    """Those of enough persons, and how many of all runs are of the others. The others are enough
    persons together, or what is left over would tell of a few."""
    kept = sorted(_known(uses, fewest), key=lambda one: -one.persons)
    persons = sum(one.persons for one in uses if one.persons < fewest)
    other = total - sum(one.count for one in kept)
    while other and kept and persons < fewest:
        persons += kept[-1].persons
        other += kept.pop().count
    return kept, other


def _with_other(panel: Panel, other: int) -> Panel:
    """With one more row, if there are others."""
    if not other:
        return panel
    runs = [one.name for one in panel.columns].index("Runs")
    row = [Cell("other"), *(Cell(None) for _ in panel.columns[1:])]
    row[runs] = Cell(other)
    sentence = panel.sentence if panel.rows else "None is of enough persons to be told of."
    return msgspec.structs.replace(panel, rows=[*panel.rows, row], sentence=sentence)
