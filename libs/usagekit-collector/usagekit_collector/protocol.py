"""HTTP for those who come to the point; whoever dawdles is cut off. For the server."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# Seconds more for a body than its handler gives it: whoever is late is told so first.
_LONGER = 2.0


class Patient(H11Protocol):
    """One connection.

    Attributes:
        seconds: for the head of a request; once more for its body; and for the next piece of an
            answer to be read.
    """

    seconds: float
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is open: the first head is to come."""
        super().connection_made(transport)
        self._wait(self.seconds)

    def handle_events(self) -> None:
        """Something came."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:  # A head is complete.
            self._wait(self.seconds + _LONGER)

    def on_response_complete(self) -> None:
        """It is answered: the next head may come."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE:
            self._wait(self.seconds)

    def pause_writing(self) -> None:
        """So much of an answer is unread that no more is written."""
        super().pause_writing()
        self._wait(self.seconds)

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:  # It was answered before it went wrong.
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)

    def _wait(self, seconds: float) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        is_asked = self.cycle is not None and not self.cycle.response_complete
        is_sent = self.conn.their_state not in (h11.IDLE, h11.SEND_BODY)
        if is_asked and is_sent and not self.flow.write_paused:
            self._wait(self.seconds)  # The turn is ours.
        else:
            self.transport.abort()


def patient(seconds: float) -> type[Patient]:
    """The protocol of a server that has so much patience."""
    return type("Patient", (Patient,), {"seconds": seconds})
