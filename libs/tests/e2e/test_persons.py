"""The tests' own judge of who is who, held against PostHog's rules (docs/identity.md)."""

from __future__ import annotations

import pytest

from tests.support.persons import persons
from tests.support.recorder import Received


def alias(kept: str, joining: str) -> Received:
    message = {"event": "$create_alias", "distinct_id": kept, "properties": {"alias": joining}}
    return Received(message, "made-up", 0.0)


def event(distinct_id: str) -> Received:
    message = {
        "event": "CLI execution succeeded",
        "distinct_id": distinct_id,
        "properties": {"$process_person_profile": False},
    }
    return Received(message, "made-up", 0.0)


@pytest.mark.parametrize(
    ("rule", "received", "same"),
    [
        ("M4", [alias("ada", "anon")], True),
        ("M5", [alias("ada", "other"), alias("ada", "anon")], True),
        ("M6", [alias("bob", "anon"), alias("ada", "anon")], True),
        ("M7", [alias("ada", "anon"), alias("ada", "anon")], True),
        ("M8", [event("anon"), event("ada"), alias("ada", "anon")], True),
        ("M9", [alias("bob", "anon"), alias("ada", "other"), alias("ada", "anon")], False),
    ],
)
def test_each_rule_of_the_table(rule: str, received: list[Received], same: bool) -> None:
    person = persons(received)
    assert (person["ada"] == person["anon"]) is same


def test_one_anonymous_id_given_to_two_accounts_makes_one_person_of_them() -> None:
    person = persons([alias("ada", "anon"), alias("bob", "anon")])
    assert person["ada"] == person["bob"]
