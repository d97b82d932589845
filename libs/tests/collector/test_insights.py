"""Insights through HTTP: each on data whose answer can be seen by eye."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from usagekit_collector.ingest.capture import LATEST
from usagekit_collector.web.questions import TimesQuery, times

from tests.support.collector import Collector, Project, event

MONDAY = "2026-03-02"
INSIGHTS = ("commands", "failures", "versions", "active", "funnel", "retention", "lifecycle")
FUNNEL = {"step": ["a", "b"]}
ODD_TEXTS = [
    "'; DROP TABLE events; --",
    "' OR 1 = 1 --",
    "\\' OR 1 = 1 --",
    "\\",
    "\\N",
    "{command:String}",
    "{project:UInt32}",
    "%(command)s",
    "a\tb\nc\0d",
    "[]",
    "', 'b']",
    "`\"''",
    "<script>alert(1)</script>",
    "naïve 🦆",
]


def run(distinct_id: str, when: str, command: str = "a", **more: Any) -> dict[str, Any]:
    """A command that succeeded: one of nobody's known, as the SDK of an unknown user sends it."""
    fields = {"command_name": command, "$process_person_profile": False, **more}
    return event(distinct_id, timestamp=when, **fields)


def failed(distinct_id: str, when: str, command: str = "a", **more: Any) -> dict[str, Any]:
    return run(distinct_id, when, command, **more) | {"event": "CLI execution failed"}


def alias(principal: str, anon: str) -> dict[str, Any]:
    return event(principal, "$create_alias", timestamp=f"{MONDAY}T00:00:00Z", alias=anon)


def send(project: Project, *events: dict[str, Any]) -> None:
    answer = project.send(*events)
    assert answer.status == 200, answer


def ask(project: Project, name: str, **query: Any) -> Any:
    return project.get(f"/api/insights/{name}", **query)


