"""A terminal: what a program prints where it believes that a person looks on."""

from __future__ import annotations

import os
import subprocess

from tests.support.home import ARCADE, Home


def printed(home: Home, *words: str) -> str:
    """What ``arcade`` prints on a terminal, on both its outputs."""
    ours, theirs = os.openpty()
    process = home.start(*words, environ=_KIND, stdout=theirs, stderr=theirs)
    said = _read(ours, theirs)
    process.wait(60)
    return said


def printed_alone(home: Home, *words: str) -> str:
    """The same, by an interpreter of its own, which finds what PYTHONPATH says."""
    ours, theirs = os.openpty()
    environ = {**home.environ, **_KIND}
    process = subprocess.Popen([ARCADE, *words], env=environ, stdout=theirs, stderr=theirs)
    said = _read(ours, theirs)
    process.wait(60)
    return said


_KIND = {"TERM": "dumb"}  # where tables have no colours of their own


def _read(ours: int, theirs: int) -> str:
    """All that is printed, until nobody has the terminal open any more."""
    os.close(theirs)
    said = b""
    try:
        while more := os.read(ours, 65_536):
            said += more
    except OSError:  # so Linux says the same
        pass
    os.close(ours)
    return said.decode(errors="surrogateescape").replace("\r\n", "\n")
