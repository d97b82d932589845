"""Pages out of their templates; what numbers and times look like. Pure, but for its own files."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from importlib.resources import files
from math import log10
from typing import Any

import jinja2

from usagekit_collector.pages.charts import plot, spark
from usagekit_collector.pages.panels import FEW

_FOLDER = files("usagekit_collector") / "pages"
# Files of pages, and what they are.
STATIC = {"style.css": "text/css", "page.js": "text/javascript"}


def render(name: str, **values: Any) -> str:
    """A page of this template."""
    return _environment().get_template(f"{name}.html").render(**values)


@cache
def static(name: str) -> bytes:
    """One of the files that pages ask for."""
    return (_FOLDER / "static" / name).read_bytes()


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FunctionLoader(
        lambda name: (_FOLDER / "templates" / name).read_text(encoding="utf-8")
    )
    made = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"as": show, "plot": plot, "spark": spark}
    return made


def show(value: Any, kind: str) -> str:
    """A value as it is read."""
    if value is None:
        return "\N{EN DASH}"
    if kind == "count":
        return f"{value:,.0f}".replace(",", "\u202f")
    if kind == "share":
        return f"{100 * value:.1f} %"
    if kind == "ms":
        return duration(value)
    if kind == "bytes":
        return _bytes(value)
    if kind == "day":
        return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)
    if kind == "time":
        return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
    return str(value)


def duration(ms: float) -> str:
    """Milliseconds, in the unit that is read best."""
    if ms < 1000:
        return f"{ms:.0f} ms" if ms >= 10 else f"{ms:.1f} ms"
    seconds = ms / 1000
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"


def _bytes(count: float) -> str:
    """In the unit that is read best."""
    units = ("B", "kB", "MB", "GB", "TB")
    nth = min(int(log10(max(count, 1)) // 3), len(units) - 1)
    value = count / 1000**nth
    return f"{value:.0f} {units[nth]}" if value >= 100 or not nth else f"{value:.1f} {units[nth]}"


def rate(count: int, total: int) -> str:
    """A share in words; of few, no percentage."""
    if not total:
        return "none"
    if total < FEW:
        return f"{count} of {total}"
    return f"{100 * count / total:.1f} %"
