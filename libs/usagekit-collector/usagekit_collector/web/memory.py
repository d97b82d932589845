"""How much of what is being sent may be in memory at once."""

from __future__ import annotations

from types import TracebackType

from usagekit_collector.errors import Busy


class Memory:
    """A budget in bytes, for all requests together. For one thread."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    def share(self) -> Share:
        """What one request holds, until it is answered."""
        return Share(self)

    def hold(self, size: int) -> None:
        """So many bytes more. Raises Busy if that is too many."""
        if size > 0 and self.held + size > self.limit:
            raise Busy("too much is being sent at once")
        self.held += size


class Share:
    """The part of it that one request holds, while it is entered."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.held = 0

    def __enter__(self) -> Share:  # noqa: PYI034 - Self comes with 3.11
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._memory.hold(-self.held)

    @property
    def largest(self) -> int:
        """Bytes that it could hold more, were it alone. What needs more never finds room."""
        return self._memory.limit - self.held

    def hold(self, size: int) -> None:
        """So many bytes more. Raises Busy if that is too many."""
        self._memory.hold(size)
        self.held += size
