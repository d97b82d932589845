"""What the collector counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_NAME = "usagekit_collector"


class Metrics:
    """One collector's numbers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own = self._registry
        requests = Counter(
            f"{_NAME}_requests", "Capture requests, by answer", ["status"], registry=own
        )
        self._answered = lru_cache(requests.labels)  # To find it takes longer than to count.
        self.stored = Counter(f"{_NAME}_events_stored", "Events put on disk", registry=own)
        self.repeated = Counter(
            f"{_NAME}_events_repeated", "Events that were stored already", registry=own
        )
        self.warnings = Counter(
            f"{_NAME}_warnings", "Things a sender should know; see the log", registry=own
        )
        self.dropped_updates = Counter(
            f"{_NAME}_person_updates_dropped", "Changes of persons that found no room", registry=own
        )
        self.refused = Counter(
            f"{_NAME}_refused", "Questions that were refused, by answer", ["status"], registry=own
        )
        self.wrong_passwords = Counter(
            f"{_NAME}_wrong_passwords", "Requests with a wrong password", registry=own
        )
        self.failed_groups = Counter(
            f"{_NAME}_groups_failed", "Groups that could not be stored", registry=own
        )
        self.aside = Counter(
            f"{_NAME}_events_aside", "Events that cannot be stored, set aside", registry=own
        )
        self.damaged = Gauge(
            f"{_NAME}_damaged_parts", "Parts of tables that could not be read", registry=own
        )
        self._queued = Gauge(f"{_NAME}_events_queued", "Events waiting to be stored", registry=own)
        self._queued_bytes = Gauge(
            f"{_NAME}_queued_bytes", "Bytes of disk that they take", registry=own
        )
        self._buffered = Gauge(
            f"{_NAME}_buffered_bytes", "Bytes of requests in memory", registry=own
        )
        self.group_seconds = Histogram(
            f"{_NAME}_group_seconds", "Time to store one group", registry=own
        )

    def answered(self, status: int) -> None:
        """A capture request was answered."""
        self._answered(status).inc()

    def watch(
        self, events: Callable[[], int], size: Callable[[], int], buffered: Callable[[], int]
    ) -> None:
        """Tell of what waits by asking how much it is, in events and in bytes of disk; and of the
        bytes of requests in memory."""
        self._queued.set_function(events)
        self._queued_bytes.set_function(size)
        self._buffered.set_function(buffered)

    def total(self, name: str) -> float:
        """What a counter has come to, whatever its labels say."""
        found = (one for family in self._registry.collect() for one in family.samples)
        return sum(one.value for one in found if one.name == f"{_NAME}_{name}_total")

    def text(self) -> bytes:
        """All of them, in Prometheus' text format."""
        return generate_latest(self._registry)
