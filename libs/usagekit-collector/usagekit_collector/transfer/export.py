"""Events out of the store: as lines of JSON, or as a Parquet file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from usagekit_collector.ingest.capture import EARLIEST, LATEST
from usagekit_collector.queries.events import event_of
from usagekit_collector.store import statements
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.sql import sql

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

JSON_LINES, PARQUET = "application/x-ndjson", "application/vnd.apache.parquet"
# How much is read at once: events, and bytes of what is large in them.
_EVENTS, _BYTES = 10_000, 8 * 1024 * 1024
# Bytes that stand together in a Parquet file, if it has so many.
_ROW_GROUP = 32 * 1024 * 1024
# The columns of a Parquet file, in their order.
COLUMNS = {
    "uuid": "string",
    "event": "string",
    "distinct_id": "string",
    "person_id": "string",
    "person_mode": "string",
    "timestamp": "time",
    "arrived": "time",
    "command": "string",
    "version": "string",
    "outcome": "string",
    "failure_kind": "string",
    "error_type": "string",
    "os": "string",
    "python": "string",
    "ci": "string",
    "agent": "string",
    "duration": "float64",
    "exit_code": "int32",
    "merged_id": "string",
    "changes": "string",
    "properties": "string",
}


def lines(engine: Engine, project: int, start: datetime, end: datetime) -> Iterator[bytes]:
    """A line of JSON for each event of a project between two times, in the order in which they
    arrived; many lines at once.

    No reader is kept from others meanwhile, and nothing grows with the history.
    """
    encode = msgspec.json.Encoder().encode
    for piece in _pieces(engine, project, start, end):
        with engine.reader() as client:
            rows = client.query(sql("export"), piece).named_results()
        yield b"".join(encode(event_of(row)) + b"\n" for row in rows)


def parquet(engine: Engine, project: int, start: datetime, end: datetime) -> Iterator[bytes]:
    """The same events as a Parquet file: the columns of ``COLUMNS``, the last three of JSON."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter  # type: ignore[import-untyped]

    kinds = {"time": pa.timestamp("us", "UTC")}
    schema = pa.schema([(name, kinds.get(kind, kind)) for name, kind in COLUMNS.items()])
    sink = _Sink()
    with ParquetWriter(sink, schema, compression="zstd") as writer:
        for tables in _row_groups(engine, project, start, end):
            writer.write_table(pa.concat_tables([one.cast(schema) for one in tables]))
            yield sink.taken()
    yield sink.taken()


def _pieces(
    engine: Engine, project: int, start: datetime, end: datetime
) -> Iterator[dict[str, Any]]:
    """The events that are there now, by pieces: parameters of the queries that read one."""
    asked: dict[str, Any] = {
        "project": project,
        "start": max(start, EARLIEST),
        "end": min(end, LATEST),
        "after": 0,
        "events": _EVENTS,
        "bytes": _BYTES,
    }
    with engine.reader() as client:
        asked["until"] = statements.number(client, "store/last_seq")
    while True:
        with engine.reader() as client:
            last = client.query(sql("export_piece"), asked).result_rows[0][0]
        if not last:
            return
        yield {**asked, "until": last}
        asked["after"] = last


def _row_groups(
    engine: Engine, project: int, start: datetime, end: datetime
) -> Iterator[list[pa.Table]]:
    tables: list[pa.Table] = []
    for piece in _pieces(engine, project, start, end):
        with engine.reader() as client:
            tables.append(client.query_arrow(sql("export_parquet"), piece))
        if sum(one.nbytes for one in tables) >= _ROW_GROUP:
            yield tables
            tables = []
    if tables:
        yield tables


class _Sink(io.RawIOBase):
    """Where a file is written to, of which each part is taken away soon."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        self._length += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._length

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
