"""Many commands of ``arcade`` and of program.py, each a process, at a tenth of the price.

They are forked from one process that has imported both.

Run as ``python -m tests.support.forks``, with a JSON object per command on stdin, of ``program``,
``words``, ``environ`` and ``cwd``. Writes the exit code of each on a line.
"""

from __future__ import annotations

import json
import os
import sys

import arcade_cli.main
import typer.rich_utils  # Typer would import it in every command that fails.  # noqa: F401
from arcade_cli.usage import usage_config
from usagekit.run import run
from usagekit.tracker import CommandTracker

from tests.support import program


def become(case: dict[str, object]) -> None:
    """Run the command in this process, which ends with it."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.environ.clear()
    os.environ.update(case["environ"])  # type: ignore[call-overload]
    os.chdir(str(case["cwd"]))
    sys.argv = [str(case["program"]), *case["words"]]  # type: ignore[misc]
    if case["program"] == "arcade":
        arcade_cli.main.cli()
    else:
        run(program.app, CommandTracker(usage_config()))


if __name__ == "__main__":
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            become(json.loads(line))
            sys.exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
