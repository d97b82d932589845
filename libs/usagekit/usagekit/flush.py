"""Sending what waits while somebody waits for it: the end of a CI job, as a rule."""

from __future__ import annotations

import time
from functools import partial

from usagekit.breaker import Breaker
from usagekit.config import UsageConfig
from usagekit.deadline import DeadlineError, run_within
from usagekit.sender import Sender
from usagekit.spool import Spool

# Seconds before each further try.
_PAUSES = (1.0, 2.0)


class Flushed:
    """What became of the queue.

    Attributes:
        sent: events that the host accepted, by whichever sender.
        local: events that went to the local log, for want of a destination.
        refused: events that the host will not take, and that are dropped.
        remaining: events that still wait.
        reason: why they do, or empty.
    """

    def __init__(self, results: list[str], remaining: int, reason: str) -> None:
        self.sent = results.count("sent")
        self.local = results.count("local")
        self.refused = results.count("rejected")
        self.remaining = remaining
        self.reason = reason


def flush(config: UsageConfig, timeout: float) -> Flushed:
    """Deliver what waits, whether or not senders leave the host alone just now.

    Waits for a sender that is at work, tries three times, and comes back after ``timeout``
    seconds at the latest.
    """
    spool, sender = Spool(config), Sender(config, patient=False)
    queued = set(spool.names())
    deadline = time.monotonic() + timeout
    reason = f"not all was done within {timeout:g} s"
    for pause in (*_PAUSES, None):
        left = deadline - time.monotonic()
        try:
            done = run_within(left, partial(sender.drain, wait=left))
        except DeadlineError:
            break
        except OSError as error:
            reason = error.strerror or str(error)
            break
        reason = Breaker(config).reason or reason
        if done or pause is None or time.monotonic() + pause >= deadline:
            break
        time.sleep(pause)
    waiting = set(spool.names())
    # What is gone, and was not our work, another sender has sent.
    others = ["sent" for name in queued - waiting if name not in sender.settled]
    return Flushed([*sender.settled.values(), *others], len(waiting), reason)
