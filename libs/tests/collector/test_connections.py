"""HTTP that is slow, broken, or no HTTP: the connection ends, and nobody else notices."""

from __future__ import annotations

import json
import random
import socket
import struct
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.collector import Collector, Project, event
from tests.support.wire import (
    answered,
    connect,
    exchange,
    head,
    statuses,
    to_the_end,
    unharmed,
    until,
)

CLOSE = "Connection: close"
CHUNKED = "Transfer-Encoding: chunked"
END = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    folder = tmp_path_factory.mktemp("connections")
    with Collector(folder, request_seconds=2.5) as running:
        yield running


@pytest.fixture(autouse=True)
def no_harm(target: Collector) -> Iterator[None]:
    yield
    unharmed(target)


@pytest.fixture
def project(target: Collector) -> Project:
    """One that has an event already."""
    made = target.project()
    made.capture(event("first"))
    return made


def body_of(project: Project, distinct_id: str = "second") -> bytes:
    return json.dumps({"api_key": project.token, "batch": [event(distinct_id)]}).encode()


def post(body: bytes, *lines: str) -> bytes:
    """A whole request."""
    return head("/batch/", f"Content-Length: {len(body)}", *lines) + body


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def stored(project: Project) -> list[str]:
    return [one["distinct_id"] for one in project.events()]


# Bodies


def test_a_body_in_chunks_is_taken(target: Collector, project: Project) -> None:
    body = body_of(project)
    bodies = [
        chunks(body) + END,
        chunks(body[:7], body[7:]) + END,
        chunks(*(bytes([one]) for one in body)) + END,
        b"%X;name=value\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body),
    ]
    said = [head("/batch/", CHUNKED, CLOSE) + one for one in bodies]
    assert exchange(target, *said) == [[200]] * 4
    assert stored(project) == ["first", "second"]


def test_a_body_in_chunks_over_the_limit_is_refused_wherever_it_ends(target: Collector) -> None:
    piece = chunks(b" " * 1024 * 1024)
    for rest, then in (
        (END + head("/_health", CLOSE, method="GET"), [200]),
        (b"nonsense\r\n\r\n", []),
    ):
        with connect(target, head("/e/", CHUNKED) + piece * 21) as wire:
            assert answered(wire) == 413
            wire.sendall(rest)
            assert statuses(to_the_end(wire)) == then


def test_a_length_over_the_limit_is_refused_before_the_body_comes(target: Collector) -> None:
    for size in (20 * 1024 * 1024 + 1, 10**19):
        for more in ((), ("Expect: 100-continue",)):
            with connect(target, head("/e/", f"Content-Length: {size}", *more)) as wire:
                assert answered(wire) == 413


def test_who_asks_whether_to_go_on_is_told_to(target: Collector, project: Project) -> None:
    said = post(body_of(project), "Expect: 100-continue", CLOSE)
    before, _, body = said.partition(b"\r\n\r\n")
    with connect(target, before + b"\r\n\r\n") as wire:
        assert wire.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(body)
        assert statuses(to_the_end(wire)) == [200]
    assert stored(project) == ["first", "second"]


def test_a_length_that_is_wrong_stores_nothing(target: Collector, project: Project) -> None:
    body = body_of(project)
    shorter = head("/batch/", f"Content-Length: {len(body) - 1}") + body
    longer = head("/batch/", f"Content-Length: {len(body) + 1}") + body
    with connect(target, longer) as wire:
        wire.shutdown(socket.SHUT_WR)
        assert to_the_end(wire) == b""
    assert exchange(target, shorter + b"\r\n\r\n", longer) == [[400, 400], [408]]
    assert stored(project) == ["first"]


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: -1",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5, 6",),
        ("Content-Length: 1" + "0" * 30,),
        ("Transfer-Encoding: gzip, chunked",),
        ("Transfer-Encoding: identity",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding : chunked",),
        ("Content-Length : 5",),
        (" Content-Length: 5",),
        ("No colon",),
        ("Host: second.example",),
        ("N\0ul: x",),
        ("Name: a\0b",),
    ],
)
def test_a_head_that_two_readers_might_read_differently_is_refused(
    target: Collector, project: Project, lines: tuple[str, ...]
) -> None:
    hidden = post(body_of(project), CLOSE)
    (answers,) = exchange(target, head("/batch/", *lines) + END + hidden)
    assert set(answers) <= {400, 501}
    assert answers
    assert stored(project) == ["first"]