def shape(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Some fields of each row."""
    return [tuple(row[name] for name in names) for row in rows]


def test_a_project_without_events_has_empty_insights(collector: Collector) -> None:
    made = collector.request("POST", "/api/tokens", b'{"name": "nobody has been here"}')
    project = collector.project(made.json["tokens"][0])
    for name in set(INSIGHTS) - {"funnel"}:
        assert ask(project, name) == []
    nobody = {"persons": 0, "from_first": None, "from_previous": None}
    steps = [{"command": "a", **nobody}, {"command": "b", **nobody}]
    assert ask(project, "funnel", **FUNNEL) == steps


def test_a_project_that_there_is_not_is_404(embedded: Collector) -> None:
    for name in INSIGHTS:
        query = FUNNEL if name == "funnel" else {}
        answer = embedded.get(f"/api/insights/{name}", project="phc_made_up_stranger", **query)
        assert answer.status == 404
        assert "no project" in answer.json["error"]


def test_commands_are_counted_with_their_persons_failures_and_percentiles(project: Project) -> None:
    send(
        project,
        run("ann", f"{MONDAY}T10:00:00Z", "a", duration=10),
        run("ann", f"{MONDAY}T10:00:01Z", "a", duration=20),
        failed("bob", f"{MONDAY}T10:00:02Z", "a", duration=30),
        failed("bob", f"{MONDAY}T10:00:02Z", "a"),
        run("bob", f"{MONDAY}T10:00:03Z", "b"),
    )
    a = {"command": "a", "count": 4, "persons": 2, "failures": 2, "failure_rate": 0.5}
    b = {"command": "b", "count": 1, "persons": 1, "failures": 0, "failure_rate": 0.0}
    expected = [a | {"p50": 20.0, "p95": 29.0}, b | {"p50": None, "p95": None}]
    assert ask(project, "commands") == expected
    assert ask(project, "commands", limit=1) == expected[:1]


def test_failures_are_counted_by_kind_type_command_and_version(project: Project) -> None:
    key = {"failure_kind": "exception", "error_type": "KeyError"}
    usage = {"failure_kind": "usage_error", "error_type": ""}
    send(
        project,
        failed("ann", f"{MONDAY}T10:00:00Z", "a", cli_version="1.0", **key),
        failed("ann", f"{MONDAY}T10:00:01Z", "a", cli_version="1.0", **key),
        failed("bob", f"{MONDAY}T10:00:02Z", "a", cli_version="1.0", **key),
        failed("bob", f"{MONDAY}T10:00:02Z", "a", cli_version="2.0", **key),
        failed("bob", f"{MONDAY}T10:00:03Z", "b", cli_version="2.0", failure_kind="usage_error"),
        run("bob", f"{MONDAY}T10:00:03Z", "b", cli_version="2.0"),
    )
    assert ask(project, "failures") == [
        {**key, "command": "a", "version": "1.0", "count": 3, "persons": 2},
        {**key, "command": "a", "version": "2.0", "count": 1, "persons": 1},
        {**usage, "command": "b", "version": "2.0", "count": 1, "persons": 1},
    ]


def test_versions_say_from_when_to_when_they_were_seen(project: Project) -> None:
    send(
        project,
        run("ann", "2026-03-02T10:00:00.000001Z", cli_version="1.0"),
        failed("ann", "2026-03-04T10:00:00Z", cli_version="1.0"),
        run("bob", "2026-03-03T10:00:00Z", cli_version="2.0"),
    )
    assert ask(project, "versions") == [
        {
            "version": "2.0",
            "count": 1,
            "persons": 1,
            "failure_rate": 0.0,
            "first_seen": "2026-03-03T10:00:00Z",
            "last_seen": "2026-03-03T10:00:00Z",
        },
        {
            "version": "1.0",
            "count": 2,
            "persons": 1,
            "failure_rate": 0.5,
            "first_seen": "2026-03-02T10:00:00.000001Z",
            "last_seen": "2026-03-04T10:00:00Z",
        },
    ]


def test_active_has_every_period_of_utc_and_weeks_begin_on_monday(project: Project) -> None:
    send(
        project,
        run("ann", "2026-03-01T23:59:59.999999Z"),
        run("ann", "2026-03-02T00:00:00Z"),
        run("bob", "2026-03-01T23:30:00-01:00"),
        run("bob", "2026-03-04T10:00:00Z"),
    )
    days = [("2026-03-01", 1), ("2026-03-02", 2), ("2026-03-03", 0), ("2026-03-04", 1)]
    for interval, expected in {
        "day": days,
        "week": [("2026-02-23", 1), ("2026-03-02", 2)],
        "month": [("2026-03-01", 2)],
    }.items():
        found = ask(project, "active", interval=interval)
        assert shape(found, "start", "persons") == expected
        assert shape(found, "anonymous", "identified") == [(count, 0) for _, count in expected]


def test_an_alias_after_the_fact_makes_one_person_of_two_in_every_insight(
    project: Project,
) -> None:
    failure = {"failure_kind": "exit", "cli_version": "1.0"}
    send(
        project,
        run("anon-1", "2026-03-02T10:00:00Z", "a", cli_version="1.0"),
        failed("user-1", "2026-03-02T10:00:01Z", "b", **failure),
        failed("anon-1", "2026-03-10T10:00:01Z", "b", **failure),
        run("stranger", "2026-03-10T10:00:00Z", "c"),
    )

    def told() -> dict[str, Any]:
        return {
            "commands": shape(ask(project, "commands"), "command", "persons"),
            "failures": shape(ask(project, "failures"), "command", "persons"),
            "versions": shape(ask(project, "versions", command="b"), "version", "persons"),
            "active": shape(ask(project, "active", interval="week"), "anonymous", "identified"),
            "funnel": shape(ask(project, "funnel", step=["a", "b"], window=60), "persons"),
            "retention": shape(ask(project, "retention"), "persons", "weeks"),
            "lifecycle": shape(ask(project, "lifecycle", interval="month"), "new"),
        }

    assert told() == {
        "commands": [("b", 2), ("a", 1), ("c", 1)],
        "failures": [("b", 2)],
        "versions": [("1.0", 2)],
        "active": [(2, 0), (2, 0)],
        "funnel": [(1,), (0,)],
        "retention": [(2, [2, 1]), (1, [1])],
        "lifecycle": [(3,), (0,)],
    }
    send(project, alias("user-1", "anon-1"))
    assert told() == {
        "commands": [("b", 1), ("a", 1), ("c", 1)],
        "failures": [("b", 1)],
        "versions": [("1.0", 1)],
        "active": [(0, 1), (1, 1)],
        "funnel": [(1,), (1,)],
        "retention": [(1, [1, 1]), (1, [1])],
        "lifecycle": [(2,), (0,)],
    }


def test_who_has_a_profile_but_has_never_said_who_they_are_is_anonymous(project: Project) -> None:
    send(
        project,
        event("ann", timestamp=f"{MONDAY}T10:00:00Z", **{"$set": {"colour": "red"}}),
        event("user-1", timestamp=f"{MONDAY}T10:00:00Z"),
        alias("user-1", "anon-1"),
    )
    assert shape(ask(project, "active"), "anonymous", "identified") == [(1, 1)]


def test_who_was_deleted_is_in_no_insight(project: Project) -> None:
    send(
        project,
        run("anon-1", f"{MONDAY}T10:00:00Z"),
        run("bob", f"{MONDAY}T10:00:00Z"),
        alias("user-1", "anon-1"),
    )
    path = f"/api/persons/user-1?project={project.token}"
    assert project.collector.request("DELETE", path).status == 200
    assert shape(ask(project, "commands"), "count", "persons") == [(1, 1)]
    assert shape(ask(project, "active"), "anonymous", "identified") == [(1, 0)]
    assert shape(ask(project, "retention"), "persons", "weeks") == [(1, [1])]


def funnel(project: Project, *steps: str, **more: Any) -> list[int]:
    return [row["persons"] for row in ask(project, "funnel", step=list(steps), **more)]


def test_the_order_of_a_funnels_steps_is_exact_to_the_microsecond(project: Project) -> None:
    send(
        project,
        run("in order", f"{MONDAY}T10:00:00.000001Z", "a"),
        run("in order", f"{MONDAY}T10:00:00.000002Z", "b"),
        run("the other way", f"{MONDAY}T10:00:00.000002Z", "a"),
        run("the other way", f"{MONDAY}T10:00:00.000001Z", "b"),
        run("at once", f"{MONDAY}T10:00:00.000001Z", "a"),
        run("at once", f"{MONDAY}T10:00:00.000001Z", "b"),
    )
    assert funnel(project, "a", "b") == [3, 1]
    assert funnel(project, "b", "a") == [3, 1]
    assert funnel(project, "a", "b", end=f"{MONDAY}T10:00:00.000002Z") == [2, 0]


def test_a_step_that_occurs_twice_takes_two_events(project: Project) -> None:
    send(
        project,
        run("once", f"{MONDAY}T10:00:00Z", "a"),
        run("once", f"{MONDAY}T10:00:01Z", "b"),
        run("twice", f"{MONDAY}T10:00:00.000001Z", "a"),
        run("twice", f"{MONDAY}T10:00:00.000002Z", "a"),
        run("twice", f"{MONDAY}T10:00:00.000003Z", "b"),
    )
    assert funnel(project, "a", "a") == [2, 1]
    assert funnel(project, "a", "a", "b") == [2, 1, 1]
    assert funnel(project, "a", "a", "a") == [2, 1, 0]


def test_the_window_begins_with_a_first_step_that_leads_furthest(project: Project) -> None:
    send(
        project,
        run("ann", f"{MONDAY}T10:00:00Z", "a"),
        run("ann", f"{MONDAY}T10:00:05Z", "a"),
        run("ann", f"{MONDAY}T10:00:06Z", "b"),
        run("ann", f"{MONDAY}T10:00:15Z", "c"),
        run("bob", f"{MONDAY}T10:00:00Z", "a"),
        run("bob", f"{MONDAY}T10:00:10.000001Z", "b"),
    )
    steps = {"step": ["a", "b", "c"]}
    assert funnel(project, "a", "b", "c", window=10) == [2, 1, 1]
    assert funnel(project, "a", "b", "c", window=9) == [2, 1, 0]
    found = ask(project, "funnel", **steps)
    assert shape(found, "command", "from_first", "from_previous") == [
        ("a", 1.0, 1.0),
        ("b", 1.0, 1.0),
        ("c", 0.5, 0.5),
    ]


def test_a_cohort_is_of_those_whose_first_event_ever_is_in_its_week(project: Project) -> None:
    send(
        project,
        run("ann", "2026-03-02T00:00:00Z", "a"),
        run("ann", "2026-03-16T10:00:00Z", "b"),
        run("bob", "2026-03-08T23:59:59.999999Z", "a"),
        run("cid", "2026-03-09T00:00:00Z", "b"),
        run("cid", "2026-03-16T10:00:00Z", "b"),
    )
    both = [("2026-03-02", 2, [2, 0, 1]), ("2026-03-09", 1, [1, 1])]
    fields = ("week", "persons", "weeks")
    assert shape(ask(project, "retention"), *fields) == both
    assert shape(ask(project, "retention", weeks=2), *fields) == [
        ("2026-03-02", 2, [2, 0]),
        both[1],
    ]
    # A filter says what counts as being there; those who were new are the same.
    only_b = [("2026-03-02", 2, [0, 0, 1]), both[1]]
    assert shape(ask(project, "retention", command="b"), *fields) == only_b
    # Weeks are whole ones, and nobody becomes new by being seen in them.
    in_second = {"start": "2026-03-12T00:00:00Z", "end": "2026-03-12T00:00:01Z"}
    assert shape(ask(project, "retention", **in_second), *fields) == [("2026-03-09", 1, [1])]
    assert ask(project, "retention", start="2026-03-16T00:00:00Z") == []


def test_a_lifecycle_tells_who_came_and_who_went(project: Project) -> None:
    send(
        project,
        run("ann", "2026-03-02T10:00:00Z"),
        run("ann", "2026-03-03T10:00:00Z"),
        run("ann", "2026-03-06T10:00:00Z", "b"),
        run("bob", "2026-03-03T10:00:00Z"),
    )
    fields = ("start", "new", "returning", "resurrecting", "dormant")
    days = [
        ("2026-03-02", 1, 0, 0, 0),
        ("2026-03-03", 1, 1, 0, 0),
        ("2026-03-04", 0, 0, 0, 2),
        ("2026-03-05", 0, 0, 0, 0),
        ("2026-03-06", 0, 0, 1, 0),
        ("2026-03-07", 0, 0, 0, 1),
    ]
    assert shape(ask(project, "lifecycle"), *fields) == days
    range_of_days = {"start": "2026-03-03T23:00:00Z", "end": "2026-03-06T00:00:00Z"}
    assert shape(ask(project, "lifecycle", **range_of_days), *fields) == days[1:3]
    only_b = [("2026-03-06", 0, 0, 1, 0), ("2026-03-07", 0, 0, 0, 1)]
    assert shape(ask(project, "lifecycle", command="b"), *fields) == only_b
    weeks = [("2026-03-02", 2, 0, 0, 0), ("2026-03-09", 0, 0, 0, 2)]
    assert shape(ask(project, "lifecycle", interval="week"), *fields) == weeks


def test_events_that_only_say_who_is_who_are_nobody_being_there(project: Project) -> None:
    send(
        project,
        run("ann", f"{MONDAY}T10:00:00Z", "a"),
        event("ann", "$set", timestamp="2026-01-01T10:00:00Z", command_name="a"),
        event("bob", "$identify", timestamp="2026-01-01T10:00:00Z", command_name="a"),
        event("cid", "of another program", timestamp=f"{MONDAY}T10:00:00Z", command_name="a"),
    )
    assert shape(ask(project, "commands"), "count") == [(1,)]
    assert shape(ask(project, "active"), "start", "persons") == [(MONDAY, 2)]
    assert shape(ask(project, "retention"), "week", "persons") == [(MONDAY, 2)]
    assert shape(ask(project, "lifecycle"), "start", "new") == [(MONDAY, 2), ("2026-03-03", 0)]


def test_projects_do_not_see_each_other(project: Project) -> None:
    other = project.collector.project()
    send(project, run("ann", f"{MONDAY}T10:00:00Z"))
    send(other, run("ann", f"{MONDAY}T10:00:00Z"), run("bob", f"{MONDAY}T10:00:00Z"))
    assert shape(ask(project, "active"), "persons") == [(1,)]
    assert shape(ask(other, "active"), "persons") == [(2,)]


def test_every_filter_selects_the_events_that_match_exactly(project: Project) -> None:
    other = {"cli_version": "2.0", "os_type": "Darwin", "ci": "github", "agent": "made-up-agent"}
    send(
        project,
        run("ann", f"{MONDAY}T10:00:00.000001Z", "B", cli_version="2", os_type="darwin"),
        run("bob", f"{MONDAY}T10:00:00.000002Z", "b", **other),
    )
    for query in (
        {"command": "b"},
        {"version": "2.0"},
        {"os": "Darwin"},
        {"ci": "github"},
        {"agent": "made-up-agent"},
        {"start": "2026-03-02T10:00:00.000002Z"},
        {"start": "2026-03-02T10:00:00.000002"},
        {"start": "2026-03-02T12:00:00.000002+02:00", "end": "2026-03-02T10:00:00.000003Z"},
    ):
        assert shape(ask(project, "commands", **query), "command", "count") == [("b", 1)], query


def test_every_insight_is_filtered(project: Project) -> None:
    send(
        project,
        failed("ann", f"{MONDAY}T10:00:00Z", cli_version="1", os_type="Linux"),
        failed("bob", f"{MONDAY}T10:00:00Z", cli_version="1", os_type="Darwin"),
    )
    for name in ("commands", "failures", "versions", "active"):
        assert shape(ask(project, name, os="Linux"), "persons") == [(1,)]
    assert funnel(project, "a", "b", os="Linux") == [1, 0]
    assert shape(ask(project, "retention", os="Linux"), "persons", "weeks") == [(2, [1])]
    assert shape(ask(project, "lifecycle", os="Linux"), "new") == [(1,), (0,)]


def test_the_end_is_not_in_the_range(project: Project) -> None:
    send(project, run("ann", f"{MONDAY}T10:00:00.000002Z"))
    assert ask(project, "commands", end="2026-03-02T10:00:00.000002Z") == []
    assert len(ask(project, "commands", end="2026-03-02T10:00:00.000003Z")) == 1


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_out_of_reach_is_no_error(project: Project, start: str) -> None:
    send(project, failed("ann", f"{MONDAY}T10:00:00Z"))
    for name in INSIGHTS:
        found = ask(project, name, start=start, **(FUNNEL if name == "funnel" else {}))
        assert bool(found) is (start < "2026" or name == "funnel")


def test_texts_that_look_like_sql_are_texts(project: Project) -> None:
    send(
        project,
        *(
            run("ann", f"{MONDAY}T10:00:{second:02}Z", text, agent=text)
            for second, text in enumerate(ODD_TEXTS)
        ),
    )
    for text in ODD_TEXTS:
        found = ask(project, "commands", command=text, agent=text)
        assert shape(found, "command", "count") == [(text, 1)]
    assert funnel(project, *ODD_TEXTS) == [1] * len(ODD_TEXTS)
    for name in ("version", "os", "ci"):
        assert ask(project, "active", **{name: "' OR 1 = 1 --"}) == []


@pytest.mark.parametrize(
    ("name", "query", "words"),
    [
        ("commands", {"limit": 0}, "limit"),
        ("commands", {"limit": "many"}, "limit"),
        ("failures", {"start": "yesterday"}, "start: 'yesterday' is no time. Say 2026-03-02, 2026"),
        ("failures", {"end": ""}, "end: '' is no time. Say 2026-03-02, 2026"),
        ("failures", {"start": "1772409600"}, "is no time. Say 2026-03-02"),
        ("failures", {"start": "2026-02-30"}, "is no time. Say 2026-03-02"),
        ("active", {"tz": "Mars/Olympus"}, "no time zone, as Europe/Berlin is"),
        ("active", {"tz": "../../etc/passwd"}, "no time zone, as Europe/Berlin is"),
        ("active", {"tz": ""}, "For example tz=Europe/Berlin"),
        ("active", {"start": ["2026-03-02", "2026-03-03"]}, "start is there twice: say it once"),
        ("commands", {"limit": [1, 1]}, "limit is there twice"),
        ("commands", {"limit": 1001}, "How many at most."),
        ("versions", {"colour": "red"}, "there is no parameter 'colour'"),
        ("active", {"interval": "year"}, "interval"),
        ("funnel", {}, "step"),
        ("funnel", {"step": ["a"]}, "a funnel has 2 to 20 steps"),
        ("funnel", {"step": ["a"] * 21}, "a funnel has 2 to 20 steps"),
        ("funnel", {"step": ["a", ""]}, "step"),
        ("funnel", {"step": ["a", "b"], "window": 0}, "window"),
        ("funnel", {"step": ["a", "b"], "command": "a"}, "there is no parameter 'command'"),
        ("retention", {"weeks": 521}, "weeks"),
        ("lifecycle", {"interval": ""}, "interval"),
    ],
)
def test_what_cannot_be_asked_is_400_with_words_for_it(
    embedded: Collector, name: str, query: dict[str, Any], words: str
) -> None:
    answer = embedded.get(f"/api/insights/{name}", **query)
    assert answer.status == 400
    assert words in answer.json["error"]


@pytest.mark.parametrize(
    ("start", "tz", "first"),
    [
        ("2026-03-02", None, "2026-03-02T00:00:00Z"),
        ("2026-03-02T10:00", None, "2026-03-02T10:00:00Z"),
        ("2026-03-02 10:00", None, "2026-03-02T10:00:00Z"),
        ("2026-03-02T10:00Z", None, "2026-03-02T10:00:00Z"),
        ("2026-03-02T10:00:00.5", None, "2026-03-02T10:00:00.500000Z"),
        ("2026-03-02T10:00+02:00", None, "2026-03-02T08:00:00Z"),
        ("2026-03-02T10:00 02:00", None, "2026-03-02T08:00:00Z"),  # as a plus arrives
        ("2026-03-02", "Europe/Berlin", "2026-03-01T23:00:00Z"),
        ("2026-03-02T10:00Z", "Europe/Berlin", "2026-03-02T10:00:00Z"),
        ("2026-07-02T10:00", "Europe/Berlin", "2026-07-02T08:00:00Z"),
        ("0001-01-01", "Asia/Kolkata", "1900-01-01T00:00:00Z"),
        ("9999-12-31T23:59", "America/New_York", "2299-01-01T00:00:00Z"),
    ],
)
def test_a_time_may_be_a_date_or_have_no_seconds_in_utc_or_another_zone(
    start: str, tz: str | None, first: str
) -> None:
    asked = TimesQuery(start=start) if tz is None else TimesQuery(start=start, tz=tz)
    assert times(asked) == (datetime.fromisoformat(first.replace("Z", "+00:00")), LATEST)


def test_a_day_of_another_zone_is_that_day(project: Project) -> None:
    send(project, *(run("ann", f"2026-03-02T{hour:02}:30:00Z") for hour in range(24)))
    berlin = {"start": "2026-03-02", "end": "2026-03-03", "tz": "Europe/Berlin"}
    assert shape(ask(project, "commands", **berlin), "count") == [(23,)]
    assert len(project.events(**berlin)) == 23


def test_a_project_without_commands_has_insights_by_event(project: Project) -> None:
    def view(who: str, when: str, name: str = "$pageview") -> dict[str, Any]:
        return event(who, name, timestamp=when, **{"$process_person_profile": False})

    send(
        project,
        view("ann", "2026-03-02T10:00:00Z"),
        view("ann", "2026-03-02T10:00:01Z", "$pageleave"),
        view("bob", "2026-03-02T10:00:00Z"),
        view("ann", "2026-03-10T10:00:00Z"),
    )
    assert ask(project, "commands") == ask(project, "active") == []
    fields = ("event", "count", "persons")
    everything = [("$pageview", 3, 2), ("$pageleave", 1, 1)]
    assert shape(ask(project, "events"), *fields) == everything
    assert shape(ask(project, "events", event="$pageleave"), *fields) == everything[1:]
    assert shape(ask(project, "events", end="2026-03-03"), "count") == [(2,), (1,)]
    views = {"event": "$pageview"}
    assert shape(ask(project, "active", interval="week", **views), "persons") == [(2,), (1,)]
    assert shape(ask(project, "retention", **views), "persons", "weeks") == [(2, [2, 1])]
    assert shape(ask(project, "lifecycle", interval="week", **views), "new") == [(2,), (0,), (0,)]
    assert funnel(project, "$pageview", "$pageleave", by="event") == [2, 1]
    assert funnel(project, "$pageview", "$pageleave") == [0, 0]


def test_a_row_of_retention_ends_where_anybody_was_last(project: Project) -> None:
    send(
        project,
        run("ann", "2026-03-02T10:00:00Z", "b"),
        run("bob", "2026-03-23T10:00:00Z", "a"),
    )
    fields = ("week", "persons", "weeks")
    assert shape(ask(project, "retention", command="b"), *fields) == [
        ("2026-03-02", 1, [1]),
        ("2026-03-23", 1, []),
    ]
    assert shape(ask(project, "retention", command="c"), *fields) == [
        ("2026-03-02", 1, []),
        ("2026-03-23", 1, []),
    ]


def test_twenty_steps_are_as_many_as_a_funnel_has(project: Project) -> None:
    send(project, *(run("ann", f"{MONDAY}T10:00:00.0000{n:02}Z", f"c{n}") for n in range(20)))
    assert funnel(project, *(f"c{n}" for n in range(20))) == [1] * 20


def test_a_question_that_is_too_large_is_503_and_says_to_narrow_the_dates(
    new_collector: Callable[..., Collector],
) -> None:
    with new_collector(query_bytes=1_000_000) as collector:
        project = collector.project()
        send(project, *(run(f"anon-{n}", f"{MONDAY}T10:00:00Z") for n in range(5_000)))
        answer = collector.get("/api/insights/commands", project=project.token)
        assert answer.status == 503, answer
        assert "narrow the dates" in answer.json["error"]
        assert "Traceback" not in collector.log.read_text()
        send(project, run("ann", f"{MONDAY}T10:00:00Z"))


def test_events_are_taken_while_insights_are_asked(project: Project) -> None:
    send(project, run("ann", f"{MONDAY}T10:00:00Z"))
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, project, "commands") for _ in range(20)]
        sent = [
            pool.submit(send, project, run(f"anon-{n}", f"{MONDAY}T10:00:00Z")) for n in range(40)
        ]
        for one in [*asked, *sent]:
            one.result()
    assert shape(ask(project, "commands"), "count", "persons") == [(41, 41)]


def test_every_insight_is_in_the_document_with_its_parameters(embedded: Collector) -> None:
    document = embedded.get("/openapi.json").json
    filters = {"project", "start", "end", "command", "version", "os", "ci", "agent"}
    for name in INSIGHTS:
        described = document["paths"][f"/api/insights/{name}"]["get"]
        parameters = {one["name"]: one for one in described["parameters"]}
        assert filters - parameters.keys() == ({"command"} if name == "funnel" else set())
        assert all(one["description"] for one in parameters.values())
        schema = described["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema["items"]["$ref"].rpartition("/")[2] in document["components"]["schemas"]
    steps = {
        one["name"]: one["schema"]
        for one in document["paths"]["/api/insights/funnel"]["get"]["parameters"]
    }["step"]
    assert (steps["minItems"], steps["maxItems"]) == (2, 20)
