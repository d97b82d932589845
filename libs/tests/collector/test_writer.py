"""What the writer takes for the same; what it remembers of who is who, and when it must not."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from uuid import uuid4

import pytest
from usagekit_collector.ingest.people import LARGEST_PERSON

from tests.support.collector import Collector, Project, event
from tests.support.load import some_event
from tests.support.stopped import everybody, exported, in_lines

NOON = "2026-03-01T12:00:00Z"
# The commands, with room for the persons of one event at a time.
NARROW = """
from usagekit_collector.store import known
from usagekit_collector.cli.commands import main
known._LOADED = known._FEW = 0
main()
"""


def test_whoever_comes_back_after_a_deletion_is_somebody_whom_others_join(
    project: Project,
) -> None:
    project.capture(event("ada"))
    before = project.person("ada")
    assert before is not None
    path = f"/api/persons/ada?project={project.token}"
    assert project.collector.request("DELETE", path).status == 200
    # By M6: were ada nobody now, by M4 both would be bob's person.
    project.capture(event("ada"), event("bob", "$create_alias", alias="ada"))
    person = project.person("bob")
    assert person is not None
    assert person["person_id"] == before["person_id"]
    assert person["distinct_ids"] == ["ada", "bob"]


@pytest.mark.parametrize("is_later", [False, True])
def test_a_uuid_that_somebody_has_guessed_swallows_no_other_event(
    project: Project, is_later: bool
) -> None:
    uuid = str(uuid4())
    mine = event("ada", "$create_alias", uuid=uuid, timestamp=NOON, alias="anon")
    others = [
        event("ada", "CLI execution succeeded", uuid=uuid, timestamp=NOON),
        event("eve", "$create_alias", uuid=uuid, timestamp=NOON, alias="anon-2"),
        event("ada", "$create_alias", uuid=uuid, timestamp=NOON, alias="anon-3"),
    ]
    project.capture(*([mine, *others] if is_later else [*others, mine]))
    # In one group too, and whatever is sent again.
    assert project.send(mine, *others, mine).status == 200
    assert [one["uuid"] for one in project.events()] == [uuid] * 4
    person = project.person("ada")
    assert person is not None
    assert person["distinct_ids"] == ["ada", "anon", "anon-3"]


def test_what_is_sent_again_is_the_same_whatever_the_clocks_say_by_then(project: Project) -> None:
    one = event("ada", timestamp=NOON)
    for sent_at in ("2026-03-01T12:00:00Z", "2026-03-01T12:00:07Z", "2026-03-01T11:00:00Z"):
        assert project.send(one, sent_at=sent_at).status == 200
    assert len(project.events()) == 1


def test_an_event_that_named_somebody_who_was_deleted_is_the_same_still(project: Project) -> None:
    named = event("ada", "$create_alias", alias="bob")
    project.capture(event("bob", "$create_alias", alias="bob-1"), event("ada"), named)
    path = f"/api/persons/bob?project={project.token}"
    assert project.collector.request("DELETE", path).status == 200
    project.capture(named)
    assert len(project.events()) == 2
    assert project.person("bob") is None


@pytest.mark.torture
def test_persons_are_the_same_in_however_many_pieces_they_are_loaded(
    new_collector: Callable[..., Collector],
) -> None:
    chance = random.Random(7)
    history = in_lines([some_event(chance) for _ in range(400)])
    words = ("import", "-", "--token", "phc_made_up")
    whole, narrow = new_collector(), new_collector()
    # Whom the first half has made is loaded for the second.
    lines = history.splitlines(keepends=True)
    for said in (b"".join(lines[:200]), b"".join(lines[200:])):
        assert whole.run(*words, said=said).returncode == 0
        command = [sys.executable, "-c", NARROW, *words]
        ran = subprocess.run(
            command, env=narrow.environ, input=said, capture_output=True, timeout=100
        )
        assert ran.returncode == 0, ran.stderr
    assert everybody(narrow) == everybody(whole)
    assert exported(narrow) == exported(whole)


def test_a_change_that_finds_no_room_is_in_the_log_and_counted(
    new_collector: Callable[..., Collector],
) -> None:
    with new_collector() as collector:
        project = collector.project()
        large = "x" * (LARGEST_PERSON - 100)
        project.capture(
            event("ada", **{"$set": {"a": large}}),
            event("ada", **{"$set": {"b": large}}),
            event("anon", **{"$set": {"c": large}}),
            event("ada", "$create_alias", alias="anon"),
        )
        person = project.person("anon")
        assert person is not None
        assert person["properties"].keys() == {"a"}
        log = collector.log.read_text()
        assert "too large: not changed" in log
        assert "find no room: left out" in log
        assert b"person_updates_dropped_total 2.0" in collector.get("/metrics").body
