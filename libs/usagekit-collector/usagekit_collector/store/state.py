"""The folder of what a collector keeps beside a store: the embedded store's own, or one for a store
on a server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from usagekit_collector import address
from usagekit_collector.intake.database import waiting_in
from usagekit_collector.settings import Settings, default_folder
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.folder import hold_private, is_held


def folder_of(settings: Settings) -> Path:
    """Where it is."""
    place = address.read(settings.store)
    if settings.state or place.folder is None:
        return Path(settings.state) if settings.state else _beside(place.plain)
    return place.folder


def _beside(url: str) -> Path:
    """A folder of its own for each database: two collectors on one machine have two intakes."""
    parts = urlsplit(url)
    name = re.sub(r"[^A-Za-z0-9.-]", "_", f"{parts.netloc}{parts.path}")
    return default_folder().with_name("usagekit-collector.server") / name


def waiting(settings: Settings) -> int:
    """How many events wait in the intake, of whoever has it open, or of nobody; every byte of it
    stays as it is. Raises IntakeError."""
    folder = folder_of(settings)
    is_server = address.read(settings.store).folder is None
    return waiting_in(folder, is_open=is_server and is_held(folder))


@contextmanager
def held(engine: Engine, settings: Settings) -> Iterator[Path]:
    """The folder, which this process alone has meanwhile. Raises StoreError."""
    folder = folder_of(settings)
    if folder == engine.folder:
        yield folder  # Whoever has opened the store has it.
        return
    with hold_private(folder):
        yield folder
