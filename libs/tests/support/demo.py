"""``make demo``: the life of one identity, for real, in a home that is thrown away.

Starts a stand-in for Arcade Cloud and a recorder in the place of PostHog, runs the real ``arcade``
as separate processes, shows what arrived, and judges it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home
from tests.support.persons import persons
from tests.support.recorder import Received, Recorder

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


def main() -> int:
    """Run the demo. Returns the exit code."""
    console = Console(highlight=False)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="arcade-demo-") as folder,
        Recorder() as recorder,
        ArcadeCloud() as cloud,
    ):
        principal = cloud.add_account("ada@example.test")
        home = Home(Path(folder), recorder.url, cloud.url)
        console.print("[bold]The commands[/], each a process of its own:\n")
        codes = [run(console, home, words) for words in COMMANDS]
        home.wait_for_senders()
        console.print()
        console.print(table(recorder.received))
        console.print()
        good = [
            judge(console, claim, held) for claim, held in claims(recorder, home, principal, codes)
        ]
    console.print(f"\n[dim]{time.monotonic() - began:.1f} s, and nothing is left running.[/]")
    return 0 if all(good) else 1


def run(console: Console, home: Home, words: str) -> int:
    """Run one command and show what a person would see of it."""
    ran = home.login() if words == "login" else home.run(*words.split())
    said = (ran.out or ran.err).strip().splitlines()
    console.print(Text.assemble(("  $ ", "dim"), ("arcade " + words, "bold")))
    answer = Text("    " + said[-1], "red" if ran.code else "dim")
    answer.truncate(console.width, overflow="ellipsis")
    console.print(answer)
    return ran.code


def table(received: list[Received]) -> Table:
    """What arrived, in its order of arrival."""
    shown = Table(title="What arrived at the PostHog-shaped host", title_justify="left")
    for column in ("#", "event", "command", "distinct_id", "anonymous", "took"):
        shown.add_column(column, justify="right" if column in ("#", "took") else "left")
    person = persons(received)
    for number, item in enumerate(received, 1):
        shown.add_row(str(number), *cells(item, person))
    return shown


def cells(item: Received, person: dict[str, int]) -> Iterator[Text]:
    """The cells of one row; an ID has its person's colour."""

    def known(distinct_id: str) -> Text:
        return Text(distinct_id[:8], COLOURS[person[distinct_id] % len(COLOURS)])

    if item.event == "$create_alias":
        yield Text("⇄ alias", "bold")
        yield Text("")
        yield Text.assemble(known(item.properties["alias"]), " → ", known(item.distinct_id))
        yield from (Text(""), Text(""))
        return
    failed = item.event == "CLI execution failed"
    yield Text("✗ failed" if failed else "✓ succeeded", "red" if failed else "")
    yield Text(item.command)
    yield known(item.distinct_id)
    yield Text("yes" if item.is_anon else "no", "dim")
    yield Text(f"{item.properties['duration']:,.0f} ms")


def claims(
    recorder: Recorder, home: Home, principal: str, codes: list[int]
) -> Iterator[tuple[str, bool]]:
    """What must be true of what arrived."""
    events, received = recorder.events, recorder.received
    order = [item.distinct_id for item in received]
    alias = next((n for n, item in enumerate(received) if item.event == "$create_alias"), None)
    strangers = {item.distinct_id for item in events if item.is_anon}
    person = persons(received)
    expected = sorted(words.split(" Math")[0].replace(" ", ".") for words in COMMANDS)

    yield "every command ended as it should", codes == [0, 0, 1, 0, 0, 0, 0, 0]
    yield (
        f"all {len(COMMANDS)} events arrived, each of them once",
        sorted(item.command for item in events) == expected
        and len({item.uuid for item in events}) == len(events),
    )
    yield (
        "one alias, and it came before the account's first event",
        len(recorder.aliases) == 1 and alias is not None and order.index(principal) == alias,
    )
    yield "two different anonymous IDs: logout made a stranger of the machine", len(strangers) == 2
    yield (
        "the history before the login is the account's, the one after the logout is not",
        [person[one] == person.get(principal) for one in order if one in strangers]
        == [True] * 3 + [False],
    )
    yield "nothing is left waiting", home.waiting() == [] and home.senders() == []


def judge(console: Console, claim: str, held: bool) -> bool:
    """Show whether a claim held."""
    console.print("[green]✓[/]" if held else "[bold red]✗[/]", claim)
    return held


if __name__ == "__main__":
    sys.exit(main())
