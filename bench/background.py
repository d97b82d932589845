"""What the machine pays, after the command has ended."""

import os
import statistics
import subprocess
import threading
import time
from pathlib import Path

from arms import OURS, PEER, Arm, ended, rounds, the_rest
from foreground import fill
from page import added, median, verdict

BURST = 200
ALONE_ROUNDS = 10
CATCH_UP_ROUNDS = 3
SENDER = ["-P", "-m", "arcade_cli.usage"]


def measure(page, urls, count, spare, counts):
    """All questions about the background, with their tables."""
    healthy = {"ARCADE_USAGE_HOST": urls["healthy"], "ARCADE_USAGE_PROJECT_KEY": "phc_made_up"}
    arms = [
        Arm("ours", OURS, "hello_ours", **healthy),
        Arm("published arcade-mcp", PEER, "hello_peer", **healthy),
    ]
    alone = {arm: _alone(arm, spare) for arm in arms}
    bursts = {arm: _burst(arm, spare, counts) for arm in arms}
    _cost(page, alone, bursts)
    _crowd(page, bursts)
    _catch_up(page, healthy, spare, counts)
    _idle(page, urls["healthy"], count, spare)
    for arm in arms:
        arm.remove()


def _cost(page, alone, bursts):
    ours = next(iter(alone))
    page.section(
        "What does sending an event cost the machine?",
        f"CPU seconds of every process but the command's own, for each event: of a command alone "
        f"(median of {ALONE_ROUNDS}), and in a burst of {BURST} commands started at once.",
        ["", "alone", "", f"in a burst of {BURST}", "", "events", "sent twice"],
        [
            [
                arm.label,
                f"{alone[arm]:.3f} s",
                verdict(alone[arm], 0.35) if arm is ours else "",
                f"{bursts[arm].cpu / BURST:.3f} s",
                verdict(bursts[arm].cpu / BURST, 0.05) if arm is ours else "",
                bursts[arm].events,
                bursts[arm].received - bursts[arm].events,
            ]
            for arm in alone
        ],
    )


def _crowd(page, bursts):
    page.section(
        "How many processes does a burst leave, and how large?",
        f"The same {BURST} commands; sampled every 20 ms. The SDK counts as loaded where the TLS "
        "library is.",
        ["", "senders at once", "with the SDK loaded", "resident memory of all, MiB", "gone after"],
        [
            [
                arm.label,
                bursts[arm].processes,
                bursts[arm].loaded,
                f"{bursts[arm].memory:.0f}",
                f"{bursts[arm].gone:.1f} s",
            ]
            for arm in bursts
        ],
    )


def _alone(arm, spare):
    """Background CPU seconds of one command, whose predecessor has ended."""
    spent = []
    for _ in range(ALONE_ROUNDS + 1):
        arm.run()
        spent.append(the_rest(spare) / 1000)
    return statistics.median(spent[1:])


class Burst:
    """What was seen while a crowd of commands ran, and until the last sender was gone.

    Attributes:
        cpu: CPU seconds of all background processes.
        received, events: how many events came, and how many of them were different ones.
        processes, loaded, memory: the most senders, senders with the SDK, and MiB of all of them
            that were alive at once.
        gone: seconds from the end of the last command to the end of the last sender.
    """

    def __init__(self):
        self.cpu = self.gone = self.memory = 0.0
        self.received = self.events = self.processes = self.loaded = 0


def _burst(arm, spare, counts):
    """Start many commands at once, and watch what they leave behind."""
    seen, over, before = Burst(), threading.Event(), counts()
    watch = threading.Thread(target=_watch, args=(arm, seen, over))
    watch.start()
    commands = [arm.start() for _ in range(BURST)]
    for command in commands:
        ended(command)
    last = time.perf_counter()
    seen.cpu = the_rest(spare) / 1000
    seen.gone = time.perf_counter() - last
    over.set()
    watch.join()
    after = counts()
    seen.events = after["events"] - before["events"]
    seen.received = after["received"] - before["received"]
    return seen


