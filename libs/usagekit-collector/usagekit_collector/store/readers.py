"""Clients for questions, which do not stop who writes."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.exceptions import OperationalError

from usagekit_collector.errors import Busy
from usagekit_collector.store.client import Client

# Seconds for which a question waits for its turn.
_PATIENCE = 10.0


class Readers:
    """So many clients, each for one question at a time."""

    def __init__(self) -> None:
        self._free: queue.Queue[Client] = queue.Queue()

    def put(self, client: Client) -> None:
        """One more."""
        self._free.put(client)

    @contextmanager
    def one(self) -> Iterator[Client]:
        """A client for one thread, once it is free. Raises Busy."""
        try:
            client = self._free.get(timeout=_PATIENCE)
        except queue.Empty:
            raise Busy("too many questions at once") from None
        try:
            yield client
        except OperationalError as error:
            raise Busy("the store cannot be reached") from error
        finally:
            self._free.put(client)
