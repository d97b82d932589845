"""``make bench``: what tracking costs, beside no tracking and beside peers, in one run.

Prints tables, and writes them to docs/bench.md.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import background
import foreground
import frameworks
from arms import adopt
from page import Page, machine

INTRO = """# What it costs

Written by `make bench`, which measures the rows of a table in one run, paired with their peers.
Times differ from machine to machine, and from hour to hour; ratios differ less.

{machine}. {rounds} rounds."""


def main():
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="how often each row is run")
    count = max(2, parser.parse_args().rounds)
    adopt()
    hosts = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("hosts.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    spare = {hosts.pid}
    urls = json.loads(hosts.stdout.readline())
    page = Page(INTRO.format(machine=machine(), rounds=count))
    foreground.measure(page, urls, count, spare)
    frameworks.measure(page, urls, count, spare)
    background.measure(page, urls, count, spare, lambda: _counts(hosts))
    page.write()
    hosts.stdin.close()
    hosts.wait(timeout=10)


def _counts(hosts):
    """How many requests and events the healthy host has had so far."""
    hosts.stdin.write("counts\n")
    hosts.stdin.flush()
    return json.loads(hosts.stdout.readline())


if __name__ == "__main__":
    main()
