"""The first page in a terminal: the same numbers, in lines that fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest

from tests.support.collector import Collector, Project, event


def lines(target: Collector, *words: str, columns: int = 100) -> list[str]:
    target.environ["COLUMNS"] = str(columns)
    ran = target.run("report", *words)
    assert (ran.returncode, ran.stderr) == (0, b""), ran
    return ran.stdout.decode().splitlines()


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_report_says_what_the_api_says(filled: Project, columns: int) -> None:
    collector = filled.collector
    said = lines(collector, "--url", collector.url, columns=columns)
    assert max(map(len, said)) <= columns
    end = datetime.now(timezone.utc).date() + timedelta(days=1)
    asked = {"start": end - timedelta(days=30), "end": end, "audience": "people"}
    (totals,) = filled.get("/api/insights/totals", **asked)
    thin = "\N{NARROW NO-BREAK SPACE}"
    for line, name in zip(said, ("persons", "count"), strict=False):
        assert line[14:25].strip(" ") == f"{totals[name]:,}".replace(",", thin)
    for one in filled.get("/api/insights/breakdown", by="command", **asked):
        line = [line for line in said if line.startswith(f"{one['name']} ")][-1]
        assert str(one["persons"]) in line.split()
    assert {"WHAT CHANGED", "ACTIVITY", "COMMANDS", "WHO RUNS IT"} <= {*said}


def test_a_report_is_the_same_from_a_store_that_nobody_has_open(
    new_collector: Callable[..., Collector],
) -> None:
    collector = new_collector().start()
    project = collector.project()
    now = datetime.now(timezone.utc)
    project.send(
        *(event(f"anon-{nth}", command_name="a", timestamp=now.isoformat()) for nth in range(7))
    )
    running = json.loads("\n".join(lines(collector, "--url", collector.url, "--json")))
    collector.stop()
    assert json.loads("\n".join(lines(collector, "--json"))) == running
    assert (running["now"]["persons"], running["before"]["persons"]) == (7, 0)


def test_what_strangers_sent_moves_no_cursor(embedded: Collector) -> None:
    project = embedded.project()
    project.send(event("anon-1", command_name="a\x1b[2Jb\r\nc\N{RIGHT-TO-LEFT OVERRIDE}d"))
    said = lines(embedded, "--url", embedded.url, "--project", project.token)
    assert any(line.startswith("a?[2Jb??c?d") for line in said)
    assert not any("\x1b" in line for line in said)
