"""The background process: spool the event, and if nobody else is at it, deliver what waits.

Run as ``python -m <sender_module>``. It imports the SDK only once there is something to send,
prints nowhere, and is gone within ``sender_lifetime`` seconds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from usagekit.config import UsageConfig
from usagekit.event import Event
from usagekit.identity import UsageIdentity
from usagekit.service import minted, new_uuid
from usagekit.snapshot import FileLock, credentials_stamp, system
from usagekit.spool import Spool

if TYPE_CHECKING:
    from usagekit.delivery import PostHogDelivery

# An event on its way: its name in the spool, if it has one, and its wire form.
Outgoing = tuple[str | None, dict[str, Any]]

_BATCH = 50


def main(config: UsageConfig, environ: Mapping[str, str] = os.environ) -> None:
    """Do the sender's work for one program, then end the process. Never returns.

    Exit code 0: nothing is wrong that anyone could act on. 1: an alias was asked for and did
    not arrive, or the sender failed.
    """
    system.end_within(config.sender_lifetime - 0.2)  # it took a moment to get here
    code = 1
    try:
        os.chdir(os.path.abspath(os.sep))  # a folder that nobody may wish to remove
        code = Sender(config).run(environ.get(config.event_variable, ""))
    except Exception:  # noqa: BLE001 (the door: there is nobody here to tell)
        code = 1
    finally:
        # Not sys.exit: it would wait for whatever thread was abandoned at a deadline.
        os._exit(code)


class Sender:
    """One run of the background process."""

    def __init__(self, config: UsageConfig) -> None:
        self._config = config
        self._spool = Spool(config.paths)
        self._delivery: PostHogDelivery | None = None
        self._principals: dict[str, str | None] = {}
        self._passed_over: set[str] = set()

    def run(self, data: str) -> int:
        """Take in what the foreground handed over, then deliver. Returns the exit code."""
        if data:
            import json

            order = json.loads(data)
            if "alias" in order:
                return 0 if self._alias(str(order["alias"]), str(order["distinct_id"])) else 1
            event = Event.of(minted(order))
            system.step_back()
            try:
                self._spool.put(event)
            except OSError:  # no room, or a home that cannot be written to: now or never
                self._deliver([(None, event)])
                return 0
        self.drain()
        return 0

    def drain(self) -> None:
        """Deliver all that waits, unless another sender is at it already.

        The look into the spool after letting go of the lock closes a gap: a sender that found
        the lock held has put its event there before it tried the lock, so either the holder's
        last look sees the event, or that sender's try comes after the release and succeeds.
        """
        lock = FileLock(self._config.paths.sender_lock)
        while self._waiting():
            if not _taken(lock):
                return
            try:
                all_settled = self._drain_once()
            finally:
                lock.release()
            if not all_settled:
                return

    def _waiting(self) -> list[str]:
        """The names in the spool, without those that this run could not make events of."""
        return [name for name in self._spool.names() if name not in self._passed_over]

    def _drain_once(self) -> bool:
        names = self._waiting()
        for start in range(0, len(names), _BATCH):
            taken = [(name, self._spool.take(name)) for name in names[start : start + _BATCH]]
            self._passed_over |= {name for name, event in taken if event is None}
            if not self._deliver([(name, event) for name, event in taken if event is not None]):
                return False
        return True

    def _deliver(self, events: list[tuple[str | None, Event]]) -> bool:
        """Deliver events, each with its name in the spool. True once all are settled."""
        from usagekit.redact import Redactor
        from usagekit.wire import to_wire

        redactor = Redactor.for_this_machine()
        if not self._config.has_destination:
            self._settle("local", [(name, to_wire(event, redactor)) for name, event in events])
            return True
        from usagekit.delivery import UnavailableError

        try:
            for _, event in events:
                self._resolve(event)
            self._identity().adopt_link()
            self._send([(name, to_wire(event, redactor)) for name, event in events])
        except UnavailableError:
            return False
        return True

    def _send(self, batch: list[Outgoing]) -> None:
        """Send in one request; if it is refused, in ever smaller ones until the culprit stands
        alone. Raises UnavailableError; what was settled before stays settled."""
        from usagekit.delivery import RejectedError

        if not batch:
            return
        try:
            self._connection().send([event for _, event in batch])
        except RejectedError:
            if len(batch) == 1:
                self._settle("rejected", batch)
                return
            middle = len(batch) // 2
            self._send(batch[:middle])
            self._send(batch[middle:])
            return
        self._settle("sent", batch)

    def _settle(self, result: str, batch: list[Outgoing]) -> None:
        """Forget events, and write down what became of them: in this order, for whatever is
        wrong with the log is no reason to send an event twice."""
        from usagekit.log import record

        for name, _ in batch:
            if name is not None:
                self._spool.remove(name)
        try:
            record(self._config.paths, result, [event for _, event in batch])
        except OSError:
            return

    def _resolve(self, event: Event) -> None:
        """Give an event with credentials that nobody had looked up the ID that it belongs to.

        The credentials must still be those that it was recorded with, or somebody else's event
        would be taken for this person's. Raises UnavailableError.
        """
        if event.credentials is None:
            return
        principal = self._principal(event.credentials)
        if principal is not None:
            event.distinct_id, event.is_anon = principal, False
        elif event.superseded:
            event.distinct_id = self._stranger(event.distinct_id)

    def _identity(self) -> UsageIdentity:
        """The identity as it is on disk now; here there is time to wait for its lock."""
        return UsageIdentity(self._config, self._config.background_lock_wait)

    def _principal(self, stamp: str) -> str | None:
        """The account behind the credentials of that stamp, aliased and linked; None if they
        are there no more. Asked for once a run."""
        if credentials_stamp(self._config) != stamp:
            return None
        if stamp not in self._principals:
            from usagekit.link import link

            self._principals[stamp] = link(self._identity(), self._alias)
        # Once more: what was read in between are those credentials only if they still stand.
        return self._principals[stamp] if credentials_stamp(self._config) == stamp else None

    def _stranger(self, superseded_id: str) -> str:
        """An anonymous ID that is not part of the account that was here before.

        Other credentials stand where that account's stood, and nobody says whose they are:
        from here on this machine is a stranger's, until somebody does.
        """
        if self._identity().anon_id == superseded_id:
            self._identity().reset_to_anonymous()
        now = self._identity().load_or_create()
        taken = now.linked_principal_id is not None or now.anon_id == superseded_id
        return new_uuid() if taken else now.anon_id

    def _alias(self, previous_id: str, distinct_id: str) -> bool:
        """Deliver an alias. False if there is no host, or it refuses; raises UnavailableError."""
        if not self._config.has_destination:
            return False
        from usagekit.delivery import RejectedError

        try:
            self._connection().alias(previous_id, distinct_id)
        except RejectedError:
            return False
        return True

    def _connection(self) -> PostHogDelivery:
        if self._delivery is None:
            from usagekit.delivery import PostHogDelivery

            self._delivery = PostHogDelivery(self._config)
        return self._delivery


def _taken(lock: FileLock) -> bool:
    try:
        return lock.acquire()
    except OSError:
        # A file system without locks: two may drain at once, and the receiver knows the uuids.
        return True


if __name__ == "__main__":
    sys.exit("usagekit.sender is run by a program's own sender module")
