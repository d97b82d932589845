"""What a program says that it has, whoever uses it: its commands and options."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from usagekit_collector.queries.usage import in_sql
from usagekit_collector.store.client import Client
from usagekit_collector.store.sql import sql

# The event by which a program says so; its properties are ``declared_commands`` and
# ``declared_options``, lists of names.
EVENT = "$cli_declared"
Kind = Literal["command", "option"]


class Declared(msgspec.Struct, frozen=True):
    """A command or an option that a program has.

    Attributes:
        version: of the program, that says so.
        last_seen: when it was used last, of all that is stored; null where nobody ever has.
        last_version: of the program, then.
    """

    kind: Kind
    name: str
    version: str
    last_seen: datetime | None
    last_version: str


def declared(client: Client, project: int) -> list[Declared]:
    """All commands and options of the last version that has said what it has: what was never used
    first, then what was used longest ago. Nothing where none has said so."""
    asked = {"project": project, "event": EVENT}
    found = list(client.query(sql("insights/declaration"), asked).named_results())
    if not found:
        return []
    said = found[0]
    kinds: dict[Kind, list[str]] = {"command": said["commands"], "option": said["options"]}
    answer = []
    for kind, names in kinds.items():
        used = _ever_used(client, project, kind) if names else {}
        for name in dict.fromkeys(filter(None, names)):
            row = used.get(name, {"last_seen": None, "last_version": ""})
            seen = row["last_seen"], row["last_version"]
            answer.append(Declared(kind, name, said["version"], *seen))
    answer.sort(key=lambda one: (one.last_seen is not None, one.last_seen or 0, one.kind, one.name))
    return answer


def _ever_used(client: Client, project: int, kind: Kind) -> dict[str, dict[str, Any]]:
    """When each was used last, and in which version."""
    text = sql("insights/ever_used").replace("NAME", in_sql(kind))
    found: dict[str, dict[str, Any]] = {}
    for row in client.query(text, {"project": project}).named_results():
        for name in _names(row["name"]) if kind == "command" else (row["name"],):
            if name not in found or found[name]["last_seen"] < row["last_seen"]:
                found[name] = row
    return found


def _names(command: str) -> Iterator[str]:
    """The commands that a run was of: of several that were chained, each; and the run itself."""
    yield command
    group, _, last = command.rpartition(".")
    if "+" in last:
        for one in last.split("+"):
            yield f"{group}.{one}" if group else one
