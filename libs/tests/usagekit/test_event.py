"""What an event may hold, and what is no event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit.event import Event

LEAST: dict[str, Any] = {
    "event_name": "CLI execution succeeded",
    "properties": {"command_name": "toolkit.run"},
    "distinct_id": "00000000-0000-4000-8000-000000000001",
    "is_anon": True,
    "uuid": "00000000-0000-4000-8000-000000000002",
    "timestamp": "2024-02-29T12:00:00.000001Z",
}
FULL = {**LEAST, "credentials": "12-34", "superseded": True}


def test_an_event_is_complete_without_word_of_any_credentials() -> None:
    event = Event.of(LEAST)
    assert (event.credentials, event.superseded) == (None, False)


def test_an_event_is_read_back_as_it_was_written() -> None:
    text = Event.of(FULL).to_json()
    assert json.loads(text) == FULL
    assert Event.from_json(text).to_json() == text


@given(
    properties=st.dictionaries(st.text(), st.text(st.characters()) | st.integers() | st.booleans()),
    distinct_id=st.text(min_size=1),
    is_anon=st.booleans(),
)
def test_whatever_an_event_holds_is_one_line_of_ascii_and_comes_back(
    properties: dict[str, Any], distinct_id: str, is_anon: bool
) -> None:
    fields = {**FULL, "properties": properties, "distinct_id": distinct_id, "is_anon": is_anon}
    text = Event.of(fields).to_json()
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(Event.from_json(text).to_json()) == fields


def test_fields_that_nobody_knows_are_ignored() -> None:
    event = Event.of({**FULL, "colour": "red", "to_json": "hm"})
    assert json.loads(event.to_json()) == FULL


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_name", ""),
        ("event_name", None),
        ("event_name", 1),
        ("distinct_id", ""),
        ("distinct_id", None),
        ("distinct_id", ["a"]),
        ("is_anon", "yes"),
        ("is_anon", 1),
        ("is_anon", None),
        ("properties", None),
        ("properties", []),
        ("properties", "a"),
        ("uuid", "not-a-uuid"),
        ("uuid", "../../../made-up"),
        ("uuid", 7),
        ("timestamp", "yesterday"),
        ("timestamp", 1_700_000_000),
        ("timestamp", {}),
        ("timestamp", None),
        ("uuid", None),
        ("credentials", 5),
        ("superseded", "no"),
    ],
)
def test_a_field_of_the_wrong_kind_makes_it_no_event(name: str, value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        Event.of({**FULL, name: value})


@pytest.mark.parametrize("name", list(LEAST))
def test_without_any_of_its_fields_it_is_no_event(name: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        Event.of({key: value for key, value in LEAST.items() if key != name})


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "7", '"an event"', "{}", "\x00"])
def test_a_text_that_is_no_event_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        Event.from_json(text)
