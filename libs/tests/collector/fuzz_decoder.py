"""Makes up requests, guided by what they reach, and reads them as the collector does.

``test_fuzz.py`` runs it for a moment. For longer, by hand, from ``libs``: ``python -m
tests.collector.fuzz_decoder FOLDER -runs=1000000``, with a folder of inputs to begin from.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta, timezone
from typing import Any

import atheris

with atheris.instrument_imports(include=["usagekit_collector"]):
    from usagekit_collector.ingest.capture import EARLIEST, Captured, captures, token_of
    from usagekit_collector.ingest.decode import RawBatch, Refused, decode, unwrap
    from usagekit_collector.ingest.people import own_id
    from usagekit_collector.ingest.rows import COLUMNS, Arrival, event_row, fact_of, properties_of

NOW = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)
LATEST = NOW + timedelta(hours=23)
LIMIT = 1024 * 1024
# The first byte of an input says what the rest is: a body, with these parameters; a parameter; or
# choices, by which events are put together.
BODY: tuple[dict[str, str], ...] = ({}, {"compression": "lz64"}, {"compression": "base64"})
PARAMETER, CHOICES = 3, 128

NAMES = ["$create_alias", "$identify", "$merge_dangerously", "CLI execution failed", "e", "\0"]
FIELDS = [
    *("event", "distinct_id", "$distinct_id", "uuid", "timestamp", "sent_at", "offset"),
    *("$set", "$set_once", "token", "$token", "api_key", "properties", ""),
]
PROPERTIES = [
    *("", "alias", "$anon_distinct_id", "$set", "$set_once", "$unset", "$ignore_sent_at"),
    *("$process_person_profile", "distinct_id", "token", *COLUMNS),
]
TEXTS = [
    *("", "a", "a" * 300, "a\0b", "\U0001f642", "null", "phc_1", "1" * 32, "2026-05-04T11:00:00Z"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0000-01-01", "10000-01-01"),
    *("-001-01-01", "2026-05-04", "T", "+00:00", "2026-05-04T11:00:00.9999999999Z"),
]
NUMBERS = [0, -1, 2**31, 2**53 + 1, 2**64, 10**400, 0.5, -0.0, 5e-324, 1.7976931348623157e308]


def run_one(data: bytes) -> None:
    """All that a request goes through before it is stored. Raises what no request may cause."""
    first, rest = data[0] if data else 0, data[1:]
    if first >= CHOICES:
        read(json.dumps(put_together(atheris.FuzzedDataProvider(rest))).encode(), {})
    elif first == PARAMETER:
        read(b"", {"data": rest.decode("utf-8", "replace")})
    else:
        read(rest, BODY[first % len(BODY)])


def put_together(choose: Any) -> Any:
    """A list of events, or a batch."""
    events = []
    for _ in range(choose.ConsumeIntInRange(1, 3)):
        one = {"event": choose.PickValueInList(NAMES), "distinct_id": "anon-1"}
        one |= object_of(choose, FIELDS, 2)
        one["properties"] = object_of(choose, PROPERTIES, 2)
        events.append(one)
    if choose.ConsumeBool():
        return events
    return {"batch": events, "api_key": "phc_1", "sent_at": value_of(choose, 1)}


def object_of(choose: Any, names: list[str], depth: int) -> dict[str, Any]:
    """Some of these names, with any values."""
    count = choose.ConsumeIntInRange(0, 4)
    return {choose.PickValueInList(names): value_of(choose, depth) for _ in range(count)}


def value_of(choose: Any, depth: int) -> Any:
    """Any value of JSON."""
    kind = choose.ConsumeIntInRange(0, 7 if depth else 5)
    if kind < 3:
        return (None, True, False)[kind]
    if kind == 3:
        return choose.PickValueInList(NUMBERS)
    if kind == 4:
        return choose.PickValueInList(TEXTS)
    if kind == 5:
        return choose.ConsumeUnicode(20)
    if kind == 6:
        return [value_of(choose, depth - 1) for _ in range(choose.ConsumeIntInRange(0, 3))]
    return object_of(choose, PROPERTIES, depth - 1)


def read(body: bytes, query: dict[str, str]) -> None:
    """It is taken, or refused."""
    try:
        batch = decode(unwrap(body, query, LIMIT))
    except Refused as answer:
        expect(answer.status in (400, 413), answer)
        return
    read_token(batch)
    try:
        found = captures(batch, NOW)
    except Refused as answer:
        expect(answer.status == 400, answer)
        return
    for one in found:
        store_and_read(one)


def read_token(batch: RawBatch) -> None:
    """It is one, or the answer is 401."""
    try:
        token = token_of(batch)
    except Refused as answer:
        expect(answer.status == 401, answer)
        return
    expect(token.isprintable() and 0 < len(token) <= 64, token)


def store_and_read(one: Captured) -> None:
    """What is taken fits a row, from which it can be read again."""
    expect(EARLIEST <= one.timestamp <= LATEST, one)
    expect(0 < len(one.distinct_id) <= 200, one)
    fact, _ = fact_of(1, one)
    line = event_row(
        one, fact, Arrival(1, one.timestamp, "full", own_id(1, one.distinct_id), is_first=False)
    )
    expect(b"\n" not in line, line)
    row: dict[str, Any] = dict.fromkeys((column for column, _ in COLUMNS.values()), "")
    row |= json.loads(line)
    expect((row["event"], row["distinct_id"]) == (one.event, one.distinct_id), row)
    expect(row.get("duration") is None or abs(row["duration"] or 0) < float("inf"), row)
    properties_of(row)


def expect(is_so: bool, seen: object) -> None:
    """Ends the run, which keeps the input, if it is not."""
    if not is_so:
        raise AssertionError(seen)


if __name__ == "__main__":
    atheris.Setup(sys.argv, run_one)
    atheris.Fuzz()
