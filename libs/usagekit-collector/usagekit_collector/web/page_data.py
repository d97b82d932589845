"""What each page asks of the store, and what it is shown by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from usagekit_collector.ingest.capture import EARLIEST, LATEST
from usagekit_collector.pages import data, details, issue, journeys, overview, people, support
from usagekit_collector.pages import releases as release_pages
from usagekit_collector.pages.panels import Panel
from usagekit_collector.pages.view import View
from usagekit_collector.queries import (
    arrivals,
    changes,
    declared,
    error_groups,
    events,
    fields,
    insights,
    persons,
    releases,
    usage,
)
from usagekit_collector.queries.seen import Wish
from usagekit_collector.store import projects
from usagekit_collector.store.client import Client
from usagekit_collector.store.projects import Project
from usagekit_collector.store.sql import sql
from usagekit_collector.web.operations import ApiError
from usagekit_collector.web.page_state import FEW, midnight

Build = Callable[[Client, View, str], dict[str, Any]]
# So many rows of a table; so many lines of days.
_ROWS, _LINES = 100, 20
_GROUPS = 1_000
# Seconds from the first step of a journey to the last.
_WINDOW = 7 * 86_400
# Of so many of a person's IDs are events shown.
_MOST_IDS = 20
_TOLD_BY: tuple[usage.By, ...] = ("version", "os", "python", "audience")


def is_empty(client: Client, project: Project) -> bool:
    """Whether nothing has ever come."""
    asked = {"project": project.project}
    return not client.query(sql("store/count_events"), asked).result_rows[0][0]


def overview_page(client: Client, view: View, _: str) -> dict[str, Any]:
    """The first page."""
    found = overview_of(client, view.wish, compares=view.state.compare == "previous")
    return {"tiles": overview.tiles(found), "panels": overview.panels(view, found)}


def overview_of(client: Client, wish: Wish, *, compares: bool) -> overview.Overview:
    """What the first page is made of; with what was before, if it compares."""
    everybody = msgspec.structs.replace(wish, audience="all")
    commands = usage.breakdown(client, wish, "command", _LINES)
    names = [one.name for one in commands]
    if compares:
        now, before = usage.totals_of_both_times(client, wish)
    else:
        now, before = usage.totals(client, wish), None
    return overview.Overview(
        now=now,
        before=before,
        changes=changes.changes(client, wish, 5) if compares else [],
        days=usage.series(client, wish, "day", None, 1),
        releases=releases.releases(client, wish, FEW),
        commands=commands,
        command_days=usage.series(client, wish, "day", "command", _LINES, names),
        audiences=usage.breakdown(client, everybody, "audience", 3),
    )


def errors(client: Client, view: View, _: str) -> dict[str, Any]:
    """All errors."""
    return {"panels": [details.errors(view, error_groups.error_groups(client, view.wish, _ROWS))]}


def error(client: Client, view: View, name: str, issues_url: str) -> dict[str, Any]:
    """One error, with an issue about it for there. Raises ApiError for one that there is not."""
    found = error_groups.error_groups(client, view.wish, _GROUPS)
    one = next((one for one in found if one.id == name), None)
    if one is None:
        raise ApiError(404, f"no error of this ID was seen in {view.span}")
    wish = error_groups.only(client, view.wish, name) or view.wish
    panels = [
        details.error(
            view,
            one,
            usage.series(client, wish, "day", None, 1),
            releases.releases(client, view.wish, FEW),
        )
    ]
    panels.append(details.samples(view, error_groups.samples(client, wish, _LINES), name))
    panels += [_by(client, view, wish, by, error=name) for by in _TOLD_BY]
    about = issue.issue(view, one, issues_url)
    return {"title": about.title, "panels": panels, "issue": about}


def releases_page(client: Client, view: View, _: str) -> dict[str, Any]:
    """All releases."""
    found = releases.releases(client, view.wish, FEW)
    panels = [release_pages.releases(view, found)]
    if found:
        days = usage.series(client, view.wish, "day", "version", 4)
        panels.insert(0, release_pages.adoption(view, found[0].version, days, found))
    staying = releases.last_versions(client, view.wish, _ROWS)
    panels.append(release_pages.behind(view, staying, found))
    return {"panels": panels}


def release(client: Client, view: View, name: str) -> dict[str, Any]:
    """One release. Raises ApiError for one that there is not."""
    found = releases.releases(client, view.wish, FEW)
    one = next((one for one in found if one.version == name), None)
    if one is None:
        raise ApiError(404, "there is no such release")
    verdicts = releases.verdict(client, view.wish, name, one.before) if one.before else []
    names = list(dict.fromkeys([name, one.before or name, *(other.version for other in found)]))[:4]
    days = usage.series(client, view.wish, "day", "version", 4, names)
    groups = error_groups.error_groups(client, view.wish, _GROUPS)
    own = [one for one in groups if error_groups.is_changed_in(one, name)]
    wish = msgspec.structs.replace(view.wish, version=name)
    panels = [
        release_pages.verdict(view, name, verdicts),
        release_pages.adoption(view, name, days, found),
        details.errors(view, own, changed_in=name),
        _by(client, view, wish, "python", version=name),
        _by(client, view, wish, "os", version=name),
    ]
    return {"title": f"Release {name}", "panels": panels}


def commands(client: Client, view: View, _: str) -> dict[str, Any]:
    """All commands."""
    found = usage.breakdown(client, view.wish, "command", _ROWS)
    names = [one.name for one in found[:50]]
    days = usage.series(client, view.wish, "day", "command", 50, names)
    return {"panels": [overview.commands(view, found, days)]}


def command(client: Client, view: View, name: str) -> dict[str, Any]:
    """One command. Raises ApiError for one that nobody has run."""
    wish = msgspec.structs.replace(view.wish, command=name)
    days = usage.series(client, wish, "day", None, 1)
    if not days:
        raise ApiError(404, f"nobody has run this command in {view.span}")
    any_command = msgspec.structs.replace(view.wish, command="")
    panels = [
        details.command(view, name, days, releases.releases(client, view.wish, FEW)),
        details.histogram(view, name, usage.durations(client, wish)),
        _by(client, view, wish, "version", command=name),
        _by(client, view, wish, "option", command=name),
        details.neighbours(view, name, usage.neighbours(client, any_command, name, 10)),
    ]
    return {"title": name, "panels": panels}


def live(client: Client, view: View, _: str) -> dict[str, Any]:
    """The last events."""
    return {"panels": [people.live(view, _events(client, view, view.state.distinct_id))]}


def person(client: Client, view: View, name: str) -> dict[str, Any]:
    """One person. Raises ApiError for a stranger."""
    found = persons.find(client, view.wish.project, name)
    if found is None:
        raise ApiError(404, "nobody goes by this ID")
    did = [one for own in found.distinct_ids[:_MOST_IDS] for one in _events(client, view, own)]
    did = sorted(did, key=lambda one: one.timestamp, reverse=True)[:_ROWS]
    panels = [people.person(view, found), people.timeline(view, did, found.events)]
    deletion = {
        "ids": found.distinct_ids,
        "events": found.events,
        "action": people.person_link(view, name),
    }
    return {"title": name, "panels": panels, "deletion": deletion}


def journeys_page(client: Client, view: View, _: str) -> dict[str, Any]:
    """How far they get, whether they come again, who comes and who goes."""
    wish = view.wish
    steps = [one.strip() for one in view.state.steps.split(",") if one.strip()]
    if len(steps) == 1 or len(steps) > insights.MOST_STEPS:
        raise ApiError(400, f"a journey has 2 to {insights.MOST_STEPS} steps: login, deploy")
    every = msgspec.structs.replace(wish, command="")
    found = insights.funnel(client, every, steps, _WINDOW) if steps else []
    last = steps[-1] if steps else ""
    today = datetime.now(ZoneInfo(wish.tz)).date()
    panels = [
        journeys.funnel(view, found),
        journeys.first_success(view, insights.first_success(client, every, last), last),
        journeys.retention(view, insights.retention(client, wish, journeys.WEEKS + 1)),
        journeys.lifecycle(view, insights.lifecycle(client, wish, "week", today)),
    ]
    return {"panels": panels}


def data_page(client: Client, view: View, retention_days: int) -> dict[str, Any]:
    """What arrives, under which tokens, and where it is kept for so many days; 0 is for ever."""
    known = projects.named(projects.read(client)[0], view.project)
    stored = arrivals.stored(client, view.wish.project)
    every = msgspec.structs.replace(view.wish, audience="all")
    panels = [
        data.events(view, insights.events(client, every, _ROWS)),
        data.arrivals(view, arrivals.arrivals(client, every)),
        data.fields(view, fields.fields(client, every, _ROWS)),
        data.store(view, stored, retention_days),
        data.tokens(known.tokens),
    ]
    return {"panels": panels, "stored": stored}


def support_page(client: Client, view: View, _: str) -> dict[str, Any]:
    """What may go."""
    zone = ZoneInfo(view.wish.tz)
    end = datetime.now(zone).date() + timedelta(days=1)
    month, quarter = (
        msgspec.structs.replace(
            view.wish,
            start=midnight(end - timedelta(days=days), zone),
            end=midnight(end, zone),
            audience="all",
        )
        for days in (30, 90)
    )
    shown = msgspec.structs.replace(view, wish=quarter)
    panels = [
        support.panel(
            shown,
            by,
            usage.breakdown(client, month, by, _GROUPS),
            usage.breakdown(client, quarter, by, _GROUPS),
        )
        for by in support.TOLD_BY
    ]
    known = declared.declared(client, view.wish.project)
    return {"panels": [*panels, support.unused(shown, known, _ROWS)]}


def _by(client: Client, view: View, wish: Wish, by: usage.By, **more: str) -> Panel:
    return details.breakdown(view, by, usage.breakdown(client, wish, by, _LINES), **more)


def _events(client: Client, view: View, distinct_id: str) -> list[events.Event]:
    asked = events.Wish(
        project=view.wish.project,
        start=EARLIEST,
        end=LATEST,
        event="",
        command="",
        distinct_id=distinct_id,
        before=2**63 - 1,
        limit=_ROWS,
    )
    return events.page(client, asked).events
