"""Who has signed in to the pages: a cookie that only this collector can make, for a while."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING

from usagekit_collector.web.access import Guard, is_foreign, is_said
from usagekit_collector.web.operations import ApiError
from usagekit_collector.web.service import Service

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_COOKIE = "usagekit"
# Seconds for which a sign-in lasts.
_LASTS = 30 * 86_400


class Sessions:
    """For pages, what ``Guard`` is for the API.

    A sign-in ends when the password changes, and with the time; sign-outs are remembered until the
    collector ends.

    Args:
        guard: which says who may ask.
        service: whose password signs in, if it has one.

    Attributes:
        guard: the same.
    """

    def __init__(self, guard: Guard, service: Service) -> None:
        self.guard = guard
        self._service = service
        self._out: dict[str, float] = {}

    @property
    def asks(self) -> bool:
        """Whether there is a password."""
        return bool(self._service.password)

    def check(self, request: Request) -> None:
        """Raises ApiError for a page that may not be shown: 401 for who has to sign in."""
        self.guard.check_host(request)
        if is_foreign(request.headers) and not _is_navigation(request):
            raise ApiError(403, "a page of another origin may not ask for this one")
        has_said = is_said(self._service.password, request.headers.get("authorization", ""))
        if self.asks and not has_said and not self._is_in(request):
            raise ApiError(401, "sign in first")

    def check_host(self, request: Request) -> None:
        """Raises ApiError, as ``Guard.check_host`` does."""
        self.guard.check_host(request)

    def check_form(self, request: Request, csrf: str) -> None:
        """Raises ApiError for a form that is none of ours."""
        self.guard.check_host(request)
        if is_foreign(request.headers):
            raise ApiError(403, "a page of another origin may not do this")
        if not hmac.compare_digest(csrf.encode(), self.csrf(request).encode()):
            raise ApiError(403, "this form is out of date: open the page again")

    async def sign_in(self, request: Request, password: str, answer: Response) -> None:
        """Have the answer sign in. Raises ApiError for a wrong password, which takes its time."""
        if not hmac.compare_digest(password.encode(), self._service.password.encode()):
            await self.guard.slow_down(request)
            raise ApiError(401, "this is not the password")
        said = f"{int(time.time()) + _LASTS}.{secrets.token_urlsafe(16)}"
        answer.set_cookie(
            _COOKIE,
            f"{said}.{self._sign(said)}",
            max_age=_LASTS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )

    def sign_out(self, request: Request, answer: Response) -> None:
        """Have the answer sign out, and what was signed in by not count any more."""
        now = time.time()
        self._out = {said: until for said, until in self._out.items() if until > now}
        self._out[request.cookies.get(_COOKIE, "")] = now + _LASTS
        answer.delete_cookie(_COOKIE, httponly=True, samesite="strict")

    def csrf(self, request: Request) -> str:
        """What a form of ours says with it."""
        return self._sign("csrf " + request.cookies.get(_COOKIE, ""))

    def _is_in(self, request: Request) -> bool:
        cookie = request.cookies.get(_COOKIE, "")
        said, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(said).encode()):
            return False
        return int(said.partition(".")[0]) > time.time() and cookie not in self._out

    def _sign(self, text: str) -> str:
        key = b"pages\0" + self._service.password.encode()
        return hmac.new(key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _is_navigation(request: Request) -> bool:
    """Whether somebody follows a link to here, from wherever: it shows a page, and changes
    nothing."""
    headers = request.headers
    is_link = headers.get("sec-fetch-mode") == "navigate"
    return request.method == "GET" and is_link and headers.get("sec-fetch-dest") == "document"
