"""What a receiver must say for an event to be settled, and what it never gets to see."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.home import Home
from tests.support.http_host import HttpHost
from tests.support.recorder import Recorder


class Elsewhere(HttpHost):
    """A host that sends everybody on to another one, or answers with a status of its own."""

    def __init__(self, status: int, content: object) -> None:
        self.answer = (status, content)
        self.seen: list[Any] = []
        super().__init__()

    def respond(
        self, method: str, path: str, query: dict[str, str], body: bytes, headers: Any
    ) -> tuple[int, object]:
        self.seen.append(headers)
        return self.answer


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_settles_nothing(
    home: Home, recorder: Recorder, status: int
) -> None:
    with Elsewhere(status, f"{recorder.url}/batch/") as host:
        home.run("usage", "status", environ={"ARCADE_USAGE_HOST": host.url})
        home.wait_for_senders()
        assert len(host.seen) == 1
    assert recorder.requests == 0
    assert len(home.waiting()) == 1

    home.run("usage", "status")
    assert len(recorder.wait_for(2)) == 2


@pytest.mark.parametrize("content", [["a list"], None, "text", {"detail": "an object"}])
def test_a_refusal_is_one_whatever_it_says(home: Home, content: object) -> None:
    with Elsewhere(400, content) as host:
        home.run("usage", "status", environ={"ARCADE_USAGE_HOST": host.url})
        home.wait_for_senders()
    assert [entry["result"] for entry in home.log()] == ["rejected"]
    assert home.waiting() == []


@pytest.mark.parametrize(
    "content", [{"status": "error"}, {}, ["status"], "status", {"login": "page"}]
)
def test_a_200_from_somebody_else_is_no_acceptance(home: Home, content: object) -> None:
    with Elsewhere(200, content) as host:
        home.run("usage", "status", environ={"ARCADE_USAGE_HOST": host.url})
        home.wait_for_senders()
    assert len(home.waiting()) == 1


def test_a_password_in_netrc_stays_at_home(home: Home) -> None:
    (home.folder / ".netrc").write_text("default login ada password made-up-password\n")
    (home.folder / ".netrc").chmod(0o600)
    with Elsewhere(200, {"status": "Ok"}) as host:
        home.run("usage", "status", environ={"ARCADE_USAGE_HOST": host.url})
        home.wait_for_senders()
        (headers,) = host.seen
    assert headers.get("Authorization") is None
