"""The hosts that the bench's programs meet, in a process of their own, until its input ends.

Prints one JSON line: the URL of a healthy receiver and of one that never answers. For each line
of its input it prints how many requests the healthy one has had, how many
events, and how many different ones.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "libs"))

from tests.support.recorder import Recorder

if __name__ == "__main__":
    with Recorder() as healthy, Recorder() as hung:
        hung.mode = "hang"
        print(json.dumps({"healthy": healthy.url, "hung": hung.url}), flush=True)
        for _ in sys.stdin:
            events = healthy.events
            counts = {
                "requests": healthy.knocks,
                "received": len(events),
                "events": len({event.uuid for event in events}),
            }
            print(json.dumps(counts), flush=True)
