"""The first page, as lines of text for a terminal. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from textwrap import wrap

from usagekit_collector.pages import overview
from usagekit_collector.pages.overview import Overview
from usagekit_collector.pages.panels import Cell, Column, Panel
from usagekit_collector.pages.render import show
from usagekit_collector.pages.view import State, View
from usagekit_collector.queries.seen import Wish

_BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
_GAP, _THIN = 2, "\N{NARROW NO-BREAK SPACE}"


def text(view: View, found: Overview, width: int) -> Iterator[str]:
    """Its lines, none of them longer than that. Whatever strangers have sent moves no cursor."""
    for line in _lines(view, found, width):
        yield "".join(one if one.isprintable() or one == _THIN else "?" for one in line)[:width]


def _lines(view: View, found: Overview, width: int) -> Iterator[str]:
    for tile in overview.tiles(found):
        value = show(tile.cell.value, tile.kind)
        yield f"{tile.name:14} {value:>10}  {tile.before}".rstrip()
    for panel in overview.panels(view, found):
        yield ""
        yield panel.title.upper()
        yield from wrap(panel.sentence, width)
        if panel.chart is not None:
            (series,) = panel.chart.series
            first, last = panel.chart.labels[0], panel.chart.labels[-1]
            line = sparkline(series.values, width - len(first) - len(last) - 2)
            yield f"{first} {line} {last}"
        elif panel.rows:
            yield from _table(panel, width)


def sparkline(values: Sequence[float | None], width: int) -> str:
    """A line of bars, no more than so many: each stands for as many values as need be."""
    each = max(1, -(-len(values) // max(width, 1)))
    sums = [
        sum(value or 0 for value in values[nth : nth + each]) for nth in range(0, len(values), each)
    ]
    most = max(sums, default=0) or 1
    return "".join(_BARS[min(int(one / most * len(_BARS)), len(_BARS) - 1)] for one in sums)


def _table(panel: Panel, width: int) -> Iterator[str]:
    rows = [[column.name for column in panel.columns]]
    rows += [
        [_shown(cell, column) for cell, column in zip(row, panel.columns, strict=True)]
        for row in panel.rows
    ]
    widths = [max(len(row[nth]) for row in rows) for nth in range(len(panel.columns))]
    # What does not fit is the end of a name; where that is not enough, the last columns.
    over = sum(widths) + _GAP * (len(widths) - 1) - width
    widths[0] = max(min(widths[0], 12), widths[0] - max(over, 0))
    for row in rows:
        cells = [
            _fitted(one, size) if column.kind in ("text", "spark") else one.rjust(size)
            for one, size, column in zip(row, widths, panel.columns, strict=True)
        ]
        yield (" " * _GAP).join(cells).rstrip()


def _shown(cell: Cell, column: Column) -> str:
    if column.kind == "spark":
        return sparkline(cell.value, 20) if cell.value else ""
    if cell.value is None and cell.note:
        return cell.note
    return show(cell.value, column.kind)


def _fitted(text_: str, size: int) -> str:
    return (
        text_.ljust(size) if len(text_) <= size else text_[: size - 1] + "\N{HORIZONTAL ELLIPSIS}"
    )


def view_of(project: str, wish: Wish, days: int, now: datetime) -> View:
    """What the panels are told that they are on no page of."""
    return View(
        state=State(),
        project=project,
        projects=[project],
        wish=wish,
        span=f"these {days} days" if days > 1 else "this day",
        origin="",
        behind=0,
        now=now,
    )
