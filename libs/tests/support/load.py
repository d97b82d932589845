"""A load on a collector: senders that speak as the SDKs do, and know what was acknowledged."""

from __future__ import annotations

import gzip
import http.client
import json
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from tests.support.collector import Project, event


def some_event(chance: random.Random) -> dict[str, Any]:
    """One of few persons does something, or is merged with another, or changes."""
    who, other = (f"user-{chance.randrange(60)}" for _ in range(2))
    now = datetime.now(timezone.utc).isoformat()
    kind = chance.randrange(10)
    name = "CLI execution succeeded"
    properties: dict[str, Any] = {"$process_person_profile": kind == 3}
    if kind == 0:
        name, properties = "$create_alias", {"alias": other}
    elif kind == 1:
        changes = {"seen": chance.randrange(1000)}
        name, properties = "$identify", {"$anon_distinct_id": other, "$set": changes}
    elif kind == 2:
        name, properties = "$set", {"$set_once": {"first": now}}
    return event(who, name, timestamp=now, properties=properties)


class Sender:
    """Sends batches of 1 to 100 events, one at a time.

    Args:
        seed: of what it sends.

    Attributes:
        acknowledged: the events that were answered 200.
        failed: how often something else became of a request.
    """

    def __init__(self, project: Project, seed: int) -> None:
        self._project = project
        self._chance = random.Random(seed)
        self._connection: http.client.HTTPConnection | None = None
        self.acknowledged: list[dict[str, Any]] = []
        self.failed = 0

    def run(self, until: threading.Event) -> None:
        """Send as the SDKs do, each batch again, the same one, until the answer is 200; until it
        is told to begin no other."""
        while not until.is_set():
            batch = self._batch()
            deadline = time.monotonic() + 60
            while not self._send(batch):
                assert time.monotonic() < deadline, "no answer for a minute"
                time.sleep(0.05)
        self._hang_up()

    def run_once(self) -> list[dict[str, Any]]:
        """Send until a batch is not taken. Returns that one."""
        while self._send(batch := self._batch()):
            pass
        self._hang_up()
        return batch

    def _batch(self) -> list[dict[str, Any]]:
        return [some_event(self._chance) for _ in range(self._chance.randint(1, 100))]

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _send(self, batch: list[dict[str, Any]]) -> bool:
        sent_at = datetime.now(timezone.utc).isoformat()
        message = {"api_key": self._project.token, "sent_at": sent_at, "batch": batch}
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        try:
            if self._connection is None:
                address = urlsplit(self._project.collector.url).netloc
                self._connection = http.client.HTTPConnection(address, timeout=20)
            body = gzip.compress(json.dumps(message).encode(), 1)
            self._connection.request("POST", "/batch/", body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._hang_up()
            self.failed += 1
            return False
        assert answer.status in (200, 503)
        if answer.status == 503:
            self.failed += 1
            return False
        self.acknowledged += batch
        return True


def wait_for_more(senders: Sequence[Sender], running: Sequence[Future[Any]]) -> None:
    """Wait until each sender has had another batch taken."""
    before = [len(sender.acknowledged) for sender in senders]
    deadline = time.monotonic() + 60
    while any(len(one.acknowledged) == count for one, count in zip(senders, before, strict=True)):
        assert time.monotonic() < deadline, "a sender gets no answer"
        for one in running:
            assert not one.done(), one.exception()
        time.sleep(0.005)
