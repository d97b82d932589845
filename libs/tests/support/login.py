"""An ``arcade login`` half way, with the test in the browser's place."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from typing_extensions import Self

from tests.support.home import Home, Ran

CALLBACK = ("127.0.0.1", 9905)
_SERVICE = {"--host", "-h", "--port", "-p"}


class WaitingLogin:
    """An ``arcade login`` that has shown its URL and waits for the browser, which is the test.

    It goes to the home's stand-in, unless the words name a service.
    """

    def __init__(self, home: Home, *words: str, browser: str = "true", **options: Any) -> None:
        self.home = home
        if not _SERVICE.intersection(words):
            words = ("--host", str(home.cloud), *words)
        self.process = home.start("login", *words, environ={"BROWSER": browser}, **options)
        assert self.process.stdout is not None
        self.shown = ""
        while "://" not in self.shown:
            line = self.process.stdout.readline().decode()
            assert line, f"no URL, but {self.process.communicate()}"
            self.shown += line
        self.url = self.shown.splitlines()[-1]
        self.query = {name: value for name, (value,) in parse_qs(urlsplit(self.url).query).items()}

    def answer(self, **query: str) -> tuple[int, str]:
        """Do what the service makes the browser do; the state is right unless it is given.
        Returns what the browser shows in the end."""
        answer = fetch(f"/callback?{urlencode({'state': self.query['state'], **query})}")
        return fetch("/done") if answer[0] == 303 else answer

    def end(self) -> Ran:
        """Wait for the end, which is near."""
        out, err = self.process.communicate(timeout=8)
        assert self.process.returncode is not None
        return Ran(self.process.returncode, self.shown + out.decode(), err.decode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def fetch(target: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    """Ask the callback for a page. Returns the status and what the page says."""
    answer = ask(target, method, CALLBACK, **headers)
    return answer.status, answer.read().decode()


def ask(
    target: str, method: str = "GET", at: tuple[str, int] = CALLBACK, **headers: str
) -> http.client.HTTPResponse:
    """Ask the callback for a page, which ends the connection."""
    connection = http.client.HTTPConnection(*at, timeout=8)
    connection.request(method, target, headers=headers)
    return connection.getresponse()
