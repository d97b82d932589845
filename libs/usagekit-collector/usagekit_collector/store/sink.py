"""Groups of events into the store, each event once, with what they say of who is who."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from uuid import UUID

from usagekit_collector.ingest.capture import Captured
from usagekit_collector.ingest.identity import NO_ROOM, TOO_LARGE, Fact, Verdict, fold
from usagekit_collector.ingest.people import Identities, own_id
from usagekit_collector.ingest.rows import Arrival, event_row, fact_of
from usagekit_collector.intake.seam import Entry
from usagekit_collector.metrics import Metrics
from usagekit_collector.settings import Settings
from usagekit_collector.store import projects, statements
from usagekit_collector.store.client import Client
from usagekit_collector.store.damage import Damage
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.inserts import insert
from usagekit_collector.store.known import Key, Known
from usagekit_collector.store.seen import keys_of

if TYPE_CHECKING:
    from clickhouse_connect.driver.exceptions import DatabaseError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
# Of how many distinct_ids it is remembered that they have a person; then that begins anew.
_MOST_SETTLED = 65_536


class _Told(NamedTuple):
    """An event, its arrival number and time, what it says of who is who, and what its sender should
    know about that."""

    event: Captured
    seq: int
    arrived: datetime
    fact: Fact
    warnings: list[str]


class Sink:
    """Stores groups of events. For one thread.

    Args:
        engine: its ``writer`` is used.
        folder: in which it is remembered what is stored.
        settings: whether ``$merge_dangerously`` merges.
        metrics: what it counts.

    Attributes:
        damage: what of the store cannot be read.
    """

    def __init__(self, engine: Engine, folder: Path, settings: Settings, metrics: Metrics) -> None:
        self._engine = engine
        self.damage = Damage(engine, metrics)
        self._known = Known(folder, merges_dangerously=settings.merge_dangerously)
        self._has_begun = False
        self._metrics = metrics
        # By their own_id, distinct_ids that have a person for certain; not all of them.
        self._settled: set[UUID] = set()
        # The identity may be behind the events: a process died, or a step failed, in between.
        self._behind = True
        # The projects that were removed; None where that is to be looked up.
        self._removed: frozenset[int] | None = None

    @property
    def _client(self) -> Client:
        """Raises StoreError if the store is another's by now."""
        return self._engine.writer

    def begin(self, last: int) -> bool:
        """Learn some of what is stored, once; then fold what was not folded.

        Args:
            last: the greatest arrival number that there is.

        Returns whether all of that is done.
        """
        if self._has_begun:
            return True
        if self.damage.mended(self._client, lambda: self._known.begin(self._client, last)):
            self.damage.mended(self._client, self._catch_up)
            self._has_begun = True
        return self._has_begun

    def put(self, entries: Iterable[Entry]) -> None:
        """Store a group; it is on disk when this returns. Raises StoreError, ClickHouseError.

        What was stored before is not stored again, and what is for a removed project not at all.
        """
        if self._removed is None:
            self._removed = projects.removed(self._client)
        events = [
            _Told(event, seq, one.arrived, *fact_of(one.project, event))
            for one in entries
            if one.project not in self._removed
            for seq, event in enumerate(one.events, one.last - len(one.events) + 1)
        ]
        self.damage.mended(self._client, lambda: self._commit(events))
        if events and not self._behind:
            self._known.seal(events[-1].seq)

    def forget_ids(self) -> None:
        """Somebody was deleted."""
        self._known.forget_ids(self._client)

    def close(self) -> None:
        """End what goes on."""
        self._known.close()

    def do(self, step: Callable[[Client], _T]) -> _T:
        """What a step gives that writes something else, with the client."""
        # It may delete somebody, or remove a project.
        self._settled.clear()
        self._removed = None
        return step(self._client)

    def put_aside(self, client: Client, error: DatabaseError) -> bool:
        """Put aside the part that a question failed of. Whether it may be asked again."""
        may_ask_again = self.damage.put_aside(client, error)
        if self.damage.is_in("identity"):
            self._catch_up()
        return may_ask_again

    def _commit(self, events: list[_Told]) -> None:
        """In several pieces, where the persons that a group concerns are too large to be in memory
        all at once."""
        self._be_up_to_date()
        found = self._fresh(events)
        while found:
            found = self._commit_some(found)
            if found:
                self._be_up_to_date()

    def _be_up_to_date(self) -> None:
        if self._behind or self.damage.is_in("identity"):
            self._catch_up()

    def _commit_some(self, found: list[_Told]) -> list[_Told]:
        """As many of these events as may be; returns the others.

        The events come first: from them, who is who can be found again.
        """
        open_ones = [one.fact for one in found if not self._is_settled(one.fact)]
        identities, count = self._known.load(self._client, open_ones)
        if count < len(open_ones):
            last = next(nth for nth, one in enumerate(found) if one.fact is open_ones[count])
            found, left = found[:last], found[last:]
        else:
            left = []
        warnings = Counter(
            warning for one in found for warning in (*one.event.warnings, *one.warnings)
        )
        rows = self._rows(found, identities, warnings)
        if not rows:
            self._warn(warnings)
            return left
        self._behind = True
        # Before it is tried: a failure does not say that nothing was stored.
        self._known.uuids.add(keys_of(one.event.uuid for one in found))
        insert(self._client, "events", rows)
        self._metrics.stored.inc(len(rows))
        self._warn(warnings)
        try:
            self._known.save(self._client, identities, found[-1].seq)
            self._behind = False
            self._settle(identities)
        except Exception as error:  # noqa: BLE001 - the events are safe; the next group catches up
            _log.error("persons were not stored, and will be: %s", error)
        return left

    def _fresh(self, found: list[_Told]) -> list[_Told]:
        """Each event that is not stored yet, once."""
        first: dict[Key, _Told] = {}
        for one in found:
            fact = one.fact
            key = (fact.project, one.event.uuid, fact.event, fact.distinct_id, fact.merged_id)
            first.setdefault(key, one)
        for key in self._known.stored(self._client, first):
            del first[key]
        self._metrics.repeated.inc(len(found) - len(first))
        return list(first.values())

    def _rows(
        self, found: Sequence[_Told], identities: Identities, warnings: Counter[str]
    ) -> list[bytes]:
        """The rows to store."""
        rows = []
        for one in found:
            fact = one.fact
            people = len(identities.persons)
            verdict = Verdict() if self._is_settled(fact) else fold(identities, fact)
            if verdict.warning:
                warnings[verdict.warning] += 1
            if verdict.warning in (TOO_LARGE, NO_ROOM):
                self._metrics.dropped_updates.inc()
            if verdict.mode is not None:
                own = own_id(fact.project, fact.distinct_id)
                is_first = len(identities.persons) > people
                arrival = Arrival(one.seq, one.arrived, verdict.mode, own, is_first)
                rows.append(event_row(one.event, fact, arrival))
        return rows

    def _is_settled(self, fact: Fact) -> bool:
        """Whether to fold it would change nothing: it wishes nothing, and its person is there."""
        if fact.merged_id or fact.changes or fact.personless:
            return False
        return own_id(fact.project, fact.distinct_id) in self._settled

    def _settle(self, identities: Identities) -> None:
        """All of these have a person, as it is stored."""
        if len(self._settled) > _MOST_SETTLED:
            self._settled.clear()
        self._settled.update(own_id(*key) for key in identities.ids)

    def _warn(self, warnings: Counter[str]) -> None:
        for warning, count in warnings.items():
            self._metrics.warnings.inc(count)
            _log.warning("%s (%d events)", warning, count)

    def _catch_up(self) -> None:
        """Fold what was stored and not folded."""
        self._settled.clear()
        if self.damage.is_in("identity"):
            statements.forget_everybody(self._client)  # What is left is a map with holes.
            self.damage.forget(self._client, "identity")
            _log.warning("the map of persons was damaged: it is made from the events anew")
        after = statements.number(self._client, "store/folded")
        if not after:
            statements.forget_everybody(self._client)  # What there is without a mark is half a map.
        count = self._fold_after(after)
        if count:
            _log.info("folded %d events that were stored and not folded", count)
        self._behind = False

    def _fold_after(self, after: int) -> int:
        """Fold the events that arrived after that number. Returns how many it looked at."""
        count = 0
        while piece := statements.unfolded(self._client, after):
            identities, some = self._known.load(self._client, [fact for _, fact in piece])
            for _, fact in piece[:some]:
                fold(identities, fact)
            after = piece[some - 1][0]
            self._known.save(self._client, identities, after)
            count += some
        return count
