"""HTTP as bytes, for what no client would send; and waiting for what must come."""

from __future__ import annotations

import http.client
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.collector import Collector


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until that is so; AssertionError if it does not come to be."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it does not come to be"
        time.sleep(0.01)


def connect(collector: Collector, said: bytes = b"", buffer: int = 0) -> socket.socket:
    """A connection on which this has been sent; with a buffer of so many bytes, if it is said."""
    address = urlsplit(collector.url)
    wire = socket.socket()
    wire.settimeout(30)
    if buffer:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    wire.connect((address.hostname, address.port))
    wire.sendall(said)
    return wire


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    """The head of a request."""
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", "")).encode()


def to_the_end(wire: socket.socket) -> bytes:
    """All that comes until the other side closes the connection, in whatever way."""
    found = b""
    try:
        while piece := wire.recv(65_536):
            found += piece
    except ConnectionError:
        pass
    finally:
        wire.close()
    return found


def answered(wire: socket.socket) -> int:
    """The status of the next answer, which is read to its end."""
    answer = http.client.HTTPResponse(wire)
    answer.begin()
    answer.read()
    return answer.status


def exchange(collector: Collector, *said: bytes) -> list[list[int]]:
    """The statuses of all that is answered on connections, one for each, that send just this."""
    wires = [connect(collector, one) for one in said]
    return [statuses(to_the_end(wire)) for wire in wires]


def statuses(answers: bytes) -> list[int]:
    """The status of each of them."""
    return [int(one[:3]) for one in answers.split(b"HTTP/1.1 ")[1:]]


class Watched:
    """A collector's process as the system sees it; Linux only."""

    def __init__(self, collector: Collector) -> None:
        assert collector.process is not None
        self._folder = Path(f"/proc/{collector.process.pid}")

    def forget_peak(self) -> None:
        """``peak`` counts from here."""
        self._folder.joinpath("clear_refs").write_text("5")

    @property
    def resident(self) -> float:
        """Memory in use, MiB."""
        return self._status("VmRSS")

    @property
    def peak(self) -> float:
        """The most memory that was ever in use, MiB."""
        return self._status("VmHWM")

    @property
    def seconds(self) -> float:
        """Of processor time, so far."""
        fields = self._folder.joinpath("stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def sockets(self) -> int:
        """How many are open."""
        return sum(self._is_socket(number) for number in os.listdir(self._folder / "fd"))

    def _is_socket(self, number: str) -> bool:
        try:
            return os.readlink(self._folder / "fd" / number).startswith("socket:")
        except FileNotFoundError:  # closed meanwhile
            return False

    def _status(self, name: str) -> float:
        text = self._folder.joinpath("status").read_text()
        return int(text.split(f"{name}:")[1].split()[0]) / 1024


def unharmed(collector: Collector) -> None:
    """It runs, it answers, and it has met nothing that it did not expect."""
    assert collector.process is not None
    assert collector.process.poll() is None
    assert collector.get("/_health").status == 200
    log = collector.log.read_text()
    assert "Traceback" not in log
    assert '"level":"error"' not in log
