"""What was stored is on disk whatever is made of it later; and what is damaged is said to be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.collector import Collector, event
from tests.support.stopped import ask_engine, exported, in_lines

NewCollector = Callable[..., Collector]
TOKEN, NOON = "phc_made_up", "2026-03-01T12:00:00Z"
DURABLE = {
    "fsync_after_insert",
    "fsync_part_directory",
    "min_rows_to_fsync_after_merge",
    "min_compressed_bytes_to_fsync_after_merge",
}
DEFINITIONS = """
    SELECT name, engine_full FROM system.tables
    WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name
"""


def undurable(collector: Collector) -> dict[str, set[str]]:
    """What of these settings is not 1, by table."""
    found = {}
    for row in ask_engine(collector, DEFINITIONS):
        found[row["name"]] = DURABLE - set(re.findall(r"(\w+) = 1\b", row["engine_full"]))
    assert found.keys() == {"events", "identity", "migrations", "owner", "projects"}
    return found


def take_in(collector: Collector, *names: str) -> None:
    """One event of each of these, in an insert by itself."""
    for name in names:
        ran = collector.run(
            "import", "-", "--token", TOKEN, said=in_lines([event(name, timestamp=NOON)])
        )
        assert ran.returncode == 0, ran.stderr


def test_every_table_has_what_is_written_anew_on_disk_before_the_old_goes(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    take_in(collector, "user-1")
    assert set().union(*undurable(collector).values()) == set()


@pytest.mark.torture
def test_so_has_a_store_of_an_earlier_version_once_it_is_opened(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    take_in(collector, "user-1")
    resets = [
        f"ALTER TABLE {table} RESET SETTING {name}"
        for table in ("events", "identity", "projects", "owner", "migrations")
        for name in DURABLE
        if name.startswith("min_") or table == "migrations"
    ]
    ask_engine(collector, *resets, "DELETE FROM migrations WHERE number >= 5", "SELECT 1")
    assert "min_rows_to_fsync_after_merge" in undurable(collector)["events"]
    with collector:
        assert collector.get("/_health").status == 200
    assert set().union(*undurable(collector).values()) == set()
    assert [one["distinct_id"] for one in exported(collector)] == ["user-1"]


def files_of(collector: Collector, *names: str) -> dict[str, Path]:
    """For each of these distinct_ids, the file with the rows of the part that its event is in."""
    take_in(collector, *names)
    rows = ask_engine(
        collector,
        "SYSTEM STOP MERGES events",
        "SELECT events.distinct_id AS name, parts.path AS path FROM events "
        "JOIN system.parts AS parts ON parts.name = events._part "
        "WHERE parts.active AND parts.table = 'events'",
    )
    return {row["name"]: Path(row["path"], "data.bin") for row in rows}


def test_a_part_that_cannot_be_read_at_the_start_is_said_everywhere_and_the_rest_is_served(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    file = files_of(collector, "user-1", "user-2", "user-3")["user-2"]
    file.write_bytes(file.read_bytes()[:-20])
    with collector:
        health = collector.get("/_health")
        assert (health.status, health.json["status"]) == (200, "degraded")
        assert "1 damaged part" in health.json["because"]
        numbers = collector.get("/metrics").body.decode().splitlines()
        assert "usagekit_collector_damaged_parts 1.0" in numbers
        project = collector.project(TOKEN)
        assert [one["distinct_id"] for one in project.events()] == ["user-1", "user-3"]
        project.capture(event("user-4"))
    (said,) = (line for line in collector.log.read_text().splitlines() if "damaged" in line)
    assert '"level":"error"' in said.replace(" ", "")
    assert "events/" in said
    ran = collector.run("doctor")
    (bad,) = (one for one in ran.stdout.decode().splitlines() if not one.startswith("ok  "))
    assert bad.startswith("!!  parts      1 damaged and put aside (events/")
    assert ran.returncode == 1


def flip(file: Path, place: float) -> None:
    """Change one bit, so far from the beginning as a part of the whole."""
    content = bytearray(file.read_bytes())
    content[int(len(content) * place)] ^= 1
    file.write_bytes(content)


def errors(collector: Collector) -> list[str]:
    lines = map(json.loads, collector.log.read_text().splitlines())
    return [line["message"] for line in lines if line["level"] == "error"]


@pytest.mark.parametrize(
    ("question", "place", "is_running"),
    [
        pytest.param("/api/export", 0.5, True, marks=pytest.mark.torture),
        pytest.param("/api/events", 0, False, marks=pytest.mark.torture),
        pytest.param("/api/export", 0.99, False, marks=pytest.mark.torture),
        pytest.param("/api/insights/failures", 0.01, False, marks=pytest.mark.torture),
        pytest.param("/api/persons/user-2", 0.5, True, marks=pytest.mark.torture),
    ],
)
def test_a_part_that_a_question_cannot_read_is_put_aside_and_the_rest_is_served(
    new_collector: NewCollector, question: str, place: float, is_running: bool
) -> None:
    collector = new_collector()
    file = files_of(collector, "user-1", "user-2", "user-3")["user-2"]
    if not is_running:
        flip(file, place)
    with collector:
        if is_running:
            flip(file, place)
        project = collector.project(TOKEN)
        collector.get(question, project=TOKEN)
        assert [one["distinct_id"] for one in project.events()] == ["user-1", "user-3"]
        assert [one for one in errors(collector) if "is not served" in one] == [
            f"damaged, put aside, and what was in it is not served: events/{file.parent.name}"
        ]
        assert collector.get("/_health").json["status"] == "degraded"
        assert b"usagekit_collector_damaged_parts 1.0" in collector.get("/metrics").body
        project.capture(event("user-4"), event("user-2"))
        assert len(project.events()) == 4
    ran = collector.run("doctor")
    assert b"!!  parts      1 damaged and put aside (events/" in ran.stdout, ran
    with collector:
        assert collector.get("/_health").json["status"] == "degraded"


@pytest.mark.torture
def test_an_export_that_broke_off_is_whole_again_but_for_what_is_lost(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    many = [event(f"user-{number % 9}", timestamp=NOON, text="x" * 3_000) for number in range(900)]
    ran = collector.run("import", "-", "--token", TOKEN, said=in_lines(many))
    assert ran.returncode == 0, ran.stderr
    flip(files_of(collector, "last")["last"], 0.5)
    with collector:
        wish = ("export", "--url", collector.url, "--project", TOKEN)
        exports = [collector.run(*wish) for _ in range(2)]
        assert exports[-1].returncode == 0, exports
        assert len(exports[-1].stdout.splitlines()) == 900


@pytest.mark.parametrize("is_running", [pytest.param(False, marks=pytest.mark.torture), True])
def test_who_is_who_is_made_anew_where_a_part_of_it_cannot_be_read(
    new_collector: NewCollector, is_running: bool
) -> None:
    collector = new_collector()
    with collector:
        project = collector.project(TOKEN)
        project.capture(
            event("anon-1", "$create_alias", alias="anon-2"),
            event("user", "$identify", **{"$anon_distinct_id": "anon-1", "$set": {"plan": "pro"}}),
            event("other"),
        )
        before = project.person("anon-2")
    assert before is not None
    assert len(before["distinct_ids"]) == 3
    paths = "SELECT path FROM system.parts WHERE active AND table = 'identity'"
    files = [
        Path(row["path"], "data.bin")
        for row in ask_engine(collector, "SYSTEM STOP MERGES identity", paths)
    ]
    with collector:
        assert collector.process is not None
        if is_running:
            for file in files:
                flip(file, 0.5)
        else:
            collector.stop()
            for file in files:
                flip(file, 0.5)
            collector.start()
        project = collector.project(TOKEN)
        project.capture(event("user"))
        after = project.person("anon-2")
        assert after is not None
        assert (before["events"], after["events"]) == (2, 3)
        assert {**after, "events": 2, "last_seen": before["last_seen"]} == before
        assert collector.get("/_health").json["status"] == "ok"
    ran = collector.run("doctor", "--rebuild-identity")
    assert b" 0 rows differed" in ran.stdout, ran


@pytest.mark.parametrize("table", ["events", "identity"])
def test_the_doctor_reads_all_and_names_what_is_not_as_it_was_written(
    new_collector: NewCollector, table: str
) -> None:
    collector = new_collector()
    files_of(collector, "user-1", "user-2")
    paths = f"SELECT path FROM system.parts WHERE active AND table = '{table}' ORDER BY name"
    file = Path(ask_engine(collector, paths)[-1]["path"], "data.bin")
    flip(file, 0.5)
    ran = collector.run("doctor")
    said = ran.stdout.decode()
    assert f"!!  parts      1 cannot be read ({table}/" in said, (said, ran.stderr)
    assert ran.returncode == 1
