"""What waits for the thread that writes: what requests brought, put together in groups, and tasks
between two of them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import msgspec

from usagekit_collector.capture import Captured
from usagekit_collector.errors import Busy
from usagekit_collector.metrics import Metrics
from usagekit_collector.settings import Settings


class Batch(msgspec.Struct):
    """What one request brought; the future is done once it is on disk."""

    project: int
    events: list[Captured]
    done: Future[None]


class Task(msgspec.Struct):
    """Something else that writes."""

    step: Callable[[Any], Any]
    done: Future[Any]


class Waiting:
    """A queue, into which any thread puts, and from which one takes.

    Args:
        settings: how large a group is, how long the queue.
        metrics: in which it is counted.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._queue: deque[Batch | Task] = deque()
        self._events = 0
        self._changed = threading.Condition()
        self._stopping = False

    def put(self, item: Batch | Task) -> None:
        """One more, at the end. Raises Busy."""
        count = len(item.events) if isinstance(item, Batch) else 0
        with self._changed:
            if self._stopping:
                raise Busy("the collector is stopping")
            if self._events and count > self._settings.queue_events - self._events:
                raise Busy("too many events at once")
            self._events += count
            self._queue.append(item)
            self._metrics.queued.set(self._events)
            self._changed.notify()

    def stop(self) -> None:
        """Nothing more is put; once all is taken, nothing is given."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def next(self) -> Task | list[Batch]:
        """A task, or the batches that are there once the first has waited a little; none once all
        is done."""
        with self._changed:
            while not self._queue:
                if self._stopping:
                    return []
                self._changed.wait()
            first = self._queue[0]
            if isinstance(first, Task):
                self._queue.popleft()
                return first
            deadline = time.monotonic() + self._settings.group_wait
            while not self._stopping and self._events < self._settings.group_events:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self._group()

    def _group(self) -> list[Batch]:
        taken: list[Batch] = []
        count = 0
        while self._queue:
            item = self._queue[0]
            if not isinstance(item, Batch) or (
                taken and count + len(item.events) > self._settings.group_events
            ):
                break
            count += len(item.events)
            taken.append(item)
            self._queue.popleft()
        self._events -= count
        self._metrics.queued.set(self._events)
        return taken
