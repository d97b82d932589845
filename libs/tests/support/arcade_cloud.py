"""A stand-in for Arcade Cloud: accounts and their keys, the login page, and who-am-I."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from tests.support.http_host import HttpHost


class ArcadeCloud(HttpHost):
    """Speaks the part of the service's interface that the CLI meets.

    Attributes:
        logging_in: e-mail address of the account that the next browser is signed in as.
        asked: the paths that were asked for, in order.
        wrong_state: send the browser back with a state that is not the CLI's.
        names_emails: say to whom an API key belongs by e-mail address too.
    """

    def __init__(self) -> None:
        self.accounts: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.asked: list[str] = []
        self.logging_in = ""
        self.wrong_state = False
        self.names_emails = False
        super().__init__()

    def add_account(self, email: str) -> str:
        """A new account, signed in in the browser from now on. Returns its principal ID."""
        self.accounts[email] = str(uuid4())
        self.logging_in = email
        return self.accounts[email]

    def new_key(self, email: str, key: str | None = None) -> str:
        """An API key (or access token: it accepts either) for an account, or this one."""
        key = key or f"made-up-key-{secrets.token_hex(8)}"
        self.keys[key] = email
        return key

    def respond(
        self, method: str, path: str, query: dict[str, str], body: bytes, headers: Any
    ) -> tuple[int, object]:
        self.asked.append(path)
        if path == "/api/v1/auth/cli_login":
            email = self.logging_in
            answer = {
                "state": "not-the-state" if self.wrong_state else query["state"],
                "api_key": self.new_key(email),
                "email": email,
            }
            return 302, f"{query['callback_uri']}?{urlencode(answer)}"
        email = self.keys.get((headers.get("Authorization") or "").removeprefix("Bearer "), "")
        if not email:
            return 401, {"detail": "unknown key"}
        if path == "/api/v1/auth/validate":
            named = {"email": email} if self.names_emails else {}
            return 200, {"data": {"principal_id": self.accounts[email], **named}}
        if path == "/api/v1/auth/whoami":
            return 200, {"data": {"account_id": self.accounts[email], "email": email}}
        return 404, {"detail": "no such page"}
