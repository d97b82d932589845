"""What became of the last events on this machine, for the person whose machine it is.

Written only by the holder of the sender's lock.
"""

from __future__ import annotations

import json
import os
from typing import Any

from usagekit import files
from usagekit.config import UsagePaths
from usagekit.service import utc_now
from usagekit.snapshot import read_text

# Bytes.
_LARGEST = 10_000_000

KEPT = 200


def read(paths: UsagePaths) -> list[dict[str, Any]]:
    """What became of the last events, oldest first; lines that make no sense are left out."""
    found = []
    for line in (read_text(paths, paths.log, limit=_LARGEST) or "").splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found


def exists(paths: UsagePaths) -> bool:
    """Whether anything was ever noted down here, and not removed since."""
    return os.path.lexists(paths.log)


def record(paths: UsagePaths, result: str, events: list[dict[str, Any]]) -> None:
    """Note down what became of events: ``sent``, ``rejected`` or ``local``. Keeps the last 200.

    Raises OSError.
    """
    now = utc_now()
    lines = (read_text(paths, paths.log, limit=_LARGEST) or "").splitlines()
    lines += [json.dumps({"at": now, "result": result, **event}) for event in events]
    files.replace_whole(paths, paths.log, "\n".join(lines[-KEPT:]) + "\n")
