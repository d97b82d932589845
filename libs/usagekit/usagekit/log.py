"""What became of the last events on this machine, for the person whose machine it is.

Written only by the holder of the sender's lock.
"""

from __future__ import annotations

import json
from typing import Any

from usagekit import files
from usagekit.config import UsagePaths
from usagekit.service import utc_now
from usagekit.snapshot import read_text

KEPT = 200


def record(paths: UsagePaths, result: str, events: list[dict[str, Any]]) -> None:
    """Note down what became of events: ``sent``, ``rejected`` or ``local``. Keeps the last 200.

    Raises OSError.
    """
    now = utc_now()
    lines = (read_text(paths.log, limit=10_000_000) or "").splitlines()
    lines += [json.dumps({"at": now, "result": result, **event}) for event in events]
    files.replace_whole(paths.log, "\n".join(lines[-KEPT:]) + "\n", paths.folder)
