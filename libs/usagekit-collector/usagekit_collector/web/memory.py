"""How much of what is being sent may be in memory at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from usagekit_collector.errors import Busy

if TYPE_CHECKING:
    from prometheus_client import Gauge


class Memory:
    """A budget in bytes, for all requests together. For one thread."""

    def __init__(self, limit: int, gauge: Gauge) -> None:
        self.limit = limit
        self._gauge = gauge
        self.held = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """What one request holds, until it is answered."""
        share = Share(self)
        try:
            yield share
        finally:
            self.hold(-share.held)

    def hold(self, size: int) -> None:
        """So many bytes more. Raises Busy if that is too many."""
        if size > 0 and self.held + size > self.limit:
            raise Busy("too much is being sent at once")
        self.held += size
        self._gauge.set(self.held)


class Share:
    """The part of it that one request holds."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.held = 0

    @property
    def largest(self) -> int:
        """Bytes that it could hold more, were it alone. What needs more never finds room."""
        return self._memory.limit - self.held

    def hold(self, size: int) -> None:
        """So many bytes more. Raises Busy if that is too many."""
        self._memory.hold(size)
        self.held += size
