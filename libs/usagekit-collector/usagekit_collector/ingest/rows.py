"""Events as rows of the store, and back. Pure; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from usagekit_collector.ingest.capture import Captured, text_of
from usagekit_collector.ingest.identity import BYSTANDERS, FORGOTTEN, MERGES, Fact

OUTCOMES = {"CLI execution succeeded": "succeeded", "CLI execution failed": "failed"}
_CHANGES: dict[str, tuple[type, ...]] = {
    "$set": (dict,),
    "$set_once": (dict,),
    "$unset": (list, dict),
}
_LONGEST = 200
_LARGEST_CODE = 2**31
# Beyond it a number with a fraction skips whole ones.
_LARGEST_WHOLE = 2**53


def _is_word(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST


def _is_number(value: object) -> bool:
    return type(value) is float or (type(value) is int and abs(value) <= _LARGEST_WHOLE)


def _is_code(value: object) -> bool:
    return type(value) is int and -_LARGEST_CODE <= value < _LARGEST_CODE


# The properties that have a column of their own: the column, and what fits into it.
COLUMNS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "command_name": ("command", _is_word),
    "cli_version": ("version", _is_word),
    "failure_kind": ("failure_kind", _is_word),
    "error_type": ("error_type", _is_word),
    "os_type": ("os", _is_word),
    "python_version": ("python", _is_word),
    "ci": ("ci", _is_word),
    "agent": ("agent", _is_word),
    "duration": ("duration", _is_number),
    "exit_code": ("exit_code", _is_code),
}
_NO_COLUMN: tuple[str, Callable[[object], bool]] = ("", lambda _: False)
_NONE: frozenset[str] = frozenset()
_encode = msgspec.json.Encoder().encode


def fact_of(project: int, captured: Captured) -> tuple[Fact, list[str]]:
    """What an event says of who is who, and what its sender should know about that."""
    properties, warnings = captured.properties, []
    profile = properties.get("$process_person_profile")
    if profile is not None and not isinstance(profile, bool):
        warnings.append("$process_person_profile is no boolean: taken for true")  # P6
    changes: dict[str, Any] = {}
    for name, kind in _CHANGES.items():
        value = properties.get(name)
        if isinstance(value, kind):
            changes |= {name: value} if value else {}
        elif value is not None:
            warnings.append(f"{name} is of the wrong type: left out")
    if "$unset" in changes:
        # Of an object, the names count.
        changes["$unset"] = [name for name in changes["$unset"] if isinstance(name, str)]
    if captured.event in BYSTANDERS:
        changes = {}
    fact = Fact(
        project=project,
        event=captured.event,
        distinct_id=captured.distinct_id,
        merged_id=_merged_id(captured),
        personless=profile is False,
        timestamp=captured.timestamp,
        changes=changes,
    )
    return fact, warnings


def _merged_id(captured: Captured) -> str:
    """Whom an event wishes to fold into its own; empty for most."""
    name = MERGES.get(captured.event)
    return text_of(captured.properties.get(name)) if name else ""


class Arrival(NamedTuple):
    """What became of an event.

    Attributes:
        seq: its arrival number.
        arrived: when, by this machine's clock.
        mode: its ``person_mode``.
        own_id: the person that its distinct_id is by itself.
        is_first: whether it has made a person.
    """

    seq: int
    arrived: datetime
    mode: str
    own_id: UUID
    is_first: bool


def event_row(captured: Captured, fact: Fact, arrival: Arrival) -> bytes:
    """The line of JSON by which an event is stored."""
    columns: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    aside = _NONE if captured.event in BYSTANDERS and not fact.personless else _CHANGES
    for name, value in captured.properties.items():
        column, fits = COLUMNS.get(name, _NO_COLUMN)
        if fits(value):
            columns[column] = value
        elif name not in aside:
            rest[name] = value
    if fact.merged_id:
        del rest[MERGES[captured.event]]
    changes = {} if fact.personless else fact.changes  # P1, P3: stripped
    return _encode(
        {
            "project": fact.project,
            "uuid": captured.uuid,
            "seq": arrival.seq,
            "arrived": arrival.arrived,
            "timestamp": captured.timestamp,
            "event": captured.event,
            "distinct_id": captured.distinct_id,
            "own_id": arrival.own_id,
            "person_mode": arrival.mode,
            "merged_id": fact.merged_id,
            "changes": _encode(changes).decode() if changes or arrival.is_first else "",
            "outcome": OUTCOMES.get(captured.event, ""),
            **columns,
            "properties": _encode(rest).decode(),
        }
    )


def fact_of_row(row: Mapping[str, Any]) -> Fact:
    """The same fact, from the event as it is stored."""
    return Fact(
        project=row["project"],
        event=row["event"],
        distinct_id=row["distinct_id"],
        merged_id=row["merged_id"],
        timestamp=row["timestamp"],
        changes=msgspec.json.decode(row["changes"]) if row["changes"] else {},
    )


def properties_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a stored event, as they were captured."""
    properties: dict[str, Any] = msgspec.json.decode(row["properties"])
    for name, (column, _) in COLUMNS.items():
        if row[column] not in ("", None):
            properties[name] = row[column]
    if row["changes"]:
        properties |= msgspec.json.decode(row["changes"])
    if row["merged_id"] not in ("", FORGOTTEN):
        properties[MERGES[row["event"]]] = row["merged_id"]
    return properties
