"""The engine: ClickHouse, in this process or on a server, behind one client and one dialect."""

from __future__ import annotations

import fcntl
import json
import os
import queue
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

from usagekit_collector.settings import Settings

SQL = files("usagekit_collector") / "sql"
# Seconds for which a question waits for its turn.
_PATIENCE = 10.0


class StoreError(Exception):
    """The store cannot be opened, read or written; the text is for its administrator."""


class Busy(Exception):
    """Too much at once; the same again in a moment may work."""


class Engine:
    """One owner of the write side, and readers that do not stop it.

    Args:
        settings: which store, and what a question may cost.

    Attributes:
        writer: the client of the one thread that writes.

    Raises StoreError if the store cannot be opened, or another process has it.
    """

    def __init__(self, settings: Settings) -> None:
        self.folder = folder_of(settings.store)
        self._lock = None if self.folder is None else _Lock(self.folder)
        limits = {
            "max_execution_time": str(settings.query_seconds),
            "max_memory_usage": str(settings.query_bytes),
        }
        self._readers: queue.Queue[Any] = queue.Queue()
        self._all: list[Any] = []
        try:
            if self.folder is not None:
                _own_scratch(self.folder)
            self.writer = self._connect(settings.store, {})
            for _ in range(settings.readers):
                self._readers.put(self._connect(settings.store, limits))
        except BaseException:
            self.close()
            raise

    def _connect(self, store: str, settings: dict[str, str]) -> Any:
        options: dict[str, Any] = {"tz_mode": "aware"}
        if self.folder is None:
            # Many parameters are longer than an address may be.
            options |= {"form_encode_query_params": True, "autogenerate_session_id": False}
        try:
            client = clickhouse_connect.get_client(dsn=store, settings=settings, **options)
        except (ClickHouseError, OSError) as error:
            raise StoreError(f"the store cannot be opened: {error}") from error
        self._all.append(client)
        return client

    @contextmanager
    def reader(self) -> Iterator[Any]:
        """A client for questions, for one thread at a time. Raises Busy."""
        try:
            client = self._readers.get(timeout=_PATIENCE)
        except queue.Empty:
            raise Busy("too many questions at once") from None
        try:
            yield client
        finally:
            self._readers.put(client)

    def announce(self, url: str) -> None:
        """Leave word for other processes of who has this store."""
        if self._lock is not None:
            self._lock.announce(url)

    def close(self) -> None:
        """Let go of the store."""
        for client in self._all:
            client.close()
        self._all.clear()
        if self._lock is not None:
            self._lock.release()


class _Lock:
    """Who has the embedded store, which one process at a time can open."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._fd = os.open(folder / "collector.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"the store's folder cannot be used: {error}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = _owner(os.read(self._fd, 4096))
            os.close(self._fd)
            raise StoreError(
                f"the store {folder} is in use by another process{owner}. Stop that one first; "
                "for tokens and exports, ask it instead (--url)."
            ) from error
        self.announce("")

    def announce(self, url: str) -> None:
        text = json.dumps({"pid": os.getpid(), "url": url}).encode()
        os.pwrite(self._fd, text, 0)
        os.ftruncate(self._fd, len(text))

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _owner(text: bytes) -> str:
    try:
        known = json.loads(text)
        return f" (pid {int(known['pid'])}{', ' if known['url'] else ''}{known['url']})"
    except (ValueError, TypeError, KeyError):
        return ""


def folder_of(store: str) -> Path | None:
    """Where an embedded store lies; None for a server."""
    parts = urlsplit(store)
    return Path(unquote(parts.path)) if parts.scheme == "chdb" else None


def _own_scratch(folder: Path) -> None:
    """What the client writes down on the way to the engine stays in the store's own folder, and a
    killed process leaves nothing that grows."""
    scratch = folder / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    tempfile.tempdir = str(scratch)


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


def migrate(client: Any) -> list[str]:
    """Bring the store up to date. Returns what was applied; raises StoreError if a newer version
    of the collector has been at it."""
    client.command(sql("store/create_migrations"))
    done = {row[0] for row in client.query(sql("store/applied")).result_rows}
    known = migrations()
    if done - {number for number, _, _ in known}:
        raise StoreError("the store was written by a newer version of the collector: install it")
    applied = []
    for number, name, statements in known:
        if number in done:
            continue
        for statement in statements:
            client.command(statement)
        client.insert("migrations", [[number, name, int(time.time())]], ["number", "name", "at"])
        applied.append(name)
    return applied


def insert(client: Any, table: str, lines: Sequence[bytes]) -> None:
    """Put rows, each a line of JSON, into a table: all of them, on disk, in one step."""
    client.raw_insert(table, insert_block=b"\n".join(lines) + b"\n", fmt="JSONEachRow")
