"""The store of a collector that does not run, as its engine has it; and events as lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from usagekit_collector.address import read

from tests.support.collector import Collector

# Each statement in its turn; what the last one answers is printed.
_PROGRAM = """
import sys, clickhouse_connect
client = clickhouse_connect.get_client(interface="chdb", path=sys.argv[1])
for statement in sys.argv[2:-1]:
    client.command(statement)
sys.stdout.buffer.write(client.raw_query(sys.argv[-1], fmt="JSONEachRow"))
"""
# Who is who, whatever it was made from.
EVERYBODY = """
    SELECT project, kind, id, person_id, is_identified, created_at, properties
    FROM identity FINAL WHERE kind != 'mark' ORDER BY project, kind, id
"""


def ask_engine(collector: Collector, *statements: str) -> list[dict[str, Any]]:
    """Have the engine do something to a store that nobody has open. Returns the last one's rows."""
    command = [sys.executable, "-c", _PROGRAM, str(read(collector.store).folder), *statements]
    ran = subprocess.run(command, env=collector.environ, capture_output=True, timeout=100)
    assert ran.returncode == 0, ran.stderr.decode()
    return [json.loads(line) for line in ran.stdout.splitlines()]


def everybody(collector: Collector) -> list[dict[str, Any]]:
    """The stored map of who is who."""
    people = ask_engine(collector, EVERYBODY)
    # The order of a person's properties is of no account.
    return [{**one, "properties": json.loads(one["properties"] or "{}")} for one in people]


def in_lines(events: list[dict[str, Any]]) -> bytes:
    """Events as a file for ``import``."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)


def exported(collector: Collector, *words: str) -> list[dict[str, Any]]:
    """What ``export`` writes, but for when it arrived."""
    ran = collector.run("export", *words)
    assert ran.returncode == 0, ran.stderr.decode()
    return without_arrival(ran.stdout)


def without_arrival(lines: bytes) -> list[dict[str, Any]]:
    """What stands in lines of JSON, but for when it arrived."""
    events = [json.loads(line) for line in lines.splitlines()]
    for one in events:
        del one["arrived"]
    return events


def told(collector: Collector, *words: str, code: int = 1, **options: Any) -> str:
    """What a command that does not succeed says: a line or two, and no traceback."""
    ran = collector.run(*words, **options)
    said = ran.stderr.decode()
    assert ran.returncode == code, said
    assert "Traceback" not in said
    errors = said[said.rindex("usagekit-collector: ") :] if code == 1 else said
    assert code == 2 or len(errors.splitlines()) <= 2, said
    return said
