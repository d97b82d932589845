"""What goes wrong with a store: for its administrator, or for whoever may come again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.exceptions import ClickHouseError


class StoreError(Exception):
    """The store cannot be opened, read or written; the text is for its administrator."""


class Busy(Exception):  # noqa: N818 - nothing went wrong
    """Too much at once; the same again in a moment may work."""


@contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Whatever the engine fails with is raised as StoreError, with these words before it."""
    try:
        yield
    except (ClickHouseError, OSError) as error:
        raise StoreError(f"{what}: {error}") from error
