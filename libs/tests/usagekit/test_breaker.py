"""Patience with a host that fails: how long, and what ends it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from usagekit.breaker import Breaker
from usagekit.config import UsageConfig

from tests.support.policy import policy

NOW = 1_800_000_000.0


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UsageConfig:
    made = policy(tmp_path / "state")
    Path(made.paths.folder).mkdir(parents=True)
    monkeypatch.setattr(time, "time", lambda: NOW)
    return made


def waits(config: UsageConfig, failures: int) -> list[int]:
    """How long the host is left alone after each of so many failures in a row."""
    found = []
    for _ in range(failures):
        Breaker(config).failed("HTTP 503")
        found.append(round(Breaker(config).until - NOW))
    return found


def test_one_failure_opens_nothing_and_each_further_one_doubles_the_wait(
    config: UsageConfig,
) -> None:
    assert waits(config, 10) == [0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert Breaker(config).is_open()


def test_however_often_it_failed_the_wait_is_an_hour(config: UsageConfig) -> None:
    Path(config.paths.breaker).write_text(f"{10**9}\n0\nHTTP 503\n{config.host}")
    assert waits(config, 1) == [3600]


def test_a_success_closes_it_and_leaves_nothing_behind(config: UsageConfig) -> None:
    waits(config, 3)
    breaker = Breaker(config)
    breaker.succeeded()
    assert not breaker.is_open()
    assert not Path(config.paths.breaker).exists()
    assert waits(config, 1) == [0]


def test_its_time_passes(config: UsageConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    waits(config, 2)
    monkeypatch.setattr(time, "time", lambda: NOW + 61)
    assert not Breaker(config).is_open()
    assert Breaker(config).reason == "HTTP 503"


@pytest.mark.parametrize(
    ("asked", "given"), [(7.0, 7), (0.0, 0), (None, 0), (100_000.0, 86_400), (-5.0, 0)]
)
def test_what_a_host_asks_for_it_gets_at_once_up_to_a_day(
    config: UsageConfig, asked: float | None, given: int
) -> None:
    Breaker(config).failed("HTTP 429", asked)
    assert round(Breaker(config).until - NOW) == given
    assert Breaker(config).is_open() is (given > 0)


def test_it_is_about_one_host(config: UsageConfig, tmp_path: Path) -> None:
    waits(config, 3)
    other = Breaker(policy(tmp_path / "state", host="http://127.0.0.1:2"))
    assert (other.failures, other.is_open(), other.reason) == (0, False, "")


@pytest.mark.parametrize("text", ["", "3", "3\nsoon\nx\n{host}", "many\n9\nx\n{host}", "\0\n\n\n"])
def test_a_damaged_note_is_none(config: UsageConfig, text: str) -> None:
    Path(config.paths.breaker).write_text(text.format(host=config.host))
    assert not Breaker(config).is_open()
    assert waits(config, 1) == [0]


def test_a_wait_that_nobody_can_have_set_is_none(config: UsageConfig) -> None:
    """The clock was put back since."""
    note = f"5\n{NOW + 90_000}\nHTTP 503\n{config.host}"
    Path(config.paths.breaker).write_text(note)
    assert not Breaker(config).is_open()


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    breaker = Breaker(policy(tmp_path / "file"))
    breaker.failed("HTTP 503")
    breaker.succeeded()
    assert breaker.failures == 0
