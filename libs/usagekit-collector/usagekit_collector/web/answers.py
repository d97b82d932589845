"""What other threads have done, told to the loop that waits for it: many at once, by one call."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

_T = TypeVar("_T")


class Answers:
    """Futures of other threads, for one loop.

    A commit is the answer of many requests; to wake the loop for each would take longer than all
    the rest.
    """

    def __init__(self) -> None:
        self._done: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_told = False

    async def of(self, future: Future[_T]) -> _T:
        """The result of a future of another thread. Whoever is cancelled stops waiting, and the
        future goes on."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[_T] = loop.create_future()
        future.add_done_callback(partial(self._tell, loop, waiter))
        return await waiter

    def _tell(
        self, loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[Any], future: Future[Any]
    ) -> None:
        """One more is done. In the other thread."""
        self._done.append((waiter, future))
        if not self._is_told:
            self._is_told = True
            loop.call_soon_threadsafe(self._told)

    def _told(self) -> None:
        # First, so that what is done from here on is told once more.
        self._is_told = False
        while self._done:
            waiter, future = self._done.popleft()
            if waiter.done():  # Whoever waited has gone.
                continue
            error = future.exception()
            if error is None:
                waiter.set_result(future.result())
            else:
                waiter.set_exception(error)
