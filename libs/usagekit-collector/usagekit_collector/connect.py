"""How the engine's client is told of a store: where it is, and how it is to be asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# How a server is to carry out what it is asked, whatever its administrator prefers for others. The
# last four are of no account but on a cluster.
_ON_A_SERVER = {
    # An insert is by itself, and on disk when it is answered.
    "async_insert": "0",
    "distributed_foreground_insert": "1",
    # What was written is read back from where it was written: a shard's first replica that is up.
    "load_balancing": "in_order",
    "prefer_localhost_replica": "0",
    # Who is who lies on all shards: it is put together before each joins it to its events.
    "distributed_product_mode": "global",
}
# What is said before the question mark is not said again.
_SAID_BEFORE = frozenset(["database", "host", "interface", "password", "port", "username"])
# Where TLS is spoken, by custom.
_TLS_PORTS = (443, 8443)


def options(store: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """What ``clickhouse_connect.get_client`` is called with.

    Args:
        store: ``chdb:///folder``; ``clickhouse://user:password@host:port/database``, with TLS on
            ports 443 and 8443; or ``clickhouses://…``, with TLS on any. After a ``?`` there may be
            options of the client (``ca_cert``, ``verify``, …) and the engine's settings, which go
            before ours.
        settings: of the engine, for this client.

    Raises ValueError for what is no address.
    """
    parts = urlsplit(store)
    if parts.scheme == "chdb":
        return {"dsn": store, "settings": dict(settings), "tz_mode": "aware"}
    more = dict(parse_qsl(parts.query))
    if twice := _SAID_BEFORE & more.keys():
        raise ValueError(f"{', '.join(sorted(twice))} cannot be said after the ? of the store")
    secure = parts.scheme == "clickhouses" or parts.port in _TLS_PORTS
    return {
        "dsn": parts._replace(query="").geturl(),
        "interface": "https" if secure else "http",
        "settings": {**_ON_A_SERVER, **settings},
        "generic_args": more,
        "tz_mode": "aware",
        # Many parameters are longer than an address may be.
        "form_encode_query_params": True,
        # One client is used by several threads in turn, and needs no session.
        "autogenerate_session_id": False,
    }
