"""What the person at the keyboard pays."""

import re
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from arms import OURS, PEER, Arm, rounds, the_rest
from page import added, median, verdict

WALL, CPU, PEAK = range(3)
COLUMNS = ["", "wall ms", "added (middle half)", "CPU ms", "added", "peak MiB", "added"]
# The bare program's time differs by a fifth from run to run; a millisecond takes many to be seen.
CLOSER = 6
# The published tracker waits for the service three times in turn: a few rounds tell.
SLOW_ROUNDS = 3


def measure(page, urls, count, spare):
    """Both questions about the foreground, with their tables."""
    healthy, hung = (_to(urls[name]) for name in ("healthy", "hung"))
    arms = [
        Arm("bare", OURS, "hello_bare"),
        Arm("bare, once more", OURS, "hello_bare", "bare"),
        Arm("ours, switched off", OURS, "hello_ours", "bare", ARCADE_USAGE_TRACKING="0"),
        Arm("ours", OURS, "hello_ours", "bare", **healthy),
        Arm("by hand: SDK in a subprocess.Popen", OURS, "hello_popen", "bare", **healthy),
        Arm("by hand: SDK in the process", OURS, "hello_sdk", "bare", **healthy),
        Arm("bare, in the peer's environment", PEER, "hello_bare"),
        Arm(
            "published arcade-mcp",
            PEER,
            "hello_peer",
            "bare, in the peer's environment",
            **healthy,
        ),
    ]
    rounds(arms, count, spare, "foreground")
    page.section(
        "What does tracking add to a command?",
        "A hello-world Typer program. *added* is the median of the differences within a round, "
        "each of which runs every row once in a new order; the middle half of them stands in "
        "brackets. *bare, once more* is the same program: how far the machine's noise reaches.",
        COLUMNS,
        _rows(arms),
    )
    inside = _inside(Arm("ours", OURS, "hello_clocked", **healthy), count, spare)
    pair = [arms[0], arms[1], arms[3]]
    for arm in pair:
        arm.samples = []
    rounds(pair, CLOSER * count, spare, "closer")
    _closer(page, arms, inside, spare)
    _hung(page, healthy, hung, urls["hung"], count, spare)
    for arm in arms:
        arm.remove()


def _closer(page, arms, inside, spare):
    """Our own row against its targets, and by measures that are steadier than time."""
    bare, again, _, ours, *_, peers_bare, peer = arms
    wall = _difference(ours, bare)
    share = wall / statistics.median(sample[WALL] for sample in bare.samples)
    facts = [
        ["wall, added by ours", added(ours, bare, WALL), f"{share:+.1%}", verdict(wall, 2.0)],
        ["wall, added by nothing at all", added(again, bare, WALL), "", ""],
        ["inside the process, by a clock in it", *_clocked(inside, bare)],
    ]
    for arm, beside in ((ours, bare), (peer, peers_bare)):
        more = instructions(arm, beside, spare)
        if more is not None:
            facts.append([f"machine instructions, {arm.label}", "", f"{more:+.2%}", ""])
    page.section(
        "And closer?",
        f"{CLOSER * len(inside)} more rounds of three rows. What nothing at all adds, the bare "
        "program once more, is what a median is worth on this machine. "
        "The clock counts our imports, our start, the marker, the event and the spawn. "
        "Instructions, counted by valgrind, are the same whatever else the machine is doing. "
        "Percentages are of the bare program.",
        ["", "", "of bare", ""],
        facts,
    )


