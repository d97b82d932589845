"""What the programs of ``framework_*.py`` do last: start, with usagekit's three lines or without.

``ARM`` says how: ``bare``; ``lines``; ``mounted``, with the usage commands too; ``clocked lines``
and ``clocked mounted``, the same, and print on stderr what all of that took in the process, in ms.
"""

import os
import sys
import time


def start(app, target):
    """Run the program. ``target`` is where the usage commands are mounted."""
    arm = os.environ["ARM"]
    if arm == "bare":
        return app()
    began = time.perf_counter()
    usage = make(target if "mounted" in arm else None)
    if "clocked" in arm:
        clock(usage, time.perf_counter() - began)
    return usage.run(app)


def make(target):
    """The first two lines, and perhaps the one that mounts."""
    from usagekit import Usage

    usage = Usage("hello", version="1.0")
    if target is not None:
        usage.mount(target)
    return usage


def clock(usage, spent):
    """Count what passes the door of the tracker too, and say it when the program is over."""
    from usagekit import usage as module
    from usagekit.tracker import CommandTracker

    spent = [spent]

    class Clocked(CommandTracker):
        """Its steps may pass another door; the outermost counts."""

        def __init__(self, config):
            began = time.perf_counter()
            super().__init__(config)
            self._within = False
            spent.append(time.perf_counter() - began)

        def guard(self, step):
            if self._within:
                super().guard(step)
                return
            began, self._within = time.perf_counter(), True
            super().guard(step)
            self._within = False
            spent.append(time.perf_counter() - began)

    module.make_tracker = Clocked
    run = usage.run

    def run_and_say(app):
        began = time.perf_counter()
        import usagekit.run  # noqa: F401

        spent.append(time.perf_counter() - began)
        try:
            return run(app)
        finally:
            print(sum(spent) * 1000, file=sys.stderr)

    usage.run = run_and_say
