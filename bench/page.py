"""What was measured, as tables: on the terminal, and as the page docs/bench.md."""

import os
import platform
import re
import statistics
import subprocess
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from arms import OURS, PEER

PAGE = Path(__file__).parents[1] / "docs" / "bench.md"
# Stands before each part on the page, so that a part can be measured anew by itself.
MARK = re.compile(r"<!-- (\w+) -->\n")


class Page:
    """Collects sections; each is printed as it comes.

    Args:
        intro: what stands above them; parts that are on a page already may follow.
    """

    def __init__(self, intro):
        self.intro, *parts = (text.strip() for text in MARK.split(intro))
        self.parts = dict(zip(parts[::2], parts[1::2], strict=True))
        self.sections = []
        print(self.intro)

    @contextmanager
    def part(self, name):
        """The sections of a part, which take the place of those that it had."""
        self.sections = []
        yield
        self.parts[name] = "\n\n".join([*self.sections, f"Measured {where()}."])

    def section(self, title, text, columns, rows):
        """A question, how it was put, and the answer as a table."""
        widths = [max(len(str(row[i])) for row in [columns, *rows]) for i in range(len(columns))]
        lines = [_line(row, widths) for row in [columns, ["-" * width for width in widths], *rows]]
        section = "\n".join([f"## {title}", "", text, "", *lines])
        print("\n" + section)
        self.sections.append(section)

    def write(self):
        """Write the page."""
        parts = [f"<!-- {name} -->\n{text}" for name, text in self.parts.items()]
        PAGE.write_text("\n\n".join([self.intro, *parts]) + "\n", encoding="utf-8")


def _line(cells, widths):
    padded = [str(cell).ljust(width) for cell, width in zip(cells, widths, strict=True)]
    return f"| {' | '.join(padded)} |"


def median(values, digits=1):
    """The median, as text."""
    return f"{statistics.median(values):.{digits}f}"


def added(arm, beside, column, digits=1):
    """Median of the differences within a round, and the middle half of them, as text."""
    pairs = zip(arm.samples, beside.samples, strict=True)
    differences = [own[column] - other[column] for own, other in pairs]
    low, middle, high = statistics.quantiles(differences, n=4)
    return f"{middle:+.{digits}f} ({low:+.{digits}f} … {high:+.{digits}f})"


def verdict(value, limit):
    """A figure beside its target, as text."""
    return f"target {limit:g}: {'met' if value <= limit else 'not met'}"


def verdict_at_least(value, limit):
    """The same, where more is better."""
    return f"target {limit:,}: {'met' if value >= limit else 'not met'}"


def where():
    """When and on what this is being measured."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.machine(),
    )
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {cpu}, {len(os.sched_getaffinity(0))} cores, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def versions():
    """What is measured, and beside what."""
    found = [
        *(f"{name} {_version(OURS, name)}" for name in ("usagekit", "typer", "posthog")),
        f"arcade-mcp {_version(PEER, 'arcade-mcp')} (the peer's own environment)",
    ]
    return ", ".join(found)


def _cpuinfo():
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def _version(python, name):
    script = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.check_output([str(python), "-c", script], text=True).strip()
