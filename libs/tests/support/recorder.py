"""A PostHog-shaped host that keeps what it is sent, in the order in which it came."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.http_host import HttpHost, now


@dataclass(frozen=True)
class Received:
    """One event as it came in."""

    message: dict[str, Any]
    api_key: str
    arrived: float

    @property
    def event(self) -> str:
        return str(self.message["event"])

    @property
    def distinct_id(self) -> str:
        return str(self.message["distinct_id"])

    @property
    def uuid(self) -> str:
        return str(self.message["uuid"])

    @property
    def properties(self) -> dict[str, Any]:
        return dict(self.message["properties"])

    @property
    def command(self) -> str:
        return str(self.properties.get("command_name", ""))

    @property
    def is_anon(self) -> bool:
        return self.properties.get("$process_person_profile") is False


class Recorder(HttpHost):
    """Takes what the PostHog SDK sends to ``/batch/``, compressed or not.

    Attributes:
        received: every event of every accepted request.
        poison: the name of a command; a batch that holds an event of it is refused with 400.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.requests = 0
        self.poison: str | None = None
        self._changed = threading.Condition()
        super().__init__()

    def respond(
        self, method: str, path: str, query: dict[str, str], body: bytes, headers: Any
    ) -> tuple[int, object]:
        self.requests += 1
        if path.rstrip("/") != "/batch":
            return 404, {"detail": "no such page"}
        document = json.loads(gzip.decompress(body) if body[:3] == b"\x1f\x8b\x08" else body)
        batch = [Received(message, document["api_key"], now()) for message in document["batch"]]
        if any(item.command == self.poison for item in batch if self.poison):
            return 400, {"detail": "bad event"}
        with self._changed:
            self.received += batch
            self._changed.notify_all()
        return 200, {"status": "Ok"}

    @property
    def events(self) -> list[Received]:
        """The commands' events, without the aliases."""
        return [item for item in self.received if item.event != "$create_alias"]

    @property
    def aliases(self) -> list[Received]:
        return [item for item in self.received if item.event == "$create_alias"]

    def wait_for(self, count: int, seconds: float = 15) -> list[Received]:
        """Wait until so many commands' events are here; AssertionError if they do not come."""
        return self.wait_until(lambda: len(self.events) >= count, seconds)

    def wait_until(self, met: Callable[[], bool], seconds: float = 15) -> list[Received]:
        """Wait for something to be true of what was received; returns the commands' events."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not met():
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(min(left, 0.5)):
                    assert time.monotonic() < deadline, f"only {len(self.events)} events came"
        return self.events
