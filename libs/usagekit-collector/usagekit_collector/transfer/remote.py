"""A collector that is running, asked by its API. Raises RemoteError."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from usagekit_collector.errors import CollectorError
from usagekit_collector.settings import PREFIX
from usagekit_collector.store.projects import Project, Removed
from usagekit_collector.transfer.export import JSON_LINES, PARQUET
from usagekit_collector.transfer.outbound import Answered, Unreachable, ask, base_url, reached

_TIMEOUT = 60.0
_T = TypeVar("_T")


class RemoteError(CollectorError):
    """It cannot be reached, or will not; the text says which, and what to do."""


class Remote:
    """One running collector.

    Args:
        url: its base URL.
        password: of its API, if it has one.

    Raises ValueError for what is no URL.
    """

    def __init__(self, url: str, password: str = "") -> None:
        self._url = base_url(url)
        self._has_password = bool(password)
        self._headers = {"Content-Type": "application/json"}
        self._headers |= {"Authorization": f"Bearer {password}"} if password else {}

    def create_token(self, name: str) -> str:
        """A new token, of the project of that name."""
        made = self._ask("POST", "/api/tokens", Project, {"name": name})
        return made.tokens[-1]

    def revoke(self, token: str) -> Project:
        """Revoke a token. The project that it was of."""
        return self._ask("DELETE", f"/api/tokens/{quote(token, safe='')}", Project)

    def projects(self) -> list[Project]:
        """All projects."""
        return self._ask("GET", "/api/projects", list[Project])

    def rename(self, project: str, name: str) -> Project:
        """Another name for a project."""
        path = f"/api/projects/{quote(project, safe='')}"
        return self._ask("PATCH", path, Project, {"name": name})

    def remove(self, project: str) -> Removed:
        """Remove a project with all that is in it."""
        return self._ask("DELETE", f"/api/projects/{quote(project, safe='')}", Removed)

    def insight(self, name: str, kind: type[_T], **asked: Any) -> list[_T]:
        """What one of the API's insights answers."""
        known = {name: value for name, value in asked.items() if value is not None}
        return self._ask("GET", f"/api/insights/{name}?{urlencode(known)}", list[kind])  # type: ignore[valid-type]

    def export(self, **asked: Any) -> Iterator[bytes]:
        """Events, as the API exports them."""
        known = {name: value for name, value in asked.items() if value is not None}
        kind = PARQUET if known["format"] == "parquet" else JSON_LINES
        with self._open(f"/api/export?{urlencode(known)}", kind) as answer:
            while chunk := self._read(answer):
                yield chunk

    def _ask(self, method: str, path: str, kind: type[_T], said: Any = None) -> _T:
        """What the API answers."""
        body = None if said is None else msgspec.json.encode(said)
        with self._open(path, "application/json", body, method) as answer:
            return msgspec.json.decode(b"".join(iter(lambda: self._read(answer), b"")), type=kind)

    def _open(
        self, path: str, kind: str, body: bytes | None = None, method: str | None = None
    ) -> Any:
        """The answer, which is of that media type, as a file."""
        try:
            answer = ask(
                self._url + path, body, method=method, headers=self._headers, timeout=_TIMEOUT
            )
        except Answered as error:
            if error.status == 401:
                raise RemoteError(self._asks_for_password()) from error
            raise RemoteError(f"{self._url} answered {error}") from error
        except Unreachable as error:
            raise RemoteError(
                f"{self._url} cannot be reached: {error}. Does a collector run there?"
            ) from error
        if answer.headers.get_content_type() == kind:
            return answer
        answer.close()
        raise RemoteError(f"{self._url} answers, but is no collector: say the address of one.")

    def _read(self, answer: Any) -> bytes:
        try:
            with reached():
                return bytes(answer.read(1 << 16))
        except Unreachable as error:
            raise RemoteError(
                f"{self._url} broke off: what came is not all. Its log says why; try again."
            ) from error

    def _asks_for_password(self) -> str:
        if self._has_password:
            return f"{self._url} has another password: see {PREFIX}PASSWORD, or --password."
        return f"{self._url} asks for its password: set {PREFIX}PASSWORD, or say --password."
