"""``usagekit-collector export``: lines of JSON and Parquet, of a store and of a collector."""

from __future__ import annotations

import io
import json
import os
import pty
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]
from usagekit_collector.transfer.export import COLUMNS

from tests.support.collector import COLLECTOR, Collector, event, fork
from tests.support.stopped import in_lines, told

NewCollector = Callable[..., Collector]
PASSWORD = "made-up-secret"
TOKEN = "phc_made_up"
DAYS = [f"2026-03-0{day}T12:00:00Z" for day in range(1, 6)]


def stored() -> list[dict[str, Any]]:
    """An event a day, of somebody with two IDs; and all that has a column."""
    facts = {
        "command_name": "toolkit.run",
        "cli_version": "1.2.3",
        "failure_kind": "exception",
        "error_type": "ValueError",
        "os_type": "Linux",
        "python_version": "3.12",
        "ci": "a-ci",
        "agent": "an-agent",
        "duration": 12.5,
        "exit_code": 3,
        "options": ["--json"],
        "$set": {"plan": "a"},
    }
    anon = {"$process_person_profile": False, "text": 'ü "quoted"\n\u2028'}
    return [
        event("anon-1", timestamp=DAYS[0], properties=anon),
        event("user-1", "$create_alias", timestamp=DAYS[1], alias="anon-1"),
        event("user-1", "CLI execution failed", timestamp=DAYS[2], properties=facts),
        event("user-2", timestamp=DAYS[3]),
        event("user-2", timestamp=DAYS[4], command_name="x" * 300),
    ]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Collector:
    """A collector that does not run, with these events in its store."""
    collector = Collector(tmp_path_factory.mktemp("export"))
    ran = collector.run("import", "-", "--token", TOKEN, said=in_lines(stored()))
    assert ran.returncode == 0, ran.stderr
    return collector


@pytest.fixture(scope="module")
def lines(store: Collector) -> bytes:
    """All of them, as lines of JSON."""
    return output(store)


@pytest.fixture(scope="module")
def columns(store: Collector) -> bytes:
    """All of them, as a Parquet file."""
    return output(store, "--format", "parquet")


def output(collector: Collector, *words: str) -> bytes:
    ran = collector.run("export", *words)
    assert (ran.returncode, ran.stderr) == (0, b""), ran.stderr
    return ran.stdout


def days(lines: bytes) -> list[str]:
    return [json.loads(line)["timestamp"] for line in lines.splitlines()]


@contextmanager
def breaking_off(answer: bytes) -> Iterator[str]:
    """A host that begins to answer one request, and closes the connection."""

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(60)
        served = pool.submit(serve, listener)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        served.result()


def test_the_events_of_some_days_are_written_from_their_start_until_before_their_end(
    store: Collector, lines: bytes
) -> None:
    assert days(lines) == DAYS
    ends = ("--start", "2026-03-02T12:00:00", "--end", "2026-03-04 14:00:00+02:00")
    assert days(output(store, *ends)) == DAYS[1:3]
    assert days(output(store, "--start", "2026-03-05")) == DAYS[4:]


def test_an_event_is_written_as_it_was_sent_with_the_person_that_it_is_known_to_be_of(
    lines: bytes,
) -> None:
    found = [json.loads(line) for line in lines.splitlines()]
    for one, given in zip(found, stored(), strict=True):
        assert one["properties"] == given["properties"]
        assert (one["event"], one["distinct_id"]) == (given["event"], given["distinct_id"])
    people = [one["person_id"] for one in found]
    assert (people[0], people[3]) == (people[1], people[4])
    assert people[1] == people[2] != people[3]
    assert [one["person_mode"] for one in found] == ["propertyless", *["full"] * 4]


