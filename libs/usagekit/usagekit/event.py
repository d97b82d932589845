"""An event, and how it is read back from what the foreground recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

from usagekit.snapshot import is_uuid

# By which a program says what commands it has: no receiver acts upon it, and none counts it.
DECLARED = "$cli_declared"
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)


class Event:
    """Something that happened, as it was when it happened.

    Attributes:
        distinct_id: whom it belongs to, as far as was known without asking anybody.
        is_anon: whether that is an anonymous ID.
        uuid: what receivers deduplicate on; never changes, however often it is sent.
        timestamp: UTC, ISO 8601, when it was recorded.
        credentials: the stamp of credentials that nobody has looked up yet, or None. The sender
            asks whose they are before it sends the event.
        superseded: the anonymous ID belongs to an account that these credentials replaced.
    """

    __slots__ = (
        "credentials",
        "distinct_id",
        "event_name",
        "is_anon",
        "properties",
        "superseded",
        "timestamp",
        "uuid",
    )

    def __init__(
        self,
        *,
        event_name: str,
        distinct_id: str,
        is_anon: bool,
        properties: dict[str, Any],
        uuid: str,
        timestamp: str,
        credentials: str | None = None,
        superseded: bool = False,
    ) -> None:
        self.event_name: Final = event_name
        self.distinct_id = distinct_id
        self.is_anon = is_anon
        self.properties = properties
        self.uuid: Final = uuid
        self.timestamp: Final = timestamp
        self.credentials: Final = credentials
        self.superseded: Final = superseded

    def to_json(self) -> str:
        """One line of JSON, ASCII only."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def from_json(cls, text: str) -> Event:
        """Read an event back. Raises ValueError or TypeError if it is not one."""
        fields = json.loads(text)
        if not isinstance(fields, dict):
            raise ValueError("an event is a JSON object")
        return cls.of(fields)

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Event:
        """An event from its fields; unknown ones are ignored. Raises ValueError or TypeError."""
        event = cls(**{name: fields[name] for name in cls.__slots__ if name in fields})
        event._check()
        return event

    def _check(self) -> None:
        for name in ("event_name", "distinct_id", "uuid", "timestamp"):
            if not (isinstance(getattr(self, name), str) and getattr(self, name)):
                raise ValueError(f"an event's {name} is a string")
        if not is_uuid(self.uuid):
            raise ValueError("an event's uuid is a UUID")
        if self.event_name.startswith("$") and self.event_name != DECLARED:
            raise ValueError("an event's name is not one that receivers act upon")
        _check_timestamp(self.timestamp)
        for name in ("is_anon", "superseded"):
            if not isinstance(getattr(self, name), bool):
                raise ValueError(f"an event's {name} is a boolean")
        if not isinstance(self.properties, dict):
            raise ValueError("an event's properties are an object")
        if not isinstance(self.credentials, str | None):
            raise ValueError("an event's credentials stamp is a string or null")


def _check_timestamp(text: str) -> None:
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError("an event's timestamp is ISO 8601, with its offset")
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
    except OverflowError as error:
        raise ValueError("an event's timestamp is a time that there is in UTC") from error
