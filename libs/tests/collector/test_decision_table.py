"""The decision table of who is who, each row by its name, as it is seen through the API."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from usagekit_collector.ingest.people import MOST_IDS, own_id

from tests.support.collector import Collector, Project, event

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
ALIAS, IDENTIFY, DANGEROUSLY = "$create_alias", "$identify", "$merge_dangerously"


def at(minutes: float) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat()


def merge(target: str, source: object, name: str = ALIAS, /, **more: Any) -> dict[str, Any]:
    """An event that wishes to fold ``source`` into ``target``."""
    other = "$anon_distinct_id" if name == IDENTIFY else "alias"
    return event(target, name, **{"timestamp": at(0), other: source, **more})


def personless(distinct_id: str, **more: Any) -> dict[str, Any]:
    return event(distinct_id, **{"$process_person_profile": False, "timestamp": at(0), **more})


def personful(distinct_id: str, **more: Any) -> dict[str, Any]:
    return event(distinct_id, **{"timestamp": at(0), **more})


def own(project: Project, distinct_id: str) -> str:
    """The UUID of the person that an ID makes by itself."""
    (number,) = (
        one["project"]
        for one in project.collector.get("/api/projects").json
        if project.token in one["tokens"]
    )
    return str(own_id(number, distinct_id))


def known(project: Project, distinct_id: str) -> dict[str, Any]:
    """A person who must be there."""
    person = project.person(distinct_id)
    assert person is not None
    return person


def are_one(project: Project, *distinct_ids: str) -> bool:
    """Whether these IDs, and no others, are one person."""
    return all(
        sorted(known(project, one)["distinct_ids"]) == sorted(distinct_ids) for one in distinct_ids
    )


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
@pytest.mark.parametrize("source", ["", None])
def test_m0_without_another_id_it_is_an_ordinary_event(
    project: Project, name: str, source: object
) -> None:
    project.capture(merge("ada", source, name))
    assert are_one(project, "ada")
    assert not known(project, "ada")["is_identified"]


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
def test_m1_without_a_profile_it_is_dropped(project: Project, name: str) -> None:
    project.capture(merge("ada", "anon", name, **{"$process_person_profile": False}))
    assert project.events() == []
    assert project.person("ada") is project.person("anon") is None


@pytest.mark.parametrize("profile", [False, True, None, "false"])
def test_what_says_who_is_in_a_group_is_dropped_without_a_profile(
    project: Project, profile: object
) -> None:
    said = {"$group_type": "company", "$group_key": "acme", "$process_person_profile": profile}
    project.capture(event("ada", "$groupidentify", **said))
    assert len(project.events()) == (0 if profile is False else 1)


@pytest.mark.parametrize("name", ["$exception", "$$heatmap"])
def test_an_error_and_a_heatmap_belong_to_whoever_is_there_and_change_nobody(
    project: Project, name: str
) -> None:
    changes = {"$set": {"plan": "b"}, "$set_once": {"first": True}, "$unset": ["plan"]}
    project.capture(
        event("anon", name, timestamp=at(0), **changes),
        personful("ada", **{"$set": {"plan": "a"}}),
        event("ada", name, timestamp=at(1), **changes),
        personless("ada", timestamp=at(2)),
        event("ada", name, timestamp=at(3), **{"$process_person_profile": False, **changes}),
        # Had the first one made a person, this would be a force_upgrade.
        personless("anon", timestamp=at(9)),
    )
    assert known(project, "anon")["properties"] == {}
    assert known(project, "ada")["properties"] == {"plan": "a"}
    found = project.events()
    modes = ["propertyless", "full", "full", "force_upgrade", "force_upgrade", "propertyless"]
    assert [one["person_mode"] for one in found] == modes
    assert found[0]["person_id"] == own(project, "anon")
    # They say what they said all the same; without a profile it is left out, as of any event.
    assert found[0]["properties"] == found[2]["properties"] == changes
    assert found[4]["properties"] == {"$process_person_profile": False}


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
def test_m2_an_id_with_itself_is_an_ordinary_event(project: Project, name: str) -> None:
    project.capture(merge("ada", "ada", name))
    assert are_one(project, "ada")
    assert not known(project, "ada")["is_identified"]


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
@pytest.mark.parametrize(("target", "source"), [("ada", "'Guest'"), ("null", "anon")])
def test_m3_an_illegal_id_is_not_merged(
    project: Project, name: str, target: str, source: str
) -> None:
    project.capture(merge(target, source, name, **{"$set": {"plan": "pro"}}))
    person = known(project, target)
    assert (person["distinct_ids"], person["is_identified"]) == ([target], False)
    assert (person["events"], person["properties"]) == (1, {"plan": "pro"})
    assert project.person(source) is None


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
def test_m4_two_new_ids_are_one_new_person(project: Project, name: str) -> None:
    project.capture(merge("ada", "anon", name))
    assert are_one(project, "ada", "anon")
    person = known(project, "anon")
    assert (person["person_id"], person["is_identified"]) == (own(project, "ada"), True)


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
def test_m5_a_new_id_joins_the_targets_person(project: Project, name: str) -> None:
    project.capture(personful("ada"), merge("ada", "anon", name))
    assert are_one(project, "ada", "anon")
    person = known(project, "anon")
    assert (person["person_id"], person["is_identified"]) == (own(project, "ada"), True)


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
@pytest.mark.parametrize("is_identified", [False, True])
def test_m6_the_target_joins_the_sources_person_identified_or_not(
    project: Project, name: str, is_identified: bool
) -> None:
    project.capture(personful("bob"))
    if is_identified:
        project.capture(merge("bob", "bob-2"))
    project.capture(merge("ada", "bob", name))
    assert are_one(project, "ada", "bob", *(["bob-2"] if is_identified else []))
    person = known(project, "ada")
    assert (person["person_id"], person["is_identified"]) == (own(project, "bob"), True)


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
def test_m7_the_same_person_already_stays_as_it_is(project: Project, name: str) -> None:
    project.capture(merge("ada", "anon"), merge("anon", "ada", name), merge("ada", "anon", name))
    assert are_one(project, "ada", "anon")
    assert known(project, "ada")["person_id"] == own(project, "ada")


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
def test_m8_a_person_not_identified_yet_is_merged_into_the_target(
    project: Project, name: str
) -> None:
    project.capture(
        personful("anon", timestamp=at(-60), **{"$set": {"a": "anon", "b": "anon", "c": "anon"}}),
        personful("ada", **{"$set": {"b": "ada", "c": "ada"}}),
        merge("ada", "anon", name, **{"$set": {"c": "now"}, "$set_once": {"b": "no", "d": "now"}}),
    )
    assert are_one(project, "ada", "anon")
    person = known(project, "anon")
    assert (person["person_id"], person["is_identified"]) == (own(project, "ada"), True)
    assert person["properties"] == {"a": "anon", "b": "ada", "c": "now", "d": "now"}
    # Created when the earlier of them was: what comes two minutes later is no first minute's.
    project.capture(personless("ada", timestamp=at(-58)))
    assert project.events()[-1]["person_mode"] == "force_upgrade"


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY])
def test_m9_somebody_identified_is_not_merged_into_another(project: Project, name: str) -> None:
    project.capture(
        merge("bob", "bob-2"), personful("ada"), merge("ada", "bob", name, **{"$set": {"x": 1}})
    )
    assert are_one(project, "ada")
    assert are_one(project, "bob", "bob-2")
    person = known(project, "ada")
    assert (person["is_identified"], person["properties"], person["events"]) == (True, {"x": 1}, 2)


def test_m10_unless_dangerously(project: Project) -> None:
    project.capture(
        merge("bob", "bob-2", **{"$set": {"x": "bob", "y": "bob"}}),
        personful("ada", **{"$set": {"x": "ada"}}),
        merge("ada", "bob", DANGEROUSLY),
    )
    assert are_one(project, "ada", "bob", "bob-2")
    person = known(project, "bob-2")
    assert person["person_id"] == own(project, "ada")
    assert person["properties"] == {"x": "ada", "y": "bob"}


@pytest.mark.parametrize("name", [ALIAS, IDENTIFY, DANGEROUSLY])
def test_m11_nobody_has_more_ids_than_a_person_can_have(project: Project, name: str) -> None:
    many = (merge("ada", f"anon-{number}") for number in range(MOST_IDS - 1))
    assert project.send(*many).status == 200
    project.capture(merge("ada", "bob", name, **{"$set": {"x": 1}}), merge("eve", "ada", name))
    person = known(project, "ada")
    assert len(person["distinct_ids"]) == MOST_IDS
    assert (person["is_identified"], person["properties"]) == (True, {"x": 1})
    assert project.person("bob") is None
    assert are_one(project, "eve")


def test_m12_nor_dangerously_where_that_is_switched_off(
    new_collector: Callable[..., Collector],
) -> None:
    with new_collector(merge_dangerously="false") as collector:
        project = collector.project()
        project.capture(merge("bob", "bob-2"), merge("ada", "bob", DANGEROUSLY), merge("eve", "x"))
        assert are_one(project, "ada")
        assert are_one(project, "bob", "bob-2")
        assert not known(project, "ada")["is_identified"]
        assert are_one(project, "eve", "x")
        assert "switched off" in collector.log.read_text()
    assert b" 0 rows differed" in collector.run("doctor", "--rebuild-identity").stdout
    # By another setting it is another map.
    collector.environ["USAGEKIT_COLLECTOR_MERGE_DANGEROUSLY"] = "true"
    assert b" 0 rows differed" not in collector.run("doctor", "--rebuild-identity").stdout
    with collector:
        assert are_one(project, "ada", "bob", "bob-2")


def test_p1_without_a_profile_there_is_an_event_and_no_person(project: Project) -> None:
    project.capture(
        personless("anon", **{"$set": {"a": 1}, "$set_once": {"b": 1}, "$unset": ["c"]})
    )
    (found,) = project.events()
    assert (found["person_id"], found["person_mode"]) == (own(project, "anon"), "propertyless")
    assert found["properties"] == {"$process_person_profile": False}
    person = known(project, "anon")
    assert (person["properties"], person["is_identified"]) == ({}, False)


@pytest.mark.parametrize(("minutes", "mode"), [(1, "propertyless"), (1.01, "force_upgrade")])
def test_p2_and_p3_a_profile_made_elsewhere_counts_after_a_minute(
    project: Project, minutes: float, mode: str
) -> None:
    project.capture(
        personful("anon"), personless("anon", timestamp=at(minutes), **{"$set": {"a": 1}})
    )
    found = project.events()[-1]
    assert (found["person_id"], found["person_mode"]) == (own(project, "anon"), mode)
    assert "$set" not in found["properties"]
    assert known(project, "anon")["properties"] == {}


def test_p4_a_later_profile_has_the_same_uuid_and_so_the_history(project: Project) -> None:
    project.capture(personless("anon"))
    before = project.events()[0]["person_id"]
    project.capture(personful("anon", timestamp=at(5)))
    person = known(project, "anon")
    assert (person["person_id"], person["events"]) == (before, 2)


@pytest.mark.parametrize("first", [[], [personful("ada")]], ids=["M4", "M5"])
def test_p5_events_without_a_profile_follow_their_id(
    project: Project, first: list[dict[str, Any]]
) -> None:
    project.capture(personless("anon"), *first, merge("ada", "anon"))
    assert {found["person_id"] for found in project.events()} == {own(project, "ada")}
    assert known(project, "ada")["events"] == 2 + len(first)


def test_p5_also_where_the_target_was_without_a_profile_m6(project: Project) -> None:
    project.capture(personless("ada"), personful("bob"), merge("ada", "bob"))
    assert {found["person_id"] for found in project.events()} == {own(project, "bob")}


@pytest.mark.parametrize("value", ["false", 0, None, "no", []])
def test_p6_what_is_no_boolean_counts_as_true(project: Project, value: object) -> None:
    project.capture(event("ada", **{"$process_person_profile": value, "$set": {"a": 1}}))
    assert project.events()[0]["person_mode"] == "full"
    assert known(project, "ada")["properties"] == {"a": 1}


# One life: commands before the login without a profile, the alias, commands of the account.
LIFE = [personless("anon"), merge("principal", "anon"), personful("principal")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_a_cli_s_life_is_one_person_in_any_order_of_arrival(
    project: Project, order: tuple[int, ...]
) -> None:
    events = [{**LIFE[number], "uuid": event("x")["uuid"]} for number in order]
    project.capture(*events)
    assert are_one(project, "principal", "anon")
    person = known(project, "anon")
    assert (person["events"], person["is_identified"]) == (3, True)
    assert person["person_id"] == own(project, "principal")


@pytest.mark.parametrize("machines", [("anon-1", "anon-2"), ("anon-2", "anon-1")])
def test_a_second_machine_always_joins(project: Project, machines: tuple[str, str]) -> None:
    for anon in machines:
        project.capture(personless(anon), merge("principal", anon), personful("principal"))
    assert are_one(project, "principal", "anon-1", "anon-2")


def test_the_other_way_round_a_second_machine_with_a_profile_is_refused(project: Project) -> None:
    project.capture(merge("principal", "anon-1"), personful("anon-2"), merge("anon-2", "principal"))
    assert are_one(project, "principal", "anon-1")
    assert are_one(project, "anon-2")


def test_an_anon_id_that_was_aliased_once_is_refused_by_a_second_account(project: Project) -> None:
    project.capture(merge("a", "anon"), personful("b"), merge("b", "anon"))
    assert are_one(project, "a", "anon")
    assert are_one(project, "b")


def test_a_chain_of_merges_in_one_request_takes_along_ids_that_it_does_not_name(
    project: Project,
) -> None:
    project.capture(personful("t"), merge("t", "t-2"), merge("t", "t-3"))
    assert (
        project.send(merge("t", "s"), merge("u", "u-2"), merge("u", "s", DANGEROUSLY)).status == 200
    )
    assert are_one(project, "u", "u-2", "t", "t-2", "t-3", "s")
