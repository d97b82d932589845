"""What a collector takes in, beside what its engine takes by itself."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from page import verdict, verdict_at_least
from wire import TOKEN

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "libs"))

from tests.support.collector import Collector  # noqa: E402
from tests.support.wire import Watched  # noqa: E402

SECONDS = 8
STORED = 10_000_000
EVENTS, MS, GIB = 10_000, 60.0, 1.5
# Of one event, sent by one client: ms at the median, and of the slowest in a hundred.
ONE_MS = (3.0, 10.0)
# Of the engine's own rate, with sixteen clients.
PART = 0.4
# The intake alone: nothing is stored while it is measured.
NO_STORE = {"batch_seconds": 60, "batch_events": 10_000_000, "intake_events": 10_000_000}


class Load(NamedTuple):
    """How events are sent.

    Attributes:
        clients: how many connections, each with one batch under way.
        batch: how many events are in one.
        pace: so many events a second; 0: as fast as they are answered.
        asking: how many clients ask for insights meanwhile.
    """

    clients: int
    batch: int
    pace: int = 0
    asking: int = 0


ONE, SIXTEEN = Load(1, 1), Load(16, 100)
LOADS = [
    *(Load(1, batch) for batch in (1, 10, 100, 1_000)),
    *(Load(16, batch) for batch in (1, 10, 100, 1_000)),
    Load(64, 1),
]
PACED = Load(16, 100, EVENTS)
# Those that are tried on a full store too.
FULL = [SIXTEEN, PACED, PACED._replace(asking=4)]


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


def measure(page, before=None):
    """The limit, the loads on an empty store and on a full one, and the memory.

    Args:
        page: where it is said.
        before: the checkout of an earlier version, to be measured beside.
    """
    limit = _limit(page)
    loads = [*LOADS, PACED]
    empty = {load: _on_an_empty_store(load) for load in loads}
    floors = {load: _on_an_empty_store(load, **NO_STORE) for load in loads}
    old = {load: _on_an_empty_store(load, before=before) for load in loads} if before else {}
    _section(
        page,
        "How many events does a collector take in?",
        f"`usagekit-collector serve` with a new store for each row, over HTTP on 127.0.0.1; "
        f"{SECONDS} s each. Events as usagekit's sender has them, of 13 properties, half of them "
        "of accounts, which have persons; in the SDK's wire format, gzip. An answer of 200 means "
        "on disk; all that was answered is in the store in the end, once. The senders are one more "
        "process, which has made all batches before the clock starts; it shares the cores with the "
        "collector. *Of the limit*: of the engine's own rate in groups of 5,000. *No store*: the "
        "same server and intake, from which nothing is stored meanwhile: the floor. *Senders*: "
        "against a server that answers at once and looks at nothing: they are not the limit. Each "
        "client sends its next batch when the last is answered; *paced*: batches are due at "
        f"{EVENTS:,} events a second, and their time counts from then.",
        empty,
        limit,
        {"no store": floors, "senders": {load: _senders(load) for load in loads}},
        old,
    )
    full = _on_a_full_store()
    _section(
        page,
        f"And with {STORED:,} events stored?",
        "The same, one row after the other, in a store that has so many already. *Asking*: so many "
        "clients ask for insights over all of them meanwhile, one question after the other.",
        full,
        limit,
        {},
        {},
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


def _on_an_empty_store(load, before=None, **settings):
    with tempfile.TemporaryDirectory() as folder:
        program = _program(Path(folder), before) if before else ""
        with Collector(Path(folder) / "own", program=program, **settings) as collector:
            return _send(collector, load, is_stored=not settings)


def _program(folder, before):
    """The collector of another checkout, with the libraries of this one."""
    program = folder / "before"
    paths = ":".join(str(Path(before, "libs", one)) for one in ("usagekit", "usagekit-collector"))
    run = "from usagekit_collector.cli import main; main()"
    program.write_text(
        f"#!/bin/sh\nexport PYTHONPATH='{paths}'\nexec '{sys.executable}' -c '{run}' \"$@\"\n"
    )
    program.chmod(0o700)
    return str(program)


def _on_a_full_store():
    with tempfile.TemporaryDirectory() as folder:
        _script("insights.py", "fill", folder, str(STORED))
        found = {}
        for load in FULL:
            with Collector(Path(folder)) as collector:
                found[load] = _send(collector, load)
    return found


def _senders(load):
    """What the senders can send: their rate against a server that does nothing."""
    command = [sys.executable, str(HERE / "hello.py")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        port = int(server.stdout.readline())
        found = _load(load, port)
        server.stdin.close()
    return Seen(found["events"] / found["seconds"], sorted(found["answers"]), 0, 0, 0)


def _send(collector, load, *, is_stored=True):
    """Put a load on a collector. SystemExit if not all that it acknowledged is stored, once."""
    watched = Watched(collector)
    rest, before = watched.resident, _cpu(collector)
    over = threading.Event()
    with ThreadPoolExecutor(max(1, load.asking)) as threads:
        asking = [threads.submit(_ask, collector, over) for _ in range(load.asking)]
        try:
            found = _load(load, int(collector.url.rpartition(":")[2]))
        finally:
            over.set()
        for one in asking:
            one.result()
    sent = found["events"] + load.batch
    stored = _stored(collector) if is_stored else sent
    cpu = _cpu(collector) - before
    if stored != sent:
        raise SystemExit(f"{sent} events were acknowledged, and {stored} are stored")
    rate = found["events"] / found["seconds"]
    return Seen(rate, sorted(found["answers"]), cpu / sent * 1e6, rest, watched.peak)


def _load(load, port):
    wish = {"port": port, "seconds": SECONDS, **load._asdict()}
    del wish["asking"]
    return json.loads(_script("load.py", json.dumps(wish)))


def _ask(collector, over):
    """One who asks, as long as it is not over."""
    while not over.is_set():
        answer = collector.get("/api/insights/commands", project=TOKEN)
        if answer.status not in (200, 404, 503):
            raise SystemExit(f"not answered: {answer!r}")


def _stored(collector):
    """How many events it has stored, once it has stored all."""
    while True:
        answer = collector.get("/api/events", project=TOKEN, limit=1)
        if answer.status == 200 and "usagekit-behind" not in map(str.lower, answer.headers):
            break
        time.sleep(0.1)
    metrics = collector.get("/metrics").body.decode()
    return float(re.search(r"^\w+_events_stored_total (\S+)", metrics, re.MULTILINE)[1])


def _cpu(collector):
    """CPU seconds of its process so far."""
    text = Path(f"/proc/{collector.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(text[11]) + int(text[12])) / os.sysconf("SC_CLK_TCK")


def _section(page, title, text, found, limit, beside, old):
    """A row for each load; ``beside`` are rates of other arms, ``old`` those of before."""
    columns = ["", "events/s", "of the limit", "p50 ms", "p99 ms", "", "answers", "CPU µs an event"]
    columns += [*beside, *(["before", "times before", "p99 before"] if old else [])]
    rows = []
    for load, seen in found.items():
        row = [
            _name(load),
            f"{seen.rate:,.0f}",
            f"{seen.rate / limit:.1%}",
            f"{statistics.median(seen.answers):.1f}",
            f"{_p99(seen.answers):.1f}",
            _said(load, seen, limit),
            f"{len(seen.answers):,}",
            f"{seen.cpu:,.0f}",
        ]
        row += [f"{arm[load].rate:,.0f}" for arm in beside.values()]
        if old:
            then = old[load]
            row += [
                f"{then.rate:,.0f}",
                f"{seen.rate / then.rate:.1f}",
                f"{_p99(then.answers):.1f}",
            ]
        rows.append(row)
    page.section(title, text, columns, rows)


def _name(load):
    said = f"{load.clients} client{'s' * (load.clients > 1)}, "
    said += f"batches of {load.batch:,}" if load.batch > 1 else "one event each"
    said += ", paced" if load.pace else ""
    return said + (f", {load.asking} asking" if load.asking else "")


def _said(load, seen, limit):
    """A figure beside its target, where there is one."""
    if load == ONE:
        p50, p99 = statistics.median(seen.answers), _p99(seen.answers)
        return f"p50 {verdict(p50, ONE_MS[0])}; p99 {verdict(p99, ONE_MS[1])}"
    if load == SIXTEEN:
        return f"of the limit {verdict_at_least(seen.rate / limit, PART)}"
    return f"p99 {verdict(_p99(seen.answers), MS)}" if load.pace else ""


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
