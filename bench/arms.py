"""Ways to run the program, and what one run of it cost.

The process that measures stays small on purpose: Linux counts a parent's memory as its child's
peak. What a program leaves behind becomes ours (``adopt``), so that it can be waited for.
"""

import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
OURS = HERE.parent / ".venv-bench" / "bin" / "python"
PEER = HERE.parent / ".venv-peer" / "bin" / "python"
PR_SET_CHILD_SUBREAPER = 36


class Arm:
    """One way to run the program.

    Args:
        label: what the tables call it.
        python: the interpreter, and so the environment, that it runs in.
        program: a module in this folder; or a list of arguments for the interpreter.
        beside: the label of the arm that it is compared with, if any.
        hung: whether its background never ends by itself.
        environ: variables beside PATH and HOME.

    Attributes:
        samples: (wall ms, CPU ms, peak MiB) of each run.
    """

    def __init__(self, label, python, program, beside=None, hung=False, **environ):
        self.label, self.beside, self.hung = label, beside, hung
        own = [str(HERE / "start.py"), program, "hello"]
        self.command = [str(python), *(own if isinstance(program, str) else program)]
        self.home = tempfile.mkdtemp(prefix="bench-home-")
        os.mkdir(f"{self.home}/.arcade", 0o700)
        self.environ = {"PATH": os.environ["PATH"], "HOME": self.home, **environ}
        self.samples = []

    def start(self):
        """Start it, and say nothing."""
        null = subprocess.DEVNULL
        return subprocess.Popen(self.command, env=self.environ, stdout=null, stderr=null)

    def run(self):
        """Run it once to its end, and note down what that one process cost."""
        began = time.perf_counter()
        process = self.start()
        cost = ended(process)
        self.samples.append(((time.perf_counter() - began) * 1000, *cost))

    def log_in(self, service):
        """Leave credentials, so that there is a service to ask."""
        cloud = {"api": {"key": "made-up-key"}, "coordinator_url": service}
        Path(self.home, ".arcade", "credentials.yaml").write_text(json.dumps({"cloud": cloud}))

    def remove(self):
        """Remove its home."""
        shutil.rmtree(self.home, ignore_errors=True)


def ended(process):
    """Wait for a process of ours; CPU ms and peak MiB. SystemExit if it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{process.args} failed: exit code {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024


def adopt():
    """Have what our children leave behind become our children."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def the_rest(spare, *, end=False):
    """Wait for the processes that were left to us, all but those to spare; their CPU ms in all.

    With ``end`` they are killed: they would hang.
    """
    spent = 0.0
    while True:
        mine = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        left = [int(pid) for pid in mine if int(pid) not in spare]
        if not left:
            return spent
        for pid in left:
            if end:
                os.kill(pid, signal.SIGKILL)
            _, _, usage = os.wait4(pid, 0)
            spent += (usage.ru_utime + usage.ru_stime) * 1000


def rounds(arms, count, spare, what):
    """Run all arms so many times, each round in a new order, after two that only warm up."""
    for number in range(-2, count):
        for arm in random.sample(arms, len(arms)):
            arm.run()
            the_rest(spare, end=arm.hung)
        if number < 0:
            for arm in arms:
                arm.samples.clear()
        elif sys.stderr.isatty():
            print(f"\r{what}: round {number + 1} of {count}  ", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
