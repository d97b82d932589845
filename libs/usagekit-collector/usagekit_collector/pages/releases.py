"""The pages of releases, each with its panels. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from usagekit_collector.pages import words
from usagekit_collector.pages.overview import over_days
from usagekit_collector.pages.panels import Cell, Column, Panel, share_cell, table_of
from usagekit_collector.pages.render import duration, rate, show
from usagekit_collector.pages.view import View
from usagekit_collector.queries.releases import LastVersion, Release, Verdict
from usagekit_collector.queries.usage import Point


def releases(view: View, found: Sequence[Release]) -> Panel:
    """All versions."""
    rows = [
        [
            Cell(one.version or "(no version)", _release(view, one.version)),
            Cell(words.release(one)),
            Cell(one.persons),
            Cell(one.count),
            share_cell(one.failures, one.count),
            Cell(one.last_seen),
        ]
        for one in found
    ]
    out = [one for one in found if one.released is not None]
    sentence = "No version has been run by a few persons yet."
    if out:
        who = words.number(out[0].persons, "person")
        said = f"{words.release(out[0])}, run by {who} in {view.span}"
        sentence = f"{out[0].version} is the last one: {said}."
    return Panel(
        id="releases",
        title="Releases",
        sentence=sentence,
        columns=[
            Column("Version"),
            Column("Release"),
            Column("Persons", "count"),
            Column("Runs", "count"),
            Column("Fails", "share"),
            Column("Last run", "time"),
        ],
        rows=rows,
        api=view.api("releases"),
    )


def verdict(view: View, version: str, found: Sequence[Verdict]) -> Panel:
    """A release beside the one before it."""
    rows = [
        [
            Cell("failure rate" if one.measure == "failure_rate" else "p95"),
            Cell(one.call),
            Cell(_measured(one, one.was)),
            Cell(_measured(one, one.now)),
            Cell(one.count_was),
            Cell(one.count_now),
        ]
        for one in found
    ]
    sentence = " ".join(words.verdict(one) for one in found)
    before = found[0].before if found else ""
    return Panel(
        id="verdict",
        title="Better or worse?",
        sentence=sentence or "There is no release before it.",
        columns=[
            Column("Measure"),
            Column("It is"),
            Column(f"In {before}"),
            Column(f"In {version}"),
            Column("Runs then", "count"),
            Column("Runs now", "count"),
        ],
        rows=rows,
        api=view.api("verdict", release=version, before=before),
    )


def adoption(view: View, version: str, days: Sequence[Point], releases: Sequence[Release]) -> Panel:
    """How fast a release is taken up, beside the versions that most persons have."""
    names = sorted({one.name for one in days}, key=lambda name: (name != version, name))
    series = {name or "(no version)": [one for one in days if one.name == name] for name in names}
    chart = over_days(view, "Persons by day", series, releases)
    columns, rows = table_of(chart, "Day")
    last = {name: sum(one.persons for one in points[-7:]) for name, points in series.items()}
    total = sum(last.values())
    sentence = f"Nobody ran it in {view.span}."
    if total:
        part = rate(last.get(version, 0), total)
        sentence = (
            f"In the last seven days, {part} of the persons of each day ran it, of those shown."
        )
    return Panel(
        id="adoption",
        title="Who has taken it up",
        sentence=sentence,
        chart=chart,
        columns=columns,
        rows=rows,
        api=view.api("series", by="version", name=names),
        is_open=False,
    )


def behind(view: View, found: Sequence[LastVersion], releases: Sequence[Release]) -> Panel:
    """Who stays behind: on which version persons are, by their last run."""
    order = [one.version for one in releases if one.released is not None]
    newest = order[0] if order else ""
    total = sum(one.persons for one in found)
    on_newest = sum(one.persons for one in found if one.version == newest)
    older = [one for one in found if one.version in order[1:]]
    sentence = "No version is out."
    if total and newest:
        sentence = f"{rate(on_newest, total)} of all persons are on {newest}, the newest."
    if older:
        oldest = max(older, key=lambda one: order.index(one.version))
        sentence += (
            f" {words.number(oldest.persons, 'person is', 'persons are')} still on the oldest that "
            f"is run, {oldest.version}."
        )
    rows = [
        [
            Cell(one.version or "(no version)", _release(view, one.version)),
            Cell(one.persons),
            share_cell(one.persons, total),
            Cell(one.in_ci + one.by_agents),
            Cell(order.index(one.version) if one.version in order else None),
            Cell(one.last_seen),
        ]
        for one in found
    ]
    return Panel(
        id="behind",
        title="Who stays behind",
        sentence=sentence,
        columns=[
            Column("Version of the last run"),
            Column("Persons", "count"),
            Column("Of all", "share"),
            Column("In CI or by agents", "count"),
            Column("Releases since", "count"),
            Column("Last seen", "time"),
        ],
        rows=rows,
        api=view.api("last_versions"),
    )


def _release(view: View, version: str) -> str:
    return f"/releases/{quote(version, safe='')}{view.state.query()}" if version else ""


def _measured(one: Verdict, value: float) -> str:
    return show(value, "share") if one.measure == "failure_rate" else duration(value)
