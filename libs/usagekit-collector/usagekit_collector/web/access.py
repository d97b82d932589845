"""Who may ask what: whoever knows the password, and no page of another origin."""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from usagekit_collector.web.operations import ApiError
from usagekit_collector.web.protocol import HEADERS
from usagekit_collector.web.service import Service

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Seconds that a wrong password costs whoever said it, one after the other; who is that far behind
# is not waited for. From so many at once they are taken for one.
_WRONG, _BEHIND, _MOST_PEERS = 1.0, 10.0, 1_000


# Of what an answer says, what stands before this is ours; after it may be what was asked.
_OWN_WORDS = re.compile(r"[:'\"]")


class Guard:
    """Lets in who may ask the API. For one thread.

    Args:
        service: whose password it is, and where it is said who was not let in.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._later: dict[str, float] = {}

    async def check(self, request: Request) -> None:
        """Raises ApiError for whoever may not ask."""
        if is_foreign(request.headers):
            raise ApiError(403, "a page of another origin may not ask the API")
        self.check_host(request)
        password = self._service.password
        if password and not is_said(password, request.headers.get("authorization", "")):
            if "authorization" in request.headers:
                await self.slow_down(request)
            raise ApiError(401, self._service.how_to_say_the_password)

    def check_host(self, request: Request) -> None:
        """Raises ApiError for a page on the web that has its own name point here: it must not read
        what is stored."""
        if not self._service.password and not _is_local(request.headers.get("host", "")):
            raise ApiError(
                400, "without a password the API answers to 127.0.0.1 and localhost only"
            )

    def refused(self, request: Request, status: int, text: str) -> None:
        """One more request was refused, with this answer: it is counted, and in the log."""
        self._service.metrics.refused.labels(status).inc()
        if status != 401:  # A wrong password is told of with whose it was.
            reason = _OWN_WORDS.split(text, maxsplit=1)[0].strip()
            self._service.refusals.tell(status, reason, request.headers.get("user-agent", ""))

    async def slow_down(self, request: Request) -> None:
        """A wrong password: whoever said it waits. Raises ApiError for one who has said too
        many."""
        peer = request.client.host if request.client else ""
        self._service.metrics.wrong_passwords.inc()
        self._service.refusals.tell(401, f"a wrong password from {peer}", "")
        now = time.monotonic()
        if len(self._later) >= _MOST_PEERS:
            self._later = {one: when for one, when in self._later.items() if when > now}
        key = peer if len(self._later) < _MOST_PEERS else ""
        turn = max(now, self._later.get(key, now)) + _WRONG
        if turn - now > _BEHIND:
            raise ApiError(429, "too many wrong passwords: try again later")
        self._later[key] = turn
        await asyncio.sleep(turn - now)


def is_foreign(headers: Headers) -> bool:
    """Whether a page of another origin sends this, as its browser says."""
    site = headers.get("sec-fetch-site", "none")
    if site not in ("none", "same-origin"):
        return True
    origin = headers.get("origin")
    # A proxy may speak TLS with the page, and not with us.
    return origin is not None and urlsplit(origin).netloc != headers.get("host", "")


def may_make_project(headers: Headers, allowed: str) -> bool:
    """Whether a token that nobody announced may make its project by this request.

    Programs on this machine may, and pages of the origins that are allowed, separated by commas;
    other pages may not, whoever opens them.
    """
    origin = headers.get("origin", "")
    if origin in [one.strip().rstrip("/") for one in allowed.split(",") if one.strip()]:
        return True
    # A picture's request names no origin, and older browsers say nothing else.
    if not any(name in headers for name in ("origin", "referer", "sec-fetch-site")):
        return True
    host = headers.get("host", "")
    is_own = urlsplit(headers.get("referer", "")).netloc in ("", host) and not is_foreign(headers)
    # Nor may a page whose own name points here.
    return is_own and _is_local(host)


class Sane:
    """Every answer says how it is to be taken. ASGI.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                more = [item for item in HEADERS.items() if item[0] not in said]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self._app(scope, receive, say)


def is_said(password: str, authorization: str) -> bool:
    """Whether a header says it."""
    kind, _, said = authorization.partition(" ")
    is_it = hmac.compare_digest(said.strip().encode(), password.encode())
    return kind.lower() == "bearer" and is_it


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
