"""ClickHouse's HTTP interface over the engine in this process: ``python -m … FOLDER``.

What carries out the statements is the real engine; what is here is the way to it.
"""

from __future__ import annotations

import argparse
import gzip
import re
import socket
import threading
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chdb import connect

# Parameters of a request that are no settings of the engine.
_OF_HTTP = ("client_protocol_version", "database", "query", "query_id", "wait_end_of_query")
_STATUS = {60: 404, 62: 400, 81: 404, 516: 403}
_KILL = re.compile(rb"KILL QUERY WHERE query_id = '([^']+)' SYNC")
# Seconds for which a statement that nobody waits for any more waits to be asked after.
_PATIENCE = 5.0
# A cluster of one shard, this server itself; and one with a second that nobody can reach. There is
# no Keeper, by which servers agree: ON CLUSTER is left out of a statement, and a replicated table
# becomes one that has no other replica.
CLUSTER, TWO_SHARDS = "made-up", "made-up-2"
_SHARD = "<shard><replica><host>127.0.0.1</host><port>{}</port></replica></shard>"
_CONFIG = f"""\
<clickhouse><tcp_port>9000</tcp_port><remote_servers>
<{CLUSTER}>{_SHARD.format(9000)}</{CLUSTER}>
<{TWO_SHARDS}>{_SHARD.format(9000)}{_SHARD.format(1)}</{TWO_SHARDS}>
</remote_servers></clickhouse>
"""


def alone(statement: bytes) -> bytes:
    """A statement for all servers of a cluster, as its only one carries it out."""
    statement = re.sub(rb" ON CLUSTER '[^']*'", b"", statement, count=1)
    return re.sub(rb"Replicated(\w*MergeTree)\('[^']*', '[^']*'(?:, )?", rb"\1(", statement)


class Engine:
    """The engine, over one folder.

    Args:
        folder: where its data is.
        clustered: whether it is the only server of a cluster.
    """

    def __init__(self, folder: Path, *, clustered: bool) -> None:
        self._path = str(folder / "data")
        self._clustered = clustered
        if clustered:
            (folder / "config.xml").write_text(_CONFIG)
            self._path += f"?config-file={folder / 'config.xml'}"
        # Connections by their settings: each is for one thread at a time.
        self._idle: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        self._lock = threading.Lock()
        self.zone = self.run(b"SELECT timezone()", {}, "", {}).decode().strip()

    def run(
        self, query: bytes, params: dict[str, str], database: str, settings: dict[str, str]
    ) -> bytes:
        """Carry out one statement. Raises ChdbError."""
        key = (database, *sorted(settings.items()))
        with self._lock:
            connection = self._idle[key].pop() if self._idle[key] else None
        connection = connection or self._open(database, settings)
        try:
            text = alone(query) if self._clustered else query
            result: bytes = connection.query(text, "TabSeparated", params=params).bytes()
            return result
        finally:
            with self._lock:
                self._idle[key].append(connection)

    def _open(self, database: str, settings: dict[str, str]) -> Any:
        connection = connect(self._path)
        if database:
            connection.query(f"USE `{database}`", "TabSeparated")
        for name, value in settings.items():
            connection.query(f"SET {name} = '{value}'", "TabSeparated")
        return connection


