"""Who is who, by PostHog's rules, from what a recorder received (docs/identity.md)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from tests.support.recorder import Received


def persons(received: Iterable[Received]) -> dict[str, int]:
    """Fold events in their order of arrival into a map from distinct ID to person number.

    Rules M4 to M9 for ``$create_alias``: the event's ``distinct_id`` T stays, ``alias`` S joins,
    unless both have persons, different ones, and S's is already identified.
    """
    person: dict[str, int] = {}
    identified: set[int] = set()
    fresh = count()
    for item in received:
        kept_id = item.distinct_id
        if item.event != "$create_alias" or item.is_anon:
            person.setdefault(kept_id, next(fresh))
            continue
        joining_id = item.properties["alias"]
        kept = person.get(kept_id, person.get(joining_id))  # M6: only S has one
        kept = next(fresh) if kept is None else kept  # M4: neither has
        joining = person.get(joining_id, kept)  # M5: only T has one
        person[kept_id] = kept
        identified.add(kept)
        if joining != kept and joining in identified:
            continue  # M9: refused
        person[joining_id] = kept
        person = {key: kept if value == joining else value for key, value in person.items()}
    return person
