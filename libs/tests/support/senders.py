"""The detached senders of a home, seen from outside."""

from __future__ import annotations

import time
from pathlib import Path

# What they run with -m; Python 3.10 does so by run_module.
_MODULES = (b"usagekit", b"arcade_cli.usage")


def senders(home: Path) -> list[int]:
    """The processes that run a sender's module with this home, by their environment."""
    mine = f"HOME={home}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit():
                continue
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if not any(word in _MODULES or b"run_module" in word for word in words):
                continue
            if mine in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_for_senders(home: Path, seconds: float = 15) -> None:
    """Wait until no sender of this home is left; AssertionError if one stays."""
    deadline = time.monotonic() + seconds
    while senders(home):
        assert time.monotonic() < deadline, f"senders stay: {senders(home)}"
        time.sleep(0.02)
