"""The background process: spool the event, and if nobody else is at it, deliver what waits.

Run as ``python -m <sender_module>``. It prints nowhere, is gone within ``sender_lifetime``
seconds, and loads what it needs to deliver only once it is the one who does.
"""

import gc
import os
import sys

from usagekit.config import decide
from usagekit.record import is_event, is_marker
from usagekit.service import SPOOLED
from usagekit.snapshot import FileLock, open_folder, system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from usagekit.config import UsageConfig, UsagePaths
    from usagekit.drain import Drain


# What Python says before it starts a process, in whichever way.
_STARTS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "subprocess.Popen",
        "_winapi.CreateProcess",
    }
)


def main(config: "UsageConfig", environ: "Mapping[str, str]" = os.environ) -> None:
    """Do the sender's work for one program, then end the process. Never returns.

    Exit code 0: nothing is wrong that anyone could act on. 1: an alias was asked for and did
    not arrive, or the sender failed.
    """
    system.end_within(config.sender_lifetime - 0.2)  # it took a moment to get here
    sys.addaudithook(_start_nothing)
    gc.disable()  # loading the SDK makes much and leaves no garbage: a tenth of its time
    code = 1
    try:
        os.chdir(os.path.abspath(os.sep))  # a folder that nobody may wish to remove
        code = Sender(config, environ).run(environ.get(config.event_variable, ""))
    except Exception:  # noqa: BLE001 (the door: there is nobody here to tell)
        code = 1
    finally:
        # Not sys.exit: it would wait for whatever thread was abandoned at a deadline.
        os._exit(code)


def _start_nothing(event: str, _: object) -> None:
    """Refuse to start a process, for whichever library or resolver: it would not end with this
    one, which the kernel ends without a word."""
    if event in _STARTS:
        raise PermissionError("a sender starts no process")


class Sender:
    """One run of the background process, or of a flush.

    Args:
        config: the program's policy.
        environ: what consent is read from.
        patient: whether to leave a host alone that has failed; a flush does not.
    """

    def __init__(
        self,
        config: "UsageConfig",
        environ: "Mapping[str, str]" = os.environ,
        *,
        patient: bool = True,
    ) -> None:
        self._config = config
        self._environ = environ
        self._patient = patient
        self._drain: Drain | None = None

    @property
    def settled(self) -> "dict[str, str]":
        """What became of the events that this run settled, by their names in the spool."""
        return self._drain.settled if self._drain is not None else {}

    def run(self, data: str) -> int:
        """Take in what the foreground handed over, then deliver. Returns the exit code."""
        if not decide(self._environ, self._config).enabled:
            return 1  # switched off since the command ended
        order = None
        if data and not data.startswith(SPOOLED):
            import json

            order = json.loads(data)
            if "alias" in order:  # and somebody is waiting for it
                previous_id, distinct_id = str(order["alias"]), str(order["distinct_id"])
                return 0 if self._work().alias(previous_id, distinct_id) else 1
        system.step_back()
        if order is None or self._take_in(order):
            self.drain()
        return 0

    def drain(self, wait: float = 0.0) -> bool:
        """Deliver all that waits, unless another sender is at it already and is not done within
        ``wait`` seconds. True if nothing is left that this run could deliver.

        The look into the spool after letting go of the lock closes a gap: whoever found the lock
        held has put its event there before it tried the lock, so either the holder's last look
        sees the event, or that try comes after the release and succeeds.
        """
        lock = FileLock(self._config.paths, self._config.paths.sender_lock)
        while self._work_left():
            try:
                if not lock.acquire(wait=wait):
                    return False
            except OSError:
                pass  # no locks on this file system: two may drain, and receivers know the uuids
            try:
                settled = self._drain_once()
            finally:
                lock.release()
            if not settled:
                return False
        return True

    def _work_left(self) -> bool:
        if self._drain is not None:
            return bool(self._drain.waiting())
        paths = self._config.paths
        return _holds(paths, paths.spool, is_event) or _holds(paths, paths.running, is_marker)

    def _drain_once(self) -> bool:
        """What the holder of the lock does. False if the host gave no word, or is left alone."""
        from usagekit.breaker import Breaker
        from usagekit.spool import Spool

        spool = Spool(self._config)
        spool.trim()
        breaker = Breaker(self._config)
        if self._patient and self._config.has_destination and breaker.is_open():
            return False
        try:
            return self._work().all()
        finally:
            spool.trim()  # of what came in while a host took its time

    def _work(self) -> "Drain":
        if self._drain is None:
            from usagekit.drain import Drain

            self._drain = Drain(self._config, self._environ)
        return self._drain

    def _take_in(self, order: "dict[str, Any]") -> bool:
        """Put an event into the spool; where nothing can be written, deliver it now or never."""
        from usagekit.event import Event
        from usagekit.service import minted
        from usagekit.spool import Spool

        event = Event.of(minted(order))
        try:
            Spool(self._config).put(event)
        except OSError:
            self._work().deliver([(None, event)])
            return False
        return True


def _holds(paths: "UsagePaths", path: str, of_ours: "Callable[[str], bool]") -> bool:
    try:
        with open_folder(paths, path) as folder:
            return any(map(of_ours, folder.names()))
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit("usagekit.sender is run by a program's own sender module")
