"""The one thread that writes: groups of events, each on disk before anybody is told so."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import msgspec

from usagekit_collector import store
from usagekit_collector.capture import Captured
from usagekit_collector.damage import Damage
from usagekit_collector.engine import Engine, insert
from usagekit_collector.errors import Busy, StoreError, store_errors
from usagekit_collector.identity import Fact, Identities, Verdict, fold, own_id
from usagekit_collector.metrics import Metrics
from usagekit_collector.rows import event_row, fact_of
from usagekit_collector.seen import keys_of
from usagekit_collector.settings import Settings

if TYPE_CHECKING:
    from clickhouse_connect.driver.exceptions import DatabaseError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
# Of how many distinct_ids it is remembered that they have a person; then that begins anew.
_MOST_SETTLED = 65_536


class _Batch(msgspec.Struct):
    """What one request brought."""

    project: int
    events: list[Captured]
    done: Future[None]


class _Task(msgspec.Struct):
    """Something else that writes."""

    step: Callable[[Any], Any]
    done: Future[Any]


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
        self._known = self.damage.mended(engine.writer, lambda: store.Known(engine.writer))
        self._settings = settings
        self._metrics = metrics
        self._queue: deque[_Batch | _Task] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._last = 0
        # By their own_id, distinct_ids that have a person for certain; not all of them.
        self._settled: set[UUID] = set()
        # The identity may be behind the events: a process died, or a step failed, in between.
        self._behind = True
        self.is_failing = False

    @property
    def _client(self) -> Any:
        """Raises StoreError if the store is another's by now."""
        return self._engine.writer

    def submit(self, project: int, events: list[Captured]) -> Future[None]:
        """Store what one request brought; the future is done once it is on disk. Raises Busy."""
        with self._changed:
            room = self._settings.queue_events - self._waiting
            if self._stopping or (self._waiting and len(events) > room):
                raise Busy("too many events at once")
            self._waiting += len(events)
            return self._put(_Batch(project, events, Future()))

    def call(self, step: Callable[[Any], _T]) -> Future[_T]:
        """Have a step done, with the client, between two groups. Raises Busy."""
        with self._changed:
            if self._stopping:
                raise Busy("the collector is stopping")
            return self._put(_Task(step, Future()))

    def probe(self) -> Future[None]:
        """Try to store something by which nothing changes. Raises Busy."""
        return self.call(self._probe)

    def put_aside(self, error: DatabaseError) -> Future[bool]:
        """Put aside the part that a question failed of. Whether it may be asked again. Raises
        Busy."""
        return self.call(lambda client: self._put_aside(client, error))

    def stop(self) -> None:
        """Finish what was taken, then end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self.join()

    def run(self) -> None:
        """Until it is told to stop, and all is done."""
        self._do(Future(), lambda client: self.damage.mended(client, self._catch_up))
        while True:
            group = self._next()
            if not group:
                return
            if isinstance(group[0], _Task):
                self._do(group[0].done, group[0].step)
            else:
                self._store([one for one in group if isinstance(one, _Batch)])

    def _put(self, item: Any) -> Future[Any]:
        self._queue.append(item)
        self._metrics.queued.set(self._waiting)
        self._changed.notify()
        done: Future[Any] = item.done
        return done

    def _next(self) -> list[_Batch | _Task]:
        """A task by itself, or the batches that are there once the first has waited a little."""
        with self._changed:
            while not self._queue:
                if self._stopping:
                    return []
                self._changed.wait()
            if isinstance(self._queue[0], _Task):
                return [self._queue.popleft()]
            deadline = time.monotonic() + self._settings.group_wait
            while not self._stopping and self._waiting < self._settings.group_events:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self._take()

    def _take(self) -> list[_Batch | _Task]:
        taken: list[_Batch | _Task] = []
        count = 0
        while self._queue:
            item = self._queue[0]
            if not isinstance(item, _Batch) or (
                taken and count + len(item.events) > self._settings.group_events
            ):
                break
            count += len(item.events)
            taken.append(item)
            self._queue.popleft()
        self._waiting -= count
        self._metrics.queued.set(self._waiting)
        return taken

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

    def _store(self, batches: list[_Batch]) -> None:
        began = time.perf_counter()
        # Whoever has gone away is not told; what they brought is stored all the same.
        told = [one.done for one in batches if one.done.set_running_or_notify_cancel()]
        outcome: Exception | None = None
        try:
            events = [(one.project, event) for one in batches for event in one.events]
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
        """One group, on disk when this returns.

        The events come first: from them, who is who can be found again.
        """
        if self._behind or self.damage.is_in("identity"):
            self._catch_up()
        fresh = self._fresh(events)
        if not fresh:
            return
        warnings: Counter[str] = Counter()
        facts = []
        for project, event in fresh:
            fact, found = fact_of(project, event)
            facts.append(fact)
            for warning in (*event.warnings, *found):
                warnings[warning] += 1
        open_ones = [fact for fact in facts if not self._is_settled(fact)]
        identities = self._known.load(self._client, open_ones)
        rows, last = self._rows(fresh, facts, identities, warnings)
        self._warn(warnings)
        if not rows:
            return
        self._behind = True
        # Before it is tried: a failure does not say that nothing was stored.
        self._known.uuids.add(keys_of(event.uuid for _, event in fresh))
        insert(self._client, "events", rows)
        self._last = last
        self._metrics.stored.inc(len(rows))
        try:
            self._known.save(self._client, identities, last)
            self._behind = False
            self._settle(identities)
        except Exception as error:  # noqa: BLE001 - the events are safe; the next group catches up
            _log.error("persons were not stored, and will be: %s", error)

    def _fresh(self, events: list[tuple[int, Captured]]) -> list[tuple[int, Captured]]:
        """Each (project, uuid) that is not stored yet, once."""
        first: dict[tuple[int, UUID], Captured] = {}
        for project, event in events:
            first.setdefault((project, event.uuid), event)
        for key in self._known.stored(self._client, first):
            del first[key]
        self._metrics.repeated.inc(len(events) - len(first))
        return [(project, event) for (project, _), event in first.items()]

    def _rows(
        self,
        fresh: list[tuple[int, Captured]],
        facts: list[Fact],
        identities: Identities,
        warnings: Counter[str],
    ) -> tuple[list[bytes], int]:
        """The rows to store, and the arrival number of the last."""
        rows, seq = [], max(self._last, time.time_ns() // 1000)
        for (project, event), fact in zip(fresh, facts, strict=True):
            people = len(identities.persons)
            verdict = Verdict() if self._is_settled(fact) else fold(identities, fact)
            if verdict.warning:
                warnings[verdict.warning] += 1
            if verdict.mode is not None:
                seq += 1
                own = own_id(project, event.distinct_id)
                is_first = len(identities.persons) > people
                rows.append(event_row(event, fact, verdict.mode, own, seq, is_first=is_first))
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
            identities = self._known.load(self._client, [fact for _, fact in piece])
            for _, fact in piece:
                fold(identities, fact)
            after = piece[-1][0]
            self._known.save(self._client, identities, after)
            count += len(piece)
        return count
