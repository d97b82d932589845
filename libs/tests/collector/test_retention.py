"""For how long events are kept; and that people stay who they are when their events have gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from tests.support.collector import Collector, event
from tests.support.stopped import ask_engine, everybody, in_lines

NewCollector = Callable[..., Collector]
INTO = ("--token", "phc_made_up")
DAYS = "USAGEKIT_COLLECTOR_RETENTION_DAYS"
# For how long, and what is left, in the order in which it came.
LEFT = """
    SELECT
        (
            SELECT extract(create_table_query, 'toIntervalDay\\\\((\\\\d+)\\\\)') FROM system.tables
            WHERE database = currentDatabase() AND name = 'events'
        ) AS days,
        arrayMap(one -> one.2, arraySort(groupArray((seq, JSONExtractString(properties, 'note')))))
            AS notes
    FROM events
"""


def ago(days: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()


def keep(collector: Collector, days: int) -> None:
    """Start and stop a collector that keeps events for so long."""
    collector.environ[DAYS] = str(days)
    with collector:
        pass


def left(collector: Collector) -> tuple[str, list[str]]:
    """The days for which the store keeps events, none for ever; and what events say of themselves,
    those that there are once what is older has gone."""
    (found,) = ask_engine(collector, "OPTIMIZE TABLE events FINAL", LEFT)
    return found["days"], found["notes"]


def test_what_is_older_goes_and_the_limit_can_be_changed_and_lifted(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    anon: dict[str, Any] = {"$process_person_profile": False}
    ages = {"1900": "1900-01-01T00:00:00Z", "1969": "1969-01-01T00:00:00Z"}
    ages |= {f"{days} days": ago(days) for days in (20_000, 400, 31, 29, 6, 0)}
    events = [
        event("anon", timestamp=moment, note=note, properties=anon) for note, moment in ages.items()
    ]
    assert collector.run("import", "-", *INTO, said=in_lines(events)).returncode == 0
    # So far back that the engine's smaller type of time does not reach it.
    keep(collector, 36_500)
    assert left(collector) == ("36500", list(ages)[1:])
    keep(collector, 30)
    # What is not the receiver's leaves it as it is.
    del collector.environ[DAYS]
    assert collector.run("import", "-", *INTO, said=in_lines(events[-1:])).returncode == 0
    assert left(collector) == ("30", ["29 days", "6 days", "0 days"])
    keep(collector, 0)
    assert left(collector) == ("", ["29 days", "6 days", "0 days"])


def test_people_stay_who_they_are_when_what_they_did_is_forgotten(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    past = [
        # M6: the one who was there before gives the person its ID.
        event("first", note="makes a person"),
        event("first", note="goes"),
        event("second", "$create_alias", alias="first", note="merges"),
        # M9: refused, for each was somebody; it would be M6 if nothing were left of one.
        event("third", note="makes a person"),
        event("third", note="goes"),
        event("fourth", "$identify", note="merges", **{"$anon_distinct_id": "fifth"}),
        event("third", "$identify", note="merges", **{"$anon_distinct_id": "fourth"}),
        # Whoever was only ever there, and whoever never was.
        event("sixth", note="makes a person"),
        event("sixth", note="changes one", **{"$set": {"plan": "a"}}),
        event("anon", note="goes", **{"$process_person_profile": False}),
        event("seventh", "$create_alias", alias="anon", note="merges"),
        event("null", "$create_alias", alias="eighth", note="merges"),
    ]
    for days, one in zip(range(100, 0, -1), past, strict=False):
        one["timestamp"] = ago(days)
    assert collector.run("import", "-", *INTO, said=in_lines(past)).returncode == 0
    people = everybody(collector)
    persons = {one["id"]: one["person_id"] for one in people if one["kind"] == "distinct_id"}
    assert persons["first"] == persons["second"] != persons["third"] != persons["fourth"]
    assert persons["fourth"] == persons["fifth"]

    keep(collector, 1)
    expected = [one["properties"]["note"] for one in past]
    assert left(collector) == ("1", [note for note in expected if note != "goes"])
    ran = collector.run("doctor", "--rebuild-identity")
    assert b"; 0 rows differed" in ran.stdout, ran
