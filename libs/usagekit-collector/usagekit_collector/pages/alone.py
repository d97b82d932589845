"""The first page as one file, which leads nowhere and asks nobody for anything. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from usagekit_collector.pages import overview
from usagekit_collector.pages.overview import Overview, Tile
from usagekit_collector.pages.panels import Panel
from usagekit_collector.pages.render import render, static
from usagekit_collector.pages.view import AUDIENCES, View


def html(view: View, found: Overview) -> str:
    """All of it, with its style."""
    return html_of(view, overview.tiles(found), overview.panels(view, found))


def html_of(view: View, tiles: Sequence[Tile], panels: Iterable[Panel]) -> str:
    """These tiles and panels, with their style."""
    return render(
        "alone",
        title=f"Usage of {view.project}" if view.project else "Usage",
        style=static("style.css").decode(),
        view=view,
        audience=AUDIENCES[view.wish.audience],
        tiles=tiles,
        panels=[_without_links(one) for one in panels],
    )


def _without_links(one: Panel) -> Panel:
    rows = [[msgspec.structs.replace(cell, link="") for cell in row] for row in one.rows]
    return msgspec.structs.replace(one, rows=rows, api="")