def test_of_a_length_and_chunks_the_chunks_count_and_nothing_is_smuggled(
    target: Collector, project: Project
) -> None:
    hidden = post(body_of(project), CLOSE)
    said = chunks(hidden) + END
    lengths = [f"Content-Length: {size}" for size in (len(said), len(hidden), 1)]
    heads = [head("/batch/", length, CHUNKED, CLOSE) for length in lengths]
    heads += [head("/batch/", CHUNKED, length, CLOSE) for length in lengths]
    assert exchange(target, *(one + said for one in heads)) == [[400]] * 6
    assert stored(project) == ["first"]


# Requests one after the other


def test_requests_in_one_go_are_answered_in_their_order(
    target: Collector, project: Project
) -> None:
    said = b""
    for number in range(20):
        said += post(body_of(project, f"anon-{number}"))
        said += head(f"/unknown/{number}", method="GET")
    assert exchange(target, said + b"no HTTP\r\n\r\n") == [[200, 404] * 20 + [400]]
    assert stored(project) == ["first", *(f"anon-{number}" for number in range(20))]


def test_after_an_answer_the_connection_is_there_for_another(
    target: Collector, project: Project
) -> None:
    with connect(target) as wire:
        for said, status in (
            (post(body_of(project)), 200),
            (post(b"{"), 400),
            (head("/flags/", "Content-Length: 100000") + b"x" * 100_000, 200),
            (head("/unknown", "Content-Length: 100000") + b"x" * 100_000, 404),
            (head("/_health", method="GET"), 200),
        ):
            wire.sendall(said)
            assert answered(wire) == status


# No HTTP

NO_HTTP = [
    b"\0" * 1000,
    b"\r\n" * 1000,
    b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"\x11" * 500,
    b"SSH-2.0-OpenSSH_9.6\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: " + b"x" * 100_000,
    b"GET /" + b"x" * 1_000_000,
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    b"G" * 100_000 + b" / HTTP/1.1\r\nHost: x\r\n\r\n",
]


def test_what_is_no_http_is_refused_and_the_connection_closed(
    target: Collector, project: Project
) -> None:
    chance = random.Random(7)
    whole = head("/batch/", CHUNKED, CLOSE) + chunks(body_of(project)) + END
    noisy = [
        whole[: chance.randrange(len(whole) - 10)] + chance.randbytes(chance.randrange(1, 200))
        for _ in range(50)
    ]
    for answers in exchange(target, *NO_HTTP, *(one + b"\r\n\r\n" for one in noisy)):
        assert len(answers) <= 3
        assert set(answers) <= {400, 401, 404, 405, 408}
    assert stored(project) == ["first"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (head("http://127.0.0.1/_health", CLOSE, method="GET"), 200),
        (head("*", CLOSE, method="OPTIONS"), 404),
        (head("127.0.0.1:80", CLOSE, method="CONNECT"), 400),
        (head("/_health", CLOSE, method="TRACE"), 405),
        (head("/batch/", CLOSE, method="MADEUP"), 400),
        (head("/_health", "Connection: close, Upgrade", "Upgrade: websocket", method="GET"), 200),
        (head("/_health", "Connection: close, Upgrade", "Upgrade: h2c", method="GET"), 200),
        (head("//evil.example/batch/", CLOSE, method="GET"), 404),
        (head("/api/projects/", CLOSE, method="GET"), 404),
        (head("/%00%ff%2e%2e/", CLOSE, method="GET"), 404),
        (head("/batch%0A", CLOSE, method="POST"), 400),
        (b"GET /_health HTTP/1.0\r\n\r\n", 200),
        (b"GET /api/projects HTTP/1.0\r\n\r\n", 401),
    ],
)
def test_odd_requests_are_answered_as_any(target: Collector, said: bytes, status: int) -> None:
    assert exchange(target, said) == [[status]]


# Who does not wait, and who does not read


def test_what_was_sent_is_stored_though_its_sender_has_gone(
    target: Collector, project: Project
) -> None:
    for number in range(20):
        wire = connect(target, post(body_of(project, f"anon-{number}")))
        # Closed with a reset, as by a process that was killed.
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()
    sent = {"first", *(f"anon-{number}" for number in range(20))}
    until(lambda: len(stored(project)) == len(sent))
    assert set(stored(project)) == sent


def test_who_does_not_read_an_answer_is_cut_off_and_stops_no_question(
    target: Collector, project: Project
) -> None:
    large = [event(f"anon-{n}", text=uuid4().hex * 25_000) for n in range(12)]
    assert project.send(*large).status == 200
    says = f"Authorization: Bearer {target.password}"
    asked = head(f"/api/export?project={project.token}", says, method="GET")
    # More than there are readers of the store.
    stalled = [connect(target, asked, buffer=4096) for _ in range(6)]
    for wire in stalled:
        assert wire.recv(12) == b"HTTP/1.1 200"
    assert len(stored(project)) == 13
    for wire in stalled:
        wire.close()
