"""The collector as a process: it starts, stores, and ends."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.collector import Collector, Project, event


def test_what_was_answered_200_is_there(project: Project) -> None:
    sent = event("anon-1", command_name="toolkit.run", duration=12.5)
    project.capture(sent)
    (found,) = project.events()
    assert (found["uuid"], found["distinct_id"]) == (sent["uuid"], "anon-1")
    assert found["properties"] == sent["properties"]


def test_sigterm_ends_it_with_exit_code_0_and_what_was_stored_outlives_it(
    new_collector: Callable[..., Collector],
) -> None:
    collector = new_collector().start()
    project = collector.project()
    project.capture(event("anon-1"))
    assert collector.stop() == 0
    collector.start()
    assert [found["distinct_id"] for found in project.events()] == ["anon-1"]
