"""What a person may know of their own tracking."""

from __future__ import annotations

import os
import shlex
import stat
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from usagekit.breaker import Breaker
from usagekit.config import UsageConfig, decide
from usagekit.event import Event
from usagekit.interpreters import NO_INTERPRETER, interpreter
from usagekit.log import read
from usagekit.record import recorded_at
from usagekit.service import minted, utc
from usagekit.shown import shown_url
from usagekit.snapshot import parse_identity, read_text, system
from usagekit.spool import Spool
from usagekit.tracker import CommandTracker, Outcome
from usagekit.wire import to_wire

# Seconds within which a command's sender has come and gone.
_SENDERS_COME = 60.0


def status(config: UsageConfig, environ: Mapping[str, str]) -> dict[str, object]:
    """Whether tracking is on, which layer decided, where events go, and what waits here."""
    consent = decide(environ, config)
    identity = parse_identity(read_text(config.paths, config.paths.identity) or "")
    spool, breaker = Spool(config), Breaker(config)
    dropped = spool.dropped()
    return {
        "tracking": "on" if consent.enabled else "off",
        "because": consent.reason,
        "sends_to": _sends_to(config),
        "anon_id": identity.anon_id if identity else None,
        "linked_principal_id": identity.linked_principal_id if identity else None,
        "waiting_events": len(spool.names()),
        "dropped_events": dropped["over_limit"] + dropped["expired"],
        "refused_events": dropped["refused"],
        "damaged_files": spool.damaged(),
        "last_failure": breaker.reason or None,
        "not_before": utc(breaker.until) if breaker.is_open() else None,
        "last_delivery": _last_delivery(config),
        "stored_in": config.paths.home,
        "warnings": [*open_to_others(config), *_left_alone(config, spool.names(), breaker)],
    }


def _left_alone(config: UsageConfig, waiting: Sequence[str], breaker: Breaker) -> list[str]:
    """That no sender has come, if that is so: each command starts one, and each that comes either
    sends what waits or says why it could not."""
    if not waiting or breaker.reason:
        return []
    since = recorded_at(waiting[0])
    if since is None or time.time() - since < _SENDERS_COME:
        return []
    has_none = not (interpreter() or getattr(sys, "frozen", False))
    why = f" ({NO_INTERPRETER})" if has_none else ""
    since_when = utc(since)[:19].replace("T", " ")
    nobody = f"what waits since {since_when} no sender has come for{why}"
    return [f"{nobody}. To send it: {config.usage_command or config.program} flush"]


def _sends_to(config: UsageConfig) -> str | None:
    if config.debug or not config.has_destination:
        return None
    return shown_url(config.host) or "an address that cannot be shown"


def _last_delivery(config: UsageConfig) -> object:
    sent = [entry.get("at") for entry in read(config.paths) if entry.get("result") == "sent"]
    return sent[-1] if sent else None


def open_to_others(config: UsageConfig) -> list[str]:
    """What of the stored files other users of this machine can get at, or is not what it should
    be, and so holds nothing; and how to mend it."""
    if os.name != "posix":
        return []
    paths = config.paths
    found = []
    for path in (paths.home, paths.folder, paths.spool, paths.running, paths.identity):
        try:
            follow = path == paths.home and paths.by_link
            status = os.stat(path, follow_symlinks=follow)
        except OSError:
            continue
        problem = _problem(status, shlex.quote(path), is_folder=path != paths.identity)
        if problem:
            found.append(f"{path} {problem}")
    return found


def _problem(status: os.stat_result, path: str, *, is_folder: bool) -> str:
    mode = status.st_mode & 0o777
    if stat.S_ISLNK(status.st_mode):
        return f"is a link, which is not followed: nothing is kept there. To remove it: rm {path}"
    if status.st_uid != os.geteuid():
        mine = f"sudo chown -R {os.geteuid()} {path}"
        return f"is another user's: nothing is kept there. To make it yours: {mine}"
    if is_folder != stat.S_ISDIR(status.st_mode):
        return f"is no {'folder' if is_folder else 'file'}: nothing is kept there. See what it is"
    close = f"To close it: chmod {'700' if is_folder else '600'} {path}"
    if not system.is_own(status):
        return f"can be written by others ({mode:o}), so it is not used. {close}"
    return f"is open to others ({mode:o}). {close}" if mode & 0o077 else ""


def next_event(config: UsageConfig, environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The event that the next command would send, as the receiver would get it.

    None while tracking is off: there would be none, and looking must not make an identity.
    """
    if not decide(environ, config).enabled:
        return None
    fields = CommandTracker(config, environ).event("usage.show", Outcome(), 12.5)
    event = to_wire(Event.of(minted(fields)))
    try:
        from usagekit.delivery import PostHogDelivery
    except ModuleNotFoundError:  # nothing can be sent, until the SDK is there
        return event
    # Without a destination the SDK builds nothing, and the event goes to the local log as it is.
    return PostHogDelivery(config).build([event])[0] if config.has_destination else event
