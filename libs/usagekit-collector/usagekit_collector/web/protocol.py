"""HTTP for those who come to the point; whoever dawdles is cut off. For the server."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from usagekit_collector.errors import CollectorError

# What every answer says, unless it says otherwise itself.
HEADERS = {b"x-content-type-options": b"nosniff", b"cache-control": b"no-store"}
# Bytes of a head; and of what is not written at once, so that it is written together.
_LARGEST_HEAD, _MOST_TOGETHER = 64 * 1024, 64 * 1024


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


class Together:
    """A transport that writes by one call what is written in one turn of the loop: the head of an
    answer with its body. All else is as its own transport has it.

    Args:
        own: that transport.
        loop: which calls it.
    """

    def __init__(self, own: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._own = own
        self._loop = loop
        self._pieces: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def write(self, data: bytes) -> None:
        """Write soon."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size > _MOST_TOGETHER:
            self._flush()

    def close(self) -> None:
        """Close, once all is written."""
        self._flush()
        self._own.close()

    def _flush(self) -> None:
        if self._pieces:
            text = b"".join(self._pieces)
            self._pieces.clear()
            self._size = 0
            self._own.write(text)


class BadHead(CollectorError):  # noqa: N818 - that is what it is
    """A head that two readers might read differently."""


class Patient(HttpToolsProtocol):
    """One connection.

    Attributes:
        seconds: for the head of a request; once more for its body; and for the next piece of an
            answer to be read.
        room: for it and all others.
    """

    seconds: float
    room: Room
    # When it is cut off; the timer may be for earlier, and is set anew then.
    _due = 0.0
    _timer: asyncio.TimerHandle | None = None
    # Of the request that is coming: whether its head is, or its body; how long the head is so far.
    _in_head = _in_body = False
    _head_size = 0
    # What is said before it is closed: the requests before that, so many, are answered first.
    _last_words = b""
    _unanswered = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is open: the first head is to come."""
        super().connection_made(Together(transport, self.loop))  # type: ignore[arg-type]
        self._wait(self.seconds)
        self.room.enter(self)
        self.room.rest(self)

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self._last_words or self.parser is None:
            return
        if not self._in_body:
            self._head_size += len(data)
        super().data_received(data)
        if self._in_head and self._head_size > _LARGEST_HEAD:
            self.send_400_response("the head is too long")

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """A head is complete. Raises BadHead."""
        check_head(self.headers, self.parser.get_http_version())
        super().on_headers_complete()
        self._in_head, self._in_body, self._head_size = False, True, 0
        self._unanswered += 1
        self.room.work(self)
        self._wait(self.seconds)

    def on_message_complete(self) -> None:
        """A body is complete."""
        super().on_message_complete()
        self._in_body = False

    def on_response_complete(self) -> None:
        """It is answered: the next head may come."""
        super().on_response_complete()
        self._unanswered -= 1
        if self._unanswered:
            return
        if self._last_words:
            self._say_last_words()
        elif not self._in_body:
            self.room.rest(self)
            self._wait(self.seconds)

    def pause_writing(self) -> None:
        """So much of an answer is unread that no more is written."""
        super().pause_writing()
        self._wait(self.seconds)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it is said in our words
        """What came is no HTTP."""
        self._end(b"400 Bad Request", b"text/plain", b"Invalid HTTP request received.")

    def _end(self, status: bytes, kind: bytes, text: bytes) -> None:
        """Take nothing more. What came before is answered first."""
        if self._last_words:
            return
        lines = [b"HTTP/1.1 " + status, b"content-type: " + kind]
        lines += [b"content-length: %d" % len(text), b"connection: close"]
        lines += [b"%b: %b" % item for item in HEADERS.items()]
        self._last_words = b"\r\n".join([*lines, b"", text])
        self.flow.pause_reading()
        if self._in_body and not self.cycle.response_complete:
            self._unanswered -= 1  # Its body will never come.
            if self.pipeline and self.pipeline[0][0] is self.cycle:
                self.pipeline.popleft()
        if self._unanswered:
            self._wait(self.seconds)
        else:
            self._say_last_words()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        if self._timer is not None:
            self._timer.cancel()
        self.room.leave(self)
        super().connection_lost(exc)

    def _say_last_words(self) -> None:
        """Unless the request was answered before it went wrong."""
        if self.transport.is_closing():
            return
        if not (self._in_body and self._is_begun):
            self.transport.write(self._last_words)
        self.transport.close()

    @property
    def _is_begun(self) -> bool:
        """Whether some of the answer to the last request has been written."""
        return self.cycle is not None and self.cycle.response_started

    def _wait(self, seconds: float) -> None:
        self._due = self.loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self.loop.call_at(self._due, self._look)

    def _look(self) -> None:
        """Whether it is time to give up."""
        self._timer = None
        if self.loop.time() < self._due:
            self._timer = self.loop.call_at(self._due, self._look)
        elif self._in_body and not self._is_begun and not self._last_words:
            text = b'{"error":"the request took too long"}'
            self._end(b"408 Request Timeout", b"application/json", text)
        elif self._unanswered and not self._in_body and not self.flow.write_paused:
            self._wait(self.seconds)  # The turn is ours.
        else:
            self.transport.abort()


def check_head(headers: Sequence[tuple[bytes, bytes]], version: str) -> None:
    """Raises BadHead for one that a proxy before us might have read differently."""
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (not hosts and version != "1.0"):
        raise BadHead("one host")
    encodings = [value.lower() for name, value in headers if name == b"transfer-encoding"]
    if not encodings:
        return
    if encodings != [b"chunked"] or any(name == b"content-length" for name, _ in headers):
        raise BadHead("one length, or chunks and nothing else")


def patient(seconds: float, most: int) -> type[Patient]:
    """The protocol of a server that has so much patience, and room for so many connections."""
    made: dict[str, Any] = {"seconds": seconds, "room": Room(most)}
    return type("Patient", (Patient,), made)
