"""A made-up program's policy, for tests of the mechanism without a program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from usagekit.config import UsageConfig


def policy(home: Path | str, kind: type[UsageConfig] = UsageConfig, **options: Any) -> UsageConfig:
    """The policy of ``tool``, which keeps its state in ``home``; all else can be set."""
    made_up: dict[str, Any] = {
        "program": "tool",
        "version": "1.0",
        "sender_module": "tool.usage",
        "prefix": "TOOL_USAGE",
        "host": "http://127.0.0.1:1",
        "project_api_key": "phc_made_up_project",
    }
    return kind(home=str(home), **{**made_up, **options})
