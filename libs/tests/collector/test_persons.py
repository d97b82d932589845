"""Persons through the API: how they are read, how they are deleted, and how they survive."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usagekit_collector.ingest.capture import Captured
from usagekit_collector.ingest.identity import MERGES, fold
from usagekit_collector.ingest.people import Identities
from usagekit_collector.ingest.rows import fact_of

from tests.support.collector import Collector, Project, event

NOON = "2026-03-01T12:00:00+00:00"
NAMES = ["ada", "bob", "anon-1", "anon-2", "anon-3", "guest"]


def alias(target: str, source: str, name: str = "$create_alias", /, **more: Any) -> dict[str, Any]:
    other = MERGES[name]
    return event(target, name, **{"timestamp": NOON, other: source, **more})


def command(distinct_id: str, **more: Any) -> dict[str, Any]:
    return event(distinct_id, **{"timestamp": NOON, "command_name": "toolkit.run", **more})


def test_a_person_as_the_api_gives_them(project: Project) -> None:
    project.capture(
        command("anon", timestamp="2026-02-01T00:00:00Z", **{"$process_person_profile": False}),
        alias("ada", "anon", **{"$set": {"plan": "pro"}}),
        command("ada", timestamp="2026-04-01T00:00:00Z"),
    )
    person = project.person("anon")
    assert person is not None
    assert person.pop("person_id") == project.events()[0]["person_id"]
    assert person == {
        "distinct_ids": ["ada", "anon"],
        "is_identified": True,
        "properties": {"plan": "pro"},
        "first_seen": "2026-02-01T00:00:00Z",
        "last_seen": "2026-04-01T00:00:00Z",
        "events": 3,
    }


@pytest.mark.parametrize(
    "unset", [["plan", "seats", "none", 7], {"plan": "", "seats": None, "none": {"a": 1}}]
)
def test_properties_are_unset_by_a_list_of_names_or_by_an_object(
    project: Project, unset: object
) -> None:
    project.capture(
        command("ada", **{"$set": {"plan": "pro", "seats": 3, "town": "Bath"}}),
        command("ada", **{"$unset": unset}),
    )
    person = project.person("ada")
    assert person is not None
    assert person["properties"] == {"town": "Bath"}


@pytest.mark.parametrize("stranger", ["nobody", "a/b", "'", "%", "ä", "x" * 200])
def test_a_stranger_is_404(project: Project, stranger: str) -> None:
    project.capture(command("ada"))
    assert project.person(stranger) is None


@pytest.mark.parametrize(
    "distinct_id", ["a/b", "a b", "a%2Fb", "'; --", "ä\N{GRINNING FACE}", "?a=b#c"]
)
def test_an_id_of_any_characters_is_found(project: Project, distinct_id: str) -> None:
    project.capture(command(distinct_id))
    person = project.person(distinct_id)
    assert person is not None
    assert person["distinct_ids"] == [distinct_id]


def delete(project: Project, distinct_id: str) -> Any:
    return project.collector.request(
        "DELETE", f"/api/persons/{distinct_id}?project={project.token}"
    )


def test_a_deleted_person_is_gone_with_all_ids_and_events(project: Project) -> None:
    project.capture(
        command("anon"), alias("ada", "anon"), command("ada"), command("bob"), command("anon-2")
    )
    answer = delete(project, "anon")
    assert answer.status == 200, answer
    assert (answer.json["distinct_ids"], answer.json["events"]) == (["ada", "anon"], 3)
    assert project.person("ada") is project.person("anon") is None
    assert [found["distinct_id"] for found in project.events()] == ["bob", "anon-2"]
    assert delete(project, "ada").status == 404


def test_nobody_is_deleted_with_more_ids_than_were_reckoned_with(project: Project) -> None:
    project.capture(*(alias("ada", f"anon-{number}") for number in range(20)), command("bob"))
    answer = delete(project, "anon-3")
    assert (answer.status, "say at_most=21" in answer.json["error"]) == (409, True)
    assert len(project.events()) == 21
    path = f"/api/persons/ada?project={project.token}&at_most=21"
    answer = project.collector.request("DELETE", path)
    assert (answer.status, answer.json["events"]) == (200, 20)
    assert [one["distinct_id"] for one in project.events()] == ["bob"]


def test_who_comes_back_after_a_deletion_is_somebody_new(project: Project) -> None:
    project.capture(alias("ada", "anon", **{"$set": {"plan": "pro"}}), command("ada"))
    assert delete(project, "ada").status == 200
    project.capture(command("ada"))
    person = project.person("ada")
    assert person is not None
    assert (person["distinct_ids"], person["events"]) == (["ada"], 1)
    assert (person["is_identified"], person["properties"]) == (False, {})


def test_an_event_of_somebody_else_forgets_a_deleted_id(project: Project) -> None:
    project.capture(alias("bob", "bob-1"), command("ada"), alias("ada", "bob"))
    assert delete(project, "bob").status == 200
    _, refused = project.events()
    assert (refused["distinct_id"], refused["properties"]) == ("ada", {})
    person = project.person("ada")
    assert person is not None
    assert (person["is_identified"], person["events"]) == (True, 2)


def test_a_deletion_is_answered_when_it_is_in_none_of_the_stores_files(
    new_collector: Callable[..., Collector],
) -> None:
    collector = new_collector().start()
    project = collector.project()
    secret = "somebody-who-wants-to-be-forgotten"
    project.capture(
        command(f"anon-{secret}"),
        alias(secret, f"anon-{secret}", **{"$set": {"email": f"{secret}@example.test"}}),
        alias("other", "other-2"),
        command("third"),
        alias("third", secret),
    )
    person = project.person(secret)
    assert person is not None
    traces = (secret.encode(), person["person_id"].encode())
    assert files_with(collector.folder / "store", traces)
    answer = delete(project, secret)
    assert (answer.status, answer.json["is_gone"]) == (200, True)
    collector.kill()
    assert files_with(collector.folder / "store", traces) == []
    collector.start()
    assert {found["distinct_id"] for found in project.events()} == {"other", "third"}
    # And the map is still the one that the events give.
    assert collector.stop() == 0
    ran = collector.run("doctor", "--rebuild-identity")
    assert (ran.returncode, re.findall(rb"(\d+) rows differed", ran.stdout)) == (0, [b"0"]), ran


def files_with(store: Path, texts: tuple[bytes, ...]) -> list[str]:
    """The store's files in which one of these texts stands."""
    found = []
    for folder, _, names in os.walk(store):
        for name in names:
            # The engine is tidying up meanwhile.
            with suppress(FileNotFoundError):
                content = (Path(folder) / name).read_bytes()
                found += [f"{folder}/{name}" for text in texts if text in content]
    return found


