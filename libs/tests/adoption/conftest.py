"""A home of a program called acme, which is left when its senders have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.senders import wait_for_senders


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "acme-home"
    folder.mkdir()
    yield folder
    wait_for_senders(folder)
