"""Connections to hosts of which some address leads nowhere: real sockets, some of them silent."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from usagekit import Usage, connect
from usagekit.delivery import PostHogDelivery, UnavailableError

from tests.support.recorder import Recorder

V4, V6 = (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")
Place = tuple[int, str, int]


@pytest.fixture
def silent() -> Iterator[Callable[[tuple[int, str]], Place]]:
    """Makes addresses that answer nobody: whoever listens there has as many callers as may wait."""
    with ExitStack() as kept:

        def make(kind: tuple[int, str]) -> Place:
            family, host = kind
            listener = kept.enter_context(socket.socket(family))
            listener.bind((host, 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            for _ in range(4):
                caller = kept.enter_context(socket.socket(family))
                caller.setblocking(False)
                caller.connect_ex((host, port))
            return family, host, port

        yield make


@pytest.fixture
def known_as(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the name ``dual.example`` stand for addresses: here nobody could be asked for one."""
    ask = socket.getaddrinfo

    def know(*places: Place) -> None:
        def answer(host: Any, *words: Any, **more: Any) -> Any:
            if host != "dual.example":
                return ask(host, *words, **more)
            return [
                (family, socket.SOCK_STREAM, 6, "", (to, port, 0, 0)[: 4 if ":" in to else 2])
                for family, to, port in places
            ]

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return know


def delivery(tmp_path: Path) -> PostHogDelivery:
    usage = Usage(
        "acme",
        version="1",
        host="http://dual.example:9",
        project_api_key="phc_made_up",
        folder=str(tmp_path),
    )
    return PostHogDelivery(usage.config())


EVENT = {
    "event": "it works",
    "distinct_id": "anon",
    "properties": {},
    "timestamp": "2026-01-01T00:00:00Z",
    "uuid": "b4d0e7c1-0000-4000-8000-000000000000",
}


@pytest.mark.parametrize("kinds", [[V6], [V4], [V6, V6, V6], [V6, V4, V6, V4, V6], [V4] * 6])
def test_an_address_that_is_silent_costs_a_moment(
    tmp_path: Path,
    recorder: Recorder,
    silent: Callable[..., Place],
    known_as: Callable[..., None],
    kinds: list[tuple[int, str]],
) -> None:
    known_as(*map(silent, kinds), (*V4, recorder.port))
    delivery(tmp_path).send([EVENT])
    assert len(recorder.received) == 1


def test_where_one_refuses_the_next_is_asked_at_once(
    tmp_path: Path, recorder: Recorder, known_as: Callable[..., None]
) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    nobody = [(*V4, port), (*V6, port), (socket.AF_INET6, "2001:db8::1", port)]
    known_as(*nobody, (*V4, recorder.port))
    delivery(tmp_path).send([EVENT])
    assert len(recorder.received) == 1
    known_as(*nobody)
    start = time.monotonic()
    with pytest.raises(UnavailableError):
        delivery(tmp_path).send([EVENT])
    assert time.monotonic() - start < 4  # which is less than the deadline


def test_where_all_are_silent_the_time_that_was_given_is_kept(
    silent: Callable[..., Place], known_as: Callable[..., None]
) -> None:
    known_as(silent(V4), silent(V6))
    with pytest.raises(TimeoutError):
        connect.connected("dual.example", 9, 0.7)


def test_families_take_turns() -> None:
    addresses: Any = [(6, 1, 6, nth) for nth in range(3)] + [(4, 1, 6, nth) for nth in range(2)]
    found = connect._families_in_turn(addresses)
    assert [one[0] for one in found] == [6, 4, 6, 4, 6]
    assert sorted(found) == sorted(addresses)
