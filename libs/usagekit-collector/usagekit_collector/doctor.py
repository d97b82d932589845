"""``usagekit-collector doctor``: what there is, and whether it is as it should be."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import msgspec

from usagekit_collector import __version__, store
from usagekit_collector.engine import Engine, change, sql
from usagekit_collector.identity import Identities, fold

_GIB = 1024**3
_LOW = 2.0


class Finding(msgspec.Struct):
    """One line of the report; ``fine`` is False for what needs somebody's attention."""

    what: str
    said: str
    fine: bool = True


def examine(engine: Engine) -> Iterator[Finding]:
    """Versions, store, disk, clock."""
    client = engine.writer
    yield Finding("collector", f"{__version__}, Python {platform.python_version()}")
    embedded = f", chdb-core {version('chdb-core')}" if engine.folder else ""
    yield Finding("engine", f"{client.server_version}{embedded}")
    yield Finding("client", f"clickhouse-connect {version('clickhouse-connect')}")
    events, people, parts, size = client.query(sql("store/sizes")).result_rows[0]
    yield Finding(
        "store", f"{events:,} events, {people:,} persons, {parts} parts, {size / _GIB:.2f} GiB"
    )
    if engine.folder is not None:
        free = shutil.disk_usage(engine.folder).free / _GIB
        yield Finding("disk", f"{free:.1f} GiB free at {engine.folder}", free > _LOW)
    yield from _clock(client)
    folded = store.unfolded(client, store.number(client, "store/folded"))
    yield Finding(
        "persons",
        f"{len(folded)} events are not folded yet: the next start does it"
        if folded
        else "up to date with the events",
    )


def _clock(client: Any) -> Iterator[Finding]:
    last = store.number(client, "store/last_seq") / 1_000_000
    ahead = last - time.time()
    engine = float(client.query(sql("store/clock")).result_rows[0][0]) - time.time()
    fine = ahead < 1 and abs(engine) < 1
    said = "agrees with the engine's" if abs(engine) < 1 else f"{engine:+.1f} s from the engine's"
    if ahead >= 1:
        said += f"; the last event arrived {ahead:.0f} s in the future"
    yield Finding("clock", said, fine)


def rebuild(client: Any) -> Identities:
    """Everybody, from the events alone. In memory: a person and their IDs take about 1 KiB."""
    identities, after = Identities(), 0
    while piece := store.all_facts(client, after):
        for after, fact in piece:
            fold(identities, fact)
    return identities


def differences(client: Any, identities: Identities) -> int:
    """In how many rows the stored map differs from this one."""
    return len(store.content(identities) ^ store.stored(client))


def replace(client: Any, identities: Identities) -> None:
    """Put this map in the place of the stored one."""
    change(client, sql("store/forget_everybody"))
    store.save(client, identities, store.number(client, "store/last_seq"))
