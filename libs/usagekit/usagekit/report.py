"""What a person may know of their own tracking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from usagekit.breaker import Breaker
from usagekit.config import UsageConfig, decide
from usagekit.event import Event
from usagekit.service import minted, utc
from usagekit.snapshot import parse_identity, read_text
from usagekit.spool import Spool
from usagekit.tracker import CommandTracker, Outcome
from usagekit.wire import to_wire


def status(config: UsageConfig, environ: Mapping[str, str]) -> dict[str, object]:
    """Whether tracking is on, which layer decided, where events go, and what waits here."""
    consent = decide(environ, config)
    identity = parse_identity(read_text(config.paths.identity) or "")
    spool, breaker = Spool(config), Breaker(config)
    dropped = spool.dropped()
    return {
        "tracking": "on" if consent.enabled else "off",
        "because": consent.reason,
        "sends_to": config.host if config.has_destination and not config.debug else None,
        "anon_id": identity.anon_id if identity else None,
        "linked_principal_id": identity.linked_principal_id if identity else None,
        "waiting_events": len(spool.names()),
        "dropped_events": dropped["over_limit"] + dropped["expired"],
        "refused_events": dropped["refused"],
        "damaged_files": spool.damaged(),
        "last_failure": breaker.reason or None,
        "not_before": utc(breaker.until) if breaker.is_open() else None,
        "stored_in": config.paths.home,
    }


def next_event(config: UsageConfig, environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The event that the next command would send, as the receiver would get it.

    None while tracking is off: there would be none, and looking must not make an identity.
    """
    from usagekit.delivery import PostHogDelivery

    if not decide(environ, config).enabled:
        return None
    fields = CommandTracker(config, environ).event("usage.show", Outcome(), 12.5)
    event = to_wire(Event.of(minted(fields)))
    # Without a destination the SDK builds nothing, and the event goes to the local log as it is.
    return PostHogDelivery(config).build([event])[0] if config.has_destination else event
