"""What the engine takes by itself: the rows that a collector would make, in the same tables.

``python raw.py FOLDER`` prints one line of JSON: for each size of a group, the seconds of each
insert. No HTTP, no identities, no look for what is there already; all rows are made beforehand.
"""

import contextlib
import json
import sys
import time
from datetime import datetime, timezone
from itertools import islice

import wire
from usagekit_collector.ingest.capture import captures
from usagekit_collector.ingest.decode import RawBatch
from usagekit_collector.ingest.identity import FULL
from usagekit_collector.ingest.people import own_id
from usagekit_collector.ingest.rows import Arrival, event_row, fact_of
from usagekit_collector.settings import Settings
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.inserts import insert
from usagekit_collector.store.migrations import migrate

# Rows of one insert, and how many inserts.
GROUPS = {100: 200, 1_000: 100, 5_000: 50}


def rows(count):
    """So many rows, as the collector's sink makes them."""
    now = datetime.now(timezone.utc)
    events = captures(RawBatch(list(islice(wire.messages(), count))), now)
    for seq, event in enumerate(events, time.time_ns() // 1000):
        own = own_id(1, event.distinct_id)
        arrival = Arrival(seq, now, FULL, own, is_first=False)
        yield event_row(event, fact_of(1, event)[0], arrival)


def seconds(client, group, count):
    """How long each insert takes."""
    lines = list(rows(group * count))
    found = []
    for first in range(0, len(lines), group):
        began = time.perf_counter()
        insert(client, "events", lines[first : first + group])
        found.append(time.perf_counter() - began)
    return found


def main(folder):
    """A new store for each size."""
    found = {}
    for group, count in GROUPS.items():
        settings = Settings(store=f"chdb://{folder}/{group}")
        with contextlib.closing(Engine(settings)) as engine:
            migrate(engine.writer)
            found[group] = seconds(engine.writer, group, count)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
