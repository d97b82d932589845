"""Collectors for tests: two that many share, a project each; and any number of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from usagekit_collector.transfer import demo

from tests.support.clickhouse import ClickHouse
from tests.support.collector import Collector, Project


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """A server for all tests that need none of their own, in a time zone that is nobody's here."""
    with ClickHouse(tmp_path_factory.mktemp("clickhouse"), zone="Asia/Kolkata") as running:
        yield running


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """The only server of a cluster, on which nothing has been made yet."""
    with ClickHouse(tmp_path_factory.mktemp("cluster"), clustered=True) as running:
        yield running


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """A collector with an embedded store."""
    with Collector(tmp_path_factory.mktemp("embedded"), measured=True) as running:
        yield running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, clickhouse: ClickHouse) -> Iterator[Collector]:
    """A collector with its store on a server."""
    folder = tmp_path_factory.mktemp("server")
    # A machine that is full of processes does not cost it the store.
    with Collector(folder, store=clickhouse.store, lease_seconds=120) as running:
        yield running


@pytest.fixture(
    scope="session", params=["embedded", pytest.param("server", marks=pytest.mark.torture)]
)
def collector(request: pytest.FixtureRequest) -> Collector:
    """For all tests that need none of their own: each runs on both kinds of store, on a server by
    ``make torture``. What a server alone can do to a collector, ``test_server_store`` tries."""
    running: Collector = request.getfixturevalue(request.param)
    return running


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


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The only project of a collector that asks for no password, with 90 days of made-up use."""
    with Collector(tmp_path_factory.mktemp("filled"), open=True) as running:
        project = running.project()
        until = datetime.now(timezone.utc).replace(microsecond=0)
        lines = list(map(json.loads, demo.events(1, until, 90)))
        for nth in range(0, len(lines), 2_000):
            assert project.send(*lines[nth : nth + 2_000]).status == 200
        yield project
