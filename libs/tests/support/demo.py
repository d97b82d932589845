"""``make demo``: the life of one identity, for real, in a home that is thrown away.

Starts a stand-in for Arcade Cloud and a collector, runs the real ``arcade`` as separate processes,
shows what the collector has to say of them, and judges it. With ``KEEP=1`` the collector stays up
until Ctrl-C, with 90 days of made-up use of another program beside.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text
from usagekit_collector.transfer import demo

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.collector import Collector, Project
from tests.support.home import PROJECT_KEY, Home

COMMANDS = [
    "toolkit list",
    "toolkit run Math.Add a=2 b=40",
    "toolkit run Math.Divide a=1 b=0",
    "login",
    "whoami",
    "toolkit run Math.Sqrt a=2",
    "logout",
    "toolkit run Math.Power a=2 b=10",
]
COLOURS = ["cyan", "magenta", "yellow", "green", "blue"]
_Event = dict[str, Any]
_AT_ONCE = 2_000


def main() -> int:
    """Run the demo. Returns the exit code."""
    keeps = os.environ.get("KEEP", "") not in ("", "0")
    settings: dict[str, Any] = {"open": True} if keeps else {}
    console = Console(highlight=False)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="arcade-demo-") as folder,
        Collector(Path(folder) / "collector", **settings) as collector,
        ArcadeCloud() as cloud,
    ):
        project = collector.project(PROJECT_KEY)
        principal = cloud.add_account("ada@example.test")
        home = Home(Path(folder), collector.url, cloud.url)
        console.print(f"A collector listens on {collector.url}, with a store of its own.\n")
        console.print("[bold]The commands[/], each a process of its own:\n")
        codes = [run(console, home, words) for words in COMMANDS]
        home.wait_for_senders()
        events = project.events()
        for shown in (stored(events), people(project, events), *insights(project)):
            console.print()
            console.print(shown)
        console.print()
        good = [
            judge(console, claim, held)
            for claim, held in claims(project, events, home, principal, codes)
        ]
        if keeps:
            keep(console, collector)
        else:
            console.print("\nTo see it in a browser, with pages that are full: make demo KEEP=1")
    console.print(f"\n[dim]{time.monotonic() - began:.1f} s, and nothing is left running.[/]")
    return 0 if all(good) else 1


def keep(console: Console, collector: Collector) -> None:
    """Fill the pages, say where they are, and wait for whoever looks at them."""
    project = collector.project("phc_demo")
    lines = list(map(json.loads, demo.events(1, datetime.now(timezone.utc), 90)))
    for nth in range(0, len(lines), _AT_ONCE):
        project.send(*lines[nth : nth + _AT_ONCE])
    console.print("\n[bold]Open[/], for 90 days of made-up use of a made-up program:")
    console.print(f"  {collector.url}/?project=phc_demo&range=90")
    console.print("and for the commands above:")
    console.print(f"  {collector.url}/?project={PROJECT_KEY}&audience=all")
    console.print("Ctrl-C ends it.")
    ended = [signal.SIGINT, signal.SIGTERM]
    signal.pthread_sigmask(signal.SIG_BLOCK, ended)
    signal.sigwait(ended)


def run(console: Console, home: Home, words: str) -> int:
    """Run one command and show what a person would see of it."""
    ran = home.login() if words == "login" else home.run(*words.split())
    said = (ran.out or ran.err).strip().splitlines()
    console.print(Text.assemble(("  $ ", "dim"), ("arcade " + words, "bold")))
    answer = Text("    " + said[-1], "red" if ran.code else "dim")
    answer.truncate(console.width, overflow="ellipsis")
    console.print(answer)
    return ran.code


def stored(events: list[_Event]) -> Table:
    """What the collector has stored, in its order of arrival."""
    shown = _table("What the collector stored", "#", "event", "command", "distinct_id", "anonymous")
    shown.add_column("took", justify="right")
    colour = _colours(events)
    for number, item in enumerate(events, 1):
        shown.add_row(str(number), *cells(item, colour[item["person_id"]]))
    return shown


def cells(item: _Event, colour: str) -> Iterator[Text]:
    """The cells of one row; an ID has its person's colour."""
    properties = item["properties"]
    distinct_id = Text(item["distinct_id"][:8], colour)
    if item["event"] == "$create_alias":
        yield Text("⇄ alias", "bold")
        yield Text("")
        yield Text.assemble((properties["alias"][:8], colour), " → ", distinct_id)
        yield from (Text(""), Text(""))
        return
    failed = item["event"] == "CLI execution failed"
    yield Text("✗ failed" if failed else "✓ succeeded", "red" if failed else "")
    yield Text(properties["command_name"])
    yield distinct_id
    yield Text("yes" if is_anon(item) else "no", "dim")
    yield Text(f"{properties['duration']:,.0f} ms")


