"""What leaves the machine for one event: its declared properties, redacted, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from usagekit.event import Event
from usagekit.redact import Redactor, redact_name
from usagekit.schema import PROPERTIES, declared


def to_wire(event: Event, redactor: Redactor | None = None) -> dict[str, Any]:
    """The event as a receiver gets it, but for what the PostHog SDK adds about itself.

    ``$process_person_profile: false`` stands on anonymous events only: it keeps the receiver
    from making a person of somebody who has not said who they are.
    """
    redactor = redactor or Redactor.for_this_machine()
    properties = {
        name: _redacted(value, redactor.redact if PROPERTIES[name].free_text else redact_name)
        for name, value in declared(event.properties).items()
    }
    if event.is_anon:
        properties["$process_person_profile"] = False
    return {
        "event": event.event_name,
        "distinct_id": event.distinct_id,
        "uuid": event.uuid,
        "timestamp": event.timestamp,
        "properties": properties,
    }


def _redacted(value: object, redact: Callable[[str], str]) -> object:
    if isinstance(value, list):
        return [redact(item) for item in value]
    return redact(value) if isinstance(value, str) else value
