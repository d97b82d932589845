"""The database of an intake: how it is made and opened, looked at, and put aside if damaged."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from usagekit_collector.errors import IntakeError

_log = logging.getLogger(__name__)
NAME = "intake.sqlite"
# What SQLite keeps beside a database.
_SUFFIXES = ("", "-wal", "-shm", "-journal")
# Bytes on disk for each request, beside what it brought, about.
ROW = 64
# Bytes to which the log of the database is cut when it begins anew; seconds for which a reader
# waits.
_LOG_BYTES, _PATIENCE = 64 * 1024 * 1024, 10.0
_SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS requests (
    last INTEGER PRIMARY KEY,
    project INTEGER NOT NULL,
    arrived INTEGER NOT NULL,
    count INTEGER NOT NULL,
    events BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS aside AS SELECT * FROM requests WHERE 0;
CREATE TABLE IF NOT EXISTS state (forgotten INTEGER NOT NULL, store TEXT NOT NULL);
INSERT INTO state SELECT 0, '' WHERE NOT EXISTS (SELECT * FROM state);
"""
SIZE = f"total(count), total(length(events) + {ROW}) FROM requests"


class State(msgspec.Struct):
    """What there is.

    Attributes:
        position: of the last event that was ever there.
        events, bytes: how much waits.
    """

    position: int
    events: int
    bytes: int


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a database, each commit of which is on disk."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=_PATIENCE
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = FAST").fetchone()
    connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
    return connection


def opened(path: Path, store: str) -> tuple[sqlite3.Connection, State]:
    """A connection that writes, to a database that is made if there is none.

    Args:
        path: where it is.
        store: which store its events are for.

    Raises sqlite3.Error, OSError, and IntakeError if it has events for another store.
    """
    made = not path.exists()
    # Nobody else can read it, and it is no link to anything else.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600))
    connection = connect(path)
    try:
        connection.executescript(_SCHEMA)
        forgotten, theirs = connection.execute("SELECT forgotten, store FROM state").fetchone()
        last, events, size = connection.execute(f"SELECT max(last), {SIZE}").fetchone()
        if events:
            _check_store(path, theirs, store)
        if theirs != store:
            connection.execute("UPDATE state SET store = ?", (store,))
    except BaseException:
        connection.close()
        raise
    if made:
        sync_folder(path.parent)
    return connection, State(max(forgotten, last or 0), int(events), int(size))


def _check_store(path: Path, theirs: str, ours: str) -> None:
    if theirs not in ("", ours):
        raise IntakeError(
            f"the intake {path} holds events for another store: say another folder by "
            "--state, or start the collector with that store until all is in it."
        )


def put_aside_if_damaged(path: Path) -> None:
    """What cannot be read is kept, and does not stand in the way of what comes. Raises
    sqlite3.Error and OSError where it is the system's fault."""
    damage = _damage(path)
    if not damage:
        return
    stamp = time.time_ns()
    for suffix in _SUFFIXES:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{suffix}", f"{path}{suffix}.damaged-{stamp}")
    _log.error(
        "the intake was damaged (%s) and is put aside, as %s.damaged-%d: what waited in it is "
        "not stored",
        damage,
        path,
        stamp,
    )


def waiting_in(folder: Path, *, is_open: bool) -> int:
    """How many events wait in the intake of a folder; every byte of it stays as it is. Raises
    IntakeError.

    Args:
        folder: in which it is.
        is_open: whether another process has it open.
    """
    path = folder / NAME
    if not path.exists():
        return 0
    try:
        with tempfile.TemporaryDirectory() as copy:
            if not is_open:
                # To read what a killed process has left in the log is to write to the database.
                for suffix in ("", "-wal"):
                    with suppress(FileNotFoundError):
                        shutil.copyfile(f"{path}{suffix}", f"{copy}/{NAME}{suffix}")
                path = Path(copy, NAME)
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
                return int(connection.execute(f"SELECT {SIZE}").fetchone()[0])
    except (sqlite3.Error, OSError) as error:
        raise IntakeError(f"the intake {folder / NAME} cannot be read: {error}") from error


def _damage(path: Path) -> str:
    """What is wrong with what is there; nothing, if it can be read."""
    if not path.exists():
        return ""
    try:
        with closing(connect(path)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.OperationalError:  # the disk's fault, or the system's
        raise
    except sqlite3.DatabaseError as error:
        found = str(error)
    return "" if found == "ok" else found


def sync_folder(folder: Path) -> None:
    """Have the names in a folder be on disk. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
