"""Who is who, by the decision table, as the pure function decides it."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.ingest.identity import (
    FORCE_UPGRADE,
    FORGOTTEN,
    FULL,
    MERGES,
    PROPERTYLESS,
    Fact,
    fold,
    is_illegal,
)
from usagekit_collector.ingest.people import LARGEST_PERSON, MOST_IDS, Identities, own_id

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
IDS = ["ada", "bob", "anon-1", "anon-2", "anon-3", "null", "guest"]


def fact(distinct_id: str, merged_id: str = "", event: str = "", **more: Any) -> Fact:
    event = event or ("$create_alias" if merged_id else "CLI execution succeeded")
    more = {"timestamp": NOON, "project": 1, **more}
    return Fact(event=event, distinct_id=distinct_id, merged_id=merged_id, **more)


def folded(*facts: Fact) -> Identities:
    identities = Identities()
    for one in facts:
        fold(identities, one)
    return identities


def groups(identities: Identities) -> set[frozenset[str]]:
    """The distinct_ids of each person."""
    found: dict[UUID, set[str]] = {}
    for (_, distinct_id), person_id in identities.ids.items():
        found.setdefault(person_id, set()).add(distinct_id)
    return {frozenset(ids) for ids in found.values()}


def test_a_persons_uuid_is_the_one_that_posthog_makes() -> None:
    assert own_id(1, "anon1") == UUID("3aa19f72-b8f7-59e2-8a90-5da5ddd8eda1")


@pytest.mark.parametrize(
    "bare", ["anonymous", "GUEST", "Id", "None", "NaN", "[object Object]", "0"]
)
def test_an_illegal_id_is_illegal_in_quotes_too(bare: str) -> None:
    assert all(map(is_illegal, (bare, f"'{bare}'", f'"{bare}"')))


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "''", '" "'])
def test_a_blank_id_is_illegal(blank: str) -> None:
    assert is_illegal(blank)


@pytest.mark.parametrize("legal", ["NULL", "nan", "00", "anonymous-1", "'null", "guest ", "ada"])
def test_what_is_merely_like_an_illegal_id_is_legal(legal: str) -> None:
    assert not is_illegal(legal)


@pytest.mark.parametrize("event", ["$create_alias", "$identify"])
def test_a_refused_merge_whose_other_side_was_deleted_folds_as_it_did(event: str) -> None:
    before = folded(fact("ada"), fact("bob", "bob-1"), fact("ada", "bob", event))
    after = folded(fact("ada"), fact("ada", FORGOTTEN, event))
    assert before.person_of(1, "ada") == after.person_of(1, "ada")
    assert groups(after) == {frozenset({"ada"})}


def test_the_changes_of_an_event_come_in_their_order() -> None:
    changes = {"$set_once": {"a": 1, "b": 1}, "$set": {"b": 2, "c": 3}, "$unset": ["c"]}
    identities = folded(fact("ada", changes=changes), fact("ada", changes={"$set_once": {"a": 9}}))
    person = identities.person_of(1, "ada")
    assert person is not None
    assert person.properties == {"a": 1, "b": 2}


def test_a_person_does_not_grow_without_end() -> None:
    identities = folded(fact("ada", changes={"$set": {"a": 1}}))
    verdict = fold(identities, fact("ada", changes={"$set": {"b": "x" * LARGEST_PERSON}}))
    person = identities.person_of(1, "ada")
    assert person is not None
    assert (person.properties, verdict.mode) == ({"a": 1}, FULL)
    assert "too large" in verdict.warning


def test_nor_by_taking_in_another() -> None:
    most = "x" * (LARGEST_PERSON // 2)
    identities = folded(
        fact("ada", changes={"$set": {"a": most}}),
        fact("anon-1", changes={"$set": {"b": most}}),
        fact("anon-2", changes={"$set": {"c": 1}}),
    )
    verdict = fold(identities, fact("ada", "anon-1"))
    assert "find no room" in verdict.warning
    assert fold(identities, fact("ada", "anon-2")).warning == ""
    person = identities.person_of(1, "ada")
    assert person is not None
    assert person.properties.keys() == {"a", "c"}
    assert groups(identities) == {frozenset({"ada", "anon-1", "anon-2"})}


def test_a_person_has_so_many_ids_and_no_more() -> None:
    identities = folded(*(fact("ada", f"anon-{number}") for number in range(MOST_IDS - 1)))
    before = identities.ids
    for event in MERGES:
        for target, source in (("ada", "new"), ("new", "ada"), ("ada", "other"), ("other", "ada")):
            full = copy.deepcopy(identities)
            fold(full, fact("other"))
            verdict = fold(full, fact(target, source, event, changes={"$set": {"seen": 1}}))
            assert "too many IDs" in verdict.warning
            assert before.items() <= full.ids.items()
            person = full.person_of(1, target)
            assert person is not None
            assert (person.is_identified, person.properties) == (True, {"seen": 1})
    # Who is there already stays, and what they do is theirs.
    assert fold(identities, fact("ada", "anon-1")).warning == ""
    assert identities.ids == before


def test_a_dangerous_merge_that_is_switched_off_is_an_ordinary_event() -> None:
    identities = Identities(merges_dangerously=False)
    fold(identities, fact("bob", "bob-1"))
    changes = {"$set": {"seen": 1}}
    verdict = fold(identities, fact("ada", "bob", "$merge_dangerously", changes=changes))
    assert (verdict.mode, "switched off" in verdict.warning) == (FULL, True)
    person = identities.person_of(1, "ada")
    assert person is not None
    assert (person.is_identified, person.properties) == (False, {"seen": 1})
    assert groups(identities) == {frozenset({"ada"}), frozenset({"bob", "bob-1"})}
    fold(identities, fact("ada", "anon"))
    assert frozenset({"ada", "anon"}) in groups(identities)


def merges(shape: str, count: int) -> Iterator[Fact]:
    """So many merges, all of them of those who are identified already."""
    for number in range(count):
        target, source = {
            "chain": (f"id-{number + 1}", f"id-{number}"),
            "chain the other way": (f"id-{number}", f"id-{number + 1}"),
            "star": ("id-0", f"id-{number + 1}"),
            "star the other way": (f"id-{number + 1}", "id-0"),
            "pairs": (f"id-{number ^ (number & -number)}", f"id-{number}"),
        }[shape]
        yield fact(target, source, "$merge_dangerously", changes={"$set": {f"p{number % 9}": 1}})


@pytest.mark.parametrize(
    "shape", ["chain", "chain the other way", "star", "star the other way", "pairs"]
)
def test_merges_take_time_in_proportion_to_their_number(shape: str) -> None:
    def each(count: int) -> float:
        """Seconds of this process for one merge, at best."""

        def once() -> float:
            facts = [*merges(shape, count)]
            began = time.process_time()
            folded(*facts)
            return (time.process_time() - began) / count

        return min(once() for _ in range(5))

    # As many as one person may have, and an eighth of that: each would be eight times as much.
    assert each(MOST_IDS - 1) < 3 * each(MOST_IDS // 8)


@pytest.mark.parametrize(
    ("before", "after"), [(1, True), (True, 1), (0, False), (1, 1.0), ([1], [True])]
)
def test_what_only_python_takes_for_the_same_is_a_change(before: object, after: object) -> None:
    identities = folded(fact("ada", changes={"$set": {"a": before}}))
    identities.changed_persons.clear()
    fold(identities, fact("ada", changes={"$set": {"a": after}}))
    person = identities.person_of(1, "ada")
    assert person is not None
    assert repr(person.properties) == repr({"a": after})
    assert identities.changed_persons


FACTS = st.builds(
    lambda event, target, source, personless, minutes, changes: fact(
        target,
        source if event in MERGES else "",
        event,
        personless=personless,
        timestamp=NOON + timedelta(minutes=minutes),
        changes=changes,
    ),
    event=st.sampled_from([*MERGES, "CLI execution succeeded"]),
    target=st.sampled_from(IDS),
    source=st.sampled_from(["", *IDS]),
    personless=st.booleans(),
    minutes=st.integers(0, 3),
    changes=st.just({}) | st.builds(lambda value: {"$set": {"seen": value}}, st.integers(0, 3)),
)


@given(st.lists(FACTS, max_size=25))
def test_the_same_facts_in_the_same_order_give_the_same_map(facts: list[Fact]) -> None:
    one, two = folded(*facts), folded(*copy.deepcopy(facts))
    assert (one.ids, one.persons) == (two.ids, two.persons)


@given(st.lists(FACTS, max_size=25))
def test_everybody_with_an_id_is_there_and_nobody_without_one(facts: list[Fact]) -> None:
    identities = folded(*facts)
    assert set(identities.ids.values()) == set(identities.persons)
    for (_, distinct_id), person_id in identities.ids.items():
        assert person_id in {own_id(1, one) for one in IDS}, distinct_id


@given(st.lists(FACTS, max_size=25))
def test_illegal_ids_are_never_together_with_anybody(facts: list[Fact]) -> None:
    for ids in groups(folded(*facts)):
        assert len(ids) == 1 or not any(map(is_illegal, ids))


@given(st.lists(FACTS, max_size=25), FACTS)
def test_persons_only_ever_come_together(facts: list[Fact], last: Fact) -> None:
    identities = folded(*facts)
    before = groups(identities)
    fold(identities, last)
    after = groups(identities)
    assert all(any(ids <= later for later in after) for ids in before)


@given(st.lists(FACTS, max_size=25), FACTS)
def test_once_identified_a_person_stays_so(facts: list[Fact], last: Fact) -> None:
    identities = folded(*facts)
    known = {key for key, one in identities.ids.items() if identities.persons[one].is_identified}
    fold(identities, last)
    assert all(identities.persons[identities.ids[key]].is_identified for key in known)


@given(st.lists(FACTS, max_size=25), FACTS)
def test_an_event_without_a_profile_changes_nobody(facts: list[Fact], last: Fact) -> None:
    identities = folded(*facts)
    before = copy.deepcopy((identities.ids, identities.persons))
    last = fact(last.distinct_id, last.merged_id, last.event, personless=True)
    verdict = fold(identities, last)
    assert before == (identities.ids, identities.persons)
    assert verdict.mode in (None, PROPERTYLESS, FORCE_UPGRADE)
    assert (verdict.mode is None) == (last.event in MERGES)


@given(st.lists(FACTS, max_size=25), FACTS)
def test_plain_events_never_identify_anybody(facts: list[Fact], last: Fact) -> None:
    identities = folded(*facts)
    before = {key for key, one in identities.ids.items() if identities.persons[one].is_identified}
    fold(identities, fact(last.distinct_id, changes=last.changes))
    after = {key for key, one in identities.ids.items() if identities.persons[one].is_identified}
    assert before == after


@given(st.lists(FACTS, max_size=25))
def test_what_changed_is_what_must_be_stored(facts: list[Fact]) -> None:
    identities = Identities()
    stored: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
    for one in facts:
        identities.changed_persons.clear()
        fold(identities, one)
        stored[0].update(identities.changed_ids)
        for person_id in identities.changed_persons:
            stored[1].pop(person_id, None)
            if person_id in identities.persons:
                stored[1][person_id] = copy.deepcopy(identities.persons[person_id])
    assert stored == (identities.ids, identities.persons)
