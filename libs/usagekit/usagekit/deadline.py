"""A deadline on a whole operation: name look-up, connection, every byte of a slow answer."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class DeadlineError(Exception):
    """The operation was still going on when its time was up."""


def run_within(seconds: float, operation: Callable[[], Result]) -> Result:
    """Run an operation, and stop waiting for it after so many seconds.

    Timeouts of sockets start anew with every byte and know nothing of name look-ups, so the
    operation runs in a thread that is abandoned when it is late. Raises what it raises,
    DeadlineError, or OSError where no thread can be had. Only for processes that end soon: an
    abandoned thread lives on till then.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(operation())
        except BaseException as error:  # noqa: BLE001 (raised again, below)
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # the machine has no room for one
        raise OSError(errno.EAGAIN, "no thread can be had") from error
    thread.join(max(0.0, seconds))
    if errors:
        raise errors[0]
    if not results:
        raise DeadlineError(f"no answer within {seconds:g} s")
    return results[0]


def exit_within(seconds: float) -> None:
    """End this process after so many seconds, from a thread; for systems with no better timer."""
    timer = threading.Timer(seconds, os._exit, [1])
    timer.daemon = True
    timer.start()
