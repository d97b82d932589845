"""``arcade login``: the browser goes to the service, and comes back with a key to this machine."""

import secrets
import threading
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import typer

from arcade_cli import credentials
from arcade_cli.account import already_logged_in
from arcade_cli.errors import ArcadeError, BadInputError

# The service sends the browser here, and nowhere else.
CALLBACK_PORT = 9905
DEFAULT_HOST = "cloud.arcade.dev"


def service_url(host: str, port: int | None) -> str:
    """The service that ``--host`` and ``--port`` mean. Raises ArcadeError if a key may not go
    there."""
    if port is not None and host in (DEFAULT_HOST, "localhost"):
        return credentials.require_safe(f"http://localhost:{port}")
    if "://" not in host:
        name = f"[{host}]" if ":" in host and credentials.is_loopback(host) else host
        scheme = "http" if port is not None and credentials.is_loopback(host) else "https"
        host = f"{scheme}://{name}"
    url = credentials.require_safe(host)
    if port is None:
        return url
    if urlsplit(url).port is not None:
        raise BadInputError(f"--host {host} names a port already; leave out --port.")
    return credentials.require_safe(f"{url}:{port}")


def log_in(service: str, callback_host: str, timeout: int) -> None:
    """Log in, or say that somebody is already. Raises ArcadeError."""
    stored = credentials.load()
    if stored is not None:
        already_logged_in(stored)
        return
    with _callback_server() as callback:
        uri = f"http://{callback_host}:{CALLBACK_PORT}/callback"
        query = urlencode({"callback_uri": uri, "state": callback.state})
        url = f"{service}/api/v1/auth/cli_login?{query}"
        typer.echo("Opening your browser to log in. If it does not open, go to:")
        typer.echo(url)
        # Some browsers return only when they are closed.
        threading.Thread(target=_open_browser, args=(url,), daemon=True).start()
        answer = callback.wait(timeout)
    credentials.save(
        credentials.Credentials(secret=answer["api_key"], email=answer["email"], service=service)
    )
    if "warning" in answer:
        typer.echo(f"Warning: {answer['warning']}", err=True)
    typer.echo(f"Logged in as {answer['email']}.")


def _open_browser(url: str) -> None:
    try:
        webbrowser.open(url)
    except (OSError, ValueError, webbrowser.Error):
        return  # no browser, or BROWSER makes no sense: the URL is on the screen


class _Callback:
    """The one answer that is waited for."""

    def __init__(self) -> None:
        self.state = secrets.token_urlsafe(32)
        self.answered = threading.Event()
        self._lock = threading.Lock()
        self._answer: dict[str, str] | None = None
        self._refusal: str | None = None

    def judge(self, query: dict[str, str]) -> tuple[int, str]:
        """Judge a request; only the first counts. Returns the status and text for the browser."""
        with self._lock:
            if self._answer is not None or self._refusal is not None:
                return 400, "This login is over. You can close this page."
            if not secrets.compare_digest(query.get("state", "").encode(), self.state.encode()):
                self._refusal = "the browser's answer was not to this login (wrong state)"
            elif not (query.get("api_key") and query.get("email")):
                self._refusal = "the service's answer holds no key"
            else:
                self._answer = query
                return 200, "Thank you. The terminal says how it went; you can close this page."
        return 400, f"Login failed: {self._refusal}. Nothing was stored."

    def wait(self, timeout: int) -> dict[str, str]:
        """The answer. Raises ArcadeError if it is refused or does not come."""
        deadline = time.monotonic() + timeout
        # In slices: a Ctrl-C that comes in the moment before a wait does not interrupt it.
        while not self.answered.wait(0.2):
            if time.monotonic() < deadline:
                continue
            raise ArcadeError(
                f"No answer from the browser within {timeout} seconds. Nothing was stored; "
                "run `arcade login` to try again."
            )
        if self._answer is None:
            raise ArcadeError(
                f"Login failed: {self._refusal}. Nothing was stored; "
                "run `arcade login` to try again."
            )
        return self._answer


class _Handler(BaseHTTPRequestHandler):
    timeout = 10  # a browser that connects ahead of need, and says nothing
    callback: _Callback

    def do_GET(self) -> None:
        try:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
        except ValueError:
            self.send_error(400)
            return
        if url.path != "/callback":
            self.send_error(404)
            return
        status, text = self.callback.judge(query)
        try:
            self._say(status, text)
        finally:  # not before: the program ends when it has its answer
            self.callback.answered.set()

    def _say(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the request line holds the key."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A browser that went away is no news."""


@contextmanager
def _callback_server() -> Iterator[_Callback]:
    callback = _Callback()
    handler = type("Handler", (_Handler,), {"callback": callback})
    try:
        server = _Server(("127.0.0.1", CALLBACK_PORT), handler)
    except OSError as error:
        raise ArcadeError(
            f"Port {CALLBACK_PORT}, the only one that the service answers to, cannot be had: "
            f"{error.strerror}. Is another `arcade login` running?"
        ) from error
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield callback
    finally:
        server.shutdown()
        server.server_close()
