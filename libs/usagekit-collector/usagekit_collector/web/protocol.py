"""HTTP for those who come to the point; whoever dawdles is cut off. For the server."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# What every answer says, unless it says otherwise itself.
HEADERS = {b"x-content-type-options": b"nosniff", b"cache-control": b"no-store"}
# Seconds more for a body than its handler gives it: whoever is late is told so first.
_LONGER = 2.0


class Room:
    """For how many connections there is room. Those that wait for a request make room for others,
    whoever has waited longest first.

    Args:
        most: how many there are at most.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[Patient] = set()
        self._idle: dict[Patient, None] = {}

    def enter(self, one: Patient) -> None:
        """One more. If there are too many, and none of them is idle, it is not let in."""
        self._all.add(one)
        if len(self._all) > self._most:
            away = next(iter(self._idle), one)
            # It is closed a little later, and must not be chosen twice.
            self.leave(away)
            away.transport.abort()

    def leave(self, one: Patient) -> None:
        """It is closed."""
        self._all.discard(one)
        self._idle.pop(one, None)

    def rest(self, one: Patient) -> None:
        """It waits for a request."""
        self._idle[one] = None

    def work(self, one: Patient) -> None:
        """A request has come."""
        self._idle.pop(one, None)


class Patient(H11Protocol):
    """One connection.

    Attributes:
        seconds: for the head of a request; once more for its body; and for the next piece of an
            answer to be read.
        room: for it and all others.
    """

    seconds: float
    room: Room
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is open: the first head is to come."""
        super().connection_made(transport)
        self._wait(self.seconds)
        self.room.enter(self)
        self.room.rest(self)

    def handle_events(self) -> None:
        """Something came."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:  # A head is complete.
            self.room.work(self)
            self._wait(self.seconds + _LONGER)

    def on_response_complete(self) -> None:
        """It is answered: the next head may come."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE:
            self.room.rest(self)
            self._wait(self.seconds)

    def pause_writing(self) -> None:
        """So much of an answer is unread that no more is written."""
        super().pause_writing()
        self._wait(self.seconds)

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
            headers += HEADERS.items()
            answer = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
            for event in (answer, h11.Data(data=msg.encode()), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        # Else it was answered before it went wrong.
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        if self._deadline is not None:
            self._deadline.cancel()
        self.room.leave(self)
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


def patient(seconds: float, most: int) -> type[Patient]:
    """The protocol of a server that has so much patience, and room for so many connections."""
    return type("Patient", (Patient,), {"seconds": seconds, "room": Room(most)})
