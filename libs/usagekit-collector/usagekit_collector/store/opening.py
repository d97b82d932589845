"""A store, opened: for writing by the one who may, or as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from usagekit_collector.errors import StoreError, store_errors
from usagekit_collector.settings import Settings
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.migrations import migrate, missing_migrations


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
