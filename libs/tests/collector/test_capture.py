"""One event as it was said → as it is taken: every rule of the protocol's tables."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.ingest.capture import (
    EARLIEST,
    LATEST,
    Captured,
    asked_at,
    captures,
    token_of,
    uuid7,
)
from usagekit_collector.ingest.decode import RawBatch, Refused
from usagekit_collector.ingest.people import own_id
from usagekit_collector.ingest.rows import COLUMNS, Arrival, event_row, fact_of, properties_of

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=timezone.utc)
KNOWN = UUID("0192d4ab-0000-7000-8000-000000000001")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NAMED = {"event": "e", "distinct_id": "d"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-05-04T{text}+00:00")


def taken(said: dict[str, Any], sent_at: object = None) -> Captured:
    """The event, with a name and an ID where it has none."""
    (found,) = captures(RawBatch([{**NAMED, **said}], sent_at=sent_at), NOW)
    return found


def refused(*events: dict[str, Any]) -> str:
    with pytest.raises(Refused) as caught:
        captures(RawBatch(list(events)), NOW)
    assert caught.value.status == 400
    return caught.value.text


# Tokens


def token(*events: dict[str, Any], batch: object = None) -> str:
    return token_of(RawBatch(list(events), batch))


def no_token(*events: dict[str, Any], batch: object = None) -> str:
    with pytest.raises(Refused) as caught:
        token(*events, batch=batch)
    assert caught.value.status == 401
    return caught.value.text


@pytest.mark.parametrize(
    "said",
    [
        {"token": "phc_1"},
        {"$token": "phc_1"},
        {"api_key": "phc_1"},
        {"properties": {"token": "phc_1"}},
        {"token": " phc_1\t\n"},
        {"token": "", "api_key": "phc_1"},
        {"token": None, "$token": "phc_1"},
        {"token": "phc_1", "properties": {"token": "another"}},
    ],
)
def test_a_token_is_found_where_any_sdk_puts_it_and_trimmed(said: dict[str, Any]) -> None:
    assert token(said) == "phc_1"
    assert token(said, {}, said) == "phc_1"


def test_the_token_of_a_batch_goes_first_whatever_its_events_have_by_that_name() -> None:
    said: list[object] = ["phc_2", "a csrf token", "phx_made_up", "x" * 65, "phé", 7, ["a"], {}]
    events = [{"token": one, "properties": {"token": one}} for one in said]
    assert token(*events, batch=" phc_1") == "phc_1"


@pytest.mark.parametrize("said", [7, 1.5, True, ["a"], {"a": 1}])
def test_a_property_that_is_no_text_is_no_token(said: object) -> None:
    assert token({"token": "phc_1"}, {"properties": {"token": said}}) == "phc_1"
    assert "missing" in no_token({"properties": {"token": said}})


@pytest.mark.parametrize(
    "events", [[{}], [{"token": ""}], [{"token": "  "}], [{"properties": []}], [{"token": None}]]
)
def test_a_request_without_a_token_is_refused(events: list[dict[str, Any]]) -> None:
    assert "missing" in no_token(*events)


def test_several_tokens_in_one_request_are_refused() -> None:
    assert "several" in no_token({"token": "a"}, {"token": "b"})
    assert "several" in no_token({"properties": {"token": "a"}}, {"properties": {"token": "b"}})
    assert "several" in no_token({"token": "a"}, {"properties": {"token": "b"}})


@pytest.mark.parametrize(
    "said",
    [
        "x" * 65,
        "phé",
        "a\0b",
        "a\nb",
        "\x1b[31m",
        "phx_made_up",
        " phx_made_up",
        7,
        ["a"],
        {"a": 1},
    ],
)
def test_what_can_be_no_token_is_refused(said: object) -> None:
    no_token({"token": said})
    no_token({}, batch=said)


def test_a_token_has_64_bytes_at_most_after_it_was_trimmed() -> None:
    assert token({"token": " " + "x" * 64 + " "}) == "x" * 64


# Names and IDs


@pytest.mark.parametrize("name", [None, "", 7, True, ["e"], {}])
def test_an_event_without_a_name_refuses_the_whole_batch(name: object) -> None:
    assert "name" in refused(NAMED, {**NAMED, "event": name})
    assert "name" in refused({"distinct_id": "d"})


@pytest.mark.parametrize(
    ("said", "distinct_id"),
    [
        ({"distinct_id": "a"}, "a"),
        ({"distinct_id": None, "$distinct_id": "a"}, "a"),
        ({"distinct_id": "", "properties": {"distinct_id": "a"}}, "a"),
        ({"distinct_id": "a", "$distinct_id": "b", "properties": {"distinct_id": "c"}}, "a"),
        ({"distinct_id": None, "$distinct_id": "b", "properties": {"distinct_id": "c"}}, "b"),
        ({"distinct_id": 7}, "7"),
        ({"distinct_id": 0}, "0"),
        ({"distinct_id": 1.5}, "1.5"),
        ({"distinct_id": False}, "false"),
        ({"distinct_id": ["a", 1]}, '["a",1]'),
        ({"distinct_id": {"a": "é"}}, '{"a":"é"}'),
        ({"distinct_id": {"b": 1, "a": {"d": 2, "c": 3}}}, '{"a":{"c":3,"d":2},"b":1}'),
        ({"distinct_id": 10**300}, "1" + "0" * 199),
        ({"distinct_id": "a\0b"}, "a\ufffdb"),
        ({"distinct_id": "x" * 201}, "x" * 200),
        ({"distinct_id": "\U0001f642" * 201}, "\U0001f642" * 200),
        ({"distinct_id": " a "}, " a "),
    ],
)
def test_a_distinct_id_is_text_of_200_characters_at_most(
    said: dict[str, Any], distinct_id: str
) -> None:
    assert taken(said).distinct_id == distinct_id


@pytest.mark.parametrize(
    "said",
    [
        *({}, {"distinct_id": ""}, {"distinct_id": None}, {"properties": {"distinct_id": ""}}),
        *({"distinct_id": " "}, {"distinct_id": "\t\r\n"}, {"properties": {"distinct_id": " "}}),
    ],
)
def test_an_event_without_an_id_refuses_the_whole_batch(said: dict[str, Any]) -> None:
    assert "distinct_id" in refused(NAMED, {"event": "e", **said})


def test_a_uuid_is_kept_and_an_absent_one_made() -> None:
    known = uuid4()
    dressed = [f"{{{known}}}", f"{{{known}}}".upper(), known.urn]
    for text in (str(known), str(known).upper(), known.hex, *dressed):
        assert taken({"uuid": text}).uuid == known
    absent: list[dict[str, Any]] = [{}, {"uuid": ""}, {"uuid": None}]
    made = [taken(said).uuid for said in absent]
    assert len(set(made)) == 3
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {known.variant}


def test_a_uuid_that_is_made_begins_with_the_time() -> None:
    before = datetime.now(timezone.utc) - timedelta(milliseconds=1)
    made = uuid7()
    after = datetime.now(timezone.utc)
    assert before <= EPOCH + timedelta(milliseconds=made.int >> 80) <= after


@pytest.mark.parametrize(
    "said",
    [
        *("nonsense", 7, True, [], {}, "1" * 31, "0x" + "1" * 30, "1_1" + "1" * 29, "\uff11" * 32),
        *(f"{{{KNOWN}", f"{KNOWN}}}", f"{{{{{KNOWN}}}}}", f"{{{KNOWN.hex}}}", f"{{{'-' * 36}}}"),
        *("urn:uuid:", f"urn:uuid:{KNOWN.hex}", f"urn:uuid:{{{KNOWN}}}", f"URN:UUID:{KNOWN}"),
    ],
)
def test_what_is_no_uuid_refuses_the_whole_batch(said: object) -> None:
    assert "uuid" in refused(NAMED, {**NAMED, "uuid": said})


# Properties


def test_properties_may_be_left_out_and_are_else_an_object() -> None:
    assert taken({}).properties == taken({"properties": None}).properties == {}
    wrong: list[object] = [[], "text", 7, False]
    for said in wrong:
        assert "properties" in refused(NAMED, {**NAMED, "properties": said})


def test_changes_beside_the_properties_win_over_those_within() -> None:
    found = taken(
        {
            "properties": {"$set": {"a": 1, "b": 1}, "$set_once": "nonsense", "c": 1},
            "$set": {"b": 2},
            "$set_once": {"d": 2},
        }
    )
    assert found.properties == {"$set": {"a": 1, "b": 2}, "$set_once": {"d": 2}, "c": 1}


def test_changes_of_the_wrong_type_leave_those_within_as_they_are() -> None:
    found = taken({"properties": {"$set": {"a": 1}}, "$set": "nonsense", "$set_once": None})
    assert found.properties == {"$set": {"a": 1}}


# Times


def test_a_time_is_corrected_by_the_difference_of_the_clocks() -> None:
    """The protocol's vector: now 12:00:00, sent_at 12:00:05, timestamp 11:59:55 → 11:59:50."""
    said = {"timestamp": "2026-05-04T11:59:55Z"}
    sent_at = "2026-05-04T12:00:05Z"
    assert taken(said, sent_at).timestamp == at("11:59:50")
    assert taken({**said, "sent_at": sent_at}).timestamp == at("11:59:50")


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ({}, NOW),
        ({"timestamp": None}, NOW),
        ({"timestamp": ""}, NOW),
        ({"timestamp": "2026-05-04T11:59:55Z"}, at("11:59:50")),
        (
            {"timestamp": "2026-05-04T11:59:55Z", "properties": {"$ignore_sent_at": True}},
            at("11:59:55"),
        ),
        (
            {"timestamp": "2026-05-04T11:59:55Z", "properties": {"$ignore_sent_at": "true"}},
            at("11:59:50"),
        ),
        ({"offset": 1500}, at("11:59:58.500")),
        ({"offset": 0, "timestamp": "2026-05-04T11:00:00Z"}, NOW),
        ({"offset": 250.5, "timestamp": "2026-05-04T11:00:00Z"}, at("11:59:59.749500")),
        ({"offset": -1000}, at("12:00:01")),
        ({"offset": "1500", "timestamp": "2026-05-04T11:59:55Z"}, at("11:59:50")),
        ({"offset": True, "timestamp": "2026-05-04T11:59:55Z"}, at("11:59:50")),
        ({"offset": 1e300}, NOW),
        ({"offset": -1e300}, NOW),
        ({"offset": 10**400}, NOW),
    ],
)
def test_a_time_comes_from_the_event_from_its_offset_or_from_now(
    said: dict[str, Any], moment: datetime
) -> None:
    assert taken(said, "2026-05-04T12:00:05Z").timestamp == moment


