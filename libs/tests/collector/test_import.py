"""``usagekit-collector import``: files of PostHog's and of our own, into a store or a collector."""

from __future__ import annotations

import json
import os
import random
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from usagekit_collector.transfer.history import BadLine, batches, messages

from tests.support.collector import COLLECTOR, Collector, event
from tests.support.load import some_event
from tests.support.stopped import everybody, exported, in_lines, told, without_arrival

NewCollector = Callable[..., Collector]
TOKEN = "phc_made_up_project"
INTO = ("--token", TOKEN)
NOON = "2026-03-01T12:00:00Z"


def some(number: int) -> dict[str, Any]:
    return event(f"user-{number}", timestamp=NOON, number=number)


def history(seed: int, count: int) -> list[dict[str, Any]]:
    """What a few people did, in an order in which who is who matters."""
    chance = random.Random(seed)
    return [some_event(chance) for _ in range(count)]


def refusal(line: bytes) -> str:
    with pytest.raises(BadLine) as caught:
        list(messages([b"\n", line]))
    return str(caught.value)


def test_what_posthog_exports_is_taken_in_from_stdin(new_collector: NewCollector) -> None:
    plain = {
        "uuid": "0192d4ab-0000-7000-8000-000000000001",
        "event": "CLI execution succeeded",
        "distinct_id": "user-1",
        "timestamp": "2024-10-29 07:30:00.123456",
        "properties": json.dumps(
            {"command_name": "login", "$set": {"plan": "a"}, "token": "phc_x"}
        ),
        "person": {"id": "0192d4ab-0000-7000-8000-00000000000f", "properties": {"plan": "b"}},
        "elements_chain": "",
        "team_id": 7,
        "created_at": "2024-10-29 07:30:01",
        "sent_at": "2020-01-01 00:00:00",
    }
    alias = {
        "uuid": "0192d4ab-0000-7000-8000-000000000002",
        "event": "$create_alias",
        "distinct_id": "user-1",
        "timestamp": "2024-10-29T09:30:00+02:00",
        "properties": {"alias": "anon-1"},
        "$set": {"plan": "c"},
    }
    collector = new_collector()
    source = b"\r\n" + in_lines([plain]).replace(b"\n", b"\r\n\n") + in_lines([alias]).rstrip()
    ran = collector.run("import", "-", *INTO, said=source)
    assert (ran.returncode, ran.stdout) == (0, b""), ran.stderr
    assert ran.stderr.endswith(b"\r2 events taken in\n")

    first, second = exported(collector)
    assert [first["uuid"], second["uuid"]] == [plain["uuid"], alias["uuid"]]
    assert first["timestamp"] == "2024-10-29T07:30:00.123456Z"
    assert second["timestamp"] == "2024-10-29T07:30:00Z"
    assert first["properties"] == {"command_name": "login", "$set": {"plan": "a"}, "token": "phc_x"}
    assert second["properties"] == {"alias": "anon-1", "$set": {"plan": "c"}}


def test_a_bad_line_is_named_and_what_came_before_is_stored(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    collector, file = new_collector(), tmp_path / "events.jsonl"
    events = [some(number % 9) for number in range(1_200)]
    lines = in_lines(events).splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:1_100], b'{"event": \n', *lines[1_101:]]))
    said = told(collector, "import", str(file), *INTO)
    assert "\r1,100 events taken in\nusagekit-collector: line 1101 is no JSON of an event" in said
    kept = [one["uuid"] for one in events]
    assert [one["uuid"] for one in exported(collector)] == kept[:1_100]

    file.write_bytes(b"".join(lines))
    ran = collector.run("import", str(file), *INTO)
    assert (ran.returncode, ran.stderr.split(b"\r")[-1]) == (0, b"1,200 events taken in\n")
    assert [one["uuid"] for one in exported(collector)] == kept


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"event": None}, "an event has no name"),
        ({"distinct_id": ""}, "an event has no distinct_id"),
        ({"uuid": None}, "it has no uuid, without which it could be stored twice"),
        ({"uuid": "made-up"}, "the uuid of an event is no UUID"),
        ({"timestamp": None}, "its timestamp is missing, or no time"),
        ({"timestamp": "yesterday"}, "its timestamp is missing, or no time"),
        ({"timestamp": 17}, "its timestamp is missing, or no time"),
        ({"properties": 5}, "the properties of an event are an object of JSON"),
        ({"properties": "[1]"}, "the properties of an event are an object of JSON"),
        ({"properties": "{"}, "is no JSON"),
        ({"properties": {"text": "x" * 1_000_000}}, "at most 1000000 bytes"),
        ({"properties": json.dumps({"text": "x" * 1_000_000})}, "at most 1000000 bytes"),
        ({"properties": '{"a":' + "[" * 100 + "]" * 100 + "}"}, "nested at most 64 deep"),
        ({"properties": '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"}, "is no JSON"),
    ],
)
def test_what_is_no_event_is_said(change: dict[str, Any], says: str) -> None:
    said = refusal(in_lines([{**some(1), **change}]))
    assert said.startswith("line 2 is no ")
    assert says in said