class Processes:
    """The statements that are being carried out, by their IDs."""

    def __init__(self) -> None:
        self._running: list[str] = []
        self._awaited: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def running(self, query_id: str) -> Iterator[None]:
        """While a statement of this ID is carried out."""
        with self._changed:
            self._running.append(query_id)
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(query_id)
                self._changed.notify_all()

    def wait_for(self, query_id: str) -> None:
        """Until no statement of this ID is carried out any more."""
        with self._changed:
            self._awaited.add(query_id)
            self._changed.notify_all()
            self._changed.wait_for(lambda: query_id not in self._running)

    def wait_to_be_asked_after(self, query_id: str) -> None:
        """Until somebody waits for this one, for a while at most."""
        with self._changed:
            self._changed.wait_for(lambda: query_id in self._awaited, _PATIENCE)

    def wait_for_all(self) -> None:
        """Until nothing is carried out any more."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running)


class Server(ThreadingHTTPServer):
    """Listens on 127.0.0.1.

    Args:
        port: 0 is one that is free.
        engine: carries out the statements.
        password: of the user ``default``; empty: nobody is asked.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, engine: Engine, password: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.engine = engine
        self.processes = Processes()
        self.stumbles: list[tuple[bytes, str]] = []
        pair = b64encode(f"default:{password}".encode()).decode()
        self.authorization = f"Basic {pair}" if password else None

    def stumble_over(self, query: bytes) -> str:
        """When to hang up on whoever has sent this; empty for not at all."""
        for over, when in self.stumbles:
            if over in query:
                self.stumbles.remove((over, when))
                return when
        return ""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        address = urlsplit(self.path)
        fields = dict(parse_qsl(address.query, keep_blank_values=True))
        body = self._body()
        if address.path == "/stumble":
            self.server.stumbles.append((fields["over"].encode(), fields["when"]))
            self._answer(200, b"", {})
        elif address.path == "/settle":
            self.server.processes.wait_for_all()
            self._answer(200, b"", {})
        else:
            kind = self.headers.get("Content-Type", "")
            if kind.startswith("multipart/form-data"):
                fields |= _form(kind, body)
                body = b""
            query = b"\n".join(filter(None, (fields.pop("query", "").encode(), body)))
            self._carry_out(query, fields)

    def _carry_out(self, query: bytes, fields: dict[str, str]) -> None:
        when = self.server.stumble_over(query)
        if not when:
            self._answer(*self._result(query, fields))
            return
        self.close_connection = True
        if when == "after":
            self._result(query, fields)
        elif when == "meanwhile":
            with self.server.processes.running(fields["query_id"]):
                self.connection.shutdown(socket.SHUT_RDWR)
                self.server.processes.wait_to_be_asked_after(fields["query_id"])
                self._result(query, fields)

    def _result(self, query: bytes, fields: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers of the answer."""
        own = {name: value for name, value in fields.items() if name not in _OF_HTTP}
        params = {name[6:]: own.pop(name) for name in list(own) if name.startswith("param_")}
        headers = {"X-ClickHouse-Timezone": self.server.engine.zone}
        try:
            self._check_password()
            if killed := _KILL.fullmatch(query.strip()):
                self.server.processes.wait_for(killed[1].decode())
                return 200, b"", headers
            with self.server.processes.running(fields.get("query_id", "")):
                said = self.server.engine.run(query, params, fields.get("database", ""), own)
        except Exception as error:  # noqa: BLE001 - the client is told
            found = re.search(r"Code: (\d+)", str(error))
            code = int(found[1]) if found else 1001
            headers["X-ClickHouse-Exception-Code"] = str(code)
            return _STATUS.get(code, 500), str(error).encode(), headers
        if own.get("enable_http_compression") == "1":
            said, packing = _packed(said, self.headers.get("Accept-Encoding", ""))
            headers |= packing
        return 200, said, headers

    def _check_password(self) -> None:
        known = self.server.authorization
        if known and self.headers.get("Authorization") != known:
            raise PermissionError(
                "Code: 516. DB::Exception: default: Authentication failed: password is incorrect, "
                "or there is no user with such name. (AUTHENTICATION_FAILED)"
            )

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding")
        return _module(encoding).decompress(body) if encoding else body

    def _chunk(self) -> bytes:
        chunk = self.rfile.read(int(self.rfile.readline(), 16))
        self.rfile.readline()
        return chunk

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *_: object) -> None:
        """What went well is of no interest."""


def _form(kind: str, body: bytes) -> dict[str, str]:
    """The fields of a form."""
    parts = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\n\n" + body)
    found = {}
    for part in parts.walk():
        value = part.get_payload(decode=True)
        if isinstance(value, bytes):
            name = part.get_param("name", header="Content-Disposition")
            found[str(name)] = value.decode()
    return found


def _packed(body: bytes, accepted: str) -> tuple[bytes, dict[str, str]]:
    """The body as the client likes it best, of the ways that are known here."""
    for encoding in accepted.split(","):
        if module := _module(encoding.strip()):
            return module.compress(body), {"Content-Encoding": encoding.strip()}
    return body, {}


def _module(encoding: str) -> Any:
    """What packs and unpacks; None for an encoding that is not known here."""
    if encoding == "gzip":
        return gzip
    try:
        return import_module("lz4.frame") if encoding == "lz4" else None
    except ImportError:  # There is none for the newest Python.
        return None


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--password", default="")
    parser.add_argument("--clustered", action="store_true")
    asked = parser.parse_args()
    server = Server(asked.port, Engine(asked.folder, clustered=asked.clustered), asked.password)
    print("listening on", server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
