"""What the collector asks of its engine, and tells it, to take in events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any
from uuid import UUID

import msgspec

from usagekit_collector.ingest.identity import Fact
from usagekit_collector.ingest.people import Identities, Person, own_id
from usagekit_collector.ingest.rows import fact_of_row
from usagekit_collector.store.client import Client
from usagekit_collector.store.inserts import insert
from usagekit_collector.store.shards import change, is_sharded
from usagekit_collector.store.sql import sql

# How many facts are folded between two looks into the store.
AT_ONCE = 5_000
# Rows of all events, or of a whole map, that are read or written at once.
_PIECE = 50_000


def load_persons(client: Client, identities: Identities, persons: set[tuple[int, UUID]]) -> None:
    """Take in persons as they are stored."""
    for project, some in by_project(persons).items():
        asked = {"project": project, "own_ids": some}
        for row in client.query(sql("store/persons"), asked).named_results():
            properties = msgspec.json.decode(row.pop("properties"))
            identities.load(Person(**row, properties=properties))


def save(client: Client, identities: Identities, version: int) -> None:
    """Store what has changed of who is who; ``version`` is the last event that was folded."""
    rows = [*_id_rows(identities, version), *_person_rows(identities, version)]
    if rows:
        if is_sharded(client, "identity"):
            # Each shard is a step: the mark must not be there before all others are.
            insert(client, "identity", rows)
            rows = []
        insert(client, "identity", [*rows, _mark(version)])


def save_all(client: Client, identities: Identities, version: int) -> None:
    """Store a whole map where there is none, in pieces. It counts once the mark is there, which
    comes last."""
    rows = chain(_id_rows(identities, version), _person_rows(identities, version))
    while piece := list(islice(rows, _PIECE)):
        insert(client, "identity", piece)
    insert(client, "identity", [_mark(version)])


def forget_everybody(client: Client) -> None:
    """Empty the map."""
    if number(client, "store/identities"):
        change(client, sql("store/forget_everybody"))


def unfolded(client: Client, after: int) -> list[tuple[int, Fact]]:
    """The next facts of events that arrived after that number, in order, each with its own."""
    found = client.query(sql("store/unfolded"), {"after": after, "limit": AT_ONCE})
    return [(row["seq"], fact_of_row(row)) for row in found.named_results()]


def touch(client: Client) -> None:
    """Write something, on disk, by which nothing changes: the map's mark once more."""
    insert(client, "identity", [_mark(number(client, "store/folded"))])


def damaged(client: Client) -> list[str]:
    """The parts that the engine could not read when it started, each as ``table/part``: what was
    in them is not served."""
    return ["/".join(row) for row in client.query(sql("store/damaged")).result_rows]


def identity(client: Client) -> str:
    """By what a store is known, wherever it is and whatever it is called."""
    return str(client.query(sql("store/events_id")).result_rows[0][0])


def number(client: Client, query: str) -> int:
    """The one number that a query answers with."""
    return int(client.query(sql(query)).result_rows[0][0] or 0)


def _mark(version: int) -> bytes:
    return msgspec.json.encode({"kind": "mark", "version": version})


def _id_rows(identities: Identities, version: int) -> Iterator[bytes]:
    for (project, distinct_id), person_id in identities.changed_ids:
        yield msgspec.json.encode(
            {
                "project": project,
                "kind": "distinct_id",
                "id": distinct_id,
                "person_id": person_id,
                "own_id": own_id(project, distinct_id),
                "version": version,
            }
        )


def _person_rows(identities: Identities, version: int) -> Iterator[bytes]:
    for person_id, project in identities.changed_persons.items():
        row: dict[str, Any] = {
            "project": project,
            "kind": "person",
            "id": str(person_id),
            "person_id": person_id,
            "own_id": person_id,
            "version": version,
        }
        person = identities.persons.get(person_id)
        if person is None:
            row["is_deleted"] = 1
        else:
            row |= {
                "created_at": person.created_at,
                "is_identified": person.is_identified,
                "properties": msgspec.json.encode(person.properties).decode(),
            }
        yield msgspec.json.encode(row)


def by_project(keys: Iterable[tuple[int, UUID]]) -> dict[int, list[UUID]]:
    """The UUIDs of each project."""
    found: dict[int, list[UUID]] = defaultdict(list)
    for project, key in keys:
        found[project].append(key)
    return found


def all_facts(client: Client, project: int, after: int) -> list[tuple[int, Fact]]:
    """As ``unfolded``, of one project; but whatever has been folded is there too."""
    asked = {"project": project, "after": after, "limit": _PIECE}
    found = client.query(sql("store/all_facts"), asked)
    return [(row["seq"], fact_of_row(row)) for row in found.named_results()]


def content(identities: Identities) -> set[tuple[Any, ...]]:
    """A whole map as a set of rows, to be compared."""
    ids = {
        (project, "distinct_id", distinct_id, person_id, False, None, "")
        for (project, distinct_id), person_id in identities.ids.items()
    }
    return ids | {
        (
            one.project,
            "person",
            str(one.person_id),
            one.person_id,
            one.is_identified,
            one.created_at,
            msgspec.json.encode(one.properties, order="deterministic").decode(),
        )
        for one in identities.persons.values()
    }


def stored(client: Client) -> set[tuple[Any, ...]]:
    """The stored map, the same way."""
    found = set()
    for *key, is_identified, created_at, properties in client.query(
        sql("store/everybody")
    ).result_rows:
        if key[1] == "distinct_id":
            found.add((*key, False, None, ""))
        else:
            text = msgspec.json.encode(msgspec.json.decode(properties), order="deterministic")
            found.add((*key, is_identified, created_at, text.decode()))
    return found
