"""A real HTTP server on loopback that can misbehave in the ways that real ones do."""

from __future__ import annotations

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import Self

# How a host answers from now on: "ok"; "hang" (reads, never answers); "drip" (one byte a second);
# "slow" (answers after a second); "drop" (reads, then closes); "deaf" (reads and takes it, then
# closes); or a status such as "500", or "429:7" to ask for seven seconds of patience.
OK = "ok"


class HttpHost:
    """Serves on a free port of 127.0.0.1 until it is closed; subclasses say what.

    Attributes:
        mode: how it behaves from the next request on.
        url: where it is.
        knocks: how many requests came in, whatever became of them.
    """

    def __init__(self) -> None:
        self.mode = OK
        self.knocks = 0
        self._closing = threading.Event()
        self._start(0)

    def respond(
        self, method: str, path: str, query: dict[str, str], body: bytes, headers: Any
    ) -> tuple[int, object]:
        """Status and JSON, or a string to redirect to with 302."""
        raise NotImplementedError

    def refuse(self) -> None:
        """Stop listening: connections are refused. ``listen`` takes the same port again."""
        self._server.shutdown()
        self._server.server_close()

    def listen(self) -> None:
        """Listen again after ``refuse``."""
        self._start(self.port)

    def close(self) -> None:
        """Stop, and let go of every connection that hangs."""
        self._closing.set()
        self.refuse()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _start(self, port: int) -> None:
        host = self

        class Handler(_Handler):
            owner = host

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def wait_closing(self, seconds: float) -> bool:
        """Wait, but no longer than the host lives. True if it is closing."""
        return self._closing.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: HttpHost

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        mode = self.owner.mode
        self.owner.knocks += 1
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if mode == "hang":
            self.owner.wait_closing(30)
        if mode == "slow":
            self.owner.wait_closing(1)
        if mode in ("hang", "drop"):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, _, seconds = mode.partition(":")
        if status.isdigit():
            self._answer(int(status), {"detail": f"told to answer {status}"}, retry_after=seconds)
            return
        url = urlsplit(self.path)
        answer, content = self.owner.respond(
            self.command, url.path, dict(parse_qsl(url.query)), body, self.headers
        )
        if mode == "deaf":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._answer(answer, content, drip=mode == "drip")

    def _answer(
        self, status: int, content: object, *, drip: bool = False, retry_after: str = ""
    ) -> None:
        redirect = content if 300 <= status < 400 else None
        payload = b"" if redirect else json.dumps(content).encode()
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        if redirect:
            self.send_header("Location", str(redirect))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        for byte in payload if drip else ():
            self.wfile.write(bytes([byte]))
            if self.owner.wait_closing(1):
                return
        if not drip:
            self.wfile.write(payload)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def now() -> float:
    """The clock that arrivals are noted by, in seconds."""
    return time.time()
