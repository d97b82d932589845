"""The intake of one machine: a database of SQLite, of which each commit is on disk."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain
from pathlib import Path

import msgspec

from usagekit_collector.errors import Busy, IntakeError
from usagekit_collector.ingest.capture import Captured
from usagekit_collector.intake import database
from usagekit_collector.intake.database import NAME, ROW, SIZE
from usagekit_collector.intake.reading import Reader
from usagekit_collector.intake.seam import Entry, Size

_log = logging.getLogger(__name__)
# Seconds from a failure to the next try.
_TRY_AGAIN = 5.0
# Requests that are written in one step: each is five parameters of a statement.
_AT_ONCE = 1_000
# Pages, of 4 KiB, that stay for what comes next; and that are given back by one commit.
_SPARE_PAGES, _GIVEN_BACK = 16_384, 2_048
# So many requests that cannot be stored are kept.
_MOST_ASIDE = 1_000
_FAILURES = (sqlite3.Error, OSError, IntakeError)
_encoder = msgspec.json.Encoder()


@lru_cache(maxsize=64)
def _insert(count: int) -> str:
    """The statement that writes down so many requests.

    It is one step, and a transaction by itself: after each step this thread waits for its turn.
    """
    return "INSERT INTO requests VALUES " + ", ".join(["(?, ?, ?, ?, ?)"] * count)  # noqa: S608


class _Request(msgspec.Struct):
    """What waits for the next commit."""

    project: int
    arrived: int
    count: int
    events: bytes
    done: Future[int]


class SqliteIntake:
    """Events on disk, in a folder of this user's that one process has at a time.

    Requests that wait together are one commit, by one thread.

    Args:
        folder: where the database is, made if there is none.
        most_events, most_bytes: how much may wait; then it is Busy.
        after: the least position that the first event may follow.
        store: which store the events are for: an intake that holds another's is not opened.

    Raises IntakeError.
    """

    def __init__(
        self, folder: Path, *, most_events: int, most_bytes: int, after: int = 0, store: str = ""
    ) -> None:
        self._path = folder / NAME
        self._most = Size(most_events, most_bytes)
        self._after = after
        self._store = store
        self._changed = threading.Condition()
        self._waiting: list[_Request] = []
        # Steps between two commits, each with whoever waits for it.
        self._steps: list[tuple[Callable[[], None], Future[None]]] = []
        self._stopping = False
        self._why_not = ""
        self._position, self._size = 0, Size(0, 0)
        with self._errors("cannot be opened"):
            database.put_aside_if_damaged(self._path)
            self._writing: sqlite3.Connection | None = self._open()
        self._reader = Reader(self._path)
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    @property
    def position(self) -> int:
        """Of the last event that is on disk."""
        return self._position

    @property
    def size(self) -> Size:
        """How much waits."""
        return self._size

    @property
    def why_not(self) -> str:
        """Why nothing more can be taken; empty if it can."""
        if self._why_not or not self._thread.is_alive():
            return self._why_not or "the intake has ended"
        is_full = self._size.events >= self._most.events or self._size.bytes >= self._most.bytes
        return "the intake is full" if is_full else ""

    def append(self, project: int, events: Sequence[Captured]) -> Future[int]:
        """Take in what one request brought. Raises Busy."""
        text = _encoder.encode(events)
        arrived = time.time_ns() // 1000
        done: Future[int] = Future()
        size = Size(len(events), len(text) + ROW)
        with self._changed:
            if self._stopping or not self._thread.is_alive():
                raise Busy("the collector is stopping")
            if self._size.bytes and not self._has_room(size):
                raise Busy("too many events wait to be stored")
            self._count(size)
            self._waiting.append(_Request(project, arrived, len(events), text, done))
            self._changed.notify()
        return done

    def read(self, after: int, limit: int) -> list[Entry]:
        """The next events, fewer where they are large. Raises IntakeError."""
        with self._errors("cannot be read"):
            return self._reader.read(after, limit)

    def forget(self, upto: int) -> None:
        """Let go of all up to a position. Raises IntakeError."""
        self._do(lambda: self._forget(upto))

    def set_aside(self, last: int) -> None:
        """Keep the events of one request apart. Raises IntakeError."""
        self._do(lambda: self._set_aside(last))

    def scrub(self) -> None:
        """Have nothing left of what it has let go of. Raises IntakeError."""
        self._do(self._scrub)

    def _do(self, step: Callable[[], None]) -> None:
        done: Future[None] = Future()
        with self._changed:
            if self._stopping:
                raise IntakeError("the intake is closed")
            self._steps.append((step, done))
            self._changed.notify()
        done.result()

    def close(self) -> None:
        """Commit what waits, and let go of the database."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()
        self._reader.close()
        if self._writing is not None:
            self._writing.close()

    def _has_room(self, size: Size) -> bool:
        return (
            self._size.events + size.events <= self._most.events
            and self._size.bytes + size.bytes <= self._most.bytes
        )

    def _count(self, size: Size, sign: int = 1) -> None:
        events, has = self._size.events + sign * size.events, self._size.bytes + sign * size.bytes
        self._size = Size(events, has)

    def _run(self) -> None:
        while True:
            with self._changed:
                # While nothing can be written, it is tried now and then whether it can.
                self._changed.wait_for(self._is_needed, _TRY_AGAIN if self._why_not else None)
            # Before anything is taken: what is there, and what waits, is counted anew by it.
            self._open_again()
            with self._changed:
                waiting = self._waiting[:_AT_ONCE]
                del self._waiting[:_AT_ONCE]
                steps, self._steps = self._steps, []
            if self._stopping and not (waiting or steps):
                return
            if waiting or not steps:
                self._commit(waiting)
            for step, done in steps:
                self._carry_out(step, done)

    def _is_needed(self) -> bool:
        return bool(self._waiting or self._steps or self._stopping)

    def _commit(self, waiting: list[_Request]) -> None:
        """Write down what waits, in one step, and tell whoever waits for it."""
        rows, last = [], self._position
        for one in waiting:
            last += one.count
            rows.append((last, one.project, one.arrived, one.count, one.events))
        try:
            self._write(rows)
        except _FAILURES as error:
            self._failed(error)
            for one in waiting:
                if one.done.set_running_or_notify_cancel():
                    one.done.set_exception(Busy("the events could not be written down"))
            return
        self._why_not = ""
        self._position = last
        for row, request in zip(rows, waiting, strict=True):
            if request.done.set_running_or_notify_cancel():
                request.done.set_result(row[0])

    def _write(self, rows: list[tuple[int, int, int, int, bytes]]) -> None:
        """Put rows on disk, or see whether any could be."""
        connection = self._connection()
        if rows:
            connection.execute(_insert(len(rows)), list(chain.from_iterable(rows)))
        else:
            connection.execute("UPDATE state SET forgotten = forgotten")

    def _carry_out(self, step: Callable[[], None], done: Future[None]) -> None:
        try:
            step()
        except _FAILURES as error:
            self._failed(error)
            done.set_exception(IntakeError(f"the intake cannot be written: {error}"))
        else:
            done.set_result(None)

    def _forget(self, upto: int) -> None:
        with self._transaction() as write:
            events, size = write.execute(f"SELECT {SIZE} WHERE last <= ?", (upto,)).fetchone()
            write.execute("DELETE FROM requests WHERE last <= ?", (upto,))
            write.execute("UPDATE state SET forgotten = max(forgotten, ?)", (upto,))
            free = write.execute("PRAGMA freelist_count").fetchone()[0]
        with self._changed:
            self._count(Size(int(events), int(size)), -1)
        if free > _SPARE_PAGES:
            # As a script: else but one page is.
            write.executescript(f"PRAGMA incremental_vacuum({_GIVEN_BACK})")

    def _set_aside(self, last: int) -> None:
        with self._transaction() as write:
            write.execute("INSERT INTO aside SELECT * FROM requests WHERE last = ?", (last,))
            write.execute(
                "DELETE FROM aside WHERE last <= "
                "(SELECT last FROM aside ORDER BY last DESC LIMIT 1 OFFSET ?)",
                (_MOST_ASIDE,),
            )

    def _scrub(self) -> None:
        # What is left of rows within a page, secure_delete has seen to.
        with self._transaction() as write:
            write.execute("DELETE FROM aside")
        write.executescript("PRAGMA incremental_vacuum")
        is_busy = write.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if is_busy:
            raise OSError("its log is being read")

    def _open_again(self) -> None:
        """After a failure."""
        if self._writing is None:
            try:
                self._writing = self._open()
            except _FAILURES as error:
                self._failed(error)

    def _connection(self) -> sqlite3.Connection:
        """Raises IntakeError."""
        if self._writing is None:
            raise IntakeError("it could not be opened again")
        return self._writing

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    def _failed(self, error: Exception) -> None:
        """Nothing was committed, as far as is known; the next commit may be."""
        _log.error("the intake cannot be written: %s", error)
        self._why_not = "events cannot be written down: see the log"
        # What was written may be there after all: what is there is counted anew.
        if self._writing is not None:
            with suppress(sqlite3.Error):
                self._writing.close()
            self._writing = None

    def _open(self) -> sqlite3.Connection:
        """A connection that writes; with it, what is there is counted anew."""
        connection, state = database.opened(self._path, self._store)
        self._position = max(state.position, self._after)
        with self._changed:
            self._size = Size(
                state.events + sum(one.count for one in self._waiting),
                state.bytes + sum(len(one.events) + ROW for one in self._waiting),
            )
        return connection

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
            raise IntakeError(f"the intake {self._path} {what}: {error}") from error
