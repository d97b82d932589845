"""What a collector takes in, beside what its engine takes by itself."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from page import verdict, verdict_at_least

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "libs"))

from tests.support.collector import Collector  # noqa: E402
from tests.support.wire import Watched  # noqa: E402

SECONDS = 8
STORED = 10_000_000
EVENTS, MS, GIB = 10_000, 150.0, 1.5


class Load(NamedTuple):
    """How events are sent.

    Attributes:
        clients: how many connections, each with one batch under way.
        batch: how many events are in one.
        pace: so many events a second; 0: as fast as they are answered.
    """

    clients: int
    batch: int
    pace: int = 0


LOADS = [Load(clients, batch) for clients in (1, 16) for batch in (1, 10, 100, 1_000)]
# Those that are tried on a full store too.
MAIN = [Load(16, 100), Load(16, 100, EVENTS)]


class Seen(NamedTuple):
    """What became of a load.

    Attributes:
        rate: events a second that were acknowledged.
        answers: ms of each answer, the shortest first.
        cpu: the collector's microseconds for each event.
        rest, peak: its memory before, and the most of it, MiB.
    """

    rate: float
    answers: list[float]
    cpu: float
    rest: float
    peak: float


def measure(page):
    """The limit, the loads on an empty store and on a full one, and the memory."""
    limit = _limit(page)
    empty = {load: _on_an_empty_store(load) for load in dict.fromkeys([*LOADS, *MAIN])}
    _section(
        page,
        "How many events does a collector take in?",
        f"`usagekit-collector serve` with a new store for each row, over HTTP on 127.0.0.1; "
        f"{SECONDS} s each. Events as usagekit's sender has them, of 13 properties, half of them "
        "of accounts, which have persons; in the SDK's wire format, gzip. An answer of 200 means "
        "on disk. The senders are one more process, which has made all batches before the clock "
        "starts; it shares the cores with the collector. *Of the limit*: of the engine's own rate "
        "in groups of 5,000. Each client sends its next batch when the last is answered; *paced*: "
        f"batches are due at {EVENTS:,} events a second, and their time counts from then. To "
        "answer the last of 16 batches of 1,000 in 150 ms takes 107,000 events a second.",
        empty,
        limit,
    )
    full = _on_a_full_store()
    _section(
        page,
        f"And with {STORED:,} events stored?",
        "The same, one row after the other, in a store that has so many already.",
        full,
        limit,
    )
    _memory(page, {"a new store": empty, f"{STORED:,} events stored": full})


def _limit(page):
    """The engine's own rates, as a table; the best of them."""
    with tempfile.TemporaryDirectory() as folder:
        found = json.loads(_script("raw.py", folder))
    page.section(
        "How many events does the engine take by itself?",
        "The limit of what follows: the same rows, made beforehand, put into the same table by "
        "one process, each group on disk before the next. No HTTP, no identities, no look for "
        "events that are there already.",
        ["rows in a group", "events/s", "ms for a group", "p99", "groups"],
        [
            [
                f"{int(group):,}",
                f"{int(group) / statistics.fmean(times):,.0f}",
                f"{statistics.median(times) * 1000:.1f}",
                f"{_p99(sorted(times)) * 1000:.1f}",
                len(times),
            ]
            for group, times in found.items()
        ],
    )
    return max(int(group) / statistics.fmean(times) for group, times in found.items())


def _on_an_empty_store(load):
    with tempfile.TemporaryDirectory() as folder, Collector(Path(folder)) as collector:
        return _send(collector, load)


def _on_a_full_store():
    with tempfile.TemporaryDirectory() as folder:
        _script("insights.py", "fill", folder, str(STORED))
        found = {}
        for load in MAIN:
            with Collector(Path(folder)) as collector:
                found[load] = _send(collector, load)
    return found


def _send(collector, load):
    """Put a load on a collector. SystemExit if not all that it acknowledged is stored, once."""
    watched = Watched(collector)
    rest, before = watched.resident, _cpu(collector)
    port = int(collector.url.rpartition(":")[2])
    wish = {"port": port, "seconds": SECONDS, **load._asdict()}
    found = json.loads(_script("load.py", json.dumps(wish)))
    cpu, sent = _cpu(collector) - before, found["events"] + load.batch
    metrics = collector.get("/metrics").body.decode()
    stored = float(re.search(r"^\w+_events_stored_total (\S+)", metrics, re.MULTILINE)[1])
    if stored != sent:
        raise SystemExit(f"{sent} events were acknowledged, and {stored} are stored")
    rate = found["events"] / found["seconds"]
    return Seen(rate, sorted(found["answers"]), cpu / sent * 1e6, rest, watched.peak)


def _cpu(collector):
    """CPU seconds of its process so far."""
    text = Path(f"/proc/{collector.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(text[11]) + int(text[12])) / os.sysconf("SC_CLK_TCK")


def _section(page, title, text, found, limit):
    page.section(
        title,
        text,
        ["", "events/s", "", "of the limit", "p50 ms", "p99 ms", "", "answers", "CPU µs an event"],
        [
            [
                f"{load.clients} client{'s' * (load.clients > 1)}, batches of {load.batch:,}"
                + (", paced" if load.pace else ""),
                f"{seen.rate:,.0f}",
                verdict_at_least(seen.rate, EVENTS) if load in MAIN[:1] else "",
                f"{seen.rate / limit:.1%}",
                f"{statistics.median(seen.answers):.1f}",
                f"{_p99(seen.answers):.1f}",
                verdict(_p99(seen.answers), MS),
                f"{len(seen.answers):,}",
                f"{seen.cpu:,.0f}",
            ]
            for load, seen in found.items()
        ],
    )


def _memory(page, stores):
    rows = []
    for name, found in stores.items():
        most = max(seen.peak for seen in found.values())
        rest = statistics.median(seen.rest for seen in found.values())
        rows.append([name, f"{rest:.0f}", f"{most:.0f}", verdict(most / 1024, GIB)])
    page.section(
        "How much memory does a collector take?",
        "Resident, MiB, the engine's included: before anything is sent (median), and the most that "
        "any of these loads came to. The target is in GiB.",
        ["", "at rest", "peak", ""],
        rows,
    )


def _p99(ordered):
    return ordered[int(len(ordered) * 0.99)]


def _script(name, *words):
    """What a script of this folder prints."""
    command = [sys.executable, str(HERE / name), *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
