"""``make bench``: what tracking costs, beside no tracking and beside peers; what a collector takes.

Prints tables, and writes them to docs/bench.md.
"""

import argparse
import json
import subprocess
import sys
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from arms import adopt
from page import PAGE, Page, versions, where

INTRO = """# What it costs

Written by `make bench`, which measures the rows of a table in one run, paired with their peers.
Times differ from machine to machine, and from hour to hour; ratios differ less.

{where}; {versions}. {rounds} rounds."""
# Modules of this folder; imported one by one, because a child's peak of memory is never below
# what its parent has.
PARTS = ("foreground", "frameworks", "background", "collector", "insights", "pages")


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="how often each row is run")
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, help="measure these anew, and leave the rest as it is"
    )
    parser.add_argument(
        "--before", metavar="CHECKOUT", help="an earlier version's collector, to measure beside"
    )
    asked = parser.parse_args()
    count = max(2, asked.rounds)
    adopt()
    page = Page(PAGE.read_text(encoding="utf-8") if asked.only else _intro(count))
    with _hosts() as (hosts, urls):
        spare = {hosts.pid}
        arguments = {
            "foreground": (urls, count, spare),
            "frameworks": (urls, count, spare),
            "background": (urls, count, spare, lambda: _counts(hosts)),
            "collector": (asked.before,),
        }
        for name in asked.only or PARTS:
            with page.part(name):
                import_module(name).measure(page, *arguments.get(name, ()))
    page.write()


def _intro(count):
    return INTRO.format(where=where(), versions=versions(), rounds=count)


@contextmanager
def _hosts():
    """The process of the hosts that programs meet, and their URLs."""
    hosts = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("hosts.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield hosts, json.loads(hosts.stdout.readline())
    finally:
        hosts.stdin.close()
        hosts.wait(timeout=10)


def _counts(hosts):
    """How many requests and events the healthy host has had so far."""
    hosts.stdin.write("counts\n")
    hosts.stdin.flush()
    return json.loads(hosts.stdout.readline())


if __name__ == "__main__":
    main()
