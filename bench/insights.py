"""How long each insight takes, and how much memory, over so many events.

Run alone, it takes numbers of events: ``python bench/insights.py 1000000``.
"""

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from page import Page, median, verdict
from usagekit_collector.ingest.capture import EARLIEST, LATEST
from usagekit_collector.queries import insights
from usagekit_collector.queries.seen import Wish
from usagekit_collector.settings import Settings
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.inserts import insert
from usagekit_collector.store.migrations import migrate
from wire import TOKEN

FILL = Path(__file__).with_name("insights.sql")
COUNTS = (1_000_000, 10_000_000)
ROUNDS = 5
# Events that are made in one step.
STEP = 500_000
SECONDS, GIB = 1.0, 1.5

ALL = Wish(project=1, start=EARLIEST, end=LATEST)
TODAY = date(2026, 12, 1)
COMMANDS = [f"toolkit.{number}" for number in range(insights.MOST_STEPS)]
WEEK = 7 * 86_400
QUESTIONS = {
    "commands": lambda client: insights.commands(client, ALL, 100),
    "failures": lambda client: insights.failures(client, ALL, 100),
    "versions": lambda client: insights.versions(client, ALL, 100),
    "active, by days": lambda client: insights.active(client, ALL, "day"),
    "active, by weeks": lambda client: insights.active(client, ALL, "week"),
    "active, by months": lambda client: insights.active(client, ALL, "month"),
    "funnel of 3 steps": lambda client: insights.funnel(client, ALL, COMMANDS[1:4], WEEK),
    "funnel of 20 steps": lambda client: insights.funnel(client, ALL, COMMANDS, WEEK),
    "retention": lambda client: insights.retention(client, ALL, 53),
    "lifecycle, by days": lambda client: insights.lifecycle(client, ALL, "day", TODAY),
    "lifecycle, by weeks": lambda client: insights.lifecycle(client, ALL, "week", TODAY),
    "lifecycle, by months": lambda client: insights.lifecycle(client, ALL, "month", TODAY),
}


def measure(page, counts=COUNTS):
    """All insights at each of these numbers of events, as one table."""
    found = {count: _measured(count) for count in counts}
    most = max(counts)
    rows = [
        [
            name,
            *(text for one in found.values() for text in _times(one[name])),
            verdict(statistics.median(found[most][name]), SECONDS),
        ]
        for name in QUESTIONS
    ]
    memory = {count: one["memory"] / 1024**2 for count, one in found.items()}
    cells = (cell for gib in memory.values() for cell in (f"{gib:.2f} GiB", ""))
    rows.append(["most memory", *cells, verdict(memory[most], GIB)])
    columns = (column for count in counts for column in (f"{count:,} events: best", "median"))
    page.section(
        "How long does an insight take?",
        f"Over 90 days, with no filter; best and median of {ROUNDS}. There is a person for every "
        "50 events; 15 % of them have two distinct_ids. The memory is the most that a process has "
        "had that asked all this, one question at a time.",
        ["", *columns, ""],
        rows,
    )


def fill(folder, count):
    """Make so many events in a new store, and wait until its parts are merged."""
    events, identity = FILL.read_text(encoding="utf-8").split("\n;\n")
    with opened(folder) as engine:
        migrate(engine.writer)
        for first in range(0, count, STEP):
            piece = {"events": count, "first": first, "count": min(STEP, count - first)}
            engine.writer.command(events, piece)
        engine.writer.command(identity, {"events": count})
        # What the other parts send and ask is of the project in which all these events are.
        project = {"token": TOKEN, "project": 1, "name": "bench", "created_at": "2026-01-01"}
        insert(engine.writer, "projects", [json.dumps(project).encode()])
        # A collector need not fold all of it anew when it opens this store.
        engine.writer.command(
            "INSERT INTO identity (kind, version) SELECT 'mark', max(seq) FROM events"
        )
        deadline = time.monotonic() + 120
        while engine.writer.command("SELECT count() FROM system.merges"):
            if time.monotonic() > deadline:
                raise TimeoutError("parts are still being merged")
            time.sleep(0.1)


def ask(folder):
    """Seconds of each question, round by round; and the memory of this process in KiB."""
    found = {}
    with opened(folder) as engine:
        for name, question in QUESTIONS.items():
            found[name] = [_seconds(engine, question) for _ in range(ROUNDS)]
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    memory = next(line for line in status if line.startswith("VmHWM:"))
    return {**found, "memory": int(memory.split()[1])}


def _seconds(engine, question):
    began = time.perf_counter()
    with engine.reader() as client:
        answer = question(client)
    seconds = time.perf_counter() - began
    if not answer:
        raise ValueError("an insight over these events is empty")
    return seconds


def _times(seconds):
    return f"{min(seconds):.2f} s", f"{median(seconds, 2)} s"


def opened(folder):
    """The store that was filled."""
    return contextlib.closing(Engine(Settings(store=f"chdb://{folder}/store")))


def _measured(count):
    """Each step in a process of its own, so that its memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        run("fill", folder, str(count))
        return json.loads(run("ask", folder))


def run(*words):
    return subprocess.run(
        [sys.executable, __file__, *words], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def main(words):
    """A step, for ``_run``; or all of it, for whoever runs this alone."""
    if words[:1] == ["fill"]:
        fill(words[1], int(words[2]))
    elif words[:1] == ["ask"]:
        print(json.dumps(ask(words[1])))
    else:
        measure(Page("# Insights"), [int(word) for word in words] or COUNTS)


if __name__ == "__main__":
    main(sys.argv[1:])
