"""A panel: its answer in a sentence, drawn, and listed; all of the same data. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from usagekit_collector.pages.charts import Chart

# Of fewer than these there is no percentage.
FEW = 20
Kind = Literal["text", "count", "share", "ms", "time", "day", "spark", "code"]


class Column(msgspec.Struct, frozen=True):
    """A column of a table: its heading, and what is in it."""

    name: str
    kind: Kind = "text"


class Cell(msgspec.Struct, frozen=True):
    """What is in a table.

    Attributes:
        value: of its column's kind; None for nothing.
        link: where it leads to; empty for nowhere.
        note: in words, what is to be known of it.
    """

    value: Any
    link: str = ""
    note: str = ""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a page.

    Attributes:
        id: by which it is linked to.
        title: its heading; ``sentence``: its answer.
        chart: that, drawn; None for nothing to draw.
        columns, rows: that, listed.
        api: the path and the query of the API that gives the same; empty for none.
        is_open: whether the list is shown at once; ``is_csv``: whether the API has it as CSV.
    """

    id: str
    title: str
    sentence: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    chart: Chart | None = None
    api: str = ""
    is_open: bool = True
    is_csv: bool = True


def share_cell(count: int, total: int) -> Cell:
    """A share, and of what; of few, no percentage."""
    return Cell(count / total if total >= FEW else None, note=f"{count} of {total}")


def table_of(chart: Chart, heading: str) -> tuple[list[Column], list[list[Cell]]]:
    """What a chart shows, listed."""
    columns = [Column(heading), *(Column(one.name, chart.unit) for one in chart.series)]
    rows = [
        [Cell(label), *(Cell(one.values[nth]) for one in chart.series)]
        for nth, label in enumerate(chart.labels)
    ]
    return columns, rows
