"""The one thread that writes: it takes events from the intake, has them stored, and only then has
the intake forget them."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from usagekit_collector.errors import Busy, IntakeError, StoreError, store_errors
from usagekit_collector.intake.seam import Entry, Intake
from usagekit_collector.intake.sqlite import SqliteIntake
from usagekit_collector.metrics import Metrics
from usagekit_collector.settings import Settings
from usagekit_collector.store import state, statements
from usagekit_collector.store.client import Client
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.sink import Sink

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
# Seconds from a failure to the next try, which are doubled up to the second.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
# The engine's numbers for a row that it cannot read.
_UNREADABLE = frozenset([6, 26, 27, 38, 41, 53, 69, 70, 72, 117, 130, 321, 376, 407, 467])
# Seconds in which, when it is told to stop, it still stores what was taken in.
_LAST = 5.0


class _Task(msgspec.Struct):
    """A step that writes, once all events up to a position are stored."""

    step: Callable[[Client], Any]
    after: int
    done: Future[Any]


class Storer(threading.Thread):
    """Stores what the intake has, in its order, each event once.

    Args:
        engine: its ``writer`` belongs to this thread from ``start`` on.
        intake: what is stored is forgotten there.
        folder: in which it is remembered what is stored.
        settings: how large a group is, how long it waits for more.
        metrics: what it counts.

    Attributes:
        sink: by which events are stored.
        is_failing: whether nothing could be stored of late.
        why: what it failed with.
    """

    def __init__(
        self,
        engine: Engine,
        intake: Intake,
        folder: Path,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        super().__init__(name="storer")
        self._intake = intake
        self._settings = settings
        self._metrics = metrics
        self.sink = Sink(engine, folder, settings, metrics)
        self.is_failing = False
        self.why = ""
        self._changed = threading.Condition()
        self._tasks: deque[_Task] = deque()
        # Positions up to which somebody wants all to be stored, each with who is told so.
        self._wanted: list[tuple[int, Future[None]]] = []
        self._stored = self._forgotten = self._last = 0
        self._has_begun = False
        self._pause = 0.0
        self._stopping = False
        self._deadline = 0.0

    @property
    def behind(self) -> int:
        """How many events wait to be stored."""
        return self._intake.size.events

    def behind_of(self, position: int) -> int:
        """How many of those up to a position, at most."""
        return min(self.behind, max(0, position - self._stored)) if self.is_alive() else self.behind

    def reach(self, position: int) -> Future[None]:
        """Store at once what waits up to a position. The future is done once that is so; or once
        nothing can be stored for now, which ``is_failing`` says."""
        done: Future[None] = Future()
        with self._changed:
            if self._stored >= position or self.is_failing or not self.is_alive():
                done.set_result(None)
            else:
                self._wanted.append((position, done))
                self._changed.notify()
        return done

    def call(self, step: Callable[[Client], _T], *, after: int = 0) -> Future[_T]:
        """Have a step done, with the client, between two groups.

        Args:
            step: what is done.
            after: the position up to which all events are stored, and forgotten by the intake,
                before it is; else StoreError is the result.

        Raises Busy.
        """
        done: Future[_T] = Future()
        with self._changed:
            if self._stopping:
                raise Busy("the collector is stopping")
            self._tasks.append(_Task(step, after, done))
            self._changed.notify()
        return done

    def put_aside(self, error: DatabaseError) -> Future[bool]:
        """Put aside the part that a question failed of. Whether it may be asked again. Raises
        Busy."""
        return self.call(lambda client: self.sink.put_aside(client, error))

    def stop(self, seconds: float = _LAST) -> None:
        """Store what was taken in, if it can be stored in so many seconds; then end."""
        with self._changed:
            self._stopping, self._deadline = True, time.monotonic() + seconds
            self._changed.notify()
        self.join()

    def run(self) -> None:
        """Until it is told to stop."""
        # All that is stored is no later than this.
        self._last = self._intake.position
        self._store()
        while True:
            with self._changed:
                self._changed.wait_for(self._is_needed, self._pause or self._settings.batch_seconds)
            self._store()
            while self._tasks and (self._tasks[0].after <= self._stored or self.is_failing):
                self._carry_out(self._tasks.popleft())
            if self._stopping and self._is_done():
                break
        self.sink.close()

    def _is_needed(self) -> bool:
        """Whether there is something to do before the time has come to look again."""
        if self.is_failing:
            return bool(self._tasks) or self._stopping
        if not self._has_begun:
            return True
        is_full = self.behind >= self._settings.batch_events
        return bool(self._tasks or self._wanted) or self._stopping or is_full

    def _is_done(self) -> bool:
        is_over = self.is_failing or time.monotonic() > self._deadline
        return not self._tasks and (is_over or self._stored >= self._intake.position)

    def _store(self) -> None:
        """Store the next group, if there is one; it is forgotten once it is on disk."""
        position = self._intake.position
        began = time.perf_counter()
        try:
            self._has_begun = self.sink.begin(self._last)
            if not self._has_begun:
                return  # Whoever waits for a step has it done in between.
            entries = self._intake.read(self._stored, self._settings.batch_events)
            if entries:
                self._put(entries)
                self._metrics.group_seconds.observe(time.perf_counter() - began)
        except Exception as error:  # noqa: BLE001 - it is tried again, until it can be done
            self._failed(error)
            return
        if self.is_failing:
            _log.warning("events can be stored again")
        self.is_failing, self._pause = False, 0.0
        self._come_to(entries[-1].last if entries else position)

    def _put(self, entries: list[Entry]) -> None:
        """Store a group. What by itself cannot be stored keeps nothing else away: it is set aside.
        Raises what the store fails with."""
        try:
            self.sink.put(entries)
        except Exception as error:
            if _is_the_stores(error):
                raise
            self.sink.put([])  # Without any of them it must not fail, or it is none of theirs.
            self._put_one_by_one(entries)

    def _put_one_by_one(self, entries: list[Entry]) -> None:
        for one in entries:
            try:
                self.sink.put([one])
            except Exception as error:
                if _is_the_stores(error):
                    raise
                self._intake.set_aside(one.last)
                self._metrics.aside.inc(len(one.events))
                _log.exception("%d events cannot be stored: they are set aside", len(one.events))

    def _failed(self, error: Exception) -> None:
        _log.error("events were not stored, and wait in the intake: %s", error)
        self._metrics.failed_groups.inc()
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
        with self._changed:
            self.is_failing, self.why = True, str(error)
            self._tell(self._wanted)
            self._wanted = []

    def _come_to(self, position: int) -> None:
        """All up to a position is stored."""
        with self._changed:
            self._stored = position
            self._tell([one for one in self._wanted if one[0] <= position])
            self._wanted = [one for one in self._wanted if one[0] > position]
        if self._forgotten < position:
            try:
                self._intake.forget(position)
                self._forgotten = position
            except IntakeError as error:  # It does no harm there, and is forgotten with the next.
                _log.error("what was stored could not be forgotten: %s", error)

    def _tell(self, some: list[tuple[int, Future[None]]]) -> None:
        for _, done in some:
            if done.set_running_or_notify_cancel():
                done.set_result(None)

    def _carry_out(self, task: _Task) -> None:
        if not task.done.set_running_or_notify_cancel():
            return
        if task.after > self._forgotten:
            task.done.set_exception(StoreError("what waits cannot be stored"))
            return
        try:
            if task.after:  # What is deleted now was there once.
                self._intake.scrub()
            with store_errors("the store cannot be written"):
                result = self.sink.do(task.step)
                if task.after:
                    self.sink.forget_ids()
            task.done.set_result(result)
        except Exception as error:  # noqa: BLE001 - it is told to whoever waits for it
            _log.error("a step failed: %s", error)
            task.done.set_exception(error)


def _is_the_stores(error: Exception) -> bool:
    """Whether it is the store that fails, and it may be done later; else it is an event's fault."""
    if isinstance(error, DatabaseError):
        return error.code not in _UNREADABLE
    return isinstance(error, ClickHouseError | StoreError | OSError)


@contextmanager
def storing(
    engine: Engine, settings: Settings, metrics: Metrics, *, patience: float = _LAST
) -> Iterator[tuple[SqliteIntake, Storer]]:
    """The intake of an open store, and what stores from it, as long as this lasts.

    Args:
        engine: the store, for writing.
        settings: how much waits, and how long.
        metrics: what is counted.
        patience: seconds for what was taken in to be stored at the end.

    Raises StoreError.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(state.held(engine, settings))
        with store_errors("the store cannot be used"):
            client = engine.writer
            last = (statements.number(client, f"store/{one}") for one in ("folded", "last_seq"))
            intake = SqliteIntake(
                folder,
                most_events=settings.intake_events,
                most_bytes=settings.intake_bytes,
                after=max(last),
                store=statements.identity(client),
            )
            stack.callback(intake.close)
            storer = Storer(engine, intake, folder / "known", settings, metrics)
        storer.start()
        stack.callback(storer.stop, patience)
        yield intake, storer