def _hung(page, healthy, hung, hung_url, count, spare):
    """The same with hosts that take the connection and never answer."""
    arms = [
        Arm("bare", OURS, "hello_bare"),
        Arm("ours, hosts healthy", OURS, "hello_ours", "bare", **healthy),
        Arm("ours, all hosts hung", OURS, "hello_ours", "bare", hung=True, **hung),
        Arm("ours, offline, 1,000 events queued", OURS, "hello_ours", "bare", **hung),
    ]
    arms[2].log_in(hung_url)
    fill(arms[3], 1_000, hung_url)
    rounds(arms, count, spare, "hosts hung")
    slow = [
        Arm("bare, in the peer's environment", PEER, "hello_bare"),
        Arm(
            f"published arcade-mcp, all hosts hung ({SLOW_ROUNDS} rounds)",
            PEER,
            "hello_peer",
            "bare, in the peer's environment",
            hung=True,
            **hung,
        ),
    ]
    slow[1].log_in(hung_url)
    rounds(slow, SLOW_ROUNDS, spare, "peer, hosts hung")
    page.section(
        "And when nobody answers?",
        "The receiver and the service that knows accounts take connections and never answer; "
        "there are credentials. *Offline*: the receiver is being left alone, the spool is full.",
        COLUMNS,
        _rows(arms) + _rows(slow),
    )
    for arm in (*arms, *slow):
        arm.remove()


def fill(arm, number, failing_host):
    """Put events into an arm's spool, and have its host left alone for the next hour."""
    script = (
        "import sys\n"
        "from arcade_cli.usage import usage_config\n"
        "from usagekit.event import Event\n"
        "from usagekit.service import minted\n"
        "from usagekit.spool import Spool\n"
        "spool = Spool(usage_config())\n"
        "fields = {'event_name': 'CLI execution succeeded', 'is_anon': True,\n"
        "    'distinct_id': '00000000-0000-4000-8000-000000000001', 'properties': {\n"
        "    'command_name': 'toolkit.run', 'cli_version': '1.0', 'python_version': '3.11.7',\n"
        "    'os_type': 'Linux', 'os_release': '6.1.0', 'duration': 12.5, 'exit_code': 0}}\n"
        "for _ in range(int(sys.argv[1])):\n"
        "    spool.put(Event.of(minted(fields)))\n"
    )
    command = [str(OURS), "-c", script, str(number)]
    subprocess.run(command, env=arm.environ, check=True)
    if failing_host:
        note = f"9\n{time.time() + 3_600}\nhung\n{failing_host}"
        Path(arm.home, ".arcade/usage/breaker").write_text(note)


def _to(url):
    return {"ARCADE_USAGE_HOST": url, "ARCADE_USAGE_PROJECT_KEY": "phc_made_up_bench"}


def _rows(arms):
    by_label, rows = {arm.label: arm for arm in arms}, []
    for arm in arms:
        beside, row = by_label.get(arm.beside), [arm.label]
        for column in (WALL, CPU, PEAK):
            row.append(median([sample[column] for sample in arm.samples]))
            row.append(added(arm, beside, column) if beside else "")
        rows.append(row)
    return rows


def _difference(arm, beside):
    pairs = zip(arm.samples, beside.samples, strict=True)
    return statistics.median(own[WALL] - other[WALL] for own, other in pairs)


def _inside(arm, count, spare):
    """Milliseconds that our tracking takes inside the user's process, run by run."""
    spent = []
    for _ in range(count + 2):
        ran = subprocess.run(arm.command, env=arm.environ, capture_output=True, check=True)
        spent.append(float(ran.stderr.splitlines()[-1]))  # after the notice
        the_rest(spare)
    arm.remove()
    return spent[2:]


def _clocked(inside, bare):
    middle = statistics.median(inside)
    share = middle / statistics.median(sample[WALL] for sample in bare.samples)
    text = f"{middle:.2f} ms (least {min(inside):.2f})"
    return [text, f"{share:.1%}", verdict(middle, 1.5)]


def instructions(arm, beside, spare):
    """By how much one process executes more machine instructions; None without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    counts = []
    for one in (beside, arm):
        counting = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *one.command]
        environ = {**one.environ, "PYTHONHASHSEED": "0"}
        ran = subprocess.run(counting, env=environ, capture_output=True, text=True, check=True)
        the_rest(spare, end=True)
        counts.append(int(re.search(r"Collected : (\d+)", ran.stderr)[1]))
    return counts[1] / counts[0] - 1
