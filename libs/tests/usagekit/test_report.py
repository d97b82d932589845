"""What a person may know of their own tracking, and that looking changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from usagekit.config import UsageConfig
from usagekit.identity import UsageIdentity
from usagekit.report import next_event, status

from tests.support.policy import policy


def config(folder: Path, key: str, **options: Any) -> UsageConfig:
    return policy(folder / "state", project_api_key=key, **options)


@pytest.mark.parametrize("key", ["phc_made_up", ""], ids=["with a key", "without a key"])
def test_the_next_event_is_shown_wherever_it_would_go(tmp_path: Path, key: str) -> None:
    policy = config(tmp_path, key)
    event = next_event(policy, {})
    assert event is not None
    assert event["event"] == "CLI execution succeeded"
    assert event["distinct_id"] == UsageIdentity(policy).anon_id


def test_while_tracking_is_off_there_is_no_next_event_and_looking_makes_none(
    tmp_path: Path,
) -> None:
    assert next_event(config(tmp_path, "phc_made_up"), {"TOOL_USAGE_TRACKING": "0"}) is None
    assert not (tmp_path / "state").exists()


def test_a_look_at_the_status_makes_no_file(tmp_path: Path) -> None:
    found = status(config(tmp_path, ""), {})
    assert (found["tracking"], found["anon_id"], found["waiting_events"]) == ("on", None, 0)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("key", "debug", "host"),
    [
        ("phc_made_up", False, "http://127.0.0.1:1"),
        ("phc_made_up", True, None),
        ("", False, None),
    ],
)
def test_the_status_names_the_host_only_if_events_go_there(
    tmp_path: Path, key: str, debug: bool, host: str | None
) -> None:
    assert status(config(tmp_path, key, debug=debug), {})["sends_to"] == host
