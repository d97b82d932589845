"""Events sent to a host that speaks PostHog's batch format, as the history that they are."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterable, Iterator

import msgspec

from usagekit_collector.errors import CollectorError
from usagekit_collector.transfer.history import Message, batches
from usagekit_collector.transfer.outbound import Answered, Unreachable, ask, base_url, reached

# Seconds between two tries of one batch: before the second, doubled each time, and at most.
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_TIMEOUT = 30.0
_HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip"}


class ReplayError(CollectorError):
    """A host would not take the events; the text says what it was, and what to do."""


class Replay:
    """One host, and one project there.

    Args:
        host: base URL of PostHog, or of a collector.
        token: the project's.
        patience: seconds for which a batch that fails is tried again.
        tell: called with words for whoever watches, before it is.

    Raises ValueError if the host is no URL.
    """

    def __init__(
        self, host: str, token: str, *, patience: float, tell: Callable[[str], None]
    ) -> None:
        self._host = base_url(host)
        self._before = b'{"api_key":%b,"historical_migration":true,"batch":[' % (
            msgspec.json.encode(token)
        )
        self._patience = patience
        self._tell = tell

    def send(self, found: Iterable[Message]) -> Iterator[int]:
        """Send events in their order, with the uuids and times that they have.

        Yields how many have been taken so far. Raises ReplayError; what was sent before stays
        sent, and may be sent again: the uuids are the same.
        """
        count = 0
        for batch in batches(found):
            self._send(
                gzip.compress(self._before + b",".join(one.body for one in batch) + b"]}", 1)
            )
            count += len(batch)
            yield count

    def _send(self, body: bytes) -> None:
        deadline, wait = time.monotonic() + self._patience, _FIRST_WAIT
        while True:
            said, asked = self._try(body)
            if not said:
                return
            pause = max(wait, asked)
            if time.monotonic() + pause > deadline:
                raise ReplayError(f"{said}. {_AGAIN}")
            self._tell(f"{said}: trying again in {pause:g} s")
            time.sleep(pause)
            wait = min(wait * 2, _LONGEST_WAIT)

    def _try(self, body: bytes) -> tuple[str, float]:
        """What may be otherwise the next time, and seconds until then if they were named; or
        nothing. Raises ReplayError for what will not."""
        url = f"{self._host}/batch/"
        timeout = min(_TIMEOUT, max(self._patience, 1.0))
        try:
            with ask(url, body, headers=_HEADERS, timeout=timeout) as answer, reached():
                self._check(answer.read(10_000))
        except Answered as error:
            said = f"{self._host} answered {error}"
            if error.status < 500 and error.status not in (408, 429):
                raise ReplayError(f"{said}. {_NO_USE}") from error
            asked = error.headers.get("Retry-After", "")
            return said, float(asked) if asked.isdecimal() else 0.0
        except Unreachable as error:
            return f"{self._host} cannot be reached: {error}", 0.0
        return "", 0.0

    def _check(self, body: bytes) -> None:
        """Whether it is one who takes events that answered with a success."""
        try:
            said = msgspec.json.decode(body, type=_Taken)
        except msgspec.DecodeError as error:
            raise ReplayError(
                f"{self._host} answers, but not as PostHog does: say its host"
            ) from error
        if said.quota_limited:
            raise ReplayError(f"the project at {self._host} is over its quota. {_AGAIN}")


class _Taken(msgspec.Struct):
    """What PostHog says to events that it takes."""

    status: str | int
    quota_limited: list[str] | None = None


_AGAIN = "The same command goes on later: nothing is stored twice."
_NO_USE = "It would say so again: see that host and token are right."
