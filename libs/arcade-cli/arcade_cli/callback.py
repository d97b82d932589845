"""Where the browser comes back to with a key: two addresses of this machine, for one login.

Others with an account on this machine can knock here too, as often as they like, and a page of
anybody's can send the browser here. Only who knows the login's ``state`` can end the wait for it.
"""

import contextlib
import errno
import secrets
import socket
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from socketserver import TCPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

from arcade_cli import peer
from arcade_cli.credentials import is_key
from arcade_cli.errors import ArcadeError

# The service sends the browser to this port, and to no other.
PORT = 9905
START = f"http://localhost:{PORT}/"
# A page is told "localhost", and a browser tries either.
_ADDRESSES = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
# What there is to see where this machine does without IPv6.
_NO_SUCH_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
# Seconds, for all of a request; bytes; connections at one time, for each address.
_PATIENCE = 10.0
_LONGEST_HEAD = 65_536
_AT_ONCE = 32
# Seconds that the browser has to leave the address with the key in it.
_GRACE = 2.0

_THANKS = "Thank you. The terminal says how it went; you can close this page."
_NOT_YOURS = (
    "This page is for the browser of whoever runs `arcade login`, and nobody can tell whose this "
    "one is. If it is yours, open the address that `arcade login` shows."
)


class Callback:
    """One login, and its answer.

    Attributes:
        url: where the browser has to go; holds the state, which nobody else may see.
        hosts: by these names, and no other, a browser may have come here.
    """

    def __init__(self, service: str, host: str) -> None:
        self._state = secrets.token_urlsafe(32)
        self._lock = threading.Lock()
        self._answer: dict[str, str] | None = None
        self._told, self._left = threading.Event(), threading.Event()
        self._refusal = ""
        query = {"callback_uri": f"http://{host}:{PORT}/callback", "state": self._state}
        self.url = f"{service}/api/v1/auth/cli_login?{urlencode(query)}"
        names = ("localhost", "127.0.0.1", "[::1]", host.lower())
        self.hosts = {f"{name}:{PORT}" for name in names}

    def judge(self, query: dict[str, str]) -> str:
        """Take an answer, or say why not. Only the first right one counts."""
        with self._lock:
            if self._answer is not None:
                return "this login is over"
            if not secrets.compare_digest(query.get("state", "").encode(), self._state.encode()):
                self._refusal = "it was not the answer to this login (wrong state)"
            elif not (is_key(query.get("api_key", "")) and query.get("email")):
                self._refusal = "there was no key in it"
            else:
                self._answer = query
                return ""
            return self._refusal

    @property
    def is_answered(self) -> bool:
        """Whether the right answer is here."""
        return self._answer is not None

    def told(self) -> None:
        """The browser has been told what came of it."""
        self._told.set()

    def left(self) -> None:
        """The browser has left the address with the key in it."""
        self._left.set()

    def wait(self, timeout: int) -> dict[str, str]:
        """The answer. Raises ArcadeError if none comes within so many seconds."""
        deadline = time.monotonic() + timeout
        # In slices: a Ctrl-C that comes in the moment before a wait does not interrupt it.
        while not self._told.wait(0.2):
            if time.monotonic() >= deadline:
                came = f" One came, but {self._refusal}." if self._refusal else ""
                raise ArcadeError(
                    f"No answer from the browser within {timeout} seconds.{came} Nothing was "
                    "stored; run `arcade login` to try again."
                )
        self._left.wait(_GRACE)
        assert self._answer is not None  # noqa: S101 (said only then)
        return self._answer


@contextlib.contextmanager
def listening(callback: Callback) -> Iterator[None]:
    """Listen for as long as a login waits. Raises ArcadeError if an address cannot be had."""
    with contextlib.ExitStack() as ends:
        for family, address in _ADDRESSES:
            server = _bind(family, address, callback)
            if server is not None:
                ends.callback(server.server_close)
                threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
                ends.callback(server.shutdown)
        yield


def _bind(family: socket.AddressFamily, address: str, callback: Callback) -> "_Server | None":
    try:
        return _Server(family, address, callback)
    except OSError as error:
        if family == socket.AF_INET6 and error.errno in _NO_SUCH_FAMILY:
            return None
        raise ArcadeError(
            f"Port {PORT}, the only one that the service answers to, cannot be had at {address}: "
            f"{error.strerror}. Is another `arcade login` running?"
        ) from error


class _Server(ThreadingHTTPServer):
    """Serves at most so many at once; whoever has been there longest gives way to the next."""

    allow_reuse_address = sys.platform != "win32"  # where it would let others listen here too
    allow_reuse_port = False
    request_queue_size = 128

    def __init__(self, family: socket.AddressFamily, address: str, callback: Callback) -> None:
        self.address_family = family
        self.callback = callback
        self._free = threading.Semaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._served: list[Any] = []
        super().__init__((address, PORT), _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if sys.platform == "win32":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        TCPServer.server_bind(self)  # HTTPServer's own looks up the name of this address

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self._end_the_oldest()
            self._free.acquire()
        with self._lock:
            self._served.append(request)
        super().process_request(request, client_address)

    def _end_the_oldest(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self._served:
                self._served.pop(0).shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            if request in self._served:
                self._served.remove(request)
        self._free.release()
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """A browser that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    @property
    def callback(self) -> Callback:
        return cast("_Server", self.server).callback

    def setup(self) -> None:
        super().setup()
        self.rfile = BytesIO(_read_head(self.connection))
        self.connection.settimeout(_PATIENCE)

    def do_GET(self) -> None:
        if self.headers.get("Host", "").lower() not in self.callback.hosts:
            self._say(400, "No browser comes here by that name.")
            return
        try:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
        except ValueError:
            self._say(400, "This address makes no sense.")
            return
        if url.path == "/":
            self._start()
        elif url.path == "/callback":
            self._end(query)
        elif url.path == "/done" and self.callback.is_answered:
            self._say(200, _THANKS)
            self.callback.left()
        else:
            self._say(404, "There is nothing here.")

    def _start(self) -> None:
        if peer.is_own(self.connection):
            self._say(302, "This way.", self.callback.url)
        else:
            self._say(403, _NOT_YOURS)

    def _end(self, query: dict[str, str]) -> None:
        refusal = self.callback.judge(query)
        if refusal:
            self._say(400, f"This will not do: {refusal}. Nothing was stored.")
            return
        try:
            # To an address without the key: this one's reload would tell it to whoever is here by
            # then.
            self._say(303, _THANKS, "/done")
        finally:  # not before: the program ends when it has its answer
            self.callback.told()

    def _say(self, status: int, text: str, location: str | None = None) -> None:
        body = text.encode()
        self.send_response(status)
        if location is not None:
            self.send_header("Location", location)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the request line holds the key."""


def _read_head(connection: socket.socket) -> bytes:
    """The head of a request, if it comes in time and is not too long; else nothing."""
    deadline = time.monotonic() + _PATIENCE
    head = b""
    while b"\r\n\r\n" not in head:
        connection.settimeout(max(0.001, deadline - time.monotonic()))
        more = connection.recv(8_192)
        head += more
        if not more or len(head) > _LONGEST_HEAD:
            return b""
    return head
