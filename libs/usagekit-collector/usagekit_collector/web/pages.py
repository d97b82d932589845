"""The pages: what is asked of the store for each, and who may open it."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from usagekit_collector.errors import Busy
from usagekit_collector.pages import data
from usagekit_collector.pages.render import STATIC, render, static
from usagekit_collector.pages.view import AUDIENCES, RANGES, State, View
from usagekit_collector.queries import arrivals, persons
from usagekit_collector.store.client import Client
from usagekit_collector.web import forms, page_data, page_state
from usagekit_collector.web.access import is_foreign
from usagekit_collector.web.operations import ApiError
from usagekit_collector.web.questions import ask, project_of
from usagekit_collector.web.service import Service
from usagekit_collector.web.sessions import Sessions

if TYPE_CHECKING:
    from starlette.requests import Request

_log = logging.getLogger(__name__)
_INDEX = """\
usagekit-collector: a PostHog-compatible receiver of usage events.

  POST /batch/         events, as any PostHog SDK sends them
  GET  /api/projects   projects and their tokens
  GET  /api/events     what was captured
  GET  /api/persons/ID who is who
  GET  /api/insights/  what was learned; in a browser, it is on the pages
  GET  /openapi.json   all of it, described
  GET  /metrics        for Prometheus
  GET  /_health        whether events can be taken
"""
_MENU = [
    ("/", "Overview"),
    ("/errors", "Errors"),
    ("/releases", "Releases"),
    ("/commands", "Commands"),
    ("/support", "Can it go?"),
    ("/journeys", "Journeys"),
    ("/live", "Live"),
    ("/data", "Data"),
]
_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{one} 'self'" for one in ("style-src", "script-src", "connect-src", "form-action")),
        "img-src 'self' data:",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
# Pages that are kept as they were answered, as long as nothing new has come.
_MOST_KEPT = 128
_KEPT = {"Cache-Control": "private, max-age=300"}
_LINES = """\
# A program of Typer, Click or argparse:
from usagekit import Usage
usage = Usage("my-cli", version="1.0", host="{origin}", project_api_key={token!r})
usage.run(app)  # the app, the command or group, or main

