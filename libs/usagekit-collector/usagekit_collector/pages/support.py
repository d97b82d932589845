"""The page of what may go: who still uses what. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from usagekit_collector.pages import words
from usagekit_collector.pages.panels import Cell, Column, Panel
from usagekit_collector.pages.view import View
from usagekit_collector.queries.declared import Declared
from usagekit_collector.queries.usage import By, Use

TOLD_BY: dict[By, tuple[str, str]] = {
    "python": ("Python versions", "Python"),
    "os": ("Operating systems", "System"),
    "command": ("Commands", "Command"),
    "option": ("Options", "Option"),
}
_HOW = (
    'Once it has, by "usagekit-collector declare FILE" or by Usage(…, declare=True), what is never '
    "used stands here."
)
CAVEAT = "That few use something does not prove that nobody needs it."


def panel(view: View, by: By, month: Sequence[Use], quarter: Sequence[Use]) -> Panel:
    """Who has used what in 30 days, and in 90; the least used at the top.

    Args:
        view: of the 90 days.
        by: what it is about.
        month: of the last 30 days.
        quarter: of the last 90.
    """
    title, heading = TOLD_BY[by]
    known = {one.name: one.persons for one in month}
    rows = [
        _row(one, known.get(one.name, 0))
        for one in sorted(quarter, key=lambda use: (use.persons, use.name))
    ]
    gone = sum(1 for one in quarter if one.name not in known)
    sentence = "All of these were used in 30 days."
    if gone:
        unused = words.number(gone, "of these was", "of these were")
        sentence = f"{unused} not used in 30 days. {CAVEAT}"
    return Panel(
        id=f"by-{by}",
        title=title,
        sentence=sentence if quarter else "Nothing was used in 90 days.",
        columns=[
            Column(heading),
            Column("Persons in 30 days", "count"),
            Column("Persons in 90 days", "count"),
            Column("Of these in CI or by agents", "count"),
            Column("Trend"),
            Column("Last version"),
            Column("Last seen", "time"),
        ],
        rows=rows,
        api=view.api("breakdown", by=by, audience=""),
    )


def unused(view: View, found: Sequence[Declared], most: int) -> Panel:
    """What the program says that it has, that which nobody has ever used at the top.

    Args:
        view: whose project it is.
        found: all of it.
        most: how much of it is listed.
    """
    never = sum(one.last_seen is None for one in found)
    if not found:
        sentence = f"The program has not said what commands it has. {_HOW}"
    elif never:
        which = words.number(never, "was", "were")
        sentence = f"Of what {found[0].version} has, {which} never used. {CAVEAT}"
    else:
        sentence = f"All that {found[0].version} has was used."
    return Panel(
        id="declared",
        title="What the program has",
        sentence=sentence,
        columns=[
            Column("Name"),
            Column("Is"),
            Column("Used"),
            Column("Last seen", "time"),
            Column("Last version"),
        ],
        rows=[
            [
                Cell(one.name),
                Cell("a command" if one.kind == "command" else "an option"),
                Cell("never" if one.last_seen is None else "yes"),
                Cell(one.last_seen),
                Cell(one.last_version),
            ]
            for one in found[:most]
        ],
        api=f"/api/insights/declared?{urlencode({'project': view.project})}",
    )


def _row(one: Use, month: int) -> list[Cell]:
    """What is used, and by how many persons in the last 30 days."""
    return [
        Cell(one.name or "(unknown)"),
        Cell(month),
        Cell(one.persons),
        Cell(one.in_ci + one.by_agents),
        Cell(_trend(month, one.persons)),
        Cell(one.last_version),
        Cell(one.last_seen),
    ]


def _trend(month: int, quarter: int) -> str:
    """Whether who was there in 90 days was there in the last 30."""
    if not month:
        return "gone"
    return "most are still there" if month * 2 >= quarter else "most have left"
