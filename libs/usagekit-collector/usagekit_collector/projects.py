"""Projects and their tokens: who may write, and into what."""

from __future__ import annotations

import secrets
import time
from datetime import datetime, timezone
from typing import Any

import msgspec

from usagekit_collector.engine import Engine, insert, sql
from usagekit_collector.rows import sql_time

# Seconds between two looks into the store for a token that is not known here.
_REFRESH = 1.0
_LONGEST_NAME = 100


class Project(msgspec.Struct):
    """One project: events of one program, as a rule.

    Attributes:
        project: its number.
        name: what its people call it.
        tokens: what its program sends along, any of them.
        created_at: when its first token was made.
    """

    project: int
    name: str
    tokens: list[str]
    created_at: datetime


class UnknownProject(Exception):  # noqa: N818 - that is what was asked for
    """There is none of that name or token, or it was not said which."""


class Projects:
    """All projects, as they were last seen in the store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._by_token: dict[str, int] = {}
        self._all: list[Project] = []
        self._seen = 0.0
        self.refresh()

    def refresh(self) -> list[Project]:
        """Look into the store."""
        with self._engine.reader() as client:
            self._all = read(client)
        self._by_token = {token: one.project for one in self._all for token in one.tokens}
        self._seen = time.monotonic()
        return self._all

    def known(self, token: str) -> int | None:
        """The number of the project that a token writes into, as far as is known here."""
        return self._by_token.get(token)

    @property
    def is_stale(self) -> bool:
        """Whether it is time for another look: somebody else may have made a token."""
        return time.monotonic() - self._seen > _REFRESH

    def count(self) -> int:
        """How many there are."""
        return len(self._all)

    def named(self, wish: str | None) -> Project:
        """The project of a name or a token; the only one, if there is but one. Raises
        UnknownProject, with words for whoever asked."""
        known = self._all if not self.is_stale else self.refresh()
        if not wish:
            if len(known) == 1:
                return known[0]
            if not known:
                raise UnknownProject("there is no project yet: the first token makes one")
            raise UnknownProject("there are several projects: say which, by its name or token")
        for one in known:
            if wish == one.name or wish in one.tokens:
                return one
        raise UnknownProject("there is no project of this name or token")


def read(client: Any) -> list[Project]:
    """All projects in the store, the oldest first."""
    found: dict[int, Project] = {}
    for token, project, name, created_at in client.query(sql("store/tokens")).result_rows:
        if project in found:
            found[project].tokens.append(token)
        else:
            found[project] = Project(project, name, [token], created_at)
    return list(found.values())


def check_name(name: str) -> None:
    """Raises ValueError for what can be no project's name."""
    if not (0 < len(name.strip()) <= _LONGEST_NAME and name.isprintable()):
        raise ValueError(f"a project's name has 1 to {_LONGEST_NAME} printable characters")


def create_token(client: Any, name: str, token: str = "") -> Project:
    """A token for the project of that name, which is made if there is none. For the writer.

    Args:
        client: for writing.
        name: the project's name, of 1 to 100 characters.
        token: the token; default: a new one that nobody can guess.

    Raises ValueError for what can be no name, or a token that another project has.
    """
    check_name(name)
    token = token or f"phc_{secrets.token_urlsafe(24)}"
    known = read(client)
    found = next((one for one in known if one.name == name), None)
    for one in known:
        if token in one.tokens:
            # Or made by itself for this token, a moment ago.
            if one is found or name == token:
                return one
            raise ValueError("another project has this token")
    number = found.project if found else max((one.project for one in known), default=0) + 1
    now = datetime.now(timezone.utc)
    row = {"token": token, "project": number, "name": name, "created_at": sql_time(now)}
    insert(client, "projects", [msgspec.json.encode(row)])
    return Project(number, name, [*(found.tokens if found else []), token], now)
