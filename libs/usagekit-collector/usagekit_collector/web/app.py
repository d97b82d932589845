"""The collector's routes, put together."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from usagekit_collector.errors import Busy
from usagekit_collector.web import sdk
from usagekit_collector.web.access import Guard, Sane
from usagekit_collector.web.api import OPERATIONS
from usagekit_collector.web.openapi import document
from usagekit_collector.web.operations import ApiError, ErrorAnswer, Operation, run
from usagekit_collector.web.pages import Pages
from usagekit_collector.web.service import Service
from usagekit_collector.web.sessions import Sessions

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger(__name__)
# Says of how many events an answer does not know that were taken in before it was asked for.
BEHIND = "Usagekit-Behind"
_Handler = Callable[[Request], Awaitable[Response]]


def create_app(service: Service) -> ASGIApp:
    """The application of one collector."""
    return Sane(Shortcut(create_pages(service)))


def create_pages(service: Service) -> Starlette:
    """All that it answers, each by its route."""
    guard = Guard(service)
    pages = Pages(service, Sessions(guard, service))
    app = Starlette(
        routes=[
            *pages.routes(),
            Route("/_health", health),
            Route("/_readiness", health),
            Route("/_liveness", liveness),
            Route("/metrics", guarded(metrics)),
            Route("/openapi.json", openapi),
            *sdk.routes(),
            *(_route(one) for one in OPERATIONS),
        ],
        exception_handlers={HTTPException: told},
        middleware=[Middleware(ProxyHeadersMiddleware)],
    )
    app.router.redirect_slashes = False
    app.state.service = service
    app.state.guard = guard
    app.state.document = msgspec.json.encode(document(OPERATIONS))
    return app


class Shortcut:
    """What programs send goes to its handler at once, past routes and middleware that take longer
    than all the rest. ASGI.

    Args:
        app: what answers all others: pages too, whose origin is to be told that they may.
    """

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._handlers = sdk.handlers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        handler = self._handlers.get(scope.get("path", ""))
        is_page = any(name == b"origin" for name, _ in scope.get("headers", ()))
        if handler is None or is_page or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        answer = await handler(Request(scope, receive))
        await answer(scope, receive, send)


async def health(request: Request) -> Response:
    """200 while events can be taken; ``degraded`` where they cannot be stored for now, or where
    some that were are not there any more."""
    service: Service = request.app.state.service
    if why_not := service.why_not:
        return failure(503, why_not)
    because = []
    if service.storer.is_failing:
        waiting = f"{service.storer.behind} events wait"
        because.append(f"the store cannot be written, and {waiting}: see the log")
    if count := len(service.storer.sink.damage.parts):
        because.append(f"{count} damaged parts: see the log, or doctor")
    if because:
        said = {"status": "degraded", "because": "; ".join(because)}
        return Response(msgspec.json.encode(said), media_type="application/json")
    return Response(b'{"status":"ok"}', media_type="application/json")


async def liveness(_: Request) -> Response:
    """200 as long as anything is answered."""
    return Response(b'{"status":"ok"}', media_type="application/json")


async def metrics(request: Request) -> Response:
    """The collector's numbers, in Prometheus' format."""
    service: Service = request.app.state.service
    return PlainTextResponse(service.metrics.text(), media_type="text/plain; version=0.0.4")


async def openapi(request: Request) -> Response:
    """The API's document."""
    return Response(request.app.state.document, media_type="application/json")


def _route(one: Operation) -> Route:
    path = re.sub(r"{(\w+)}", r"{\1:any}", one.path)
    return Route(path, guarded(operation(one)), methods=[one.method])


def operation(one: Operation) -> _Handler:
    """The handler of an operation of the API."""

    async def handle(request: Request) -> Response:
        service: Service = request.app.state.service
        behind = await service.come_to_now() if one.method == "GET" else 0
        answer = await run(one, service, request)
        if behind:
            answer.headers[BEHIND] = str(behind)
        return answer

    return handle


def guarded(handler: _Handler) -> _Handler:
    """Only for those who may ask."""

    async def handle(request: Request) -> Response:
        guard: Guard = request.app.state.guard
        try:
            await guard.check(request)
            return await handler(request)
        except ApiError as error:
            guard.refused(request, error.status, error.text)
            return failure(error.status, error.text)
        except Busy as error:
            guard.refused(request, 503, str(error))
            return failure(503, f"{error}: try again")
        except ClickHouseError as error:
            _log.error("the store could not answer: %s", error)
            return failure(500, "the store could not answer: see the log")
        except ClientDisconnect:
            return Response(status_code=499)

    return handle


async def told(_: Request, error: Exception) -> Response:
    """A page that there is not, or not by this method."""
    if not isinstance(error, HTTPException):
        raise error
    answer = failure(error.status_code, str(error.detail).lower())
    answer.headers.update(error.headers or {})
    return answer


def failure(status: int, text: str) -> Response:
    """An answer that says what went wrong."""
    body = msgspec.json.encode(ErrorAnswer(text))
    return Response(body, status, media_type="application/json")
