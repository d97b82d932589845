"""Hosts that answer without an end, and a proxy that writes down who asks it: plain sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from types import TracebackType

from typing_extensions import Self

_MIB = b" " * 1_048_576


class SocketHost:
    """Listens on 127.0.0.1, and serves each connection in a thread of its own.

    Attributes:
        heard: the first line of each request, in order.
        url: where it is.
    """

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def answer(self) -> Iterator[bytes]:
        """What is sent in answer to a request, for as long as the client takes it."""
        yield b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65_536) or b"\r\n\r\n"
            self.heard.append(head.split(b"\r\n")[0].decode("latin-1"))
            for part in self.answer():
                connection.sendall(part)
            # Closed with something unread, it would be reset, and the answer lost on its way.
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                continue


class RecordingProxy(SocketHost):
    """Is asked, by whoever believes that it leads on; it does not."""


class Stream(SocketHost):
    """Answers everything with one of the bodies below.

    Args:
        body: makes what is sent, head and all.
    """

    def __init__(self, body: Callable[[], Iterator[bytes]]) -> None:
        self._body = body
        super().__init__()

    def answer(self) -> Iterator[bytes]:
        return self._body()


def head(*lines: str, status: str = "200 OK") -> bytes:
    """The head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *lines, "", ""]).encode()


def plain(start: bytes = b'{"status": "Ok"', *lines: str) -> Iterator[bytes]:
    """As much as is taken; the connection is the only end of it."""
    yield head("Content-Type: application/json", *lines)
    yield start
    while True:
        yield _MIB


def chunked() -> Iterator[bytes]:
    """The same in pieces."""
    yield head("Transfer-Encoding: chunked")
    while True:
        yield b"100000\r\n" + _MIB + b"\r\n"


def one_chunk() -> Iterator[bytes]:
    """One piece, of a size that it never comes to."""
    yield head("Transfer-Encoding: chunked")
    yield b"ffffffffff\r\n"
    while True:
        yield _MIB


def bomb(encoding: str, bits: int, layers: int = 1) -> Iterator[bytes]:
    """Little that unpacks to a thousand times as much, half a GiB; in layers to a million times."""
    yield head(f"Content-Encoding: {encoding}")
    packers = [zlib.compressobj(9, wbits=bits) for _ in range(layers)]
    for _ in range(512):
        data = _MIB
        for packer in packers:
            data = packer.compress(data)
        yield data


def packed(text: bytes) -> Iterator[bytes]:
    """A receiver's answer from somebody who packs it though nobody asked for that."""
    packer = zlib.compressobj(wbits=31)
    data = packer.compress(text) + packer.flush()
    yield head("Content-Encoding: gzip", f"Content-Length: {len(data)}")
    yield data


def headers() -> Iterator[bytes]:
    """A head without an end."""
    yield b"HTTP/1.1 200 OK\r\n"
    while True:
        yield b"X-Made-Up: " + _MIB[:60_000] + b"\r\n"


def refusal(status: str, *lines: str) -> Iterator[bytes]:
    """A page without an end, of somebody who is no receiver and says what one might."""
    yield head(*lines, status=status)
    while True:
        yield _MIB
