"""The detached senders of a home, seen from outside."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

# What they run with -m; Python 3.10 does so by run_module.
SENDER_MODULES = ("usagekit", "arcade_cli.usage")
_MODULES = tuple(map(str.encode, SENDER_MODULES))


def process_name(home: Path | str) -> str:
    """What a forked sender of this home is called: at most the 15 bytes that the kernel keeps."""
    return f"sender-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"


def senders(home: Path | str) -> list[int]:
    """The processes that run a sender's module with this home: forked ones by their name, others
    by their environment."""
    mine, name = f"HOME={home}".encode(), f"{process_name(home)}\n"
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit():
                continue
            if (entry / "comm").read_text(errors="replace") == name:
                if (entry / "cmdline").read_bytes():  # and is no zombie
                    found.append(int(entry.name))
                continue
            words = _command_line(entry).split(b"\0")
            if not any(word in _MODULES or b"run_module" in word for word in words):
                continue
            if mine in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _command_line(process: Path) -> bytes:
    """What a process was started with. It has none between being forked and being what it was
    started for, though whoever spawned it goes on already: that moment is waited for."""
    deadline = time.monotonic() + 2
    while not (words := (process / "cmdline").read_bytes()) and time.monotonic() < deadline:
        state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
        if state in "ZX" or parent in ("0", "2"):  # it has ended; it is the kernel's own
            break
        time.sleep(0.001)
    return words


def wait_for_senders(home: Path | str, seconds: float = 15) -> None:
    """Wait until no sender of this home is left; AssertionError if one stays."""
    deadline = time.monotonic() + seconds
    while senders(home):
        assert time.monotonic() < deadline, f"senders stay: {senders(home)}"
        time.sleep(0.02)
