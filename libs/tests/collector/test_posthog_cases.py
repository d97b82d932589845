"""PostHog's own cases, sent to the collector: answered and stored as there, or it says why not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.collector.posthog_cases import CASES, Case, body_of, table
from tests.support.collector import Collector

PAGE = (Path(__file__).parents[3] / "docs/collector.md").read_text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_of_posthog_s_is_answered_and_stored_as_it_says(
    embedded: Collector, case: Case
) -> None:
    for route in case.routes:
        project = embedded.project()
        path = f"{route}/?{case.query}"
        answer = embedded.request("POST", path, body_of(case, project.token))
        assert answer.status == case.here, (route, answer)
        if case.stored:
            found = project.events()
            assert [matching(one, of) for one, of in zip(found, case.stored, strict=True)] == [
                *case.stored
            ]


def matching(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Of an event, the fields that matter."""
    when = datetime.fromisoformat(found["timestamp"].replace("Z", "+00:00"))
    found = {**found, "timestamp": when.isoformat()}
    return {name: found[name] for name in wanted}


def test_each_case_stands_in_the_docs_and_each_difference_has_a_reason() -> None:
    assert table() in PAGE
    assert [case.name for case in CASES if case.there != case.here and not case.why] == []
    assert len({(case.file, case.name) for case in CASES}) == len(CASES)
