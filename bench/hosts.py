"""The hosts that the bench's programs meet, in a process of their own, until its input ends.

Prints one JSON line: the URL of a healthy receiver and of one that never answers.
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
        sys.stdin.read()
