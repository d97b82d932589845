"""Persons as the API gives them, and how one is deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from usagekit_collector.errors import CollectorError
from usagekit_collector.ingest.identity import is_illegal
from usagekit_collector.ingest.people import Identities, Person, own_id
from usagekit_collector.store import erasure, statements
from usagekit_collector.store.client import Client
from usagekit_collector.store.shards import change
from usagekit_collector.store.sql import sql


class Profile(msgspec.Struct):
    """Somebody.

    Attributes:
        distinct_ids: all IDs that are theirs.
        is_identified: whether they have said who they are, by an alias or an identify.
        properties: what ``$set`` has said of them.
        first_seen, last_seen: the times of their first and last event, if any is left.
        events: how many there are.
    """

    person_id: UUID
    distinct_ids: list[str]
    is_identified: bool
    properties: dict[str, Any]
    first_seen: datetime | None
    last_seen: datetime | None
    events: int


class Deleted(msgspec.Struct):
    """Who is no more.

    Attributes:
        is_gone: whether nothing of them is in the store's files any more; else there will be
            nothing soon, or soon after the next start if it is stopped now.
    """

    person_id: UUID
    distinct_ids: list[str]
    events: int
    is_gone: bool = False


def find(client: Client, project: int, distinct_id: str) -> Profile | None:
    """The person who goes by this ID; None for a stranger."""
    person, distinct_ids = _person(client, project, distinct_id)
    own_ids = [own_id(project, one) for one in distinct_ids]
    asked = {"project": project, "own_ids": own_ids}
    count, first, last = client.query(sql("store/lifetime"), asked).result_rows[0]
    if person is None and not count:
        return None
    return Profile(
        person_id=person.person_id if person else own_ids[0],
        distinct_ids=distinct_ids,
        is_identified=person is not None and person.is_identified,
        properties=person.properties if person else {},
        first_seen=first if count else None,
        last_seen=last if count else None,
        events=count,
    )


class TooMany(CollectorError):  # noqa: N818 - that is what they are
    """Somebody has more distinct_ids than whoever wants them deleted has reckoned with."""


def delete(
    client: Client, project: int, distinct_id: str, at_most: int
) -> tuple[Deleted, erasure.Remains | None] | None:
    """Remove a person, all their IDs and all their events; where somebody else's event names one of
    these IDs, it is forgotten there.

    They are gone from every answer at once, and from the files once nothing of what is given back
    is there any more. For the writer. Raises TooMany, and deletes nothing, if they have more than
    ``at_most`` distinct_ids: others may have been merged into them.
    """
    found = find(client, project, distinct_id)
    if found is None:
        return None
    if len(found.distinct_ids) > at_most:
        raise TooMany(
            f"they have {len(found.distinct_ids)} distinct_ids, as GET shows them: are these all "
            f"theirs? Then say at_most={len(found.distinct_ids)}"
        )
    own_ids = [own_id(project, one) for one in found.distinct_ids]
    asked = {"project": project, "own_ids": own_ids}
    change(client, sql("store/delete_events"), asked)
    _forget(client, project, found.distinct_ids)
    change(client, sql("store/delete_identity"), asked)
    return Deleted(found.person_id, found.distinct_ids, found.events), erasure.begin(client)


def _forget(client: Client, project: int, distinct_ids: list[str]) -> None:
    """Leave these IDs out of events that name them and stay. An illegal one is nobody's."""
    asked = {"project": project, "ids": [one for one in distinct_ids if not is_illegal(one)]}
    # The engine writes down how it changed what: by numbers, that does not name the IDs again.
    if seqs := [row[0] for row in client.query(sql("store/naming"), asked).result_rows]:
        change(client, sql("store/forget_ids"), {"project": project, "seqs": seqs})


def _person(client: Client, project: int, distinct_id: str) -> tuple[Person | None, list[str]]:
    asked = {"project": project, "own_ids": [own_id(project, distinct_id)]}
    rows = client.query(sql("store/ids"), asked).result_rows
    if not rows:
        return None, [distinct_id]
    person_id = rows[0][2]
    identities = Identities()
    statements.load_persons(client, identities, {(project, person_id)})
    asked = {"project": project, "persons": [person_id]}
    rows = client.query(sql("store/members"), asked).result_rows
    return identities.persons[person_id], [row[1] for row in rows]
