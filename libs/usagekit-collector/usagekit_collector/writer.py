"""The one thread that writes: groups of events, each on disk before anybody is told so."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

from usagekit_collector import store
from usagekit_collector.capture import Captured
from usagekit_collector.damage import Damage
from usagekit_collector.engine import Engine, insert
from usagekit_collector.errors import StoreError, store_errors
from usagekit_collector.groups import Batch, Task, Waiting
from usagekit_collector.identity import NO_ROOM, TOO_LARGE, Fact, Verdict, fold
from usagekit_collector.known import Key, Known
from usagekit_collector.metrics import Metrics
from usagekit_collector.people import Identities, own_id
from usagekit_collector.rows import event_row, fact_of
from usagekit_collector.seen import keys_of
from usagekit_collector.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.exceptions import DatabaseError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
# Of how many distinct_ids it is remembered that they have a person; then that begins anew.
_MOST_SETTLED = 65_536


class _Told(NamedTuple):
    """An event, what it says of who is who, and what its sender should know about that."""

    event: Captured
    fact: Fact
    warnings: list[str]


class Writer(threading.Thread):
    """Takes events from any thread, stores them in groups, each event once.

    Args:
        engine: its ``writer`` belongs to this thread from ``start`` on.
        settings: how large a group is, how long the queue.
        metrics: what it counts.

    Attributes:
        damage: what of the store cannot be read.
        is_failing: whether nothing could be stored of late.
    """

    def __init__(self, engine: Engine, settings: Settings, metrics: Metrics) -> None:
        super().__init__(name="writer")
        self._engine = engine
        self.damage = Damage(engine, metrics)
        self._known = self.damage.mended(
            engine.writer,
            lambda: Known(engine.writer, merges_dangerously=settings.merge_dangerously),
        )
        self._metrics = metrics
        self._waiting = Waiting(settings, metrics)
        self._last = 0
        # By their own_id, distinct_ids that have a person for certain; not all of them.
        self._settled: set[UUID] = set()
        # The identity may be behind the events: a process died, or a step failed, in between.
        self._behind = True
        self.is_failing = False
        self._closed: set[int] = set()

    @property
    def _client(self) -> Any:
        """Raises StoreError if the store is another's by now."""
        return self._engine.writer

    def submit(self, project: int, events: list[Captured]) -> Future[None]:
        """Store what one request brought; the future is done once it is on disk. Raises Busy."""
        done: Future[None] = Future()
        self._waiting.put(Batch(project, events, done))
        return done

    def call(self, step: Callable[[Any], _T]) -> Future[_T]:
        """Have a step done, with the client, between two groups. Raises Busy."""
        done: Future[_T] = Future()
        self._waiting.put(Task(step, done))
        return done

    def probe(self) -> Future[None]:
        """Try to store something by which nothing changes. Raises Busy."""
        return self.call(self._probe)

    def put_aside(self, error: DatabaseError) -> Future[bool]:
        """Put aside the part that a question failed of. Whether it may be asked again. Raises
        Busy."""
        return self.call(lambda client: self._put_aside(client, error))

    def close_project(self, project: int) -> None:
        """Nothing that still waits is stored in a project that is about to be removed."""
        self._closed.add(project)

    def stop(self) -> None:
        """Finish what was taken, then end."""
        self._waiting.stop()
        self.join()

    def run(self) -> None:
        """Until it is told to stop, and all is done."""
        self._do(Future(), lambda client: self.damage.mended(client, self._catch_up))
        while group := self._waiting.next():
            if isinstance(group, Task):
                self._do(group.done, group.step)
            else:
                self._store(group)

    def _do(self, done: Future[_T], step: Callable[[Any], _T]) -> None:
        if not done.set_running_or_notify_cancel():
            return
        self._settled.clear()  # It may delete somebody.
        try:
            with store_errors("the store cannot be written"):
                done.set_result(step(self._client))
        except Exception as error:  # noqa: BLE001 - it is told to whoever waits for it
            _log.error("a step failed: %s", error)
            done.set_exception(error)

    def _store(self, batches: list[Batch]) -> None:
        began = time.perf_counter()
        # Whoever has gone away is not told; what they brought is stored all the same.
        told = [one.done for one in batches if one.done.set_running_or_notify_cancel()]
        outcome: Exception | None = None
        try:
            kept = (one for one in batches if one.project not in self._closed)
            events = [(one.project, event) for one in kept for event in one.events]
            self.damage.mended(self._client, lambda: self._commit(events))
        except Exception as error:  # noqa: BLE001 - the door: senders are told to try again
            _log.error("events were not stored: %s", error)
            self._metrics.failed_groups.inc()
            outcome = StoreError(str(error))
        self.is_failing = outcome is not None
        self._metrics.group_seconds.observe(time.perf_counter() - began)
        for done in told:
            if outcome is None:
                done.set_result(None)
            else:
                done.set_exception(outcome)

    def _commit(self, events: list[tuple[int, Captured]]) -> None:
        """One group, on disk when this returns; in several pieces, where the persons that it
        concerns are too large to be in memory all at once."""
        self._be_up_to_date()
        found = self._fresh([_Told(event, *fact_of(project, event)) for project, event in events])
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
        rows, last = self._rows(found, identities, warnings)
        self._warn(warnings)
        if not rows:
            return left
        self._behind = True
        # Before it is tried: a failure does not say that nothing was stored.
        self._known.uuids.add(keys_of(one.event.uuid for one in found))
        insert(self._client, "events", rows)
        self._last = last
        self._metrics.stored.inc(len(rows))
        try:
            self._known.save(self._client, identities, last)
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
        self,
        found: list[_Told],
        identities: Identities,
        warnings: Counter[str],
    ) -> tuple[list[bytes], int]:
        """The rows to store, and the arrival number of the last."""
        rows, seq = [], max(self._last, time.time_ns() // 1000)
        for one in found:
            fact = one.fact
            people = len(identities.persons)
            verdict = Verdict() if self._is_settled(fact) else fold(identities, fact)
            if verdict.warning:
                warnings[verdict.warning] += 1
            if verdict.warning in (TOO_LARGE, NO_ROOM):
                self._metrics.dropped_updates.inc()
            if verdict.mode is not None:
                seq += 1
                own = own_id(fact.project, fact.distinct_id)
                is_first = len(identities.persons) > people
                rows.append(event_row(one.event, fact, verdict.mode, own, seq, is_first=is_first))
        return rows, seq

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

    def _put_aside(self, client: Any, error: DatabaseError) -> bool:
        may_ask_again = self.damage.put_aside(client, error)
        if self.damage.is_in("identity"):
            self._catch_up()
        return may_ask_again

    def _probe(self, client: Any) -> None:
        store.touch(client)
        self.is_failing = False

    def _catch_up(self) -> None:
        """Fold what was stored and not folded."""
        self._settled.clear()
        if self.damage.is_in("identity"):
            store.forget_everybody(self._client)  # What is left is a map with holes.
            self.damage.forget(self._client, "identity")
            _log.warning("the map of persons was damaged: it is made from the events anew")
        after = store.number(self._client, "store/folded")
        if not after:
            store.forget_everybody(self._client)  # What there is without a mark is half a map.
        # The last events may have been deleted since.
        self._last = max(after, store.number(self._client, "store/last_seq"))
        count = self._fold_after(after)
        if count:
            _log.info("folded %d events that were stored and not folded", count)
        self._behind = False

    def _fold_after(self, after: int) -> int:
        """Fold the events that arrived after that number. Returns how many it looked at."""
        count = 0
        while piece := store.unfolded(self._client, after):
            identities, some = self._known.load(self._client, [fact for _, fact in piece])
            for _, fact in piece[:some]:
                fold(identities, fact)
            after = piece[some - 1][0]
            self._known.save(self._client, identities, after)
            count += some
        return count
