"""How long a person waits for the first byte of a page, over so many events.

Run alone, it takes numbers of events: ``python bench/pages.py 1000000``.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from insights import COUNTS, opened, run
from page import Page, verdict
from usagekit_collector.pages.view import State, View
from usagekit_collector.queries import arrivals
from usagekit_collector.store.projects import read
from usagekit_collector.web import page_data, page_state
from wire import TOKEN

sys.path.insert(0, str(Path(__file__).parents[1] / "libs"))

from tests.support.collector import Collector
from tests.support.wire import Watched

# Not /support: it is of the ninety days until today, in which these stores have nothing.
PATHS = ("/", "/errors", "/releases", "/commands", "/journeys", "/live", "/data")
INNER = ("/releases/1.14.0", "/commands/toolkit.1")
# Thirty days of the ninety that are filled.
ASKED = {"start": "2026-07-31", "end": "2026-08-29", "audience": "all"}
STEPS = "toolkit.1,toolkit.2"
ROUNDS = 3
# Seconds from nothing, and milliseconds again.
COLD, AGAIN = 1.0, 20.0
GIB = 1.5


def measure(page, counts=COUNTS):
    """All pages at each of these numbers of events, as one table."""
    found = {count: _measured(count) for count in counts}
    most = found[max(counts)]
    rows = []
    for path in (*PATHS, *INNER):
        cells = []
        for one in found.values():
            cold, again, size = one[path]
            cells += [f"{cold:.2f} s", f"{again * 1000:.1f} ms", f"{size / 1024:.0f} kB"]
        cold, again, _ = most[path]
        asked = most["queries"][path]
        rows.append([path, asked, *cells, verdict(cold, COLD), verdict(again * 1000, AGAIN)])
    memory = [f"{one['memory'] / 1024:.2f} GiB" for one in found.values()]
    cells = [cell for one in memory for cell in (one, "", "")]
    rows.append(["most memory", "", *cells, verdict(most["memory"] / 1024, GIB), ""])
    columns = (
        one for count in counts for one in (f"{count:,} events: from nothing", "again", "size")
    )
    page.section(
        "How long does a page take?",
        "Seconds to the first byte, by HTTP, of a collector that runs: thirty days of ninety, all "
        f"runs, compared with the thirty days before. Median of {ROUNDS}; from nothing, after a "
        "start of the collector, and again, while nothing new has arrived; queries are "
        "what a page asks of the store. The memory is the most that the collector had, resident.",
        ["", "queries", *columns, "from nothing", "again"],
        rows,
    )


def _measured(count):
    with tempfile.TemporaryDirectory() as folder:
        run("fill", folder, str(count))
        queries = json.loads(
            subprocess.run(
                [sys.executable, __file__, "queries", folder], check=True, stdout=subprocess.PIPE
            ).stdout
        )
        collector = Collector(Path(folder))
        rounds, memory = [], 0
        for _ in range(ROUNDS):
            with collector:
                watched = Watched(collector)
                rounds.append({path: _asked(collector, path) for path in (*PATHS, *INNER)})
                memory = max(memory, watched.peak)
    found = {path: _middle([one[path] for one in rounds]) for path in rounds[0]}
    return {**found, "memory": memory, "queries": queries}


class _Counted:
    """A client, and how often it was asked."""

    def __init__(self, client):
        self._client = client
        self.queries = 0

    def query(self, *words, **more):
        self.queries += 1
        return self._client.query(*words, **more)


def queries(folder):
    """How many queries each page puts to the store, of this store's project."""
    builds = {
        "/": page_data.overview_page,
        "/errors": page_data.errors,
        "/releases": page_data.releases_page,
        "/commands": page_data.commands,
        "/journeys": page_data.journeys_page,
        "/live": page_data.live,
        "/data": lambda client, view, _: page_data.data_page(client, view, 0),
        INNER[0]: page_data.release,
        INNER[1]: page_data.command,
    }
    state = State(**ASKED, steps=STEPS)
    zone, found = ZoneInfo("UTC"), {}
    with opened(folder) as engine, engine.reader() as client:
        (project,), _ = read(client)
        for path, build in builds.items():
            counted = _Counted(client)
            wish = page_state.wish_of(counted, project, state, zone)
            names = {"project": project.name, "projects": [project.name], "origin": ""}
            now = datetime.now(timezone.utc)
            view = View(state=state, wish=wish, span="", behind=0, now=now, **names)
            made = build(counted, view, path.rpartition("/")[2])
            # And those that every page puts: whether there is anything, and its line of health.
            page_data.is_empty(counted, project)
            if "stored" not in made:
                arrivals.stored(counted, project.project)
            found[path] = counted.queries
    return found


def _middle(some):
    return [statistics.median(column) for column in zip(*some, strict=True)]


def _asked(collector, path):
    """Seconds from nothing and again, and the size in bytes. SystemExit if it is not answered."""
    cold, _ = _first_byte(collector, path)
    again, size = _first_byte(collector, path)
    return cold, again, size


def _first_byte(collector, path):
    address = urlsplit(collector.url)
    asked = {"project": TOKEN, **ASKED, "steps": STEPS}
    connection = HTTPConnection(address.hostname, address.port, timeout=60)
    headers = {"Accept": "text/html", "Authorization": f"Bearer {collector.password}"}
    began = time.perf_counter()
    connection.request("GET", f"{path}?{urlencode(asked)}", headers=headers)
    answer = connection.getresponse()
    seconds = time.perf_counter() - began
    text = answer.read()
    connection.close()
    if answer.status != 200 or b'class="panel"' not in text:
        raise SystemExit(f"{path} was answered {answer.status}: {text[:200]!r}")
    return seconds, len(text)


if __name__ == "__main__" and sys.argv[1:2] == ["queries"]:
    print(json.dumps(queries(sys.argv[2])))
elif __name__ == "__main__":
    measure(Page("# Pages"), [int(word) for word in sys.argv[1:]] or COUNTS)
