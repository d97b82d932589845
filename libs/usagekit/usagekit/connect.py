"""Connections that do not wait for an address that never answers, where another would.

A host may have addresses of IPv6 and of IPv4, of which one kind leads nowhere from here; tried one
after the other, the first would take all the time that there is. So the next is tried while the one
before is silent: Happy Eyeballs (RFC 8305).
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import chain, zip_longest
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

# Seconds for which an address may be silent before the next is tried as well.
_DELAY = 0.25

Address = tuple[int, int, int, Any]


def connected(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to whichever address of a host answers first.

    Args:
        host: its name, or an address.
        port: of TCP.
        seconds: within which one is to answer.

    Raises OSError: that of the last address, or TimeoutError.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    left = deque(
        _families_in_turn((family, kind, proto, to) for family, kind, proto, _, to in found)
    )
    error: OSError = TimeoutError(f"no address of the host answered within {seconds:g} s")
    deadline, due = time.monotonic() + seconds, 0.0
    with ExitStack() as others, selectors.DefaultSelector() as waiting:
        while (now := time.monotonic()) < deadline and (left or waiting.get_map()):
            if left and (now >= due or not waiting.get_map()):
                due = now + _DELAY
                try:
                    one = others.enter_context(_begun(left.popleft()))
                    waiting.register(one, selectors.EVENT_WRITE)
                except OSError as refused:
                    error = refused
                continue
            for key, _ in waiting.select((min(due, deadline) if left else deadline) - now):
                answered: Any = key.fileobj
                waiting.unregister(answered)
                code = answered.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not code:
                    first: socket.socket = answered.dup()
                    return first
                error, due = OSError(code, "the connection failed"), 0.0
    raise error


def _begun(address: Address) -> socket.socket:
    """A socket on its way to an address. Raises OSError if there is no way."""
    family, kind, proto, to = address
    one = socket.socket(family, kind, proto)
    try:
        one.setblocking(False)
        one.connect(to)
    except BlockingIOError:
        return one
    except BaseException:
        one.close()
        raise
    return one


def _families_in_turn(addresses: Iterable[Address]) -> list[Address]:
    """The same addresses, of another family each than the one before, as far as there are."""
    by_family: dict[int, list[Address]] = {}
    for one in addresses:
        by_family.setdefault(one[0], []).append(one)
    return [one for one in chain(*zip_longest(*by_family.values())) if one is not None]


class Adapter(HTTPAdapter):
    """How a session of requests makes such connections: to a host, and to an HTTP proxy."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As a session asks for it, once."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """As a session asks for it, for each proxy."""
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not str(proxy).lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager


def _connection(wanted: HTTPConnection, seconds: float) -> socket.socket:
    one = connected(wanted.host.strip("[]"), wanted.port, seconds)
    one.settimeout(seconds)
    for option in wanted.socket_options or ():
        one.setsockopt(*option)
    return one


class _Plain(HTTPConnection):
    # By a method that urllib3 keeps for its own subclasses. Without it the addresses would be tried
    # one after the other, as before: a test would say so.
    def _new_conn(self) -> socket.socket:
        return _connection(self, _seconds(self.timeout))


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connection(self, _seconds(self.timeout))


def _seconds(timeout: object) -> float:
    """What a connection may take: a number here, always."""
    return float(timeout) if isinstance(timeout, int | float) else 60.0


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS: Any = {"http": _PlainPool, "https": _SecurePool}
