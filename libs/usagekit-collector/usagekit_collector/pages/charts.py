"""A chart: what it shows, and where on the paper that is. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Literal

import msgspec

Unit = Literal["count", "share", "ms"]
# In the units of an SVG's viewBox; it is as wide as its place.
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 220, 56, 12, 26, 26
_SPARK_WIDTH, _SPARK_HEIGHT = 120, 24
# Between two labels of the x axis; lines across.
_APART, _LINES = 90, 4


class Series(msgspec.Struct, frozen=True):
    """Values, one for each label; None where there is none."""

    name: str
    values: Sequence[float | None]


class Mark(msgspec.Struct, frozen=True):
    """Something that happened at one of the labels."""

    at: int
    text: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Data first.

    Attributes:
        title: what it shows.
        labels: of the x axis, in order.
        series: the first four are told apart by their dashes too.
        marks: what happened when.
        unit: of the values.
        kind: lines over time; columns side by side; or one upon the other, what is negative below.
    """

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    marks: Sequence[Mark] = ()
    unit: Unit = "count"
    kind: Literal["lines", "columns", "stacked"] = "lines"


class Tick(msgspec.Struct, frozen=True):
    """A label of an axis, and where it is."""

    at: float
    text: str = ""
    value: float = 0.0


class Column(msgspec.Struct, frozen=True):
    """One column of a chart, of the series of that number."""

    nth: int
    x: float
    y: float
    width: float
    height: float


class Path(msgspec.Struct, frozen=True):
    """A line, by the d of an SVG's path; ``dots`` are values with none beside them."""

    name: str
    d: str
    dots: list[tuple[float, float]]


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything of a chart is."""

    width: int
    height: int
    left: float
    right: float
    top: float
    bottom: float
    paths: list[Path]
    columns: list[Column]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    marks: list[Tick]


def plot(chart: Chart) -> Plot:
    """Where everything of it is."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    least, most = _range(chart)
    steps = _steps(least, most, is_whole=chart.unit == "count")
    low, high = steps[0], steps[-1]

    def y_of(value: float) -> float:
        return round(bottom - (bottom - _TOP) * (value - low) / (high - low), 1)

    count = len(chart.labels)
    width = (right - _LEFT) / max(count, 1)
    if chart.kind != "lines":
        xs = [_LEFT + width * (nth + 0.5) for nth in range(count)]
    else:
        apart = (right - _LEFT) / max(count - 1, 1)
        xs = [_LEFT + apart * nth for nth in range(count)]
    every = max(1, ceil(count * _APART / (right - _LEFT)))
    return Plot(
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        right=right,
        top=_TOP,
        bottom=bottom,
        paths=[_path(one, xs, y_of) for one in chart.series] if chart.kind == "lines" else [],
        columns=[] if chart.kind == "lines" else _columns(chart, xs, width, y_of),
        x_ticks=[Tick(round(xs[nth], 1), chart.labels[nth]) for nth in range(0, count, every)],
        y_ticks=[Tick(y_of(step), value=step) for step in steps],
        marks=[Tick(round(xs[one.at], 1), one.text) for one in _apart(chart.marks, xs)],
    )


def spark(values: Sequence[float | None]) -> str:
    """The d of a path of a sparkline, 120 wide and 24 high."""
    most = max((value for value in values if value is not None), default=0.0) or 1.0
    apart = _SPARK_WIDTH / max(len(values) - 1, 1)
    xs = [apart * nth for nth in range(len(values))]
    found = _path(
        Series("", values), xs, lambda value: round((_SPARK_HEIGHT - 2) * (1 - value / most) + 1, 1)
    )
    return found.d


def _range(chart: Chart) -> tuple[float, float]:
    """From the least to the most that is drawn, 0 included."""
    if chart.kind == "stacked":
        stacks = list(zip(*(one.values for one in chart.series), strict=True))
        ups = [sum(value for value in stack if value and value > 0) for stack in stacks]
        downs = [sum(value for value in stack if value and value < 0) for stack in stacks]
        return min(downs, default=0.0), max(ups, default=0.0)
    values = [value for one in chart.series for value in one.values if value is not None]
    return min(values, default=0.0), max(values, default=0.0)


def _columns(
    chart: Chart, xs: Sequence[float], width: float, y_of: Callable[[float], float]
) -> list[Column]:
    """All of them; each begins where the one before it in its stack ends."""
    found = []
    for at, x in enumerate(xs):
        ends = {True: 0.0, False: 0.0}
        for nth, series in enumerate(chart.series, 1):
            value = series.values[at]
            if not value:
                continue
            begin = ends[value > 0] if chart.kind == "stacked" else 0.0
            ends[value > 0] = begin + value
            top, bottom = sorted((y_of(begin), y_of(begin + value)))
            left, size = round(x - width * 0.4, 1), round(width * 0.8, 1)
            found.append(Column(nth, left, top, size, round(bottom - top, 1)))
    return found


def _path(series: Series, xs: Sequence[float], y_of: Callable[[float], float]) -> Path:
    pieces: list[str] = []
    dots = []
    values = series.values
    for nth, (x, value) in enumerate(zip(xs, values, strict=True)):
        if value is None:
            continue
        before = values[nth - 1] if nth else None
        after = values[nth + 1] if nth + 1 < len(values) else None
        y = y_of(value)
        pieces.append(f"{'M' if before is None else 'L'}{x:.1f} {y}")
        if before is None and after is None:
            dots.append((round(x, 1), y))
    return Path(series.name, "".join(pieces), dots)


def _steps(least: float, most: float, *, is_whole: bool) -> list[float]:
    """The lines across: from no more than the least to no less than the most, 0 among them, a few
    of them, at round values."""
    if most <= least:
        return [0.0, 1.0]
    rough = (most - least) / _LINES
    power = 10.0 ** floor(log10(rough))
    step = next(power * one for one in (1, 2, 2.5, 5, 10) if power * one >= rough * 0.9999)
    if is_whole:
        step = max(1.0, float(ceil(step)))
    first, last = floor(least / step + 1e-9), ceil(most / step - 1e-9)
    return [round(step * nth, 10) for nth in range(first, last + 1)]


def _apart(marks: Sequence[Mark], xs: Sequence[float]) -> list[Mark]:
    """Those for whose text there is room, the last ones first."""
    found: list[Mark] = []
    for one in sorted(marks, key=lambda mark: -mark.at):
        if not found or xs[found[-1].at] - xs[one.at] > 7 * len(one.text) + 8:
            found.append(one)
    return found[::-1]
