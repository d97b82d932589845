"""What one running collector consists of; the handlers of requests find it here."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any

from clickhouse_connect.driver.exceptions import ClickHouseError
from starlette.concurrency import run_in_threadpool

from usagekit_collector import password
from usagekit_collector.capture import Captured
from usagekit_collector.engine import Engine, migrate
from usagekit_collector.errors import Busy, StoreError, store_errors
from usagekit_collector.memory import Memory
from usagekit_collector.metrics import Metrics
from usagekit_collector.projects import Project, Projects, create_token
from usagekit_collector.refusals import Refusals
from usagekit_collector.retention import set_retention
from usagekit_collector.settings import Settings, is_loopback
from usagekit_collector.writer import Writer

_log = logging.getLogger(__name__)
# Seconds from one try to store something, while nothing can be, to the next; and for which one is
# waited for.
_TRY_AGAIN, _PATIENCE = 5.0, 2.0


class Service:
    """The store, its writer, its projects, and a budget of memory. Raises StoreError.

    Args:
        settings: how it is set up.

    Attributes:
        settings, engine, writer, projects, metrics, memory, refusals: its parts.
        password: that the API asks for; empty where it asks nobody.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.refusals = Refusals()
        self.engine = Engine(settings)
        try:
            with store_errors("the store cannot be used"):
                migrate(self.engine.writer)
                self.engine.own()
                set_retention(self.engine.writer, settings.retention_days)
                self.projects = Projects(self.engine)
                self.writer = Writer(self.engine, settings, self.metrics)
                self.password = password.own(settings)
        except BaseException:
            self.engine.close()
            raise
        # Whether a token that nobody announced makes its project.
        self.is_open = (
            not settings.password and is_loopback(settings.host) and settings.tokens_at_most > 0
        )
        self._tried = 0.0
        self.memory = Memory(settings.buffer_bytes, self.metrics.buffered)
        self.writer.start()

    def close(self) -> None:
        """Finish what was acknowledged, and let go of the store."""
        self.refusals.sum_up()
        self.writer.stop()
        self.engine.close()

    async def store(self, project: int, events: list[Captured]) -> None:
        """Have events stored; they are on disk when this returns. Raises Busy."""
        try:
            await asyncio.shield(asyncio.wrap_future(self.writer.submit(project, events)))
        except StoreError as error:
            raise Busy("the events could not be stored") from error

    async def why_not(self) -> str:
        """Why events cannot be stored; empty if they can.

        Where the last group failed it is tried now and then: as long as this answer keeps senders
        away, no group will show that it is over.
        """
        if self.engine.is_lost:
            return "another collector has the store now, or may have"
        if not self.writer.is_alive():
            return "the writer has ended"
        if self.writer.is_failing and time.monotonic() - self._tried > _TRY_AGAIN:
            self._tried = time.monotonic()
            with suppress(Busy, StoreError, asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.wrap_future(self.writer.probe()), _PATIENCE)
        return "events could not be stored: see the log" if self.writer.is_failing else ""

    @property
    def how_to_say_the_password(self) -> str:
        """Words for whoever has not said it."""
        if self.settings.password:
            return "the API asks for a password: Authorization: Bearer ..."
        file = password.file_of(self.settings)
        return f"the API asks for the password of {file}: curl -H @{file} ..."

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
        if self.projects.count() >= self.settings.tokens_at_most:
            raise Busy("there are as many projects as tokens may make")
        made = await self.write(lambda client: create_token(client, token, token))
        project: Project = made
        return project.project

    async def write(self, step: Any) -> Any:
        """Have the writer do a step, and see its result here. Raises Busy."""
        try:
            result = await asyncio.shield(asyncio.wrap_future(self.writer.call(step)))
        except StoreError as error:
            raise Busy("the store cannot be written") from error
        await run_in_threadpool(self.projects.refresh)
        return result
