"""What one running collector consists of; the handlers of requests find it here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TypeVar

from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.concurrency import run_in_threadpool

from usagekit_collector.errors import Busy, StoreError, store_errors
from usagekit_collector.ingest.capture import Captured
from usagekit_collector.metrics import Metrics
from usagekit_collector.settings import Settings, is_loopback
from usagekit_collector.store import password
from usagekit_collector.store.client import Client
from usagekit_collector.store.opening import opened_store
from usagekit_collector.store.projects import Projects, create_token
from usagekit_collector.store.retention import set_retention
from usagekit_collector.store.storer import storing
from usagekit_collector.web.answers import Answers
from usagekit_collector.web.memory import Memory
from usagekit_collector.web.refusals import Refusals

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_ANOTHERS = "another collector has the store now, or may have"


class Service:
    """The store, what takes events to it, its projects, and a budget of memory. Raises StoreError.

    Args:
        settings: how it is set up.

    Attributes:
        settings, engine, intake, storer, projects, metrics, memory, refusals: its parts.
        password: that the API asks for; empty where it asks nobody.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.refusals = Refusals()
        with ExitStack() as stack:
            self.engine = stack.enter_context(opened_store(settings, writes=True, wait=True))
            with store_errors("the store cannot be used"):
                set_retention(self.engine.writer, settings.retention_days)
                self.projects = Projects(self.engine)
                self.password = password.own(settings)
            self.intake, self.storer = stack.enter_context(
                storing(self.engine, settings, self.metrics)
            )
            self._close = stack.pop_all().close
        self._answers = Answers()
        # How many steps were written that are no events: somebody deleted, a project renamed.
        self.written = 0
        # Whether a token that nobody announced makes its project.
        self.is_open = (
            not settings.password and is_loopback(settings.host) and settings.max_projects > 0
        )
        self.memory = Memory(settings.max_inflight_bytes)
        self.metrics.watch(
            lambda: self.intake.size.events,
            lambda: self.intake.size.bytes,
            lambda: self.memory.held,
        )

    def close(self) -> None:
        """Store what was acknowledged, as far as it can be, and let go of the store."""
        self.refusals.sum_up()
        self._close()

    async def store(self, project: int, events: list[Captured]) -> None:
        """Have events stored; they are on disk when this returns. Raises Busy."""
        if self.engine.is_anothers:
            raise Busy(_ANOTHERS)
        await self._answers.of(self.intake.append(project, events))

    @property
    def why_not(self) -> str:
        """Why events cannot be taken; empty if they can."""
        if self.engine.is_anothers:
            return _ANOTHERS
        if not self.storer.is_alive():
            return "the storer has ended"
        return self.intake.why_not

    async def come_to_now(self) -> int:
        """Have all that was taken in until now be stored, so that questions see it. Returns how
        many events are behind, if that takes too long or cannot be done."""
        return await self._come_to(self.intake.position)

    async def _come_to(self, position: int) -> int:
        reached = asyncio.wrap_future(self.storer.reach(position))
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(reached, self.settings.query_seconds)
        return self.storer.behind_of(position)

    @property
    def how_to_say_the_password(self) -> str:
        """Words for whoever has not said it."""
        if self.settings.password:
            return "the API asks for a password: Authorization: Bearer ..."
        file = password.file_of(self.settings)
        return f"the API asks for the password of {file}: curl -H @{file} ..."

    @property
    def where_the_password_is(self) -> str:
        """Words for whoever is asked for it by a page."""
        if self.settings.password:
            return "It is the one of the collector's settings."
        return f"It is in the file {password.file_of(self.settings)} of the collector's machine."

    async def project_of(self, token: str, *, may_make: bool = True) -> int | None:
        """The number of the project that a token writes into; None if it may not. Raises Busy.

        Args:
            token: of the project.
            may_make: whether whoever sends it may make a project of a token that nobody announced.
        """
        found = self.projects.known(token)
        if found is None and self.projects.is_stale:
            try:
                await run_in_threadpool(self.projects.refresh)
            except ClickHouseError as error:
                raise Busy("the projects could not be read") from error
            found = self.projects.known(token)
        if found is not None or not (self.is_open and may_make) or self.projects.is_revoked(token):
            return found
        if self.projects.count() >= self.settings.max_projects:
            raise Busy("there are as many projects as tokens may make")
        made = await self.write(lambda client: create_token(client, token, token), after=0)
        return made.project

    async def write(self, step: Callable[[Client], _T], *, after: int | None = None) -> _T:
        """Have the storer do a step, and see its result here. Raises Busy.

        Args:
            step: what is done, with the client.
            after: the position up to which all events must be stored before; default: all that
                are on disk now. What was deleted does not come back from the intake.
        """
        after = self.intake.position if after is None else after
        if await self._come_to(after):
            raise Busy("what was taken in cannot be stored for now")
        try:
            result = await asyncio.shield(asyncio.wrap_future(self.storer.call(step, after=after)))
        except StoreError as error:
            raise Busy("the store cannot be written") from error
        self.written += 1
        await run_in_threadpool(self.projects.refresh)
        return result
