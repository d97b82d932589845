"""How a collector ends, and how it does not begin: words, exit codes, its log, its numbers."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.collector import COLLECTOR, Collector, event
from tests.support.load import Sender, wait_for_more
from tests.support.wire import until

NewCollector = Callable[..., Collector]
SENDERS = 4
embedded = pytest.mark.parametrize("collector", ["embedded"], indirect=True)


def test_under_nohup_it_goes_on_when_its_terminal_ends(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    program = tmp_path / "under-nohup"
    program.write_text(f'#!/bin/sh\nexec nohup {shlex.quote(COLLECTOR)} "$@"\n')
    program.chmod(0o755)
    collector = new_collector(program=str(program)).start()
    assert collector.process is not None
    collector.process.send_signal(signal.SIGHUP)
    collector.project().capture(event("ada"))
    assert collector.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_told_to_stop_under_load_it_has_all_that_it_acknowledged(
    new_collector: NewCollector, number: signal.Signals
) -> None:
    collector = new_collector().start()
    project = collector.project()
    senders = [Sender(project, seed) for seed in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as threads:
        running = [threads.submit(sender.run_once) for sender in senders]
        wait_for_more(senders, running)
        assert collector.process is not None
        collector.process.send_signal(number)
        assert collector.process.wait(60) == 0
        untold = {one["uuid"] for sending in running for one in sending.result(60)}
    assert_structured(collector)

    collector.start()
    stored = Counter(one["uuid"] for one in project.events())
    acknowledged = {one["uuid"] for sender in senders for one in sender.acknowledged}
    assert set(stored.values()) == {1}
    assert acknowledged <= stored.keys() <= acknowledged | untold


def test_it_does_not_wait_for_a_sender_who_never_ends(new_collector: NewCollector) -> None:
    collector = new_collector(request_seconds=0.5).start()
    address = urlsplit(collector.url)
    with socket.create_connection((address.hostname, address.port or 0), 60) as sender:
        sender.sendall(b"POST /batch/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        assert collector.get("/_health").status == 200
        assert collector.stop() == 0
    assert_structured(collector)


def assert_structured(collector: Collector) -> list[dict[str, str]]:
    """Every line of its log is an object of JSON, with a time. Returns them."""
    text = collector.log.read_bytes()
    assert text.endswith(b"\n")
    lines: list[dict[str, str]] = [json.loads(line) for line in text[:-1].split(b"\n")]
    for line in lines:
        assert line.keys() - {"error"} == {"time", "level", "logger", "message"}
        assert datetime.fromisoformat(line["time"]).utcoffset() == timedelta(0)
    return lines


def test_whatever_is_sent_the_log_is_lines_of_json(new_collector: NewCollector) -> None:
    collector = new_collector().start()
    project = collector.project()
    project.capture(event("undefined", "$create_alias", alias="somebody"))
    assert len(project.events()) == 1  # By now it is stored.
    assert project.send(event("ada", timestamp="no time\r\n")).status == 200
    assert len(project.events()) == 2  # By now both are stored.
    assert collector.request("POST", "/batch/", b"{").status == 400
    assert collector.get("/no%0Asuch-page").status == 404
    address = urlsplit(collector.url)
    with socket.create_connection((address.hostname, address.port or 0), 60) as stranger:
        stranger.sendall(b"no HTTP at all\n\n{}\r\n\r\n")
        assert stranger.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert collector.stop() == 0
    lines = assert_structured(collector)
    assert [line["message"] for line in lines if line["level"] == "warning"] == [
        "an illegal ID: not merged (1 events)",
        "the timestamp is no time: taken for now (1 events)",
        "refused: 400, this is no valid JSON; sent by nobody who says so",
        "what came is no HTTP",
    ]
    assert lines[-1]["message"] == "stopped"


def test_at_a_terminal_it_says_in_plain_lines_where_it_is_and_what_comes_next(
    new_collector: NewCollector,
) -> None:
    collector = new_collector()
    collector.folder.mkdir()
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [COLLECTOR, "serve"],
        env=collector.environ,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    ) as process:
        os.close(follower)
        said = b""
        while b"listening on" not in said:
            said += os.read(leader, 4096)
        (url,) = re.findall(rb"^listens at  (http://127.0.0.1:\d+)\r$", said, re.MULTILINE)
        (ask,) = re.findall(rb"^to ask      (curl -H @\S+ \S+)\r$", said, re.MULTILINE)
        assert f"store       {collector.folder}/store\r\n".encode() in said
        assert b"ARCADE_USAGE_HOST=" + url in said
        # What is there to be pasted can be.
        ran = subprocess.run(shlex.split(ask.decode()), capture_output=True)
        assert ran.stdout == b"[]", ran
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        while b"stopped" not in said:
            said += os.read(leader, 4096)
    os.close(leader)
    assert b"{" not in said
    assert re.search(rb"^\d\d:\d\d:\d\d  stopped\r$", said, re.MULTILINE)


@pytest.mark.parametrize(("form", "is_json"), [("json", True), ("text", False), ("auto", True)])
def test_the_log_is_of_the_form_that_was_asked_for(
    new_collector: NewCollector, form: str, is_json: bool
) -> None:
    collector = new_collector()
    collector.folder.mkdir()
    command = [COLLECTOR, "serve", "--log-format", form]
    with subprocess.Popen(command, env=collector.environ, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        lines: list[bytes] = []
        while not lines or b"listening on" not in lines[-1]:
            lines.append(process.stderr.readline())
        process.send_signal(signal.SIGTERM)
        lines += process.stderr.readlines()
    assert all(line.startswith(b"{") == is_json for line in lines), lines


def test_its_numbers_are_prometheus_s_and_right(new_collector: NewCollector) -> None:
    collector = new_collector().start()
    project = collector.project()
    again = event("anon-1")
    for batch in ([again, event("ada")], [again], [event("undefined", "$identify", alias="x")]):
        assert project.send(*batch).status == 200
    assert project.send({"event": "nobody's"}).status == 400
    assert len(project.events()) == 3  # By now all of them are stored, and soon forgotten.
    until(lambda: b"events_queued 0.0" in collector.get("/metrics").body)

    answer = collector.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {
        (sample.name.removeprefix("usagekit_collector_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }
    assert found["requests_total", "200"] == 3
    assert found["requests_total", "400"] == 1
    assert found["events_stored_total",] == 3
    assert found["events_repeated_total",] == 1
    assert found["groups_failed_total",] == 0
    assert found["events_queued",] == found["queued_bytes",] == found["buffered_bytes",] == 0
    assert 1 <= found["group_seconds_count",] <= 3


@embedded
def test_it_says_that_it_is_well(collector: Collector) -> None:
    answer = collector.get("/_health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def assert_refused(collector: Collector, *words: str, says: list[str]) -> None:
    """A command ends with exit code 1, and says all of this in a line or two."""
    assert_told(collector.run(*words), *says)


def assert_told(ran: subprocess.CompletedProcess[bytes], *says: str) -> None:
    # Its log is there as well.
    said = [line for line in ran.stderr.decode().splitlines() if not line.startswith("{")]
    assert (ran.returncode, ran.stdout) == (1, b""), ran.stderr
    assert said[0].startswith("usagekit-collector: "), said
    assert len(said) <= 2, said
    for one in says:
        assert one in "\n".join(said)


@embedded
@pytest.mark.parametrize("command", ["serve", "doctor", "export"])
def test_a_second_process_is_told_who_has_the_store(collector: Collector, command: str) -> None:
    assert collector.process is not None
    words = ["serve", "--port", "0"] if command == "serve" else [command]
    owner = f"pid {collector.process.pid}, {collector.url}"
    assert_refused(collector, *words, says=["in use by another process", owner])
    assert collector.get("/_health").status == 200


@embedded
def test_a_port_that_is_taken(collector: Collector, new_collector: NewCollector) -> None:
    port = urlsplit(collector.url).port
    other = new_collector(port=port)
    assert_refused(other, "serve", says=[f"cannot listen on 127.0.0.1, port {port}", "in use"])
    assert not (other.folder / "store").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_a_password_it_is_not_for_other_machines(
    new_collector: NewCollector, host: str
) -> None:
    says = [host, "a password is needed", "USAGEKIT_COLLECTOR_PASSWORD"]
    assert_refused(new_collector(), "serve", "--host", host, says=says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--store", "sqlite:///x"], ["not a store: sqlite:///x.", "chdb:///a/folder"]),
        (["--store", "clickhouse://127.0.0.1:1/x"], ["the store cannot be opened", "refused"]),
        (["--store", "chdb:///dev/null/x"], ["the store's folder cannot be used", "/dev/null/x"]),
        (["--port", "70000"], ["--port: expected a whole number of at most 65535"]),
        (["--password", "made-up", "--host", "192.0.2.1"], ["cannot listen on 192.0.2.1"]),
        (["--config", "/no/such/file"], ["/no/such/file cannot be read", "No such file"]),
    ],
    ids=lambda one: one[-1] if one[0].startswith("--") else "",
)
def test_what_cannot_be_is_said_in_words(
    new_collector: NewCollector, words: list[str], says: list[str]
) -> None:
    assert_refused(new_collector(), "serve", *words, says=says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("port = ", "cannot be read"),
        ("prot = 8600", "there is no setting 'prot': is it port?"),
        ("query_seconds = 'many'", "collector.toml: expected a number"),
        ("readers = 0", "expected a whole number of at least 1"),
        ("log_level = 'loud'", "expected one of debug, info, warning, error"),
        ("\xff", "cannot be read"),
    ],
)
def test_a_file_of_settings_with_a_mistake(
    new_collector: NewCollector, tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "collector.toml"
    file.write_bytes(text.encode("latin-1"))
    assert_refused(new_collector(), "serve", "--config", str(file), says=[says])


# Writing where one may not is a power of root's, whom tests may run as: without it, then.
WITHOUT_POWERS = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_a_folder_in_which_it_may_not_write(new_collector: NewCollector, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    collector = new_collector(store=f"chdb://{closed}/store")
    command = [sys.executable, "-c", WITHOUT_POWERS, COLLECTOR, "serve"]
    ran = subprocess.run(command, env=collector.environ, capture_output=True, timeout=60)
    assert_told(ran, "the store's folder cannot be used", "Permission denied", str(closed))
