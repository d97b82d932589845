"""Commands that did not live to say how they ended: a sender says it for them.

For the holder of the sender's lock only.
"""

from __future__ import annotations

import itertools
import json
import os
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

# Markers that one run looks at; the next one goes on.
_AT_ONCE = 1_000
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
            ours = (entry.name for entry in entries if is_marker(entry.name))
            names = list(itertools.islice(ours, _AT_ONCE))
        for name in names:
            try:
                if name.endswith(".json"):
                    _examine(config, spool, running, name)
                elif time.time() - running.stat(name).st_mtime > _ABANDONED:
                    running.unlink(name)
            except OSError:  # gone by now, no file at all, or nobody can tell: no locks here
                continue


def _examine(config: UsageConfig, spool: Spool, running: system.Folder, name: str) -> None:
    fd = running.open(name, os.O_RDWR)
    try:
        # A command that names itself better replaces its marker, and the lock with it: the lock
        # on what was there before says nothing.
        if (
            is_file(fd)
            and system.try_lock(fd, shared=False)
            and os.path.samestat(os.fstat(fd), running.stat(name))
        ):
            _settle(config, spool, running, name, fd)
    finally:
        os.close(fd)


def _settle(config: UsageConfig, spool: Spool, running: system.Folder, name: str, fd: int) -> None:
    age = time.time() - os.fstat(fd).st_mtime
    try:
        text = os.read(fd, SMALL).decode("utf-8", "replace")
        fields, end = json.JSONDecoder().raw_decode(text)
        runs_on = fields.pop("running_on", None)
        event = Event.of(fields if runs_on is None else _ended(fields, text[end:].strip()))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):  # not one of ours
        running.unlink(name)
        return
    # One that had ended was killed before it could put its event in place.
    if runs_on in (None, machine()):
        # If this sender dies in between, the next does it again, under the same name.
        spool.put(event)
        running.unlink(name)
    elif age > config.spool_age:
        # Of another machine that shares this home, and whose locks may not be seen from here.
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
