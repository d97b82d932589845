"""Parts of an embedded store's tables that cannot be read: each is put aside, so that the rest can
be, and said to be lost."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TypeVar

import msgspec
from clickhouse_connect.driver.exceptions import DatabaseError

from usagekit_collector.metrics import Metrics
from usagekit_collector.store import statements
from usagekit_collector.store.client import Client
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.sql import sql

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
# The engine's numbers for what was not read as it was written: too short (32, 33), another checksum
# (40), and nothing that could be unpacked (246, 271, 432).
_UNREADABLE = frozenset([32, 33, 40, 246, 271, 432])
_WHERE = re.compile(r"\(while reading from part \S.*?/(\w+)/ in table \w+\.(events|identity) ")
# The engine's number for a part that is not there, or not any more.
_NO_PART = 232
# More parts than this are not put aside for one question.
_AT_ONCE = 100


class Damage:
    """What of a store cannot be read.

    Args:
        engine: of the store.
        metrics: in which it is counted.

    Attributes:
        parts: each as ``table/part``: what was in them is not served.
    """

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self._is_embedded = engine.folder is not None
        self._gauge = metrics.damaged
        self.parts: list[str] = []
        for part in statements.damaged(engine.writer):
            self._say(part)

    def is_in(self, table: str) -> bool:
        """Whether anything of that table was put aside."""
        return any(one.startswith(f"{table}/") for one in self.parts)

    def mended(self, client: Client, step: Callable[[], _T]) -> _T:
        """What a step gives. Where it meets a part that cannot be read, that is put aside, and the
        step taken once more. For the writer."""
        for _ in range(_AT_ONCE):
            try:
                return step()
            except DatabaseError as error:
                if not self.put_aside(client, error):
                    raise
        return step()

    def put_aside(self, client: Client, error: DatabaseError) -> bool:
        """Put aside the part that a question failed of. For the writer.

        Returns whether it may be asked again: the part is out of the way. On a server nothing is
        put aside, which is its administrator's to do.
        """
        found = where(error)
        if found is None or not self._is_embedded:
            return False
        table, part = found
        try:
            is_whole = _is_whole(client, table, part)
        except DatabaseError as missing:
            if missing.code != _NO_PART:
                raise
            return True  # Somebody else has asked, too.
        if is_whole:
            return False  # It was not the disk, or only for a moment.
        client.command(f"ALTER TABLE {table} DETACH PART '{part}'")
        self._say(f"{table}/{part}")
        return True

    def forget(self, client: Client, table: str) -> None:
        """Remove for good what was put aside of a table that is made anew. For the writer."""
        for one in [one for one in self.parts if one.startswith(f"{table}/")]:
            part = one.partition("/")[2]
            client.command(
                f"ALTER TABLE {table} DROP DETACHED PART '{part}' SETTINGS allow_drop_detached = 1"
            )
            self.parts.remove(one)
        self._gauge.set(len(self.parts))

    def _say(self, part: str) -> None:
        self.parts.append(part)
        self._gauge.set(len(self.parts))
        _log.error("damaged, put aside, and what was in it is not served: %s", part)


def where(error: DatabaseError) -> tuple[str, str] | None:
    """The table and the part that could not be read, if that is what is wrong."""
    found = _WHERE.search(str(error)) if error.code in _UNREADABLE else None
    return (found[2], found[1]) if found else None


def _is_whole(client: Client, table: str, part: str) -> bool:
    check = sql("store/check_part").replace("TABLE_NAME", table).replace("PART_NAME", part)
    lines = client.raw_query(check, fmt="JSONEachRow").splitlines()
    return all(msgspec.json.decode(line)["is_passed"] for line in lines)
