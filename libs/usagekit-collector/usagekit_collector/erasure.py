"""What was deleted leaves the files too: it is begun here, and waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any

from usagekit_collector.engine import change, is_sharded, sql
from usagekit_collector.errors import Busy
from usagekit_collector.questions import ask
from usagekit_collector.service import Service

# Seconds for which it is waited for, which takes one or two where nobody is reading an old part;
# and between two looks.
_PATIENCE, _PAUSE = 15.0, 0.2

# Parts of tables, and what is written down of changes to them: table, name.
Remains = AbstractSet[tuple[str, str]]


def begin(client: Any) -> Remains | None:
    """Have all parts written anew without the rows that were deleted; then the engine removes the
    old ones. For the writer.

    Returns what must go until nothing is left; None where that cannot be looked at, on the shards
    of a cluster.
    """
    remains = None if is_sharded(client, "events") else _there(client)
    for step in ("rewrite_events", "rewrite_identity"):
        change(client, sql(f"store/{step}"))
    return remains


async def is_over(service: Service, remains: Remains | None) -> bool:
    """Whether nothing is left of it, for which it is waited a little."""
    deadline = time.monotonic() + _PATIENCE
    while remains and time.monotonic() < deadline:
        await asyncio.sleep(_PAUSE)
        with suppress(Busy):
            remains &= await ask(service, _there if service.engine.folder is None else _hurried)
    return remains is not None and not remains


def _there(client: Any) -> Remains:
    return frozenset(client.query(sql("store/remains")).result_rows)


def _hurried(client: Any) -> Remains:
    # Where nothing happens the engine tidies up less and less often: this wakes it. On a server it
    # would undo what an administrator has said.
    for table in ("events", "identity"):
        client.command(f"SYSTEM START MERGES {table}")
    return _there(client)