FACTS = st.builds(
    lambda name, target, source, personless, changes: event(
        target,
        name,
        timestamp=NOON,
        **({MERGES[name]: source} if name in MERGES else {}),
        **({"$process_person_profile": False} if personless else {}),
        **changes,
    ),
    name=st.sampled_from([*MERGES, "CLI execution succeeded"]),
    target=st.sampled_from(NAMES),
    source=st.sampled_from(NAMES),
    personless=st.sampled_from([False, False, True]),
    changes=st.just({}) | st.builds(lambda value: {"$set": {"seen": value}}, st.integers(0, 3)),
)


@settings(max_examples=settings().max_examples // 8)
@given(st.lists(st.lists(FACTS, min_size=1, max_size=6), min_size=1, max_size=6))
def test_persons_are_those_of_the_pure_function_however_the_events_are_grouped(
    collector: Collector, requests: list[list[dict[str, Any]]]
) -> None:
    project = collector.project()
    identities = Identities()
    for number, events in enumerate(requests):
        # What Hypothesis repeats is another event all the same.
        sent = [{**one, "uuid": event("x")["uuid"]} for one in events]
        assert project.send(*sent).status == 200, number
        for one in sent:
            fold(identities, fact(one))
    for distinct_id in NAMES:
        person, expected = project.person(distinct_id), identities.person_of(1, distinct_id)
        if expected is None:
            assert person is None or not person["properties"]
            assert person is None or person["distinct_ids"] == [distinct_id]
            continue
        assert person is not None, distinct_id
        ids = [key[1] for key, one in identities.ids.items() if one == expected.person_id]
        assert person["distinct_ids"] == sorted(ids)
        assert person["is_identified"] == expected.is_identified
        assert person["properties"] == expected.properties


def fact(sent: dict[str, Any]) -> Any:
    return fact_of(
        1,
        Captured(
            event=sent["event"],
            distinct_id=sent["distinct_id"],
            uuid=sent["uuid"],
            timestamp=datetime(2026, 3, 1, 12, tzinfo=timezone.utc),
            properties=sent["properties"] | {k: sent[k] for k in ("$set",) if k in sent},
            warnings=[],
        ),
    )[0]
