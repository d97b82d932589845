"""HTTP to another host: no redirects, no proxy to this machine, failures that can be told."""

from __future__ import annotations

import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec

from usagekit_collector.errors import CollectorError
from usagekit_collector.settings import is_loopback

# Characters of an answer that are repeated to whoever asked.
_TOLD = 200


class Unreachable(CollectorError):  # noqa: N818 - that is how it is
    """There was no answer, or only a part of it; the text says why."""


class Answered(CollectorError):  # noqa: N818 - it did
    """The answer was no success.

    Attributes:
        status: of HTTP.
        text: what was said.
        headers: of the answer.
    """

    def __init__(self, status: int, text: str, headers: Message) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text
        self.headers = headers


def base_url(text: str) -> str:
    """An address that others can be appended to. Raises ValueError for what is none."""
    try:
        url = urlsplit(text)
        is_one = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
    except ValueError:
        is_one = False
    if not is_one or "@" in text or "?" in text or "#" in text or not re.fullmatch(r"[!-~]+", text):
        raise ValueError(
            "not an address. Say one such as http://127.0.0.1:8600, with no user and no parameters."
        )
    return text.rstrip("/")


def ask(
    url: str,
    body: bytes | None = None,
    *,
    method: str | None = None,
    headers: Mapping[str, str],
    timeout: float,
) -> Any:
    """The answer to a request, as a file.

    Args:
        url: with ``base_url`` before it.
        body: of a POST.
        method: of HTTP; default: GET if there is no body, else POST.
        headers: to send.
        timeout: seconds without a sign of life.

    Raises Answered for anything but a success, a redirect too; Unreachable.
    """
    request = urllib.request.Request(url, body, dict(headers), method=method)  # noqa: S310 - base_url
    with reached():
        try:
            return _opener(url).open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise Answered(error.code, _said(error), error.headers) from error


@contextmanager
def reached() -> Iterator[None]:
    """Whatever goes wrong on the way is raised as Unreachable."""
    try:
        yield
    except urllib.error.URLError as error:
        raise Unreachable(_reason(error.reason)) from error
    except (OSError, HTTPException) as error:
        raise Unreachable(_reason(error)) from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """It would make a GET of a POST, and take a password to wherever it leads."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(url: str) -> urllib.request.OpenerDirector:
    handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
    if is_loopback(urlsplit(url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


def _said(error: urllib.error.HTTPError) -> str:
    """What an answer says went wrong."""
    if 300 <= error.code < 400:
        return f"it has moved to {error.headers.get('Location', 'another place')}; say that address"
    try:
        text = error.read(10_000).decode("utf-8", "replace")
    except (OSError, HTTPException):
        return "and broke off"
    try:
        text = msgspec.json.decode(text, type=dict[str, Any])["error"]
    except (msgspec.DecodeError, KeyError):
        pass
    plain = "".join(one if one.isprintable() else " " for one in str(text))
    return " ".join(plain.split())[:_TOLD] or str(error.reason)


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
