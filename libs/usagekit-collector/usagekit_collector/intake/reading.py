"""The intake's events, read from its database for whoever stores them."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

from usagekit_collector.ingest.capture import Captured
from usagekit_collector.intake import database
from usagekit_collector.intake.seam import Entry

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# Bytes that are read at once, unless one request has more.
_LARGEST_GROUP = 16 * 1024 * 1024
# The next requests as one text of JSON: after each step of SQLite this thread waits for its turn.
# As many as there are events and bytes left for, 256 KiB of them or one; the first of all at any
# rate.
_READ = """
WITH next AS (
    SELECT last, row_number() OVER own AS nth, sum(count) OVER own AS events,
        sum(bytes) OVER own AS bytes
    FROM (
        SELECT last, count, length(events) AS bytes FROM requests WHERE last > :after
        ORDER BY last LIMIT 128
    )
    WINDOW own AS (ORDER BY last)
)
SELECT CAST(
    group_concat('[' || last || ',' || project || ',' || arrived || ',' || events || ']') AS BLOB
)
FROM requests
WHERE last > :after AND last <= (
    SELECT max(last) FROM next
    WHERE nth <= :at_any_rate
        OR (events <= :events AND bytes <= :bytes AND (bytes <= 262144 OR nth = 1))
)
"""
_decoder = msgspec.json.Decoder(list[tuple[int, int, int, list[Captured]]])


class Reader:
    """Reads by a connection of its own. For any thread.

    Args:
        path: of the database, which is there.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = database.connect(path)

    def read(self, after: int, limit: int) -> list[Entry]:
        """The next requests' events after a position, as ``Intake.read`` has it. Raises
        sqlite3.Error, MsgspecError."""
        found: list[Entry] = []
        left = _LARGEST_GROUP
        with self._lock:
            while left > 0 and limit > 0:
                asked = {"after": after, "events": limit, "bytes": left, "at_any_rate": not found}
                text = self._connection.execute(_READ, asked).fetchone()[0]
                if text is None:
                    break
                left -= len(text)
                for last, project, arrived, events in _decoder.decode(b"[%b]" % text):
                    limit -= len(events)
                    after = max(after, last)
                    moment = _EPOCH + timedelta(microseconds=arrived)
                    found.append(Entry(last, project, moment, events))
        return sorted(found, key=lambda one: one.last)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            self._connection.close()
