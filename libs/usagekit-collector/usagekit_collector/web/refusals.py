"""What is refused, in the log: by kind, once at once and once more with how often it came."""

from __future__ import annotations

import asyncio
import logging

_log = logging.getLogger(__name__)
# Seconds for which those of one kind are counted; kinds that are told apart meanwhile.
_SECONDS, _KINDS = 60.0, 100
# Characters of a sender's name.
_LONGEST = 80


class Refusals:
    """The refusals of the last minute, by their kind: the answer, the reason, the sender. For one
    thread, in which a loop runs.

    Args:
        seconds: for which those of one kind are counted.
    """

    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._more: dict[str, int] = {}
        self._end: asyncio.TimerHandle | None = None

    def tell(self, status: int, reason: str, sender: str) -> None:
        """The first of a kind is in the log now, how many more there were when the time is over.

        Args:
            status: of HTTP.
            reason: words; what stands after a colon is of this request only.
            sender: what it says that it is; it may say anything.
        """
        # Escaped, so that it is one word of ASCII whatever was sent.
        known = ascii(sender[:_LONGEST])[1:-1][:_LONGEST] or "nobody who says so"
        kind = f"{status}, {reason.partition(':')[0]}; sent by {known}"
        if kind not in self._more and len(self._more) >= _KINDS:
            kind = "for many reasons, or sent by many"
        if self._end is None:
            self._end = asyncio.get_running_loop().call_later(self._seconds, self.sum_up)
        if kind in self._more:
            self._more[kind] += 1
        else:
            self._more[kind] = 0
            _log.warning("refused: %s", kind)

    def sum_up(self) -> None:
        """Say how many more there were, and begin anew."""
        if self._end is not None:
            self._end.cancel()
            self._end = None
        for kind, more in self._more.items():
            if more:
                _log.warning("refused %d more in a minute: %s", more, kind)
        self._more.clear()
