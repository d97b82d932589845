"""Hundreds of connections that are slow, all at once: a normal client does not notice."""

from __future__ import annotations

import json
import resource
import selectors
import shlex
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.support.collector import COLLECTOR, Answer, Collector, Project, event
from tests.support.wire import Watched, connect, head, statuses, unharmed, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SLOW: list[tuple[bytes, bytes, list[int]]] = [
    # What is sent at once; what is sent byte after byte; what that is answered.
    (b"", b"", []),
    (b"GET / HT", b"", []),
    (b"GET / HTTP/1.1\r\nName: ", b"x", []),
    (head("/_health", method="GET") + b"GET / HTTP/1.1\r\nName: ", b"x", [200]),
    (head("/batch/", "Content-Length: 1000"), b"", [408]),
    (head("/batch/", "Content-Length: 1000"), b"x", [408]),
    (head("/batch/", "Transfer-Encoding: chunked") + b"1000\r\n", b"x", [408]),
    (head("/api/tokens", "Content-Length: 1000"), b"", [401]),
    (head("/flags/", "Content-Length: 1000"), b"x", [200]),
    (head("/unknown", "Content-Length: 1000"), b"", [404]),
]


class Connection(msgspec.Struct):
    """One of the thousand."""

    wire: socket.socket
    drip: bytes
    expected: list[int]
    answer: bytes = b""

    def drop(self) -> None:
        """Send another byte."""
        try:
            self.wire.sendall(self.drip)
        except ConnectionError:
            pass  # It has been cut off: it is read next.

    def has_ended(self) -> bool:
        """Read what there is."""
        try:
            piece = self.wire.recv(65_536)
        except ConnectionError:
            piece = b""
        self.answer += piece
        return not piece


class Client(threading.Thread):
    """Sends event after event, as a normal client does."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self.answers: list[Answer] = []
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            self.answers.append(self.project.send(event("anon-1")))


@contextmanager
def files_at_most(count: int) -> Iterator[None]:
    """For this process, and as what it starts begins with."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def drip_until_cut_off(connections: list[Connection], seconds: float = 60) -> None:
    deadline, next_drop = time.monotonic() + seconds, 0.0
    with selectors.DefaultSelector() as open_ones:
        for one in connections:
            open_ones.register(one.wire, selectors.EVENT_READ, one)
        while open_ones.get_map():
            assert time.monotonic() < deadline, f"{len(open_ones.get_map())} are not cut off"
            for key, _ in open_ones.select(0.1):
                if key.data.has_ended():
                    open_ones.unregister(key.fileobj)
            if time.monotonic() > next_drop:
                next_drop = time.monotonic() + 0.3
                for key in list(open_ones.get_map().values()):
                    key.data.drop()


@pytest.mark.parametrize(
    "each", [10, pytest.param(100, marks=[pytest.mark.crowd, pytest.mark.torture])]
)
def test_slow_connections_are_cut_off_and_nobody_else_notices(
    new_collector: Callable[..., Collector], each: int
) -> None:
    with files_at_most(512):
        collector = new_collector(request_seconds=2.0, program=COLLECTOR).start()
    client = Client(collector.project())
    assert client.project.send(event("anon-1")).status == 200
    process = Watched(collector)
    sockets, memory = process.sockets, process.resident
    connections: list[Connection] = []
    client.start()
    try:
        with files_at_most(resource.getrlimit(resource.RLIMIT_NOFILE)[1]):
            for said, drip, expected in SLOW * each:
                connections.append(Connection(connect(collector, said), drip, expected))
            until(lambda: process.sockets > sockets + each)
            drip_until_cut_off(connections)
    finally:
        client.done.set()
        client.join()
        for one in connections:
            one.wire.close()
    for one in connections:
        assert statuses(one.answer) == one.expected
    assert {answer.status for answer in client.answers} == {200}
    assert len(client.project.events()) == len(client.answers) + 1
    until(lambda: process.sockets <= sockets)
    assert process.resident - memory < 100
    assert "buffered_bytes 0.0" in collector.get("/metrics").body.decode()
    unharmed(collector)


@pytest.mark.parametrize(("files", "idle"), [(256, 200), (1024, 1200)])
def test_idle_connections_take_no_file_that_the_store_needs_and_nobody_floods_the_log(
    new_collector: Callable[..., Collector], tmp_path: Path, files: int, idle: int
) -> None:
    program = tmp_path / "with-few-files"
    program.write_text(f'#!/bin/sh\nulimit -n {files}\nexec {shlex.quote(COLLECTOR)} "$@"\n')
    program.chmod(0o755)
    collector = new_collector(request_seconds=60, program=str(program)).start()
    connections: list[socket.socket] = []
    with files_at_most(resource.getrlimit(resource.RLIMIT_NOFILE)[1]):
        try:
            connections += (connect(collector, b"") for _ in range(idle))
            project = collector.project()
            project.capture(*(event(f"anon-{number}") for number in range(30)))
            # Somebody who has come to the point is not sent away for one who has not.
            assert len(project.events()) == 30
            assert Watched(collector).sockets < files // 2
        finally:
            for one in connections:
                one.close()
    # One line at most of what there was too little of.
    lines = [json.loads(line) for line in collector.log.read_text().splitlines()]
    assert [line["logger"] for line in lines if line["level"] == "error"] in ([], ["asyncio"])
    assert len(lines) < 10
