"""The delivery of what waits: whose is it, alias, send, and settle on the host's word only.

For the holder of the sender's lock. What it needs takes a fifth of a second to load.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from usagekit import killed
from usagekit.breaker import Breaker
from usagekit.config import UsageConfig, decide
from usagekit.event import Event
from usagekit.identity import UsageIdentity
from usagekit.log import exists, read, record
from usagekit.record import recorded_at, spool_name
from usagekit.redact import Redactor
from usagekit.service import new_uuid
from usagekit.snapshot import credentials_stamp
from usagekit.spool import Spool, settling
from usagekit.wire import to_wire

if TYPE_CHECKING:
    from usagekit.delivery import PostHogDelivery

# An event on its way: its name in the spool, if it has one, and its wire form.
Outgoing = tuple[str | None, dict[str, Any]]

_BATCH = 50
# Seconds for which an event waits that a host refuses for its token.
_PATIENCE = 86_400.0


class Drain:
    """One run's delivery. What it found out about accounts and the host holds for that run.

    Attributes:
        settled: ``sent``, ``rejected`` or ``local``, by the event's name in the spool.
    """

    def __init__(self, config: UsageConfig, environ: Mapping[str, str] = os.environ) -> None:
        self.settled: dict[str, str] = {}
        self._config = config
        self._environ = environ
        self._spool = Spool(config)
        self._breaker = Breaker(config)
        self._delivery: PostHogDelivery | None = None
        self._principals: dict[tuple[str, bool], str | None] = {}
        self._passed_over: set[str] = set()

    def waiting(self) -> list[str]:
        """The names in the spool, without those that this run is done with, whether or not they
        could be removed. None at all where nothing can be removed: every run would send them."""
        if not self._spool.can_be_emptied():
            return []
        done = self._passed_over | self.settled.keys()
        return [name for name in self._spool.names() if name not in done]

    def all(self) -> bool:
        """Deliver what waits, oldest first. False if the host gave no word; the rest stays."""
        killed.collect(self._config, self._spool)
        names = self.waiting()
        for start in range(0, len(names), _BATCH):
            taken = [(name, self._spool.take(name)) for name in names[start : start + _BATCH]]
            self._passed_over |= {name for name, event in taken if event is None}
            if not self.deliver([(name, event) for name, event in taken if event is not None]):
                return False
        return True

    def deliver(self, events: list[tuple[str | None, Event]]) -> bool:
        """Deliver events, each with its name in the spool. True once all are settled."""
        if not decide(self._environ, self._config).enabled:
            return False  # switched off in the meantime: whoever did it empties the spool
        redactor = Redactor.for_this_machine()
        if not self._config.has_destination:
            self._settle("local", [(name, to_wire(event, redactor)) for name, event in events])
            return True
        try:
            from usagekit.delivery import UnavailableError
        except ModuleNotFoundError as error:
            self._breaker.failed(f"{error.name} is missing: pip install 'usagekit[posthog]'")
            return False

        try:
            for _, event in events:
                self._resolve(event)
            self._identity().adopt_link()
            self._send([(name, to_wire(event, redactor)) for name, event in events])
        except UnavailableError as error:
            if self._still_wanted(events):
                self._breaker.failed(str(error), error.retry_after)
            return False
        return True

    def _still_wanted(self, events: list[tuple[str | None, Event]]) -> bool:
        """Whether any of them waits still: else nobody's patience need be remembered, and a home
        that was purged in the meantime stays empty."""
        names = {name for name, _ in events}
        return None in names or not names.isdisjoint(self._spool.names())

    def alias(self, previous_id: str, distinct_id: str) -> bool:
        """Deliver an alias. False if there is no host, or it refuses; raises UnavailableError."""
        if not self._config.has_destination:
            return False
        from usagekit.delivery import RejectedError

        try:
            self._connection().alias(previous_id, distinct_id)
        except RejectedError:
            return False
        return True

    def _send(self, batch: list[Outgoing]) -> None:
        """Send in one request; if it is refused, in ever smaller ones until the culprit stands
        alone. Raises UnavailableError; what was settled before stays settled."""
        from usagekit.delivery import RejectedError, UnavailableError, UnknownTokenError

        if not batch:
            return
        try:
            self._connection().send([event for _, event in batch])
        except RejectedError as error:
            waits = [one for one in batch if _is_young(one[1])]
            if isinstance(error, UnknownTokenError) and waits and self._has_sent():
                if len(waits) < len(batch):
                    self._settle("rejected", [one for one in batch if one not in waits])
                reason = "the host no longer knows the token under which it took events"
                raise UnavailableError(reason) from error
            self._breaker.succeeded()
            if len(batch) == 1:
                self._settle("rejected", batch)
                return
            middle = len(batch) // 2
            self._send(batch[:middle])
            self._send(batch[middle:])
            return
        self._breaker.succeeded()
        self._settle("sent", batch)

    def _has_sent(self) -> bool:
        """Whether a host has taken events from here, and so knew the token."""
        return any(entry.get("result") == "sent" for entry in read(self._config.paths))

    def _settle(self, result: str, batch: list[Outgoing]) -> None:
        """Forget events, and write down what became of them: in this order, for whatever is
        wrong with the log is no reason to send an event twice."""
        forget = self._spool.drop if result == "rejected" else self._spool.remove
        with settling(self._config):
            gone = [name for name, _ in batch if name is not None and not forget(name)]
            self.settled |= {name: result for name, _ in batch if name is not None}
            if gone and not exists(self._config.paths):
                return  # whoever removed them removed the log too: it does not come back
            with suppress(OSError):
                record(self._config.paths, result, [event for _, event in batch])

    def _resolve(self, event: Event) -> None:
        """Give an event with credentials that nobody had looked up the ID that it belongs to.

        The credentials must still be those that it was recorded with, or somebody else's event
        would be taken for this person's. Raises UnavailableError.
        """
        if event.credentials is None:
            return
        throw_away = event.properties.get("ci") is not None
        principal = self._principal(event.credentials, throw_away=throw_away)
        if principal is not None:
            event.distinct_id, event.is_anon = principal, False
        elif event.superseded:
            event.distinct_id = self._stranger(event.distinct_id)

    def _identity(self) -> UsageIdentity:
        """The identity as it is on disk now; here there is time to wait for its lock."""
        return UsageIdentity(self._config, self._config.background_lock_wait)

    def _principal(self, stamp: str, *, throw_away: bool) -> str | None:
        """The account behind the credentials of that stamp, aliased and linked; None if they
        are there no more. Asked for once a run. A home that is thrown away has no history
        worth an alias."""
        if credentials_stamp(self._config) != stamp:
            return None
        key = (stamp, throw_away)
        if key not in self._principals:
            if throw_away:
                self._principals[key] = self._identity().get_principal_id()
            else:
                from usagekit.link import link

                self._principals[key] = link(self._identity(), self.alias)
        # Once more: what was read in between are those credentials only if they still stand.
        return self._principals[key] if credentials_stamp(self._config) == stamp else None

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

    def _connection(self) -> PostHogDelivery:
        if self._delivery is None:
            from usagekit.delivery import PostHogDelivery

            self._delivery = PostHogDelivery(self._config)
        return self._delivery


def _is_young(event: Mapping[str, Any]) -> bool:
    """Whether an event may wait for a host to change its mind about the token."""
    at = recorded_at(spool_name(event["timestamp"], ""))
    return at is not None and time.time() - at < _PATIENCE
