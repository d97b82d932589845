"""What is stored already, of events and of persons: asked of the engine only where it may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import compress
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from usagekit_collector.ingest.identity import FORGOTTEN, Fact
from usagekit_collector.ingest.people import Identities, own_id
from usagekit_collector.store import statements
from usagekit_collector.store.client import Client
from usagekit_collector.store.seen import END, Seen, keys_of
from usagekit_collector.store.sql import sql

# Bytes of persons that are in memory for one group, about; so many persons are never too many.
_LOADED, _FEW = 32 * 1024 * 1024, 100

# What makes an event the same as another: its project, UUID, name, distinct_id, and whom it wishes
# to fold into that.
Key = tuple[int, UUID, str, str, str]


class Known:
    """What is stored already, looked up only where it may be.

    Args:
        folder: in which it is remembered what is stored.
        merges_dangerously: as ``Identities`` has it.
    """

    def __init__(self, folder: Path, *, merges_dangerously: bool) -> None:
        self._merges_dangerously = merges_dangerously
        self._has_uuids = False
        self.uuids, self.ids = Seen(folder, "uuids"), Seen(folder, "ids")

    def begin(self, client: Client, last: int) -> bool:
        """Learn some of what is stored; ``last`` is the greatest arrival number that there is.
        Returns whether that is all of it."""
        if not self._has_uuids:
            self._has_uuids = self.uuids.load(client, last)
            return False
        return self.ids.load(client, last)

    def seal(self, upto: int) -> None:
        """All up to an arrival number is stored and folded: it need not be in memory."""
        self.uuids.seal(upto)
        self.ids.seal(upto)

    def forget_ids(self, client: Client) -> None:
        """Somebody was deleted: no file is to say that they were there, and none that is yet to be
        made of what is in memory."""
        self.ids.clear()
        while not self.ids.load(client, END):
            pass

    def close(self) -> None:
        """End what goes on."""
        self.uuids.close()
        self.ids.close()

    def stored(self, client: Client, keys: Iterable[Key]) -> set[Key]:
        """Those events that are stored already."""
        wanted = defaultdict(set)
        for key in keys:
            wanted[key[:2]].add(key)
        found: set[Key] = set()
        events = list(wanted)
        for after, upto, mask in self.uuids.find(keys_of(uuid for _, uuid in events)):
            for project, some in statements.by_project(compress(events, mask)).items():
                asked = {"project": project, "uuids": some, "after": after, "upto": upto}
                for uuid, *names, merged_id in client.query(sql("store/known"), asked).result_rows:
                    found |= {
                        key
                        for key in wanted[project, uuid]
                        # Whom it named may have been deleted since.
                        if [*key[2:4]] == names and merged_id in (key[4], FORGOTTEN)
                    }
        return found

    def load(self, client: Client, facts: Sequence[Fact]) -> tuple[Identities, int]:
        """Everybody whom the first of these facts may concern, as many as may be in memory.

        Returns them, and how many facts these are: one at least, if there is any.
        """
        identities = Identities(merges_dangerously=self._merges_dangerously)
        own_ids = {(one.project, own_id(*key)) for one in facts for key in _named(one)}
        for project, some in statements.by_project(_maybe(own_ids, self.ids)).items():
            _place(client, identities, "store/ids", {"project": project, "own_ids": some})
        count, concerned, merging = self._as_many(client, identities, facts)
        statements.load_persons(client, identities, concerned)
        # Who is merged away takes along all that is theirs; of a chain, whoever is in it.
        for project, persons in statements.by_project(merging).items():
            _place(client, identities, "store/members", {"project": project, "persons": persons})
        return identities, count

    def _as_many(
        self, client: Client, identities: Identities, facts: Sequence[Fact]
    ) -> tuple[int, set[tuple[int, UUID]], set[tuple[int, UUID]]]:
        """How many facts come first whose persons are not too many bytes; whom these concern, and
        who of them may come together with somebody."""
        persons = [
            {
                (project, found)
                for project, one in _named(fact)
                if (found := identities.person_id_of(project, one)) is not None
            }
            for fact in facts
        ]
        weights = _weights(client, set().union(*persons))
        concerned: set[tuple[int, UUID]] = set()
        merging: set[tuple[int, UUID]] = set()
        count = size = 0
        for fact, some in zip(facts, persons, strict=True):
            size += sum(weights.get(one, 0) for one in some - concerned)
            if count and size > _LOADED:
                break
            count += 1
            concerned |= some
            if fact.merged_id:
                merging |= some
        return count, concerned, merging

    def save(self, client: Client, identities: Identities, version: int) -> None:
        """Store what has changed of who is who, in one step.

        ``version`` is the arrival number of the last event that was folded.
        """
        self.ids.add(keys_of(own_id(*key) for key, _ in identities.changed_ids))
        statements.save(client, identities, version)


def _named(fact: Fact) -> list[tuple[int, str]]:
    """The distinct_ids of a fact, each with its project."""
    ids = [fact.distinct_id, fact.merged_id] if fact.merged_id else [fact.distinct_id]
    return [(fact.project, one) for one in ids]


def _weights(client: Client, persons: set[tuple[int, UUID]]) -> dict[tuple[int, UUID], int]:
    """How many bytes each person takes in memory, about; nothing is asked of a few."""
    if len(persons) <= _FEW:
        return {}
    found: dict[tuple[int, UUID], int] = {}
    for project, some in statements.by_project(persons).items():
        asked = {"project": project, "persons": some}
        rows = client.query(sql("store/weights"), asked).result_rows
        found |= {(project, person_id): size for person_id, size in rows}
    return found


def _place(client: Client, identities: Identities, query: str, asked: dict[str, Any]) -> None:
    for row in client.query(sql(query), asked).result_rows:
        identities.place(*row)


def _maybe(keys: Iterable[tuple[int, UUID]], seen: Seen) -> Iterable[tuple[int, UUID]]:
    """Those that may be known."""
    keys = list(keys)
    found = np.zeros(len(keys), np.bool_)
    for _, _, mask in seen.find(keys_of(one for _, one in keys)):
        found |= mask
    return compress(keys, found)