@pytest.mark.parametrize("sent_at", [None, "", "nonsense", 7, {}])
def test_without_a_time_of_sending_nothing_is_corrected(sent_at: object) -> None:
    assert taken({"timestamp": "2026-05-04T11:59:55Z"}, sent_at).timestamp == at("11:59:55")


@pytest.mark.parametrize("name", ["_", "sent_at"])
@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("1777895994123", at("11:59:54.123")),
        ("1609459200000", datetime(2021, 1, 1, tzinfo=timezone.utc)),
        ("1609459199999", None),
        ("1777895994", None),  # seconds, of an SDK that is older still
        ("", None),
        ("now", None),
        ("-1777895994123", None),
        ("1777895994123.5", None),
        ("\uff11777895994123", None),
        ("9" * 14, datetime(5138, 11, 16, 9, 46, 39, 999000, tzinfo=timezone.utc)),
        ("9" * 15, None),
        ("9" * 5000, None),
    ],
)
def test_the_address_says_in_milliseconds_when_a_request_was_sent(
    name: str, said: str, moment: datetime | None
) -> None:
    assert asked_at({name: said, "ver": "1.0.0"}) == moment


def test_a_batch_that_says_itself_when_it_was_sent_is_believed_rather_than_its_address() -> None:
    said = {**NAMED, "timestamp": "2026-05-04T11:59:55Z"}
    for sent_at, moment in (("2026-05-04T12:00:05Z", at("11:59:50")), (None, at("11:59:45"))):
        (found,) = captures(RawBatch([said], sent_at=sent_at), NOW, at("12:00:10"))
        assert found.timestamp == moment


