"""How the engine's client is told of a store: where it is, and how it is to be asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from usagekit_collector.address import Address

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


def options(store: Address, settings: Mapping[str, str]) -> dict[str, Any]:
    """What ``clickhouse_connect.get_client`` is called with.

    Args:
        store: whose own options and settings go before ours.
        settings: of the engine, for this client.
    """
    common = {"generic_args": dict(store.options), "tz_mode": "aware"}
    if store.folder is not None:
        place = {"interface": "chdb", "path": str(store.folder)}
        return {**place, "settings": dict(settings), **common}
    return {
        "dsn": store.url,
        "interface": "https" if store.is_secure else "http",
        "settings": {**_ON_A_SERVER, **settings},
        # Many parameters are longer than an address may be.
        "form_encode_query_params": True,
        # One client is used by several threads in turn, and needs no session.
        "autogenerate_session_id": False,
        **common,
    }
