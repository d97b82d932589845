"""What the three lines cost a program, framework by framework."""

import statistics
import subprocess

from arms import OURS, Arm, rounds, the_rest
from foreground import CLOSER, WALL, instructions
from page import added, median, verdict

FRAMEWORKS = ("Typer", "Click", "argparse")
WAYS = {"lines": "the three lines", "mounted": "and the usage commands"}


def measure(page, urls, count, spare):
    """A table with two rows for each framework."""
    there = {"HELLO_USAGE_HOST": urls["healthy"], "HELLO_USAGE_PROJECT_KEY": "phc_made_up_bench"}
    rows = []
    for framework in FRAMEWORKS:
        program = f"framework_{framework.lower()}"
        bare = Arm("bare", OURS, program, ARM="bare")
        ways = [Arm(label, OURS, program, ARM=way, **there) for way, label in WAYS.items()]
        rounds([bare, *ways], count, spare, framework)
        rows.append([f"{framework}, bare", median([one[WALL] for one in bare.samples]), "", "", ""])
        for arm in ways:
            more = instructions(arm, bare, spare)
            clocked = Arm(
                arm.label, OURS, program, **{**there, "ARM": f"clocked {arm.environ['ARM']}"}
            )
            inside = _inside(clocked, CLOSER * count, spare)
            middle = statistics.median(inside)
            target = verdict(middle, 2.0) if arm is ways[0] else ""
            rows.append(
                [
                    f"{framework}, {arm.label}",
                    median([one[WALL] for one in arm.samples]),
                    added(arm, bare, WALL),
                    f"{middle:.2f} (least {min(inside):.2f}) {target}",
                    "" if more is None else f"{more:+.2%}",
                ]
            )
            clocked.remove()
        for arm in (bare, *ways):
            arm.remove()
    page.section(
        "What do the three lines cost in each framework?",
        "Hello-world programs. *inside*: by a clock in the process, all that usagekit does there, "
        "imports, marker, event and spawn. Instructions of the "
        "whole process, counted by valgrind, over those of the bare program.",
        ["", "wall ms", "added (middle half)", "inside, ms", "instructions"],
        rows,
    )


def _inside(arm, count, spare):
    spent = []
    for _ in range(count + 2):
        ran = subprocess.run(arm.command, env=arm.environ, capture_output=True, check=True)
        spent.append(float(ran.stderr.splitlines()[-1]))
        the_rest(spare)
    return spent[2:]