def test_more_than_23_hours_in_the_future_is_now() -> None:
    limit = NOW + timedelta(hours=23)
    assert taken({"timestamp": limit.isoformat()}).timestamp == limit
    later = limit + timedelta(microseconds=1)
    assert taken({"timestamp": later.isoformat()}).timestamp == NOW
    assert taken({"offset": -timedelta(hours=24).total_seconds() * 1000}).timestamp == NOW


@pytest.mark.parametrize(
    "said", ["nonsense", 7, {}, "2026-13-01T00:00:00Z", "\uff12\uff10\uff12\uff16-05-04"]
)
def test_what_is_no_time_is_now_and_its_sender_is_told(said: object) -> None:
    found = taken({"timestamp": said})
    assert found.timestamp == NOW
    assert found.warnings == ["the timestamp is no time: taken for now"]
    assert taken({}).warnings == []


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("10000-01-01T00:00:00Z", NOW),
        ("+12026-05-04T11:00:00Z", NOW),
        ("-0044-03-15T12:00:00Z", NOW),
        ("0000-01-01T00:00:00Z", EARLIEST),
        ("0000-02-29T00:00:00Z", EARLIEST),
        ("0001-01-01T00:00:00Z", EARLIEST),
        ("1899-12-31T23:59:59.999999Z", EARLIEST),
        ("1900-01-01T00:00:00Z", EARLIEST),
        ("9999-12-31T23:59:59Z", NOW),
    ],
)
def test_a_year_of_more_than_four_digits_is_now_and_an_early_one_the_earliest_that_is_kept(
    said: str, moment: datetime
) -> None:
    assert taken({"timestamp": said}).timestamp == moment


