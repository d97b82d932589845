"""A program without a framework, quick to start, tracked by hand: for tests with many processes.

Run as ``python plain.py COMMAND ENDING``, where the ending is an exit code, or ``hold``: then it
says so, and goes on until its standard input ends.
"""

from __future__ import annotations

import sys

from arcade_cli.usage import usage_config
from usagekit.tracker import CommandTracker, Outcome

if __name__ == "__main__":
    command, ending = sys.argv[1:]
    tracker = CommandTracker(usage_config())
    tracker.begin(command)
    if ending == "hold":
        print("holding", flush=True)
        sys.stdin.read()
        ending = "0"
    code = int(ending)
    tracker.track_command_execution(command, Outcome(code, "exit" if code else None), 1.0)
    sys.exit(code)
