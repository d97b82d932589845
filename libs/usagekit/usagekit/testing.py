"""For the tests of a program that is tracked: events are kept for the test, and nothing else
happens. No file is written, no process started, nothing sent, whatever the environment says.

    with captured() as events:
        main()
    assert events[0].properties["command_name"] == "db.migrate"

It holds for this process. One that a test starts is another: there, ``ACME_USAGE_TRACKING=0``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from usagekit import usage
from usagekit.config import Consent, UsageConfig
from usagekit.event import Event
from usagekit.redact import Redactor
from usagekit.service import minted
from usagekit.tracker import CommandTracker, Outcome

ANON_ID = "00000000-0000-4000-8000-000000000000"


@contextmanager
def captured() -> Iterator[list[Event]]:
    """Keep the events of every ``Usage`` in this process, oldest first, until the end of it.

    The person is anonymous, ``ANON_ID``, until the program says who they are. No event says
    anything of the machine but its system and Python.
    """
    events: list[Event] = []
    person = _Person()

    def make(config: UsageConfig) -> CommandTracker:
        return _CapturingTracker(config, events, person)

    before, usage.make_tracker = usage.make_tracker, make
    try:
        yield events
    finally:
        usage.make_tracker = before


class _Person:
    principal_id: str | None = None


class _CapturingTracker(CommandTracker):
    """Keeps its events to itself. Whoever is identified is who they say, at once."""

    def __init__(self, config: UsageConfig, events: list[Event], person: _Person) -> None:
        super().__init__(config, {config.tracking_variable: "0"})
        self._consent = Consent(True, "captured by a test")
        self._events = events
        self._person = person

    def begin(self, command_name: str) -> None:
        """No marker, and no notice."""

    def forget(self) -> None:
        """There is nothing to forget."""

    def declares(self) -> bool:
        """No event of a command's."""
        return False

    def identify(self, principal_id: str) -> None:
        self._person.principal_id = principal_id

    def logout(self) -> None:
        self._leaver = self._leaver or self._author(None)
        self._person.principal_id = None

    def track_command_execution(
        self, command_name: str, outcome: Outcome, duration: float, options: Sequence[str] = ()
    ) -> None:
        event = self.event(command_name, outcome, duration, options)
        properties = event["properties"]
        if "error_message" in properties:  # as a sender would that knows nobody
            properties["error_message"] = Redactor().redact(properties["error_message"])
        self._events.append(Event.of(minted(event)))

    def _author(self, stamp: str | None) -> dict[str, Any]:  # noqa: ARG002
        principal_id = self._person.principal_id
        return {
            "distinct_id": principal_id or ANON_ID,
            "is_anon": principal_id is None,
            "credentials": None,
            "superseded": False,
            "one_off": False,
        }