# Or any SDK of PostHog:
Posthog({token!r}, host="{origin}").capture("it works", distinct_id="me")"""
_NO_PROJECT = "There is no project yet. The first event of a program makes one."


class Pages:
    """The pages of one collector.

    Args:
        service: whose events they show.
        sessions: who may open them.
    """

    def __init__(self, service: Service, sessions: Sessions) -> None:
        self._service = service
        self._sessions = sessions
        self._kept: OrderedDict[tuple[Any, ...], str] = OrderedDict()

    def routes(self) -> list[Route]:
        """What they are opened by."""
        return [
            Route("/", self._page("Overview", page_data.overview_page)),
            Route("/errors", self._page("Errors", page_data.errors)),
            Route("/errors/{name}", self._page("Error", self._error)),
            Route("/releases", self._page("Releases", page_data.releases_page)),
            Route("/releases/{name:any}", self._page("Release", page_data.release)),
            Route("/commands", self._page("Commands", page_data.commands)),
            Route("/commands/{name:any}", self._page("Command", page_data.command)),
            Route("/support", self._page("Can it go?", page_data.support_page)),
            Route("/journeys", self._page("Journeys", page_data.journeys_page)),
            Route("/data", self._page("Data", self._data)),
            Route("/live", self._page("Live", page_data.live)),
            Route("/persons/{name:any}", self._page("Person", page_data.person)),
            Route("/persons/{name:any}", self._guarded(self._delete), methods=["POST"]),
            Route("/sign-in", self._guarded(self._show_sign_in), methods=["GET"]),
            Route("/sign-in", self._guarded(self._sign_in), methods=["POST"]),
            Route("/sign-out", self._guarded(self._sign_out), methods=["POST"]),
            Route("/pages/{name}", _file),
        ]

    def _page(self, title: str, build: page_data.Build) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if request.url.path == "/" and "text/html" not in request.headers.get("accept", ""):
                return PlainTextResponse(_INDEX)  # Whoever asks by curl is told what there is.
            self._sessions.check(request)
            behind = await self._service.come_to_now()
            state = _state(request)
            name = request.path_params.get("name", "")
            zone = page_state.zone_of(state.tz, request.cookies.get("tz", ""))
            key = (
                request.url.path,
                str(request.url.query),
                request.headers.get("host", ""),
                zone.key,
                self._sessions.csrf(request),
                datetime.now(zone).date(),
                self._service.intake.position,
                self._service.written,
                behind,
            )
            text = self._kept.get(key)
            if text is None:
                text = await self._made(request, title, name, (state, zone), behind, build)
                self._kept[key] = text
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return _html(text)

        return self._guarded(answer)

    async def _made(
        self,
        request: Request,
        title: str,
        name: str,
        asked: tuple[State, ZoneInfo],
        behind: int,
        build: page_data.Build,
    ) -> str:
        service, (state, zone) = self._service, asked
        known = await run_in_threadpool(service.projects.all)
        if not known:
            return self._rendered(request, "refusal", title, text=_NO_PROJECT)
        project = await project_of(service, state.project or known[0].name)

        def answer(client: Client) -> dict[str, Any]:
            wish = page_state.wish_of(client, project, state, zone)
            view = View(
                state=state,
                project=project.name,
                projects=[one.name for one in known],
                wish=wish,
                span=page_state.span_of(state, wish),
                origin=forms.origin_of(request),
                behind=behind,
                now=datetime.now(timezone.utc),
            )
            is_empty = page_data.is_empty(client, project)
            made = build(client, view, name)
            stored = made.pop("stored", None) or arrivals.stored(client, project.project)
            said = {"view": view, "is_empty": is_empty, "health": self._health(stored)}
            return {**said, **made}

        values = await ask(service, answer)
        values |= {
            "lines": _LINES.format(origin=forms.origin_of(request), token=project.tokens[0]),
            "token": project.tokens[0],
            "ranges": RANGES,
            "audiences": AUDIENCES,
            "path": request.url.path,
            "tiles": values.get("tiles", []),
            "deletion": values.get("deletion"),
            "issue": values.get("issue"),
        }
        return self._rendered(request, "panels", values.pop("title", title), state, **values)

    def _error(self, client: Client, view: View, name: str) -> dict[str, Any]:
        return page_data.error(client, view, name, self._service.settings.issues_url)

    def _data(self, client: Client, view: View, _: str) -> dict[str, Any]:
        return page_data.data_page(client, view, self._service.settings.retention_days)

    def _health(self, stored: arrivals.Stored) -> str:
        metrics = self._service.metrics
        waiting = self._service.intake.size.events
        return data.health(
            stored, waiting, metrics.total("events_repeated"), metrics.total("refused")
        )

    def _rendered(
        self, request: Request, template: str, title: str, state: State | None = None, **values: Any
    ) -> str:
        first = "/" + request.url.path.split("/")[1]
        return render(
            template,
            title=title,
            menu=_MENU,
            here=first,
            query=(state or State()).query(),
            csrf=self._sessions.csrf(request),
            can_leave=self._sessions.asks and template != "sign_in",
            **values,
        )

    def _guarded(
        self, handler: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except ApiError as error:
                if error.status == 401 and request.method == "GET":
                    if is_foreign(request.headers):
                        # Whoever follows a link from elsewhere has signed in, perhaps: browsers
                        # say so only to who comes from here.
                        return _html(render("again", to=forms.path_of(request)))
                    to = f"/sign-in?{forms.with_next(request)}"
                    return RedirectResponse(to, 303, headers=_HEADERS)
                return self._refused(request, error.status, error.text)
            except Busy as error:
                return self._refused(request, 503, f"{error}: try again")
            except ClickHouseError as error:
                _log.error("the store could not answer: %s", error)
                return self._refused(request, 500, "the store could not answer: see the log")
            except ClientDisconnect:
                return Response(status_code=499)

        return answer

    def _refused(self, request: Request, status: int, text: str) -> Response:
        self._sessions.guard.refused(request, status, text)
        title = "Not found" if status == 404 else "That cannot be shown"
        return _html(self._rendered(request, "refusal", title, text=text), status)

    def _sign_in_page(self, request: Request, wrong: str, following: str) -> str:
        hint = self._service.where_the_password_is
        return self._rendered(request, "sign_in", "Sign in", wrong=wrong, next=following, hint=hint)

    async def _show_sign_in(self, request: Request) -> Response:
        self._sessions.check_host(request)
        if not self._sessions.asks:
            return RedirectResponse("/", 303, headers=_HEADERS)
        return _html(self._sign_in_page(request, "", request.query_params.get("next", "/")))

    async def _sign_in(self, request: Request) -> Response:
        form = await forms.form_of(request)
        self._sessions.check_form(request, form.get("csrf", ""))
        following = forms.own_path(form.get("next", "/"))
        answer = RedirectResponse(following, 303, headers=_HEADERS)
        try:
            await self._sessions.sign_in(request, form.get("password", ""), answer)
        except ApiError as error:
            return _html(self._sign_in_page(request, error.text, following), error.status)
        return answer

    async def _delete(self, request: Request) -> Response:
        """Delete a person, who was shown with all that is theirs."""
        self._sessions.check(request)
        form = await forms.form_of(request)
        self._sessions.check_form(request, form.get("csrf", ""))
        if form.get("confirmed") != "yes" or not form.get("at_most", "").isdecimal():
            raise ApiError(400, "say that you want them deleted")
        service, state = self._service, _state(request)
        project = await project_of(service, state.project or None)
        wish = (project.project, request.path_params["name"], int(form["at_most"]))
        try:
            found = await service.write(lambda client: persons.delete(client, *wish))
        except persons.TooMany as error:
            raise ApiError(409, "they have more IDs by now: open the page again") from error
        if found is None:
            raise ApiError(404, "nobody goes by this ID")
        return RedirectResponse(f"/live{state.query()}", 303, headers=_HEADERS)

    async def _sign_out(self, request: Request) -> Response:
        self._sessions.check_form(request, (await forms.form_of(request)).get("csrf", ""))
        answer = RedirectResponse("/sign-in", 303, headers=_HEADERS)
        self._sessions.sign_out(request, answer)
        return answer


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in STATIC:
        return Response(status_code=404)
    return Response(static(name), media_type=STATIC[name], headers=_KEPT)


def _state(request: Request) -> State:
    """Raises ApiError."""
    try:
        return page_state.state_of(request.query_params)
    except ValueError as error:
        raise ApiError(400, f"{error}") from error


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, headers=_HEADERS, media_type="text/html")
