"""A home of a program called acme, which is left when its senders have."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.senders import wait_for_senders


@pytest.fixture(autouse=True)
def _no_signal_is_blocked() -> None:
    """chDB, which other tests have loaded, blocks SIGPIPE, and what is started here inherits it."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "acme-home"
    folder.mkdir()
    yield folder
    wait_for_senders(folder)
