"""The routes that SDKs send to, and what they are answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timezone

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from usagekit_collector.errors import Busy
from usagekit_collector.ingest.capture import PASSED_OVER, asked_at, captures, library_of, token_of
from usagekit_collector.ingest.decode import Refused, decode, unwrap
from usagekit_collector.web import browser
from usagekit_collector.web.access import may_make_project
from usagekit_collector.web.bodies import text_of_request
from usagekit_collector.web.memory import Share
from usagekit_collector.web.sdk_v1 import ROUTES_V1, capture_v1
from usagekit_collector.web.service import Service

Handler = Callable[[Request], Awaitable[Response]]
ROUTES = ("/batch", "/i/v0/e", "/e", "/capture", "/track", "/engage", "/i/v0/ai/batch")
NO_PROJECT = "no project has this token"
# Where a program's token would have made one.
NO_PROJECT_OF_A_PAGE = f"{NO_PROJECT}, and a page makes none: see allow_origin, or token create"
# What a single event is, of those by which a profile was set once.
_UNNAMED = {"/engage": "$identify"}
# Seconds after which somebody who was told to come again may do so.
_AGAIN = {"Retry-After": "1"}
_OK = b'{"status":"Ok"}'


def handlers() -> dict[str, Handler]:
    """What answers events, by its path, each with and without its slash."""
    known: dict[str, Handler] = {path: capture(_UNNAMED.get(path, "")) for path in ROUTES}
    known |= dict.fromkeys(ROUTES_V1, capture_v1)
    return {path + slash: handler for path, handler in known.items() for slash in ("", "/")}


def routes() -> list[Route]:
    """They may be called from any page on the web."""
    cors = [
        Middleware(
            CORSMiddleware,
            allow_origin_regex=".*",
            allow_credentials=True,
            allow_methods=["GET", "POST", "OPTIONS"],
            allow_headers=["*"],
        )
    ]
    old, new = ["GET", "POST", "OPTIONS"], ["POST", "OPTIONS"]
    known = [
        (path, handler, new if handler is capture_v1 else old)
        for path, handler in handlers().items()
    ]
    known += [
        (path + slash, handler, methods)
        for path, handler, methods in browser.ROUTES
        for slash in ("", "/")
    ]
    return [
        Route(path, handler, methods=methods, middleware=cors) for path, handler, methods in known
    ]


def capture(unnamed: str) -> Handler:
    """Takes in what an SDK sends; it is on disk when the answer is 200.

    Args:
        unnamed: what a single event without a name is called.
    """

    async def handle(request: Request) -> Response:
        service: Service = request.app.state.service
        if request.method == "OPTIONS":
            return Response()
        answer = await _answer(service, request, unnamed)
        service.metrics.answered(answer.status_code)
        return answer

    return handle


async def _answer(service: Service, request: Request, unnamed: str) -> Response:
    try:
        with service.memory.share() as share:
            await _take_in(service, request, share, unnamed)
    except Refused as refused:
        service.refusals.tell(refused.status, refused.text, _sender(request))
        return PlainTextResponse(refused.text, refused.status)
    except Busy as busy:
        service.refusals.tell(503, str(busy), _sender(request))
        return PlainTextResponse(f"{busy}: try again", 503, _AGAIN)
    except ClientDisconnect:
        return Response(status_code=499)
    if request.scope["query_string"] and request.query_params.get("beacon") in ("", "1"):
        return Response(status_code=204)
    return Response(_OK, media_type="application/json")


async def _take_in(service: Service, request: Request, share: Share, unnamed: str) -> None:
    """Store the events of a request. Raises Refused, Busy, ClientDisconnect."""
    query: Mapping[str, str] = request.query_params if request.scope["query_string"] else {}
    encoding = request.headers.get("content-encoding", "")
    text = await text_of_request(
        request,
        share,
        lambda body, limit: unwrap(body, query, limit, encoding),
    )
    batch = decode(text, unnamed)
    request.state.library = library_of(batch)
    batch.events = [event for event in batch.events if event.get("event") != PASSED_OVER]
    if not batch.events:
        return
    token = token_of(batch)
    events = captures(batch, datetime.now(timezone.utc), asked_at(query))
    project = service.projects.known(token)
    if project is None:
        may_make = may_make_project(request.headers, service.settings.allow_origin)
        project = await service.project_of(token, may_make=may_make)
        if project is None:
            raise Refused(401, NO_PROJECT if may_make else NO_PROJECT_OF_A_PAGE)
    await service.store(project, events)


def _sender(request: Request) -> str:
    """The SDK, as its events say it; else what the program says that it is."""
    return getattr(request.state, "library", "") or request.headers.get("user-agent", "")
