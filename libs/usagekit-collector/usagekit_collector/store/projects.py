"""Projects and their tokens: who may write, and into what."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timezone

import msgspec

from usagekit_collector.errors import CollectorError
from usagekit_collector.store import erasure, statements
from usagekit_collector.store.client import Client
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.inserts import insert
from usagekit_collector.store.shards import change
from usagekit_collector.store.sql import sql

# Seconds between two looks into the store for a token that is not known here.
_REFRESH = 1.0
_LONGEST_NAME = 100
# The name that stands at a token that was revoked. No project has none.
_REVOKED = ""


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


class Removed(msgspec.Struct):
    """A project that is no more.

    Attributes:
        is_gone: whether nothing of it is in the store's files any more; else there will be nothing
            soon, or soon after the next start if it is stopped now.
    """

    project: int
    name: str
    events: int
    is_gone: bool = False


class UnknownProject(CollectorError):  # noqa: N818 - that is what was asked for
    """There is none of that name or token, or it was not said which."""


class Projects:
    """All projects, as they were last seen in the store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._by_token: dict[str, int] = {}
        self._all: list[Project] = []
        self._revoked: AbstractSet[str] = frozenset()
        self._seen = 0.0
        self.refresh()

    def refresh(self) -> list[Project]:
        """Look into the store."""
        with self._engine.reader() as client:
            self._all, self._revoked = read(client)
        self._by_token = {token: one.project for one in self._all for token in one.tokens}
        self._seen = time.monotonic()
        return self._all

    def is_revoked(self, token: str) -> bool:
        """Whether a token was somebody's, and is not any more."""
        return token in self._revoked

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

    def all(self) -> list[Project]:
        """All of them, as they were last seen."""
        return self._all if not self.is_stale else self.refresh()

    def named(self, wish: str | None) -> Project:
        """The project of a name or a token; the only one, if there is but one. Raises
        UnknownProject, with words for whoever asked."""
        return named(self.all(), wish)


def named(known: Sequence[Project], wish: str | None) -> Project:
    """One of these, as ``Projects.named`` has it."""
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


def read(client: Client) -> tuple[list[Project], AbstractSet[str]]:
    """All projects in the store, the oldest first; and the tokens that were revoked."""
    found: dict[int, Project] = {}
    revoked = set()
    for token, project, name, created_at in client.query(sql("store/tokens")).result_rows:
        if name == _REVOKED:
            revoked.add(token)
        elif project in found:
            found[project].tokens.append(token)
        else:
            found[project] = Project(project, name, [token], created_at)
    return list(found.values()), revoked


def removed(client: Client) -> frozenset[int]:
    """The numbers of the projects that are no more: of which all tokens were revoked."""
    return frozenset(row[0] for row in client.query(sql("store/removed")).result_rows)


def check_name(name: str) -> None:
    """Raises ValueError for what can be no project's name."""
    if not (0 < len(name.strip()) <= _LONGEST_NAME and name.isprintable()):
        raise ValueError(f"a project's name has 1 to {_LONGEST_NAME} printable characters")


def create_token(client: Client, name: str, token: str = "") -> Project:
    """A token for the project of that name, which is made if there is none. For the writer.

    Args:
        client: for writing.
        name: the project's name, of 1 to 100 characters.
        token: the token; default: a new one that nobody can guess.

    Raises ValueError for what can be no name, or a token that another project has.
    """
    check_name(name)
    token = token or f"phc_{secrets.token_urlsafe(24)}"
    known, revoked = read(client)
    if token in revoked:
        raise ValueError("this token was revoked")
    found = next((one for one in known if one.name == name), None)
    for one in known:
        if token in one.tokens:
            # Or made by itself for this token, a moment ago.
            if one is found or name == token:
                return one
            raise ValueError("another project has this token")
    number = found.project if found else statements.number(client, "store/last_project") + 1
    now = datetime.now(timezone.utc)
    _save(client, Project(number, name, [token], now))
    return Project(number, name, [*(found.tokens if found else []), token], now)


def rename(client: Client, project: Project, name: str) -> Project:
    """Have a project be called by another name. For the writer. Raises ValueError."""
    check_name(name)
    if any(one.name == name for one in read(client)[0] if one.project != project.project):
        raise ValueError("another project has this name")
    renamed = msgspec.structs.replace(_now(client, project), name=name)
    _save(client, renamed)
    return renamed


def revoke(client: Client, token: str) -> Project:
    """Have a token write into nothing any more. For the writer. Raises ValueError.

    Returns the project that it was of.
    """
    found = next((one for one in read(client)[0] if token in one.tokens), None)
    if found is None:
        raise ValueError("no project has this token")
    if len(found.tokens) == 1:
        raise ValueError(
            "it is its project's only token: make another one first, or remove the project"
        )
    _save(client, msgspec.structs.replace(found, name=_REVOKED, tokens=[token]))
    found.tokens.remove(token)
    return found


def remove(client: Client, project: Project) -> tuple[Removed, erasure.Remains | None]:
    """Remove a project with all its events and persons; its tokens are revoked. For the writer.

    They are gone from the files once nothing of what is given back is there any more.
    """
    now = _now(client, project)
    # Nothing more comes in, if it ends half way.
    _save(client, msgspec.structs.replace(now, name=_REVOKED))
    asked = {"project": project.project}
    events = int(client.query(sql("store/count_events"), asked).result_rows[0][0])
    for step in ("remove_events", "remove_identity"):
        change(client, sql(f"store/{step}"), asked)
    return Removed(now.project, now.name, events), erasure.begin(client)


def _now(client: Client, project: Project) -> Project:
    """A project as it is stored by now. Raises ValueError if it was removed."""
    for one in read(client)[0]:
        if one.project == project.project:
            return one
    raise ValueError("the project was removed")


def _save(client: Client, project: Project) -> None:
    """A row for each token, in the place of the one that is there."""
    rows = [
        {
            "token": token,
            "project": project.project,
            "name": project.name,
            "created_at": project.created_at,
        }
        for token in project.tokens
    ]
    insert(client, "projects", [msgspec.json.encode(row) for row in rows])
