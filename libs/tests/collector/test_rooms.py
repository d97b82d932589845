"""Each room of the collector imports only those below it, and no module itself by way of others."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import usagekit_collector
from usagekit_collector.errors import CollectorError
from usagekit_collector.store.sql import SQL, sql

PACKAGE = Path(usagekit_collector.__file__).parent
# From the top to the bottom. What lies in no room is the ground on which all stand.
ROOMS = ["cli", "web", "transfer", "pages", "queries", "store", "intake", "ingest", ""]


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else ""


def modules() -> dict[str, Path]:
    found = {}
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The collector's own modules that a file names, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            names = [f"{node.module}.{name.name}" for name in node.names]
            yield from (name if name in known else node.module for name in names)


def test_no_arrow_goes_up() -> None:
    known = modules()
    assert {room_of(name) for name in known} == set(ROOMS)
    up = [
        (name, other)
        for name, path in known.items()
        for other in imports(path, known)
        if ROOMS.index(room_of(other)) < ROOMS.index(room_of(name))
    ]
    assert up == []


def test_there_is_no_circle() -> None:
    known = modules()
    graph = {name: set(imports(path, known)) - {name} for name, path in known.items()}
    assert sum(map(len, graph.values())) > 100
    list(TopologicalSorter(graph).static_order())


def test_a_file_is_not_longer_than_can_be_read() -> None:
    long = {name: len(path.read_text().splitlines()) for name, path in modules().items()}
    assert {name: count for name, count in long.items() if count > 320} == {}


def test_what_goes_wrong_has_one_base() -> None:
    found = [
        one
        for name in modules()
        for one in vars(importlib.import_module(name)).values()
        if isinstance(one, type) and issubclass(one, BaseException) and one.__module__ == name
    ]
    assert len(found) > 10
    assert [one for one in found if not issubclass(one, CollectorError)] == []


def test_whose_an_event_is_by_now_is_said_in_one_file() -> None:
    asking = [path for path in (PACKAGE / "sql").rglob("*.sql") if path.parent.name != "store"]
    assert [
        path.name
        for path in asking
        if path.parent.name != "migrations" and "'distinct_id'" in path.read_text()
    ] == ["merged.sql"]
    users = [path for path in asking if "(MERGED)" in path.read_text()]
    assert len(users) == 4
    assert not [path for path in users if "(MERGED)" in sql(str(path.relative_to(str(SQL)))[:-4])]