# Whatever comes

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["x" * 300, "a\0b", "2026-05-04T11:00:00Z", "9999-12-31T23:59:59-14:00"])
    | st.datetimes(timezones=st.just(timezone.utc)).map(datetime.isoformat),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = (
    *("event", "distinct_id", "$distinct_id", "uuid", "properties", "timestamp", "sent_at"),
    *("offset", "$set", "$set_once", "token", "$token", "api_key"),
)
_PROPERTIES = (
    *COLUMNS,
    *("", "alias", "$anon_distinct_id", "$set", "$set_once", "$unset", "distinct_id"),
    *("$ignore_sent_at", "$process_person_profile"),
)


def optional(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


anything = optional(_FIELDS)
events = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["$create_alias", "$identify", "$merge_dangerously"])
        | st.text(min_size=1),
        "distinct_id": st.text(min_size=1).filter(str.strip) | st.integers(),
        "properties": optional(_PROPERTIES),
    },
    optional=dict.fromkeys(("timestamp", "offset", "sent_at", "$set", "$set_once"), values),
)


def row_of(captured: Captured) -> dict[str, Any]:
    """The event as it is stored, and read back."""
    fact, _ = fact_of(1, captured)
    own = own_id(1, captured.distinct_id)
    row: dict[str, Any] = json.loads(
        event_row(captured, fact, Arrival(1, captured.timestamp, "full", own, is_first=False))
    )
    return {column: "" for column, _ in COLUMNS.values()} | row


def status_of(step: Callable[[], object]) -> int:
    try:
        step()
    except Refused as answer:
        return answer.status
    return 200


@given(said=st.lists(anything | events, max_size=3), batch_token=values, sent_at=values)
def test_any_objects_are_taken_or_refused(
    said: list[dict[str, Any]], batch_token: object, sent_at: object
) -> None:
    batch = RawBatch(said, batch_token, sent_at)
    assert status_of(lambda: token_of(batch)) in (200, 401)
    assert status_of(lambda: captures(batch, NOW)) in (200, 400)


@given(said=events, sent_at=values)
def test_what_is_taken_fits_the_store_and_comes_back_from_it(
    said: dict[str, Any], sent_at: object
) -> None:
    captured = taken(said, sent_at)
    assert EARLIEST <= captured.timestamp <= NOW + timedelta(hours=23) < LATEST
    assert captured.timestamp.utcoffset() == timedelta()
    row = row_of(captured)
    assert UUID(row["uuid"]) == captured.uuid
    assert (row["event"], row["distinct_id"]) == (captured.event, captured.distinct_id)
    # What says who is who is kept as it is understood, all else as it was said.
    understood = {"$set", "$set_once", "$unset", "alias", "$anon_distinct_id"}
    kept, came = properties_of(row), captured.properties
    for name in {*kept, *came} - understood:
        assert (kept[name], type(kept[name])) == (came[name], type(came[name])), name
