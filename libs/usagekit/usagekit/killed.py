"""Commands that did not live to say how they ended: a sender says it for them.

For the holder of the sender's lock only.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import time
from typing import Any

from usagekit.config import UsageConfig
from usagekit.event import Event
from usagekit.record import is_marker
from usagekit.service import machine
from usagekit.snapshot import SMALL, is_file, open_folder, system
from usagekit.spool import Spool
from usagekit.tracker import FAILED, SUCCEEDED

# Commands that one run finds dead; the next one goes on.
_AT_ONCE = 1_000
# Seconds for which it looks through markers, of other machines too, in whatever order: the next one
# begins elsewhere, so that each is come to. And of how many it learns the names.
_LOOKING, _MOST_NAMES = 2.0, 100_000
# Seconds after which a marker that has not got its name yet never will.
_ABANDONED = 3_600.0
# What a command that was killed cannot know.
_UNKNOWN = ("duration", "exit_code")
# How that begins what SIGTERM and SIGHUP leave (``_unix.note_signals``). A Ctrl-C and a closed pipe
# leave the stacks of all threads, which begin otherwise.
_TOLD_TO_END = "Stack "
_LEFT = re.compile(r"exit (\d{1,3})\Z", re.ASCII)


def collect(config: UsageConfig, spool: Spool) -> None:
    """Put an event into the spool for each command that is dead and left its marker.

    A command holds a lock on its marker for as long as it lives.
    """
    try:
        running = open_folder(config.paths, config.paths.running)
    except OSError:  # no command ever ran, or nothing can be read
        return
    with running:
        with running.scan() as entries:
            markers = (entry.name for entry in entries if is_marker(entry.name))
            names = list(itertools.islice(markers, _MOST_NAMES))
        random.shuffle(names)
        deadline, settled = time.monotonic() + _LOOKING, 0
        for name in names:
            if settled == _AT_ONCE or time.monotonic() > deadline:
                return
            try:
                if name.endswith(".json"):
                    settled += _examine(config, spool, running, name)
                elif time.time() - running.stat(name).st_mtime > _ABANDONED:
                    running.unlink(name)
            except OSError:  # gone by now, no file at all, or nobody can tell: no locks here
                continue


def _examine(config: UsageConfig, spool: Spool, running: system.Folder, name: str) -> bool:
    """Settle a marker if its command is dead. Whether it was one of this machine's."""
    fd = running.open(name, os.O_RDWR)
    try:
        if not is_file(fd):
            return False
        if _runs_on(fd) not in (None, machine()):
            # Of another machine that shares this home, and whose locks may not be seen from here.
            if time.time() - os.fstat(fd).st_mtime > config.spool_age:
                running.unlink(name)
            return False
        # A command that names itself better replaces its marker, and the lock with it: the lock
        # on what was there before says nothing.
        if system.try_lock(fd, shared=False) and os.path.samestat(os.fstat(fd), running.stat(name)):
            _settle(spool, running, name, fd)
        return True
    finally:
        os.close(fd)


def _runs_on(fd: int) -> object:
    """The machine that a marker names; None for one that names none, or is none of ours."""
    try:
        return _read(fd)[0].get("running_on")
    except (*_NO_MARKER, AttributeError):
        return None


def _read(fd: int) -> tuple[Any, str]:
    """What a marker says, and what stands after it. Raises one of ``_NO_MARKER``."""
    text = os.pread(fd, SMALL, 0).decode("utf-8", "replace")
    fields, end = json.JSONDecoder().raw_decode(text)
    return fields, text[end:].strip()


# How json says that this is none of ours.
_NO_MARKER = (ValueError, RecursionError)


def _settle(spool: Spool, running: system.Folder, name: str, fd: int) -> None:
    try:
        fields, said = _read(fd)  # anew: it may have been ended by a signal since
        runs_on = fields.pop("running_on", None)
        event = Event.of(fields if runs_on is None else _ended(fields, said))
    except (*_NO_MARKER, TypeError, AttributeError, KeyError):  # not one of ours
        running.unlink(name)
        return
    # One that had ended was killed before it could put its event in place. If this sender dies in
    # between, the next does it again, under the same name.
    spool.put(event)
    running.unlink(name)


def _ended(fields: dict[str, Any], said: str) -> dict[str, Any]:
    """The event of a command that could not record it. ``said``: what stands after its marker, by
    ``os._exit``, which leaves a code there, or by a signal that asked it to end."""
    left = _LEFT.match(said)
    code = int(left[1]) if left else None
    properties = {name: fields["properties"][name] for name in fields["properties"]}
    for name in _UNKNOWN:
        properties.pop(name, None)
    if code is not None:
        properties["exit_code"] = code
    if code == 0:
        return {**fields, "event_name": SUCCEEDED, "properties": properties}
    kind = "killed"
    if said:
        kind = "terminated" if said.startswith(_TOLD_TO_END) else "interrupted"
    properties |= {"failure_kind": kind if code is None else "exit", "error_message": ""}
    return {**fields, "event_name": FAILED, "properties": properties}
