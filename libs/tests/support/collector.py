"""A real ``usagekit-collector`` process on a free port of loopback; one project's view of it."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from typing_extensions import Self
from usagekit_collector.address import read

from tests.support.forks import Forked, ancestor
from tests.support.home import clean_environ

COLLECTOR = str(Path(sys.executable).parent / "usagekit-collector")
# What it imports of others; of the engine, which has threads once it is imported, the library.
_IMPORTS = (
    *("clickhouse_connect", "clickhouse_connect.driver.binding", "click", "msgspec", "numpy"),
    *("prometheus_client", "starlette.applications", "starlette.middleware.cors", "uvicorn"),
    *("uvicorn.protocols.http.httptools_impl", "importlib.metadata", "importlib.resources"),
    "tests.support.engine",
)
_numbers = itertools.count()


class Answer:
    """What a request was answered."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"Answer({self.status}, {self.body[:500]!r})"


class Collector:
    """A collector as a process; a context manager starts it, and stops it by SIGTERM.

    Args:
        folder: where its log, and what an embedded store holds, is kept.
        store: default: an embedded store in the folder.
        password: of its API.
        measured: measure the coverage of the process, which makes it slower.
        program: what is run in place of a fork (``forks.py``), by itself.
        settings: any other setting, by its name.
    """

    def __init__(
        self,
        folder: Path,
        *,
        store: str = "",
        password: str = "",
        measured: bool = False,
        program: str = "",
        **settings: object,
    ) -> None:
        self.folder = folder
        self.store = store or f"chdb://{quote(str(folder / 'store'))}"
        self.password = password
        self.url = ""
        self.is_open = bool(settings.get("open"))
        self.environ = clean_environ(folder)
        self.coverage = {
            name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")
        }
        self.is_measured = measured
        settings = {"host": "127.0.0.1", "port": 0, **settings, "store": self.store}
        settings |= {"password": password} if password else {}
        self.environ |= {
            f"USAGEKIT_COLLECTOR_{name.upper()}": str(value) for name, value in settings.items()
        }
        self.program = program
        self.process: Forked | subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "collector.log"

    def start(self, seconds: float = 60) -> Self:
        """Start it, and wait until it listens; AssertionError with its log if it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        before = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            environ = self.environ | (self.coverage if self.is_measured else {})
            if self.program:
                self.process = subprocess.Popen(
                    [self.program, "serve"], env=environ, stdin=subprocess.DEVNULL, stderr=log
                )
            else:
                self.process = fork("serve", environ=environ, stdout=None, stderr=log)
        deadline = time.monotonic() + seconds
        while True:
            said = self.log.read_bytes()[before:].decode()
            for line in said.splitlines():
                if "listening on " in line:
                    url = json.loads(line)["message"].split()[2].rstrip(",")
                    self.url = url
                    # The same port again after a restart.
                    self.environ["USAGEKIT_COLLECTOR_PORT"] = str(urlsplit(url).port)
                    if not self.password and not self.is_open:
                        self.password = self._own_password()
                    return self
            assert self.process.poll() is None, f"it ended: {said}"
            assert time.monotonic() < deadline, f"it does not listen: {said}"
            time.sleep(0.02)

    def _own_password(self) -> str:
        """The one that it has made for itself, as its user's commands find it."""
        folder = read(self.store).folder or self.folder / ".local/share/usagekit-collector.server"
        return (folder / "authorization").read_text().split()[-1]

    def stop(self) -> int:
        """SIGTERM, and wait. Returns the exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        """SIGKILL, and wait."""
        return self._end(signal.SIGKILL)

    def _end(self, number: int) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self.process = None
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process is not None:
            self.stop()

    def run(self, *words: str, said: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        """Run another command of ``usagekit-collector`` with the same settings, to its end.

        Args:
            said: what it reads from its standard input.
        """
        environ = self.environ | self.coverage
        if self.program:
            command = [self.program, *words]
            return subprocess.run(
                command, env=environ, input=said, capture_output=True, timeout=120
            )
        return ancestor(*_IMPORTS).run(COLLECTOR, *words, environ=environ, said=said)

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """One request on a connection of its own. ``content_type=`` is ``Content-Type:``."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.password and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.password}"
        if body is not None and path.startswith("/api"):
            sent.setdefault("content-type", "application/json")
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, path: str, **query: Any) -> Answer:
        """GET with these parameters; a list is a parameter several times."""
        words = {name: value for name, value in query.items() if value is not None}
        return self.request("GET", f"{path}?{urlencode(words, doseq=True)}")

    def project(self, token: str = "") -> Project:
        """A project of its own, for a test that shares the collector with others."""
        return Project(self, token or f"phc_made_up_{os.getpid()}_{next(_numbers)}")


def fork(*words: str, **options: Any) -> Forked:
    """Start ``usagekit-collector`` with these words (``forks.Ancestor.start``)."""
    return ancestor(*_IMPORTS).start(COLLECTOR, *words, **options)


class Project:
    """What one token sends, and what is read back of it."""

    def __init__(self, collector: Collector, token: str) -> None:
        self.collector = collector
        self.token = token

    def send(self, *events: dict[str, Any], path: str = "/batch/", **more: Any) -> Answer:
        """Events as one batch of the SDKs' wire format."""
        batch = {"api_key": self.token, "batch": list(events), **more}
        return self.collector.request("POST", path, json.dumps(batch).encode())

    def capture(self, *events: dict[str, Any]) -> None:
        """Send events, one request each, in this order; all are accepted."""
        for event in events:
            answer = self.send(event)
            assert (answer.status, answer.body) == (200, b'{"status":"Ok"}'), answer

    def get(self, path: str, **query: Any) -> Any:
        """What an operation of the API answers, of this project."""
        answer = self.collector.get(path, project=self.token, **query)
        assert answer.status == 200, answer
        return answer.json

    def events(self, **query: Any) -> list[dict[str, Any]]:
        """All events, in the order in which they arrived."""
        found: list[dict[str, Any]] = []
        before = None
        while True:
            page = self.get("/api/events", **query, limit=1000, before=before)
            found += page["events"]
            before = page["next"]
            if before is None:
                return found[::-1]

    def person(self, distinct_id: str) -> dict[str, Any] | None:
        """Who goes by this ID; None for a stranger."""
        path = f"/api/persons/{quote(distinct_id, safe='')}"
        answer = self.collector.get(path, project=self.token)
        if answer.status == 404:
            return None
        assert answer.status == 200, answer
        person: dict[str, Any] = answer.json
        return person


def event(
    distinct_id: str, name: str = "CLI execution succeeded", /, **more: Any
) -> dict[str, Any]:
    """An event of the wire format; whatever is not one of its fields is a property."""
    fields = {"uuid": str(uuid4()), **more}
    kept: dict[str, Any] = {
        field: fields.pop(field)
        for field in ("uuid", "timestamp", "properties", "$set", "$set_once", "offset")
        if field in fields
    }
    properties = {**kept.pop("properties", {}), **fields}
    return {"event": name, "distinct_id": distinct_id, "properties": properties, **kept}
