"""A collector that is running, asked by its API. Raises RemoteError."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec

_TIMEOUT = 60.0


class RemoteError(Exception):
    """It cannot be reached, or will not; the text says which."""


class Remote:
    """One running collector.

    Args:
        url: its base URL.
        password: of its API, if it has one.
    """

    def __init__(self, url: str, password: str = "") -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {password}"} if password else {}

    def create_token(self, name: str) -> dict[str, Any]:
        """A new token; the project, of whose tokens it is the last."""
        body = msgspec.json.encode({"name": name})
        with self._open("/api/tokens", body) as answer:
            project: dict[str, Any] = msgspec.json.decode(answer.read())
        return project

    def export(self, **asked: Any) -> Iterator[bytes]:
        """Events, as the API exports them."""
        known = {name: value for name, value in asked.items() if value is not None}
        with self._open(f"/api/export?{urlencode(known)}") as answer:
            while chunk := answer.read(1 << 16):
                yield chunk

    def _open(self, path: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(self._url + path, body, self._headers)
        try:
            return urllib.request.urlopen(request, timeout=_TIMEOUT)
        except urllib.error.HTTPError as error:
            said = error.read(500).decode("utf-8", "replace")
            raise RemoteError(f"{self._url} answered {error.code}: {said}") from error
        except (OSError, ValueError) as error:
            raise RemoteError(f"{self._url} cannot be reached: {error}") from error
