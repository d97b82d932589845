"""The engine: ClickHouse, in this process or on a server, behind one client and one dialect."""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import clickhouse_connect
import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from usagekit_collector import address
from usagekit_collector.connect import options
from usagekit_collector.errors import Busy, StoreError, store_errors
from usagekit_collector.folder import Folder
from usagekit_collector.settings import Settings

if TYPE_CHECKING:
    from usagekit_collector.owner import Lease

SQL = files("usagekit_collector") / "sql"
# Seconds for which a question waits for its turn.
_PATIENCE = 10.0
# A table whose rows lie on the shards of a cluster: which cluster, database and table that is.
_DISTRIBUTED = re.compile(r"Distributed\('([^']+)', '([^']+)', '([^']+)'")


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
        self._readers: queue.Queue[Any] = queue.Queue()
        self._all: list[Any] = []
        try:
            self._writer = self._connect({})
            for _ in range(settings.readers):
                self._readers.put(self._connect(limits))
        except BaseException:
            self.close()
            raise

    def _connect(self, limits: dict[str, str], **more: Any) -> Any:
        with store_errors("the store cannot be opened"):
            wanted = options(self._store, limits)
            client = clickhouse_connect.get_client(**wanted, **more)
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
        from usagekit_collector.owner import Lease

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
    def writer(self) -> Any:
        """The client of the one thread that writes. Raises StoreError if another does so now."""
        if self.is_lost:
            raise StoreError("another collector has the store now, or may have")
        return self._writer

    @contextmanager
    def reader(self) -> Iterator[Any]:
        """A client for questions, for one thread at a time. Raises Busy."""
        try:
            client = self._readers.get(timeout=_PATIENCE)
        except queue.Empty:
            raise Busy("too many questions at once") from None
        try:
            yield client
        except OperationalError as error:
            raise Busy("the store cannot be reached") from error
        finally:
            self._readers.put(client)

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


@contextmanager
def opened_store(
    settings: Settings, *, writes: bool = False, wait: bool = False
) -> Iterator[Engine]:
    """The store, opened here. Raises StoreError.

    Args:
        settings: which.
        writes: make it if there is none, bring it up to date, and be the only one who writes. Else
            it stays as it is.
        wait: for another who writes, and may be on their way out.
    """
    engine = Engine(settings, writes=writes)
    try:
        with store_errors("the store cannot be used"):
            if writes:
                migrate(engine.writer)
                engine.own(wait=wait)
            elif missing_migrations(engine.writer):
                raise StoreError(
                    "an earlier version of the collector has written this store: the next start of "
                    '"usagekit-collector serve" brings it up to date.'
                )
        yield engine
    finally:
        engine.close()


def sql(name: str) -> str:
    """The text of one named query: ``store/known``."""
    return SQL.joinpath(f"{name}.sql").read_text(encoding="utf-8")


def migrations() -> list[tuple[int, str, list[str]]]:
    """Number, name and statements of each migration, in order."""
    found = []
    for file in sorted(SQL.joinpath("migrations").iterdir(), key=lambda file: file.name):
        number, _, name = file.name.removesuffix(".sql").partition("_")
        statements = [one.strip() for one in file.read_text(encoding="utf-8").split(";\n")]
        found.append((int(number), name, [one for one in statements if one]))
    return found


def missing_migrations(client: Any) -> list[tuple[int, str, list[str]]]:
    """What would bring the store up to date. Raises StoreError if a newer version of the collector
    has been at it, or if that is not for a collector to do."""
    done = {row[0] for row in client.query(sql("store/applied")).result_rows}
    known = migrations()
    if done - {number for number, _, _ in known}:
        raise StoreError("the store was written by a newer version of the collector: install it")
    missing = [one for one in known if one[0] not in done]
    if missing and is_sharded(client, "migrations"):
        raise StoreError(
            "the cluster's tables are older than this collector. Have its administrator run what "
            '"usagekit-collector ddl" prints.'
        )
    return missing


def migrate(client: Any) -> list[str]:
    """Bring the store up to date. Returns what was applied; raises StoreError as
    ``missing_migrations`` does."""
    client.command(sql("store/create_migrations"))
    missing = missing_migrations(client)
    for number, name, statements in missing:
        for statement in statements:
            client.command(statement)
        row = {"number": number, "name": name, "at": int(time.time())}
        insert(client, "migrations", [msgspec.json.encode(row)])
    return [name for _, name, _ in missing]


def insert(client: Any, table: str, lines: Sequence[bytes]) -> None:
    """Put rows, each a line of JSON, into a table: all of them, on disk, in one step.

    On a cluster it is one step for each shard. A failure does not say that nothing was stored; but
    it has ended, if the server can still be asked, and what was stored can be looked up.
    """
    query_id = str(uuid4())
    block = b"\n".join(lines) + b"\n"
    try:
        # What can be read but once, the client cannot send once more by itself.
        client.raw_insert(
            table, insert_block=iter([block]), fmt="JSONEachRow", settings={"query_id": query_id}
        )
    except OperationalError:
        with suppress(ClickHouseError):
            client.command(sql("store/kill").replace("QUERY_ID", query_id))
        raise


def change(client: Any, text: str, parameters: dict[str, Any] | None = None) -> None:
    """Carry out a statement that changes rows which are there, or says what becomes of them.

    Args:
        client: for writing.
        text: the statement; LOCAL_EVENTS stands for the table that holds the rows of ``events``.
        parameters: of the statement.
    """
    # As a query: the parameters of a command would have to fit into an address.
    client.raw_query(
        re.sub(r"LOCAL_([A-Z]+)", lambda found: _local(client, found), text), parameters
    )


def is_sharded(client: Any, table: str) -> bool:
    """Whether the rows of a table lie on the shards of a cluster."""
    return bool(place(client, table)[2])


@lru_cache
def place(client: Any, table: str) -> tuple[str, str, str]:
    """Where the rows of a table are: database, table, and cluster, which is empty for a server."""
    database, engine = client.query(sql("store/engine"), {"table": table}).result_rows[0]
    found = _DISTRIBUTED.match(engine)
    return (found[2], found[3], found[1]) if found else (database, table, "")


def _local(client: Any, found: re.Match[str]) -> str:
    database, table, cluster = place(client, found[1].lower())
    return f"`{database}`.`{table}`" + (f" ON CLUSTER '{cluster}'" if cluster else "")
