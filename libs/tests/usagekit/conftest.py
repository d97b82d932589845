"""One run of an app in this process, and the event that it was."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from usagekit import Usage
from usagekit.testing import captured

Runs = Callable[..., "tuple[str, list[str]]"]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Runs an app with these words. Returns the name and the options of its one event."""

    def run(app: Any, *words: str) -> tuple[str, list[str]]:
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # a crash leaves one there
        monkeypatch.setattr(sys, "argv", ["acme", *words])
        ending: object = None
        with captured() as events:
            try:
                Usage("acme", version="1").run(app)
            except SystemExit as error:
                ending = error.code
        assert ending in (None, 0)
        (event,) = events
        return str(event.properties["command_name"]), event.properties.get("options", [])

    return run