@pytest.mark.parametrize(
    "line", [b"[]", b'"text"', b"\xff\xfe", b"{}", b"\x1f\x8b\x08", b"{" * 5_000]
)
def test_what_is_not_even_json_of_an_event_is_said(line: bytes) -> None:
    assert refusal(line).startswith("line 2 is no ")


def test_a_line_that_does_not_end_is_refused_before_it_fills_the_memory(
    new_collector: NewCollector,
) -> None:
    said = told(new_collector(), "import", "/dev/zero", *INTO)
    assert "line 1 is no event: it has more than" in said


def test_a_batch_is_bounded_in_events_and_in_bytes() -> None:
    sizes = [*[10] * 2_500, *[400_000] * 7, *[990_000] * 3, *[10] * 5]
    lines = [in_lines([event("a", timestamp=NOON, text="x" * size)]) for size in sizes]
    found = list(batches(messages(lines)))
    assert [one for batch in found for one in batch] == list(messages(lines))
    assert max(map(len, found)) == 1_000
    heavy = [batch for batch in found if sum(len(one.body) for one in batch) > 1_000_000]
    assert heavy == []


def test_an_export_taken_in_elsewhere_gives_the_same_lines_and_the_same_persons(
    new_collector: NewCollector,
) -> None:
    first, second = new_collector(), new_collector()
    assert first.run("import", "-", *INTO, said=in_lines(history(1, 600))).returncode == 0
    lines = first.run("export").stdout
    assert second.run("import", "-", *INTO, said=lines).returncode == 0
    again = second.run("export").stdout
    assert without_arrival(again) == without_arrival(lines)
    assert len(lines.splitlines()) > 500
    people = everybody(first)
    assert everybody(second) == people
    assert len({one["person_id"] for one in people}) < len(people)


def test_while_a_collector_runs_it_takes_the_file_by_its_url(
    new_collector: NewCollector, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    events = history(2, 1_200)
    file.write_bytes(in_lines(events))
    with new_collector() as running:
        assert running.process is not None
        said = told(running, "import", str(file), *INTO)
        assert f"pid {running.process.pid}, {running.url}" in said
        assert "--url" in said
        for _ in range(2):
            ran = running.run("import", str(file), *INTO, "--url", running.url)
            assert (ran.returncode, ran.stderr.split(b"\r")[-1]) == (0, b"1,200 events taken in\n")
        taken = running.project(TOKEN).events()
    # Of the three that merge, those without a profile are dropped.
    kept = [one["uuid"] for one in events if one["uuid"] in {two["uuid"] for two in taken}]
    assert [one["uuid"] for one in taken] == kept


def test_with_a_password_a_token_that_no_project_has_is_refused(
    new_collector: NewCollector,
) -> None:
    collector = new_collector(password="made-up-secret")
    source = in_lines([some(1)])
    said = told(collector, "import", "-", "--token", "phc_mistyped", said=source)
    assert 'no project has this token: make one by "token create"' in said
    said = told(collector, "import", "-", "--token", "phx_personal", said=source)
    assert "personal API key" in said


def peak(collector: Collector, megabytes: int) -> float:
    """The most memory that an import of so much took, MiB."""
    line = in_lines([event("user-1", timestamp=NOON, text="x" * 100_000)])
    command = [COLLECTOR, "import", "-", *INTO]
    process = subprocess.Popen(
        command, env=collector.environ, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None

    def feed(pipe: Any) -> None:
        with pipe:
            # The same event again and again: what costs memory is the file.
            for _ in range(megabytes * 10):
                pipe.write(line)

    feeder = threading.Thread(target=feed, args=(process.stdin,))
    feeder.start()
    _, status, usage = os.wait4(process.pid, 0)
    feeder.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


@pytest.mark.torture
def test_a_long_file_takes_no_more_memory_than_a_short_one(new_collector: NewCollector) -> None:
    collector = new_collector()
    before = peak(collector, 2)
    assert peak(collector, 120) < before + 60
