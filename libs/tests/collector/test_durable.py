"""What was stored is on disk whatever is made of it later; and what is damaged is said to be."""

from __future__ import annotations

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


@pytest.mark.parametrize("table", ["events", "identity"])
def test_the_doctor_reads_all_and_names_what_is_not_as_it_was_written(
    new_collector: NewCollector, table: str
) -> None:
    collector = new_collector()
    files_of(collector, "user-1", "user-2")
    paths = f"SELECT path FROM system.parts WHERE active AND table = '{table}' ORDER BY name"
    file = Path(ask_engine(collector, paths)[-1]["path"], "data.bin")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    ran = collector.run("doctor")
    said = ran.stdout.decode()
    assert f"!!  parts      1 cannot be read ({table}/" in said, (said, ran.stderr)
    assert ran.returncode == 1
