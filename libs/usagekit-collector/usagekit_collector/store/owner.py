"""One owner of a store on a server: a lease, which its collector renews in the store itself.

Two collectors on one database would each take events that the other has, and number them anew. So
one of them is the owner: the last to have said so in the table ``owner``. It says so again every
third of its lease; when it has not for all of it, another may follow.

What this guarantees, on a server that keeps time: a second collector beside one that runs is
refused; one that stood still, or was cut off, writes nothing more once another has followed, even
if that one is gone again. What it cannot, for ClickHouse has no compare-and-swap: of two that claim
at once the last wins, which the other sees only if both statements took less than the second for
which each waits before it looks; and an insert that was sent in time, and then took longer than a
fifth of the lease, is still carried out. On a cluster both need the same replica to be asked.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from uuid import UUID, uuid4

from clickhouse_connect.driver.exceptions import ClickHouseError

from usagekit_collector.errors import StoreError
from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql

_log = logging.getLogger(__name__)
# Parts of the lease: until it is renewed; that its holder counts on; that another waits for; until
# a claim is looked at, which is a second at most.
_RENEWED, _SAFE, _WAITED, _SETTLED = 1 / 3, 4 / 5, 3 / 2, 1 / 15


class Lease:
    """The right to write, of one collector.

    Args:
        client: for this lease alone.
        seconds: how long it runs without being renewed.

    Attributes:
        is_anothers: whether another has become the owner since.
        is_away: whether the store could not be asked of late who the owner is.
    """

    def __init__(self, client: Client, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self._settled = min(1.0, _SETTLED * seconds)
        self._id = uuid4()
        self._until = 0.0
        self.is_anothers = self.is_away = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    @property
    def holds(self) -> bool:
        """Whether nobody else can be the owner for a moment more. For any thread."""
        return _clock() < self._until

    def take(self, *, wait: bool) -> None:
        """Become the owner; wait for another's lease to run out, or not. Raises StoreError."""
        deadline = _clock() + (_WAITED * self._seconds if wait else 0)
        is_last = False
        while not is_last:
            is_last = _clock() >= deadline
            if self._say(is_new=True):
                self._thread.start()
                return
            time.sleep(self._settled)
        raise StoreError(
            f"the store is in use by another collector ({self._owner()[1]}). Stop that one first; "
            "for tokens, exports and imports, ask it instead (--url)."
        )

    def give_up(self) -> None:
        """Let another have it at once."""
        self._over.set()
        if self._thread.ident is None:
            return
        self._thread.join()
        self._until = 0.0
        try:
            self._write(seconds=0)
        except ClickHouseError as error:
            _log.warning("the store could not be given up, and is free later: %s", error)

    def _keep(self) -> None:
        while not self._over.wait(_RENEWED * self._seconds):
            try:
                if not self._say():
                    self.is_anothers = True
                    _log.error("the store is another collector's now (%s)", self._owner()[1])
                    return
                self.is_away = False
            except ClickHouseError as error:
                self.is_away = True
                _log.warning("the lease of the store could not be renewed: %s", error)

    def _say(self, *, is_new: bool = False) -> bool:
        """Say who is the owner, if that can be said. Returns whether it is so."""
        began, held = _clock(), self.holds
        self._write(seconds=self._seconds, is_new=is_new)
        if not held:
            time.sleep(self._settled)
        is_so = self._owner()[0] == self._id
        self._until = began + _SAFE * self._seconds if is_so else 0.0
        return is_so

    def _write(self, *, seconds: float, is_new: bool = False) -> None:
        asked = {"id": self._id, "host": socket.gethostname(), "pid": os.getpid()}
        asked |= {"lease": int(seconds * 1000), "is_new": is_new}
        self._client.command(sql("store/own"), asked)

    def _owner(self) -> tuple[UUID, str]:
        """The ID of whoever was the last to say so, and words for who that is."""
        last, host, pid = self._client.query(sql("store/owner")).result_rows[0]
        return last, f"pid {pid} on {host}"


def _clock() -> float:
    """Seconds, of a clock that goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
