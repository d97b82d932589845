"""Who is who, as far as it was loaded, and what has changed since. Pure; no I/O.

Of two groups of distinct_ids that come together the smaller one moves, whichever person is left; so
many merges take time in proportion to their number, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET

# Where PostHog makes the UUIDs of persons.
PERSONS = UUID("932979b4-65c3-4424-8467-0b66ec27bc22")
# Bytes of JSON; what would make a person larger is left out.
LARGEST_PERSON = 64 * 1024
# More machines, homes and browsers than one person has; who is merged beyond it is somebody else.
MOST_IDS = 1_000


class Person(msgspec.Struct):
    """Somebody with a profile."""

    project: int
    person_id: UUID
    created_at: datetime
    is_identified: bool = False
    properties: dict[str, Any] = {}


class _Group:
    """The distinct_ids of one person."""

    __slots__ = ("ids", "person_id", "project")

    def __init__(self, project: int, person_id: UUID) -> None:
        self.project = project
        self.person_id = person_id
        self.ids: list[str] = []


class Identities:
    """Who is who, as far as it was loaded, and what has changed since.

    Args:
        merges_dangerously: whether ``$merge_dangerously`` merges, and is no ordinary event.

    Attributes:
        persons: by ``person_id``.
        changed_persons: those that were made, changed, or are no more.
    """

    def __init__(self, *, merges_dangerously: bool = True) -> None:
        self.merges_dangerously = merges_dangerously
        self.persons: dict[UUID, Person] = {}
        self.changed_persons: dict[UUID, int] = {}
        self._groups: dict[UUID, _Group] = {}
        self._group_of: dict[tuple[int, str], _Group] = {}
        self._stored: dict[tuple[int, str], UUID] = {}
        self._moved: set[_Group] = set()
        self._sizes: dict[UUID, int] = {}

    @property
    def ids(self) -> dict[tuple[int, str], UUID]:
        """The person of each distinct_id, by (project, distinct_id)."""
        return {key: group.person_id for key, group in self._group_of.items()}

    @property
    def changed_ids(self) -> Iterator[tuple[tuple[int, str], UUID]]:
        """The distinct_ids whose person is another than is stored, each with it."""
        for group in self._moved:
            for distinct_id in group.ids:
                key = (group.project, distinct_id)
                if self._stored.get(key) != group.person_id:
                    yield key, group.person_id

    def load(self, person: Person) -> None:
        """Take in a person as it is stored."""
        self.persons[person.person_id] = person

    def place(self, project: int, distinct_id: str, person_id: UUID) -> None:
        """Take in whose a distinct_id is, as it is stored."""
        key = (project, distinct_id)
        if key not in self._group_of:
            self._stored[key] = person_id
            self._join(key, person_id)

    def person_id_of(self, project: int, distinct_id: str) -> UUID | None:
        """The UUID of a distinct_id's person, if it has one."""
        group = self._group_of.get((project, distinct_id))
        return None if group is None else group.person_id

    def person_of(self, project: int, distinct_id: str) -> Person | None:
        """The person of a distinct_id, if it has one."""
        person_id = self.person_id_of(project, distinct_id)
        return None if person_id is None else self.persons[person_id]

    def create(self, project: int, distinct_id: str, created_at: datetime) -> Person:
        """A new person, of one distinct_id."""
        person = Person(project, own_id(project, distinct_id), created_at, properties={})
        self.load(person)
        self.assign(distinct_id, person)
        self.touch(person)
        return person

    def assign(self, distinct_id: str, person: Person) -> None:
        """This distinct_id, which was nobody's, is this person's from now on."""
        self._moved.add(self._join((person.project, distinct_id), person.person_id))

    def touch(self, person: Person) -> None:
        """This person has changed."""
        self.changed_persons[person.person_id] = person.project

    def have_room(self, *persons: Person | None) -> bool:
        """Whether one person can have the IDs of all of these, and of one more."""
        counts = (len(self._groups[one.person_id].ids) for one in persons if one is not None)
        return sum(counts) + sum(one is None for one in persons) <= MOST_IDS

    def absorb(self, person: Person, other: Person) -> bool:
        """All that was the other's is this person's, whose own properties win (M8).

        Returns False where the other's properties find no room, and are lost.
        """
        fits = self._take_properties(person, other)
        person.created_at = min(person.created_at, other.created_at)
        groups = (self._groups[one.person_id] for one in (person, other))
        small, large = sorted(groups, key=lambda group: len(group.ids))
        for distinct_id in small.ids:
            self._group_of[person.project, distinct_id] = large
        large.ids += small.ids
        large.person_id = person.person_id
        self._groups[person.person_id] = large
        self._moved.discard(small)
        self._moved.add(large)
        self._forget(other)
        self.touch(person)
        return fits

    def has_room(self, person: Person, changed: Mapping[str, Any]) -> bool:
        """Whether a person's properties and what is to change in them are together not too large.

        Keeps a size that is too large rather than too small, and counts only where that matters.
        """
        more = _size({name: value for name, value in changed.items() if value is not UNSET})
        size = self._size_of(person)
        if size + more > LARGEST_PERSON:
            size = _size(person.properties)
        fits = size + more <= LARGEST_PERSON
        self._sizes[person.person_id] = size + more if fits else size
        return fits

    def _join(self, key: tuple[int, str], person_id: UUID) -> _Group:
        group = self._groups.get(person_id)
        if group is None:
            group = self._groups[person_id] = _Group(key[0], person_id)
        group.ids.append(key[1])
        self._group_of[key] = group
        return group

    def _take_properties(self, person: Person, other: Person) -> bool:
        own, others = person.properties, other.properties
        size = self._size_of(person) + self._size_of(other)
        if size > LARGEST_PERSON:
            size = _size({**others, **own})
            if size > LARGEST_PERSON:
                return False
        if len(others) > len(own):
            others.update(own)
            person.properties = others
        else:
            for name, value in others.items():
                own.setdefault(name, value)
        self._sizes[person.person_id] = size
        return True

    def _size_of(self, person: Person) -> int:
        size = self._sizes.get(person.person_id)
        if size is None:
            size = self._sizes[person.person_id] = _size(person.properties)
        return size

    def _forget(self, person: Person) -> None:
        """This person is no more."""
        del self.persons[person.person_id], self._groups[person.person_id]
        self._sizes.pop(person.person_id, None)
        self.touch(person)


# It is asked for several times for each event, and by most people's events again soon.
@lru_cache(maxsize=16_384)
def own_id(project: int, distinct_id: str) -> UUID:
    """The UUID of the person that a distinct_id makes by itself."""
    return uuid5(PERSONS, f"{project}:{distinct_id}")


def _size(properties: Mapping[str, Any]) -> int:
    """Bytes of JSON."""
    return len(msgspec.json.encode(properties))
