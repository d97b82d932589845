"""What the collector asks of a client of its engine, whatever it is connected by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

Parameters = dict[str, Any]


class Rows(Protocol):
    """What a question is answered with."""

    @property
    def result_rows(self) -> Sequence[Any]:
        """Each row a sequence of values."""

    def named_results(self) -> Iterable[dict[str, Any]]:
        """Each row by the names of its columns."""


class Client(Protocol):
    """A connection to the engine, for one thread at a time. All raise ClickHouseError."""

    def __hash__(self) -> int: ...

    @property
    def server_version(self) -> str | None:
        """The engine's."""

    def query(
        self,
        query: str | None = None,
        parameters: Parameters | None = None,
        settings: dict[str, Any] | None = None,
    ) -> Rows:
        """Ask, by a statement that begins with SELECT."""

    def query_arrow(self, query: str, parameters: Parameters | None = None) -> Any:
        """The same, as a ``pyarrow.Table``."""

    def command(self, cmd: str, parameters: Parameters | None = None) -> Any:
        """Have something done."""

    def raw_query(
        self,
        query: str,
        parameters: Parameters | None = None,
        settings: dict[str, Any] | None = None,
        fmt: str | None = None,
    ) -> bytes:
        """The answer to any statement, in a format of the engine's."""

    def raw_stream(
        self,
        query: str,
        parameters: Parameters | None = None,
        settings: dict[str, Any] | None = None,
        fmt: str | None = None,
    ) -> Any:
        """The same as a file, which is a context manager too."""

    def raw_insert(
        self,
        table: str,
        column_names: Sequence[str] | None = None,
        insert_block: Any = None,
        settings: dict[str, Any] | None = None,
        fmt: str | None = None,
    ) -> Any:
        """Put rows into a table, in a format of the engine's."""

    def close(self) -> None:
        """Let go of it."""