def test_a_running_collector_exports_the_same_by_its_url_and_password(
    store: Collector, lines: bytes, columns: bytes, tmp_path: Path
) -> None:
    refused = store.environ["USAGEKIT_COLLECTOR_PASSWORD"] = PASSWORD
    store.password = PASSWORD
    with store:
        said = told(store, "export")
        assert f"(pid {store.process and store.process.pid}, {store.url})" in said
        assert "--url" in said
        assert output(store, "--url", f"{store.url}/") == lines
        file = tmp_path / "events.parquet"
        words = ("--url", store.url, "--format", "parquet", "--output", str(file))
        assert output(store, *words) == b""
        assert table(file.read_bytes()) == table(columns)
        store.environ["USAGEKIT_COLLECTOR_PASSWORD"] = f"not-{refused}"
        assert "has another password" in told(store, "export", "--url", store.url)
        del store.environ["USAGEKIT_COLLECTOR_PASSWORD"]
        assert "asks for its password" in told(store, "export", "--url", store.url)
    store.password = ""


def table(content: bytes) -> list[dict[str, Any]]:
    """The rows of a Parquet file."""
    rows: list[dict[str, Any]] = parquet.read_table(io.BytesIO(content)).to_pylist()
    return rows


def test_a_parquet_file_has_every_column_and_the_same_events(lines: bytes, columns: bytes) -> None:
    schema = parquet.read_schema(io.BytesIO(columns))
    assert schema.names == list(COLUMNS)
    assert {str(kind) for kind in schema.types} == {
        "string",
        "timestamp[us, tz=UTC]",
        "double",
        "int32",
    }
    rows = table(columns)
    found = [json.loads(line) for line in lines.splitlines()]
    for row, line in zip(rows, found, strict=True):
        for name in ("uuid", "event", "distinct_id", "person_id", "person_mode"):
            assert row[name] == line[name]
        assert row["timestamp"].isoformat().replace("+00:00", "Z") == line["timestamp"]
        assert row["arrived"].isoformat().replace("+00:00", "Z") == line["arrived"]
    assert [row["merged_id"] for row in rows] == ["", "anon-1", "", "", ""]
    assert [row["changes"] for row in rows] == ["", "", '{"$set":{"plan":"a"}}', "", ""]
    assert [rows[2][name] for name in list(COLUMNS)[7:18]] == [
        *("toolkit.run", "1.2.3", "failed", "exception", "ValueError", "Linux", "3.12"),
        *("a-ci", "an-agent", 12.5, 3),
    ]
    assert json.loads(rows[2]["properties"]) == {"options": ["--json"]}
    assert (rows[3]["duration"], rows[3]["exit_code"]) == (None, None)
    assert json.loads(rows[4]["properties"]) == {"command_name": "x" * 300}


def test_no_events_are_a_parquet_file_with_all_columns_and_no_rows(store: Collector) -> None:
    content = output(store, "--format", "parquet", "--start", "2027-01-01")
    assert parquet.read_schema(io.BytesIO(content)).names == list(COLUMNS)
    assert table(content) == []


def test_a_file_is_there_once_it_is_complete(store: Collector, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "events"
    file.write_text("of yesterday")
    begun = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
        b'Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n'
    )
    with breaking_off(begun) as url:
        words = ("export", "--output", str(file), "--url", url)
        assert "broke off: what came is not all" in told(store, *words)
    assert os.listdir(folder) == ["events"]
    assert file.read_text() == "of yesterday"

    assert output(store, "--output", str(file)) == b""
    assert os.listdir(folder) == ["events"]
    assert days(file.read_bytes()) == DAYS


def test_much_is_read_in_pieces_and_a_collector_killed_between_two_is_noticed(
    new_collector: NewCollector,
) -> None:
    with new_collector() as running:
        project = running.project()
        large = [event("user-1", text="x" * 900_000) for _ in range(45)]
        for some in (large[:15], large[15:30], large[30:]):
            assert project.send(*some).status == 200
        lines = output(running, "--url", running.url).splitlines()
        assert [json.loads(line)["uuid"] for line in lines] == [one["uuid"] for one in large]
        with fork("export", "--url", running.url, environ=running.environ) as process:
            assert process.stdout is not None
            # More is on its way than fits into what lies between the two.
            assert process.stdout.read(100_000)
            running.kill()
            rest, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(rest) < 40_000_000
    assert said.decode().startswith(f"usagekit-collector: {running.url} broke off: ")
    assert len(said.splitlines()) == 1


