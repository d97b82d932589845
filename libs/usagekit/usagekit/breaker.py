"""Patience with a host that fails: when it may be tried again.

Read and written only by the holder of the sender's lock.
"""

from __future__ import annotations

import time

from usagekit import files
from usagekit.config import UsageConfig
from usagekit.shown import shown_url
from usagekit.snapshot import read_text


class Breaker:
    """Closed: senders try. Open: until its time is up they only keep what they are given.

    One failure alone opens nothing, unless the host asked for time. The second opens it for a
    minute, each further one for twice as long, up to an hour; a success closes it.

    Attributes:
        failures: how often the host has failed in a row.
        until: the time, in seconds since the epoch, before which it is left alone.
        reason: what the last failure was, or empty.
    """

    def __init__(self, config: UsageConfig) -> None:
        self._config = config
        self._paths = config.paths
        self._host = shown_url(config.host) or ""  # no password is kept for this
        self.failures, self.until, self.reason = 0, 0.0, ""
        lines = (read_text(config.paths, config.paths.breaker) or "").split("\n")
        # Of another host it says nothing.
        if len(lines) == 4 and lines[3] == self._host:
            try:
                self.failures, self.until, self.reason = int(lines[0]), float(lines[1]), lines[2]
            except ValueError:
                return

    def is_open(self) -> bool:
        """Whether the host is to be left alone now. A time further off than any wait is none
        that was ever set: the clock has been put back since."""
        return 0 < self.until - time.time() <= self._config.retry_after_limit

    def failed(self, reason: str, retry_after: float | None = None) -> None:
        """Note a failure, and how many seconds the host asked for, if it did."""
        self.failures += 1
        # The bound on the exponent only keeps the number one that there is.
        doubled = self._config.breaker_first_wait * 2.0 ** min(self.failures - 2, 60)
        wait = 0.0 if self.failures < 2 else min(doubled, self._config.breaker_last_wait)
        asked = min(retry_after or 0.0, self._config.retry_after_limit)
        self.until, self.reason = time.time() + max(wait, asked), reason
        note = f"{self.failures}\n{self.until:.3f}\n{self.reason}\n{self._host}"
        try:
            files.replace_whole(self._paths, self._paths.breaker, note)
        except OSError:
            return  # then the next sender tries again

    def succeeded(self) -> None:
        """Forget all failures."""
        if self.failures:
            self.failures, self.until, self.reason = 0, 0.0, ""
            try:
                files.remove(self._paths, self._paths.breaker)
            except OSError:
                return
