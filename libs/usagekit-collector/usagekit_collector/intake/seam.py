"""What the collector asks of an intake, whatever it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Protocol

import msgspec

from usagekit_collector.ingest.capture import Captured


class Entry(msgspec.Struct):
    """The events of one request.

    Attributes:
        last: the position of the last of them; those before it have the positions before it.
        arrived: by this machine's clock.
    """

    last: int
    project: int
    arrived: datetime
    events: list[Captured]


class Size(msgspec.Struct, frozen=True):
    """How much waits."""

    events: int
    bytes: int


class Intake(Protocol):
    """Events in the order in which they arrived, until they are stored. For any thread.

    A position is an event's number in that order: each is larger than all before it, whatever any
    clock says.
    """

    @property
    def position(self) -> int:
        """Of the last event that is on disk; of the last that was, if none is left."""

    @property
    def size(self) -> Size:
        """How much waits, what is not on disk yet too."""

    def append(self, project: int, events: Sequence[Captured]) -> Future[int]:
        """Take in what one request brought; the future is the position of the last of it, once it
        is on disk, or fails with Busy. Raises Busy where there is no room."""

    def read(self, after: int, limit: int) -> list[Entry]:
        """The next requests' events after a position: so many or a few less, and one request's at
        least, if there is any. Raises IntakeError."""

    def forget(self, upto: int) -> None:
        """Let go of all up to a position, which is on disk when this returns. Raises
        IntakeError."""

    def set_aside(self, last: int) -> None:
        """Keep the events of the request whose last position this is apart: they cannot be stored,
        and are not read again. Raises IntakeError."""

    def scrub(self) -> None:
        """Have nothing of what it has let go of, or set aside, left in its files. Raises
        IntakeError."""
