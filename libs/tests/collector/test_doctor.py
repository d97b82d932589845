"""``usagekit-collector doctor``: what it says of a store, and who is who, made anew."""

from __future__ import annotations

import random
import re
import time

import pytest

from tests.support.collector import Collector, event, fork
from tests.support.load import some_event
from tests.support.stopped import EVERYBODY, ask_engine, everybody, in_lines, told

INTO = ("--token", "phc_made_up")
REBUILD = ("doctor", "--rebuild-identity")
# The newest of each row, but with another version: so that nothing else is lost.
NEWEST = "SELECT * FROM identity FINAL"
DAMAGE = [
    "DELETE FROM identity WHERE cityHash64(id) % 3 = 0 AND kind != 'mark'",
    f"""
        INSERT INTO identity
        SELECT * REPLACE (NOT is_identified AS is_identified, version + 1 AS version)
        FROM ({NEWEST}) WHERE kind = 'person' AND cityHash64(id) % 2 = 0
    """,
    """
        INSERT INTO identity (project, kind, id, own_id, person_id, version)
        SELECT 1, 'distinct_id', toString(number), generateUUIDv4() AS own, own, 1 FROM numbers(7)
    """,
]


def history(seed: int, count: int) -> bytes:
    chance = random.Random(seed)
    return in_lines([some_event(chance) for _ in range(count)])


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Collector:
    """A collector that does not run, in whose store 60 people have been merged in all ways."""
    collector = Collector(tmp_path_factory.mktemp("doctor"))
    # Two projects, in which others go by the same IDs; and pieces of a history, not one.
    for seed, token in enumerate(("phc_made_up", "phc_made_up_too")):
        ran = collector.run("import", "-", "--token", token, said=history(seed, 1_200))
        assert ran.returncode == 0, ran.stderr
    return collector


@pytest.fixture(scope="module")
def people(stopped: Collector) -> list[dict[str, object]]:
    return everybody(stopped)


def differed(collector: Collector) -> int:
    """How many rows a rebuilding found to be others."""
    ran = collector.run(*REBUILD)
    assert (ran.returncode, ran.stderr) == (0, b""), ran
    (said,) = re.findall(
        rb"^ok  rebuilt +[\d,]+ persons; ([\d,]+) rows differed", ran.stdout, re.MULTILINE
    )
    return int(said.replace(b",", b""))


def test_it_says_versions_store_disk_clock_and_persons(stopped: Collector) -> None:
    ran = stopped.run("doctor")
    assert (ran.returncode, ran.stderr) == (0, b"")
    lines = ran.stdout.decode().splitlines()
    assert all(line.startswith("ok  ") for line in lines)
    found = {line[4:14].strip(): line[15:] for line in lines}
    names = "collector engine client store parts intake disk clock persons"
    assert list(found) == names.split()
    assert found["intake"] == "nothing waits to be stored"
    assert found["parts"] == "all as they were written"
    assert re.fullmatch(r"\d+\.\d+\.\d+, Python 3\.\d+\.\d+", found["collector"])
    assert re.fullmatch(r"[\d.]+, chdb-core [\d.]+", found["engine"])
    assert re.fullmatch(r"clickhouse-connect [\d.]+", found["client"])
    assert re.match(r"2,\d\d\d events, \d+ persons, \d+ parts, \d\.\d\d GiB", found["store"])
    assert re.fullmatch(rf"[\d.]+ GiB free at {stopped.folder}/store", found["disk"])
    assert found["clock"] == "agrees with the engine's"
    assert found["persons"] == "up to date with the events"


def test_of_a_store_on_a_server_it_says_the_servers_disk(server: Collector) -> None:
    ran = server.run("doctor")
    assert ran.returncode == 0, ran.stdout
    assert re.search(rb"^ok  disk +[\d.]+ GiB free at the server$", ran.stdout, re.MULTILINE)
    assert b"chdb" not in ran.stdout


def test_of_a_store_that_is_in_use_it_says_by_whom_and_leaves_it_alone(embedded: Collector) -> None:
    assert embedded.process is not None
    said = told(embedded, *REBUILD)
    assert f"in use by another process (pid {embedded.process.pid}, {embedded.url})" in said
    assert "Stop that one first" in said


def test_the_map_that_the_events_give_takes_the_place_of_any_other(
    stopped: Collector, people: list[dict[str, object]]
) -> None:
    assert len({one["person_id"] for one in people}) < len(people)
    assert differed(stopped) == 0
    damaged = len(ask_engine(stopped, *DAMAGE, EVERYBODY))
    assert damaged != len(people)
    assert differed(stopped) > 7
    assert everybody(stopped) == people


def test_a_rebuilding_that_is_killed_half_way_is_finished_by_the_next_start(
    stopped: Collector, people: list[dict[str, object]]
) -> None:
    # As it is between two of its pieces: some rows of the new map, and no mark.
    half = ask_engine(
        stopped,
        f"CREATE TABLE half ENGINE = Memory AS {NEWEST} WHERE kind != 'mark' "
        "AND cityHash64(id) % 2 = 0",
        "TRUNCATE TABLE identity",
        "INSERT INTO identity SELECT * FROM half",
        "DROP TABLE half",
        EVERYBODY,
    )
    assert 0 < len(half) < len(people)
    with stopped:
        pass
    assert everybody(stopped) == people


def test_after_rebuildings_that_were_killed_all_are_known_and_so_is_who_comes_next(
    stopped: Collector,
) -> None:
    chance = random.Random(6)
    for _ in range(2):
        with fork(*REBUILD, environ=stopped.environ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if b"persons " in line:
                    break
            # From here on it rebuilds, in a tenth of a second.
            time.sleep(chance.uniform(0, 0.15))
            process.kill()
    with stopped:
        project = stopped.project(INTO[1])
        project.capture(event("somebody", "$create_alias", alias="anon"), event("somebody"))
        person = project.person("anon")
        assert person is not None
        assert person["distinct_ids"] == ["anon", "somebody"]
    assert differed(stopped) == 0


def test_the_exit_code_is_1_if_something_is_not_well(stopped: Collector) -> None:
    ask_engine(
        stopped,
        """
        INSERT INTO events
        SELECT * REPLACE (
            (SELECT max(seq) FROM events) + 1 AS seq, now64(6) + 3600 AS arrived,
            generateUUIDv4() AS uuid, 'newcomer' AS distinct_id, generateUUIDv4() AS own_id,
            'full' AS person_mode
        )
        FROM events LIMIT 1
        """,
        "SELECT 1",
    )
    ran = stopped.run("doctor")
    assert ran.returncode == 1
    (bad,) = (line for line in ran.stdout.decode().splitlines() if not line.startswith("ok  "))
    assert re.fullmatch(
        r"!!  clock +agrees with the engine's; the last event arrived 3,\d\d\d s in the future: "
        r"was the clock wrong\?",
        bad,
    )
    assert b"persons    behind the events, by 1: the next start folds them" in ran.stdout