def test_who_is_no_collector_is_told_from_one(store: Collector) -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"
    with breaking_off(page) as url:
        assert f"{url} answers, but is no collector" in told(store, "export", "--url", url)
    with breaking_off(b"\x00\x01") as url:
        assert "cannot be reached: " in told(store, "export", "--url", url)
    assert "Connection refused. Does a collector run there?" in told(store, "export", "--url", url)


def test_where_it_cannot_be_written_is_said(store: Collector, tmp_path: Path) -> None:
    missing = str(tmp_path / "no" / "such" / "file")
    said = told(store, "export", "--output", missing)
    assert f"{missing} cannot be written: No such file" in said
    with open("/dev/full", "wb") as full:
        ran = export_to(store, full)
    assert ran.returncode == 1
    assert ran.stderr == b"usagekit-collector: stdout cannot be written: No space left on device\n"


def test_whoever_reads_no_further_ends_it_without_a_word(store: Collector) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        ran = export_to(store, closed)
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_a_parquet_file_is_not_written_to_a_terminal(store: Collector) -> None:
    leader, follower = pty.openpty()
    with os.fdopen(leader, "rb"), os.fdopen(follower, "wb") as terminal:
        ran = export_to(store, terminal, "--format", "parquet")
    assert (ran.returncode, b"say --output FILE" in ran.stderr) == (2, True)


def test_which_project_must_be_said_where_there_are_several(
    embedded: Collector, new_collector: NewCollector
) -> None:
    assert "there is no store in" in told(new_collector(), "export")
    projects = [embedded.project() for _ in "ab"]
    for one in projects:
        one.capture(event(one.token))
    ask = ("export", "--url", embedded.url)
    assert "there are several projects: say which, by its name or token" in told(embedded, *ask)
    found = output(embedded, *ask[1:], "--project", projects[1].token)
    assert [json.loads(line)["distinct_id"] for line in found.splitlines()] == [projects[1].token]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can plant what is somebody else's")
def test_a_file_is_its_owner_s_alone_and_no_planted_name_is_written_through(
    store: Collector, tmp_path: Path
) -> None:
    folder, own = tmp_path / "open", tmp_path / "own"
    folder.mkdir()
    folder.chmod(0o777)
    own.write_text("the user's own")
    file = folder / "events.jsonl"
    for name in ("events.jsonl.part", "events.jsonl.tmp"):
        (folder / name).symlink_to(own)
    file.symlink_to(own)
    os.lchown(file, 54_322, 54_322)  # a neighbour's
    umask = os.umask(0)
    try:
        assert output(store, "--output", str(file)) == b""
    finally:
        os.umask(umask)
    assert own.read_text() == "the user's own"
    assert not file.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == output(store)
    assert len(list(folder.iterdir())) == 3


def test_a_link_of_the_user_s_own_leads_to_where_the_file_is_to_be(
    store: Collector, tmp_path: Path
) -> None:
    link, target = tmp_path / "latest", tmp_path / "events.jsonl"
    link.symlink_to(target)
    assert output(store, "--output", str(link)) == b""
    assert link.is_symlink()
    assert target.read_bytes() == output(store)


def export_to(
    collector: Collector, stdout: BinaryIO, *words: str
) -> subprocess.CompletedProcess[bytes]:
    command = [COLLECTOR, "export", *words]
    return subprocess.run(
        command, env=collector.environ, stdout=stdout, stderr=subprocess.PIPE, timeout=60
    )
