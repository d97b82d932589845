"""The engine: ClickHouse, in this process or on a server, behind one client and one dialect."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import clickhouse_connect

from usagekit_collector import address
from usagekit_collector.errors import StoreError, store_errors
from usagekit_collector.settings import Settings
from usagekit_collector.store.client import Client
from usagekit_collector.store.connect import options
from usagekit_collector.store.folder import Folder
from usagekit_collector.store.owner import Lease
from usagekit_collector.store.readers import Readers


class Engine:
    """One owner of the write side, and readers that do not stop it.

    Args:
        settings: which store, and what a question may cost.
        writes: make the store if there is none, and put into its folder what writing takes.

    Attributes:
        folder: where an embedded store lies; None for one on a server.

    Raises StoreError if the store cannot be opened, or another process has it.
    """

    def __init__(self, settings: Settings, *, writes: bool = True) -> None:
        self._store = address.read(settings.store)
        self.folder = self._store.folder
        self._settings = settings
        self._lease: Lease | None = None
        self._had = None if self.folder is None else Folder(self.folder, writes=writes)
        limits = {
            "max_execution_time": str(settings.query_seconds),
            "max_memory_usage": str(settings.query_bytes),
        }
        self._readers = Readers()
        self._all: list[Client] = []
        try:
            self._writer = self._connect({})
            for _ in range(settings.readers):
                self._readers.put(self._connect(limits))
        except BaseException:
            self.close()
            raise

    def _connect(self, limits: dict[str, str], **more: Any) -> Client:
        with store_errors("the store cannot be opened"):
            wanted = options(self._store, limits)
            client: Client = clickhouse_connect.get_client(**wanted, **more)
        self._all.append(client)
        return client

    def own(self, *, wait: bool = True) -> None:
        """Become the only one who writes, which whoever has opened an embedded store is already.

        Args:
            wait: for another who may be on their way out.

        Raises StoreError, with words of who is at it.
        """
        if self.folder is not None:
            return
        seconds = self._settings.lease_seconds
        client = self._connect({}, send_receive_timeout=max(1, int(seconds)))
        self._lease = Lease(client, seconds)
        with store_errors("the store cannot be had"):
            self._lease.take(wait=wait)

    @property
    def is_lost(self) -> bool:
        """Whether another has become the one who writes."""
        return self._lease is not None and not self._lease.holds

    @property
    def is_anothers(self) -> bool:
        """Whether another has the store by now, or may have as far as is known; while the store
        cannot be asked, nobody has followed yet."""
        one = self._lease
        return one is not None and (one.is_anothers or not (one.holds or one.is_away))

    @property
    def writer(self) -> Client:
        """The client of the one thread that writes. Raises StoreError if another does so now."""
        if self.is_lost:
            raise StoreError("another collector has the store now, or may have")
        return self._writer

    def reader(self) -> AbstractContextManager[Client]:
        """A client for questions, for one thread at a time. Raises Busy."""
        return self._readers.one()

    def announce(self, url: str) -> None:
        """Leave word for other processes of who has this store."""
        if self._had is not None:
            self._had.announce(url)

    def close(self) -> None:
        """Let go of the store."""
        if self._lease is not None:
            self._lease.give_up()
        for client in self._all:
            client.close()
        self._all.clear()
        if self._had is not None:
            self._had.release()
