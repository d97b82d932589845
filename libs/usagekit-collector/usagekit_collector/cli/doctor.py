"""``usagekit-collector doctor``: what there is, and whether it is as it should be."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version

import msgspec
from clickhouse_connect.driver.exceptions import ClickHouseError

from usagekit_collector import __version__
from usagekit_collector.errors import StoreError
from usagekit_collector.ingest.identity import fold
from usagekit_collector.ingest.people import Identities
from usagekit_collector.settings import Settings
from usagekit_collector.store import statements
from usagekit_collector.store.client import Client
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.shards import place
from usagekit_collector.store.sql import sql
from usagekit_collector.store.state import waiting

_GIB = 1024**3
# GiB; with less, the engine cannot merge its files for long.
_LOW = 2.0
_TABLES = ("events", "identity", "projects", "owner", "migrations")


class Finding(msgspec.Struct):
    """One line of the report; ``fine`` is False for what needs somebody's attention."""

    what: str
    said: str
    fine: bool = True


def examine(engine: Engine, settings: Settings) -> Iterator[Finding]:
    """Versions, store, intake, disk, clock, persons.

    Args:
        engine: the store.
        settings: where its intake is.
    """
    client = engine.writer
    yield Finding("collector", f"{__version__}, Python {platform.python_version()}")
    embedded = f", chdb-core {version('chdb-core')}" if engine.folder else ""
    yield Finding("engine", f"{client.server_version}{embedded}")
    yield Finding("client", f"clickhouse-connect {version('clickhouse-connect')}")
    looks: dict[str, Callable[[], Finding]] = {
        "store": lambda: _store(client),
        "parts": lambda: _parts(client),
        "intake": lambda: _intake(settings),
        "disk": lambda: _disk(engine),
        "clock": lambda: _clock(client),
        "persons": lambda: _persons(client),
    }
    for what, look in looks.items():
        try:
            yield look()
        except (
            ClickHouseError,
            StoreError,
        ) as error:  # one thing that is ill hides none of the others
            yield Finding(what, f"cannot be told: {' '.join(str(error).split())[:300]}", fine=False)


def _store(client: Client) -> Finding:
    events, people, parts, size = client.query(sql("store/sizes")).result_rows[0]
    said = f"{events:,} events, {people:,} persons, {parts} parts, {size / _GIB:.2f} GiB"
    return Finding("store", said)


def _parts(client: Client) -> Finding:
    """Whether all is there, and as it was written; all of it is read."""
    put_aside = statements.damaged(client)
    unreadable = [part for table in _TABLES for part in _unreadable(client, table)]
    if not put_aside and not unreadable:
        return Finding("parts", "all as they were written")
    said = [f"{len(put_aside)} damaged and put aside ({_some(put_aside)})"] if put_aside else []
    said += [f"{len(unreadable)} cannot be read ({_some(unreadable)})"] if unreadable else []
    return Finding(
        "parts",
        f"{'; '.join(said)}: what was in them is not served. Import what an export has kept; "
        "events that are there already are not stored twice",
        fine=False,
    )


def _unreadable(client: Client, table: str) -> list[str]:
    database, name, _ = place(client, table)
    check = sql("store/check").replace("LOCAL_TABLE", f"`{database}`.`{name}`")
    # The client takes only what begins with SELECT for a question that is answered with rows.
    lines = client.raw_query(check, fmt="JSONEachRow").splitlines()
    parts = map(msgspec.json.decode, lines)
    return [f"{table}/{part['part_path']}" for part in parts if not part["is_passed"]]


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def rebuild(client: Client, *, merges_dangerously: bool = True) -> tuple[int, int]:
    """Put a map in the place of the stored one, that is made from the events alone.

    If it is killed, the next start of the collector does the same. All of it is in memory: about
    6 KiB for a person.

    Returns how many persons there are, and how many rows of the map were others before.
    """
    identities = _folded(client, merges_dangerously=merges_dangerously)
    count = len({key[:3] for key in statements.content(identities) ^ statements.stored(client)})
    last = statements.number(client, "store/last_seq")
    identities.changed_persons = {
        person_id: one.project for person_id, one in identities.persons.items()
    }
    statements.forget_everybody(client)
    statements.save_all(client, identities, last)
    return len(identities.persons), count


def _folded(client: Client, *, merges_dangerously: bool) -> Identities:
    identities = Identities(merges_dangerously=merges_dangerously)
    for (project,) in client.query(sql("store/projects")).result_rows:
        after = 0
        while piece := statements.all_facts(client, project, after):
            for _, fact in piece:
                fold(identities, fact)
            after = piece[-1][0]
    return identities


def _intake(settings: Settings) -> Finding:
    if count := waiting(settings):
        return Finding("intake", f"{count:,} events wait: the next start stores them")
    return Finding("intake", "nothing waits to be stored")


def _disk(engine: Engine) -> Finding:
    if engine.folder is not None:
        free, where = shutil.disk_usage(engine.folder).free / _GIB, str(engine.folder)
    else:
        free = engine.writer.query(sql("store/free")).result_rows[0][0] / _GIB
        where = "the server"
    low = "" if free > _LOW else ": make room, or the store will take no more"
    return Finding("disk", f"{free:.1f} GiB free at {where}{low}", not low)


def _clock(client: Client) -> Finding:
    ahead = statements.number(client, "store/last_arrived") / 1_000_000 - time.time()
    engine = float(client.query(sql("store/clock")).result_rows[0][0]) - time.time()
    said = "agrees with the engine's" if abs(engine) < 1 else f"{engine:+.1f} s from the engine's"
    if ahead >= 1:
        said += f"; the last event arrived {ahead:,.0f} s in the future: was the clock wrong?"
    return Finding("clock", said, ahead < 1 and abs(engine) < 1)


def _persons(client: Client) -> Finding:
    found = len(statements.unfolded(client, statements.number(client, "store/folded")))
    if not found:
        return Finding("persons", "up to date with the events")
    more = " or more" if found == statements.AT_ONCE else ""
    return Finding("persons", f"behind the events, by {found:,}{more}: the next start folds them")
