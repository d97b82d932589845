"""Collectors for tests: one that many share, a project each; and any number of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.collector import Collector, Project


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """One for all tests that need none of their own."""
    with Collector(tmp_path_factory.mktemp("collector")) as running:
        yield running


@pytest.fixture
def project(collector: Collector) -> Project:
    """A new project in the shared collector."""
    return collector.project()


@pytest.fixture
def new_collector(tmp_path: Path) -> Iterator[Callable[..., Collector]]:
    """Makes collectors, not started yet, each with a folder and a store of its own; when the test
    ends, so have they."""
    made: list[Collector] = []

    def make(**settings: object) -> Collector:
        made.append(Collector(tmp_path / f"collector-{len(made)}", **settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        if one.process is not None:
            one.kill()
