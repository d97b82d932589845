"""What a person is told before the first event: once per home, on stderr."""

from __future__ import annotations

import os
import sys

from usagekit import files
from usagekit.config import UsageConfig
from usagekit.snapshot import open_parent


def give_notice(config: UsageConfig) -> None:
    """Print the notice, unless it was printed here before; of many first runs, one does.

    Where that cannot be remembered, it is for people only: a script would get it every time.
    """
    paths = config.paths
    try:
        files.make_private(paths, paths.folder)
        folder, name = open_parent(paths, paths.notice)
        with folder:
            os.close(folder.create(name))
    except FileExistsError:
        return
    except OSError:
        if sys.stderr is None or not sys.stderr.isatty():
            return
    if sys.stderr is not None:
        print(config.notice or _words(config), file=sys.stderr, flush=True)


def _words(config: UsageConfig) -> str:
    name, stop = config.program, f"{config.tracking_variable}=0"
    usage = config.usage_command
    see = f"See it: {usage} show. Stop it: {usage} off, or {stop}."
    return (
        f"{name} tells its maintainers which commands run, how long they take, how they\n"
        "fail: what to mend first. What you work on and type is never part of it.\n"
    ) + (see if usage else f"Stop it: set {stop} in your environment.")