def people(project: Project, events: list[_Event]) -> Table:
    """The persons that the collector makes of them, by ``/api/persons``."""
    shown = _table("Who they are: /api/persons", "person", "identified", "distinct_ids", "events")
    for person_id, colour in _colours(events).items():
        own = next(item for item in events if item["person_id"] == person_id)
        person = project.person(own["distinct_id"])
        assert person is not None
        shown.add_row(
            Text(person_id[:8], colour),
            "yes" if person["is_identified"] else "no",
            ", ".join(one[:8] for one in person["distinct_ids"]),
            str(person["events"]),
        )
    return shown


def insights(project: Project) -> Iterator[Table]:
    """What can be learned from them, by ``/api/insights``."""
    shown = _table("Which commands: /api/insights/commands", "command", "count", "persons")
    for column in ("failed", "p50", "p95"):
        shown.add_column(column, justify="right")
    for use in project.get("/api/insights/commands"):
        shown.add_row(
            *(use["command"], str(use["count"]), str(use["persons"])),
            *(f"{use['failure_rate']:.0%}", f"{use['p50']:,.0f} ms", f"{use['p95']:,.0f} ms"),
        )
    yield shown
    shown = _table(
        "How they fail: /api/insights/failures", "kind", "error type", "command", "count"
    )
    for failure in project.get("/api/insights/failures"):
        shown.add_row(
            *(failure["failure_kind"], failure["error_type"], failure["command"]),
            str(failure["count"]),
        )
    yield shown
    shown = _table("How far they get: /api/insights/funnel", "step", "persons", "of the first")
    for step in project.get("/api/insights/funnel", step=["toolkit.run", "login", "whoami"]):
        shown.add_row(step["command"], str(step["persons"]), f"{step['from_first']:.0%}")
    yield shown


def claims(
    project: Project, events: list[_Event], home: Home, principal: str, codes: list[int]
) -> Iterator[tuple[str, bool]]:
    """What must be true of what arrived."""
    commands = [item for item in events if item["event"] != "$create_alias"]
    names = [item["properties"]["command_name"] for item in commands]
    order = [item["distinct_id"] for item in events]
    aliases = [n for n, item in enumerate(events) if item["event"] == "$create_alias"]
    strangers = list(dict.fromkeys(item["distinct_id"] for item in commands if is_anon(item)))
    expected = sorted(words.split(" Math")[0].replace(" ", ".") for words in COMMANDS)
    person = project.person(principal) or {}
    counts = {use["command"]: use["count"] for use in project.get("/api/insights/commands")}

    yield "every command ended as it should", codes == [0, 0, 1, 0, 0, 0, 0, 0]
    yield (
        f"all {len(COMMANDS)} events arrived, each of them once",
        sorted(names) == expected and len({item["uuid"] for item in events}) == len(events),
    )
    yield (
        "one alias, and it came before the account's first event",
        len(aliases) == 1 and order.index(principal) == aliases[0],
    )
    yield "two different anonymous IDs: logout made a stranger of the machine", len(strangers) == 2
    yield (
        "the history before the login is the account's, the one after the logout is not",
        person.get("is_identified") is True
        and sorted(person["distinct_ids"]) == sorted([principal, strangers[0]])
        and person["events"] == len(events) - 1,
    )
    yield (
        "the insights count what was run",
        counts == {name: expected.count(name) for name in expected},
    )
    yield "nothing is left waiting", home.waiting() == [] and home.senders() == []


def is_anon(item: _Event) -> bool:
    """Whether an event was sent without a person's profile."""
    return item["properties"].get("$process_person_profile") is False


def _colours(events: list[_Event]) -> dict[str, str]:
    found = dict.fromkeys(item["person_id"] for item in events)
    return {one: COLOURS[number % len(COLOURS)] for number, one in enumerate(found)}


def _table(title: str, *columns: str) -> Table:
    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column, justify="right" if column in ("#", "count") else "left")
    return shown


def judge(console: Console, claim: str, held: bool) -> bool:
    """Show whether a claim held."""
    console.print("[green]✓[/]" if held else "[bold red]✗[/]", claim)
    return held


if __name__ == "__main__":
    sys.exit(main())
