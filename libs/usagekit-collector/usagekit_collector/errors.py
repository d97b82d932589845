"""What goes wrong, each with words for whoever can do something about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.exceptions import ClickHouseError


class CollectorError(Exception):
    """What went wrong is said by its text, and by nothing else."""


class StoreError(CollectorError):
    """The store cannot be opened, read or written; the text is for its administrator."""


class IntakeError(StoreError):
    """The intake cannot be opened, read or written; the text is for its administrator."""


class Busy(CollectorError):  # noqa: N818 - nothing went wrong
    """Too much at once; the same again in a moment may work."""


@contextmanager
def store_errors(what: str) -> Iterator[None]:
    """Whatever the engine fails with is raised as StoreError, with these words before it."""
    try:
        yield
    except (ClickHouseError, OSError) as error:
        raise StoreError(f"{what}: {error}") from error
