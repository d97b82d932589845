"""The foreground's cost: a hello-world Typer program bare, tracked by us, and by a peer.

Every round runs every arm once, in a new random order, and waits until the background has ended
before the next; what is printed are medians, and medians of the differences within a round.
This process stays small on purpose: Linux counts a parent's memory as its child's peak.
"""

import argparse
import ctypes
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
OURS = HERE.parent / ".venv-bench" / "bin" / "python"
PEER = HERE.parent / ".venv-peer" / "bin" / "python"
PR_SET_CHILD_SUBREAPER = 36
MEASURES = ("wall ms", "CPU ms", "peak MiB")


class Arm:
    """One way to run the program.

    Args:
        label: what the table calls it.
        python: the interpreter, and so the environment, that it runs in.
        script: the program.
        beside: the label of the arm that it is compared with, if any.
        environ: variables beside PATH and HOME.
    """

    def __init__(self, label, python, script, beside=None, **environ):
        self.label, self.beside = label, beside
        self.command = [str(python), str(HERE / script), "hello"]
        self.home = tempfile.mkdtemp(prefix="bench-home-")
        os.mkdir(f"{self.home}/.arcade", 0o700)
        self.environ = {"PATH": os.environ["PATH"], "HOME": self.home, **environ}
        self.samples = []

    def run(self):
        """Run once, and note down wall time, CPU time and peak memory of that one process."""
        began = time.perf_counter()
        process = subprocess.Popen(
            self.command, env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        error = process.stderr.read()
        process.stderr.close()
        if process.returncode != 0 or error:
            raise SystemExit(f"{self.label} failed: {error.decode()}")
        cpu = usage.ru_utime + usage.ru_stime
        self.samples.append((wall * 1000, cpu * 1000, usage.ru_maxrss / 1024))

    def log_in(self, service):
        """Leave credentials, so that the sender has a service to ask."""
        cloud = {"api": {"key": "made-up-key"}, "coordinator_url": service}
        Path(self.home, ".arcade", "credentials.yaml").write_text(json.dumps({"cloud": cloud}))


def background(*, end, spare):
    """Wait for the processes that were left to us; with ``end``, kill them, for they would hang."""
    while True:
        mine = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        left = [int(pid) for pid in mine if int(pid) != spare]
        if not left:
            return
        for pid in left:
            if end:
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def measure(arms, rounds, spare):
    """Run all arms so many times, after three rounds that only warm the caches."""
    for number in range(-3, rounds):
        for arm in random.sample(arms, len(arms)):
            arm.run()
            background(end="hung" in arm.label, spare=spare)
        if number < 0:
            for arm in arms:
                arm.samples.clear()
        elif sys.stderr.isatty():
            print(f"\rround {number + 1} of {rounds}", end="", file=sys.stderr)
    print(file=sys.stderr)


def in_process(arm, rounds, spare):
    """Median milliseconds that our tracking takes inside the user's process."""
    spent = []
    for _ in range(rounds + 3):
        ran = subprocess.run(arm.command, env=arm.environ, capture_output=True, check=True)
        spent.append(float(ran.stderr))
        background(end=False, spare=spare)
    return statistics.median(spent[3:])


def instructions(arm, spare):
    """Machine instructions that the program's process executes; None without valgrind.

    Unlike time they are the same in every run, whatever else the machine is doing.
    """
    if shutil.which("valgrind") is None:
        return None
    counting = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *arm.command]
    ran = subprocess.run(
        counting,
        env={**arm.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    background(end=True, spare=spare)
    return int(re.search(r"Collected : (\d+)", ran.stderr)[1])


def report(arms):
    """Print the table."""
    by_label = {arm.label: arm for arm in arms}
    print(f"{'':34}" + "".join(f"{measure:>12}{'added':>10}" for measure in MEASURES))
    for arm in arms:
        line = f"{arm.label:34}"
        for column in range(len(MEASURES)):
            own = [sample[column] for sample in arm.samples]
            line += f"{statistics.median(own):12.1f}"
            if arm.beside is None:
                line += f"{'':10}"
                continue
            other = [sample[column] for sample in by_label[arm.beside].samples]
            added = statistics.median(a - b for a, b in zip(own, other, strict=True))
            line += f"{added:+10.2f}"
        print(line)


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="how often each arm is run")
    rounds = parser.parse_args().rounds
    # What our children leave behind becomes ours, so that we can wait for it.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    hosts = subprocess.Popen(
        [sys.executable, str(HERE / "hosts.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    urls = json.loads(hosts.stdout.readline())
    to = {
        name: {"ARCADE_USAGE_HOST": url, "ARCADE_USAGE_PROJECT_KEY": "phc_made_up_bench"}
        for name, url in urls.items()
    }
    arms = [
        Arm("bare", OURS, "hello_bare.py"),
        Arm("ours, off", OURS, "hello_ours.py", "bare", ARCADE_USAGE_TRACKING="0"),
        Arm("ours, hosts healthy", OURS, "hello_ours.py", "bare", **to["healthy"]),
        Arm("ours, all hosts hung", OURS, "hello_ours.py", "bare", **to["hung"]),
        Arm("bare, peer's environment", PEER, "hello_bare.py"),
        Arm(
            "peer: arcade-mcp 1.16.3",
            PEER,
            "hello_peer.py",
            "bare, peer's environment",
            **to["healthy"],
        ),
    ]
    arms[3].log_in(urls["hung"])
    print(f"{rounds} rounds, Python {sys.version.split()[0]}, {os.cpu_count()} cores; medians")
    measure(arms, rounds, hosts.pid)
    report(arms)
    label = {arm.label: arm for arm in arms}
    clocked = Arm("ours", OURS, "hello_clocked.py", **to["healthy"])
    spent = in_process(clocked, rounds, hosts.pid)
    print(f"\ninside the user's process, by a clock in it: {spent:.2f} ms")
    for arm in (arms[2], arms[5]):
        counts = [instructions(one, hosts.pid) for one in (label[arm.beside], arm)]
        if None not in counts:
            print(f"{arm.label}: {counts[1] / counts[0] - 1:+.2%} machine instructions")
    for arm in (*arms, clocked):
        shutil.rmtree(arm.home, ignore_errors=True)
    hosts.stdin.close()
    hosts.wait(timeout=10)


if __name__ == "__main__":
    main()
