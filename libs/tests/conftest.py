"""Every test gets an environment of its own, and touches no home but those it makes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.forks import end_ancestors
from tests.support.home import Home, clean_environ, the_machine
from tests.support.recorder import Recorder

# No test says how long anything takes on this machine, Hypothesis neither. Of examples, ``make
# torture`` tries ten times as many.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", _UNTIMED, max_examples=25)
settings.register_profile("thorough", _UNTIMED, max_examples=500, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Under nohup, or behind an &, signals are ignored, and in every program that a test starts too.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the developer's environment, and a home that is empty."""
    home = tmp_path / "own-home"
    home.mkdir()
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    kept = {**clean_environ(home), **coverage}
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in kept.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture(autouse=True)
def own_share(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that fills the machine with processes runs by itself: ``mark.crowd``."""
    with the_machine(alone=request.node.get_closest_marker("crowd") is not None):
        yield


@pytest.fixture(autouse=True, scope="session")
def no_ancestor_stays() -> Iterator[None]:
    yield
    end_ancestors()


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as host:
        yield host


@pytest.fixture
def cloud() -> Iterator[ArcadeCloud]:
    with ArcadeCloud() as host:
        yield host


@pytest.fixture
def new_home(
    request: pytest.FixtureRequest, tmp_path: Path, recorder: Recorder, cloud: ArcadeCloud
) -> Iterator[Callable[..., Home]]:
    """Makes homes whose events go to the recorder; when the test ends, so have their senders.

    Coverage of their commands is measured where a test asks for it, ``mark.measured``, and of
    their senders by ``mark.measured(senders=True)``; of the cases of one test, in the first.
    """
    homes: list[Home] = []

    def make(*, host: str | None = recorder.url) -> Home:
        folder = tmp_path / f"home-{len(homes)}"
        folder.mkdir()
        homes.append(Home(folder, host, cloud.url))
        mark = request.node.get_closest_marker("measured")
        if mark is not None and _is_first_case(request.node):
            homes[-1].measured(**mark.kwargs)
        return homes[-1]

    yield make
    for home in homes:
        home.wait_for_senders()


def _is_first_case(test: pytest.Function) -> bool:
    case = getattr(test, "callspec", None)
    return case is None or not any(case.indices.values())


@pytest.fixture
def home(new_home: Callable[..., Home]) -> Home:
    return new_home()


@pytest.fixture
def untracked(new_home: Callable[..., Home]) -> Home:
    """A home without tracking, for tests of the program itself."""
    home = new_home(host=None)
    home.environ["ARCADE_USAGE_TRACKING"] = "0"
    return home
