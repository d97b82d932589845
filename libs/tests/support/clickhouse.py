"""A ClickHouse server as a process: the real engine, by its HTTP interface on loopback."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from urllib.parse import urlencode

from typing_extensions import Self

_LIBS = Path(__file__).resolve().parents[2]


class ClickHouse:
    """A server on a free port of 127.0.0.1; a context manager starts it, and ends it.

    Args:
        folder: where its data and its log are kept.
        password: of its only user, ``default``; empty: nobody is asked.
        zone: its time zone.
        clustered: whether it is the only server of a cluster (``clickhouse_http.CLUSTER``).
    """

    def __init__(
        self, folder: Path, *, password: str = "", zone: str = "UTC", clustered: bool = False
    ) -> None:
        self.folder = folder
        self.port = 0
        self._words = ["--password", password] if password else []
        self._words += ["--clustered"] if clustered else []
        self._environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TZ": zone}
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def store(self) -> str:
        """The setting by which a collector uses it."""
        return f"clickhouse://127.0.0.1:{self.port}/default"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> Self:
        """Start it, on the same port as before, and wait until it listens."""
        self.folder.mkdir(parents=True, exist_ok=True)
        program = [sys.executable, "-m", "tests.support.clickhouse_http", str(self.folder)]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*program, "--port", str(self.port), *self._words],
                cwd=_LIBS,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said.startswith(b"listening on "), self.log.read_text()
        self.port = int(said.split()[-1])
        return self

    def kill(self) -> None:
        """SIGKILL, and wait. What it has answered is on disk."""
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait(60)
        self.process.stdout.close()
        self.process = None

    def stumble(self, over: str, when: str) -> None:
        """Hang up on whoever next sends a statement that has these words in it.

        Args:
            over: words of the statement.
            when: "before" it is carried out, which it never is; "after" it was; or "meanwhile".
        """
        self._ask("/stumble", over=over, when=when)

    def settle(self) -> None:
        """Wait until nothing is carried out any more."""
        self._ask("/settle")

    def query(self, query: str, **settings: str) -> str:
        """What the engine answers, tab-separated."""
        return self._ask("/", query=query, **settings).decode()

    def failure(self, query: str, **settings: str) -> int:
        """The engine's number for what is wrong with a query; 0 for nothing."""
        _, headers, _ = self._request("/", query=query, **settings)
        return int(headers.get("X-ClickHouse-Exception-Code", 0))

    def _ask(self, path: str, **fields: str) -> bytes:
        status, _, body = self._request(path, **fields)
        assert status == 200, body
        return body

    def _request(self, path: str, **fields: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", f"{path}?{urlencode(fields)}")
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process is not None:
            self.kill()