def _watch(arm, seen, over):
    mark = f"HOME={arm.home}".encode()
    while not over.wait(0.02):
        senders = [pid for pid in os.listdir("/proc") if pid.isdigit() and _is_sender(pid, mark)]
        pages = sum(int((_read(pid, "statm").split() or [0, 0])[1]) for pid in senders)
        seen.processes = max(seen.processes, len(senders))
        seen.loaded = max(seen.loaded, sum(b"/_ssl." in _read(pid, "maps") for pid in senders))
        seen.memory = max(seen.memory, pages * os.sysconf("SC_PAGE_SIZE") / 1_048_576)


def _is_sender(pid, mark):
    # Ours is arcade_cli.usage, the peer's arcade_core.usage.
    words = _read(pid, "cmdline").split(b"\0")
    is_sender = any(word.startswith(b"arcade_") and word.endswith(b".usage") for word in words)
    return is_sender and mark in _read(pid, "environ").split(b"\0")


def _read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # ended in the meantime
        return b""


def _catch_up(page, healthy, spare, counts):
    """A thousand events that waited for the network to come back."""
    rows = []
    for _ in range(CATCH_UP_ROUNDS):
        arm = Arm("catching up", OURS, SENDER, **healthy)
        fill(arm, 1_000, "")
        before = counts()
        arm.run()
        the_rest(spare)
        after = counts()
        wall, cpu, peak = arm.samples[0]
        rows.append(
            [
                after["events"] - before["events"],
                after["requests"] - before["requests"],
                f"{wall / 1000:.2f} s",
                f"{cpu / 1000:.2f} s",
                f"{peak:.0f} MiB",
                len(list(Path(arm.home, ".arcade/usage/spool").glob("*.json"))),
            ]
        )
        arm.remove()
    page.section(
        "How long does it take to catch up?",
        "One sender, a full spool of 1,000 events, a healthy host.",
        ["events delivered", "requests", "wall", "CPU", "peak memory", "left"],
        rows,
    )


def _idle(page, host, count, spare):
    """A sender that finds nothing to do but leave."""
    environ = {"ARCADE_USAGE_HOST": host, "ARCADE_USAGE_PROJECT_KEY": "phc_made_up"}
    arms = [
        Arm("python -c pass", OURS, ["-P", "-c", "pass"]),
        Arm("another sender is at work", OURS, SENDER, "python -c pass", **environ),
        Arm("the host is being left alone", OURS, SENDER, "python -c pass", **environ),
    ]
    fill(arms[1], 1, "")
    fill(arms[2], 1, host)
    holder = _hold(f"{arms[1].home}/.arcade/usage/sender.lock")
    rounds(arms, count, spare | {holder.pid}, "idle sender")
    holder.stdin.close()
    holder.wait(timeout=10)
    bare = arms[0]
    page.section(
        "And a sender that has nothing to do but leave?",
        "While another is at work commands start none; this is what one costs that starts all the "
        "same, and one that finds that the host is being left alone.",
        ["", "CPU ms", "added (middle half)", "peak MiB"],
        [
            [
                arm.label,
                median([sample[1] for sample in arm.samples]),
                added(arm, bare, 1) if arm is not bare else "",
                median([sample[2] for sample in arm.samples]),
            ]
            for arm in arms
        ],
    )
    for arm in arms:
        arm.remove()


def _hold(path):
    """A process that holds a lock until its input ends."""
    script = (
        "import sys\n"
        "from usagekit.snapshot import FileLock\n"
        "lock = FileLock(sys.argv[1])\n"
        "print(lock.acquire(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipe = subprocess.PIPE
    holder = subprocess.Popen([str(OURS), "-c", script, path], stdin=pipe, stdout=pipe)
    holder.stdout.readline()
    return holder
