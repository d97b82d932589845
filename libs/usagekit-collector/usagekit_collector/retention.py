"""For how long events are kept."""

from __future__ import annotations

from typing import Any

from usagekit_collector.engine import sql


def set_retention(client: Any, days: int) -> None:
    """Keep events for so many days, or for ever (0); a change is carried out in the background.

    What says who is who is kept: else a person would come apart when their login grows old.
    """
    table = client.command(sql("store/events_definition"))
    interval = f"toIntervalDay({days})"
    if days and interval not in table:
        client.command(sql("store/retain").replace("INTERVAL_DAYS", interval))
    elif not days and "toIntervalDay(" in table:
        client.command(sql("store/retain_for_ever"))
