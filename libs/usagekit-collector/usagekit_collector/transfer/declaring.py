"""A file in which a maintainer says what commands and options the program has, as an event."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import uuid4

import msgspec
from msgspec import Meta

from usagekit_collector.errors import CollectorError
from usagekit_collector.queries.declared import EVENT

_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_Names = Annotated[list[_Name], Meta(max_length=10_000)]
# Who says so: nobody who uses the program.
_MAINTAINER = "usagekit-collector declare"


class NoDeclaration(CollectorError):  # noqa: N818 - that is what it is
    """A file does not say what a program has; the text says why."""


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program has.

    Attributes:
        version: of the program.
        commands: all of them, by the names that their runs are recorded under: ``db.migrate``.
        options: of all commands together, each once, without dashes: ``dry-run``.
    """

    version: _Name
    commands: _Names
    options: _Names = msgspec.field(default_factory=list)


def declaration_of(text: bytes) -> Declaration:
    """What a file says. Raises NoDeclaration."""
    try:
        return msgspec.json.decode(text, type=Declaration)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoDeclaration(
            f"that does not say what a program has: {error}. "
            'As in: {"version": "1.2.0", "commands": ["db.migrate"], "options": ["dry-run"]}'
        ) from error


def event_of(said: Declaration, now: datetime) -> bytes:
    """A line of JSON, as ``import`` takes it: what is sent again is another event, and says the
    same."""
    return msgspec.json.encode(
        {
            "event": EVENT,
            "distinct_id": _MAINTAINER,
            "uuid": str(uuid4()),
            "timestamp": now.isoformat(),
            "properties": {
                "cli_version": said.version,
                "declared_commands": said.commands,
                "declared_options": said.options,
                "$process_person_profile": False,
            },
        }
    )
