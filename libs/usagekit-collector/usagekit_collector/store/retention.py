"""For how long events are kept."""

from __future__ import annotations

from usagekit_collector.store.client import Client
from usagekit_collector.store.shards import change, place
from usagekit_collector.store.sql import sql


def set_retention(client: Client, days: int) -> None:
    """Keep events for so many days, or for ever (0); a change is carried out in the background.

    What says who is who is kept, a person's first event too: else they would come apart when their
    login grows old.
    """
    database, table, _ = place(client, "events")
    asked = {"database": database, "table": table}
    definition = client.query(sql("store/definition"), asked).result_rows[0][0]
    interval = f"toIntervalDay({days})"
    if days and interval not in definition:
        change(client, sql("store/retain").replace("INTERVAL_DAYS", interval))
    elif not days and "toIntervalDay(" in definition:
        change(client, sql("store/retain_for_ever"))
