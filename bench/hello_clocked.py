"""The tracked program once more, with a clock in it: prints what tracking took, in milliseconds.

Counted are its imports, its start, and all that passes its door.
"""

import sys
import time

import hello_ours


def main() -> None:
    began = time.perf_counter()
    from usagekit.run import run

    tracker = hello_ours.tracker()
    spent = [time.perf_counter() - began]
    guard = tracker.guard

    def clocked(step):
        """The door, with a clock on it."""
        entered = time.perf_counter()
        guard(step)
        spent.append(time.perf_counter() - entered)

    # A step of one door may pass another; the outermost counts.
    tracker.guard = clocked
    tracker.track_command_execution = tracker._track
    try:
        run(hello_ours.app, tracker)
    finally:
        print(sum(spent) * 1000, file=sys.stderr)
