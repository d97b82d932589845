"""Which events a question is about, and how it is put.

Persons are resolved as they are known now, so a later alias mends what was answered before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from usagekit_collector.ingest.capture import EARLIEST
from usagekit_collector.queries.periods import Interval
from usagekit_collector.queries.stats import LEVELS
from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql

# The few that were merged are looked up for each of the many events, never the other way round,
# which the engine would choose where it thinks that the events are few.
_PLAN = {"query_plan_join_swap_table": "false"}

_LEVELS = ", ".join(map(str, LEVELS))

# Who runs a program: somebody at a keyboard, a pipeline, or an AI agent, wherever that is.
Audience = Literal["all", "people", "ci", "agents"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """Which events: times from ``start`` until before ``end``; an empty text is any.

    Events whose names begin with a ``$`` are an SDK's own; they count where ``event`` names them.

    Attributes:
        tz: the time zone in which days, weeks and months begin.
        only_failed: only the failures of this ``error_type`` and ``failure_kind``, empty ones too.
    """

    project: int
    start: datetime
    end: datetime
    command: str = ""
    event: str = ""
    version: str = ""
    os: str = ""
    python: str = ""
    ci: str = ""
    agent: str = ""
    audience: Audience = "all"
    tz: str = "UTC"
    only_failed: bool = False
    error_type: str = ""
    failure_kind: str = ""

    @property
    def before(self) -> Wish:
        """The same of the time before, of the same length, as far as there are times."""
        length = min(self.end - self.start, self.start - EARLIEST)
        return msgspec.structs.replace(self, start=self.start - length, end=self.start)


def rows_of(
    client: Client,
    name: str,
    wish: Wish,
    *,
    interval: Interval = "day",
    everything: int = 0,
    name_is: str = "''",
    second: str = "0",
    **more: Any,
) -> list[dict[str, Any]]:
    """What one of ``sql/insights`` answers.

    Args:
        client: of the store.
        name: of the question; each begins with ``seen``.
        wish: which events.
        interval: what a period is.
        everything: 1 for an SDK's own events too.
        name_is: what stands for NAME in it.
        second: what stands for SECOND in it: which runs are of the second of two parts.
        more: what else it asks for.
    """
    own = sql(f"insights/{name}")
    for word, what in (("NAME", name_is), ("SECOND", second), ("LEVELS", _LEVELS)):
        own = own.replace(word, what)
    text = sql("insights/seen") + own
    asked = {**msgspec.structs.asdict(wish), "interval": interval, "everything": everything, **more}
    return list(client.query(text, asked, settings=_PLAN).named_results())


def commands_by_hash(client: Client, project: int) -> dict[int, str]:
    """All commands, by the numbers that stand for them in ``sql/insights``."""
    rows = client.query(sql("insights/hashes"), {"project": project}).result_rows
    return dict(rows)
