"""``arcade login``: the browser goes to the service, and comes back with a key to this machine."""

import contextlib
import html
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from arcade_cli import cloud, credentials, peer
from arcade_cli.account import already_logged_in
from arcade_cli.callback import START, Callback, listening
from arcade_cli.errors import ArcadeError, BadInputError
from arcade_cli.show import say

DEFAULT_HOST = "cloud.arcade.dev"
_PAGE = """\
<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}"><a href="{url}">Log in to Arcade</a>
"""


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
    credentials.require_place()
    callback = Callback(service, callback_host)
    with listening(callback), _first_address(callback) as first:
        say("Opening your browser to log in. If it does not open, or shows no login, go to:")
        say(callback.url)
        # Some browsers return only when they are closed.
        threading.Thread(target=_open_browser, args=(first,), daemon=True).start()
        answer = callback.wait(timeout)
    brought = credentials.Credentials(answer["api_key"], email=answer["email"], service=service)
    account = _vouched_for(brought)
    credentials.save(replace(brought, email=account.email or brought.email))
    if "warning" in answer:
        say(f"Warning: {answer['warning']}", err=True)
    say(f"Logged in as {account.email or account.principal_id}.")


def _vouched_for(brought: credentials.Credentials) -> cloud.Account:
    """Whom the service takes the key for. Raises ArcadeError."""
    again = "Nothing was stored; run `arcade login` to try again."
    try:
        account = cloud.who_am_i(brought)
    except cloud.CloudError as error:
        raise ArcadeError(
            f"{brought.service} could not be asked whose key it is: {error}. {again}",
            usage_message="the service could not be asked",
        ) from error
    if account.principal_id is None:
        raise ArcadeError(
            f"{brought.service} does not accept the key that the browser brought. {again}",
            usage_message="the service does not accept the key",
        )
    return account


@contextlib.contextmanager
def _first_address(callback: Callback) -> Iterator[str]:
    """What the browser is told on its command line, which everybody on this machine can read.

    So not the login's own address, but one that leads there, and only this user's programs: a
    page of the callback's, where it can be told whose program asks for it; else a file, which a
    browser in a sandbox may be unable to read (docs/adr/0009).
    """
    if peer.can_tell():
        yield START
        return
    with tempfile.TemporaryDirectory(prefix="arcade-login-") as folder:  # the user's alone
        page = Path(folder, "login.html")
        page.write_text(_PAGE.format(url=html.escape(callback.url)), encoding="utf-8")
        yield page.as_uri()


def _open_browser(url: str) -> None:
    try:
        webbrowser.open(url)
    except (OSError, ValueError, webbrowser.Error):
        return  # no browser, or BROWSER makes no sense: the URL is on the screen
