"""``arcade logout``: forgets the login, whatever state it is in, and asks nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home, Ran
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured

NewHome = Callable[..., Home]
KEY = "made-up-key-of-ada"


@pytest.mark.parametrize("token", [False, True], ids=["api key", "access token"])
def test_a_logout_deletes_the_credentials_and_says_so(
    untracked: Home, cloud: ArcadeCloud, token: bool
) -> None:
    untracked.write_credentials(KEY, token=token)
    (untracked.state / "somebody-else-s.txt").write_text("stays")
    assert untracked.run("logout") == Ran(0, "Logged out.\n", "")
    assert [path.name for path in untracked.state.iterdir()] == ["somebody-else-s.txt"]
    assert cloud.asked == []


def test_not_to_be_logged_in_is_no_error(untracked: Home) -> None:
    assert untracked.run("logout") == Ran(0, "You are not logged in.\n", "")
    assert not untracked.state.exists()


def test_a_second_logout_is_no_error(home: Home, recorder: Recorder) -> None:
    home.write_credentials(KEY)
    assert [home.run("logout").code, home.run("logout").code] == [0, 0]
    assert {event.event for event in recorder.wait_for(2)} == {"CLI execution succeeded"}


@pytest.mark.parametrize(
    "content",
    [
        b"cloud: [unclosed",
        b"\xff\xfe\x00",
        b"cloud: {api: {key: k}, coordinator_url: 'http://a.example'}",
    ],
    ids=["not YAML", "not text", "unsafe service"],
)
def test_credentials_that_are_of_no_use_can_be_got_rid_of(untracked: Home, content: bytes) -> None:
    untracked.state.mkdir()
    (untracked.state / "credentials.yaml").write_bytes(content)
    assert untracked.run("logout") == Ran(0, "Logged out.\n", "")
    assert list(untracked.state.iterdir()) == []


def test_credentials_that_cannot_be_removed_are_an_error(untracked: Home) -> None:
    (untracked.state / "credentials.yaml").mkdir(parents=True)
    ran = untracked.run("logout")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: The login could not be removed: ")
    assert ran.err.count("\n") == 1


def test_after_a_logout_another_can_log_in(untracked: Home, cloud: ArcadeCloud) -> None:
    untracked.write_credentials(KEY, email="ada@example.test")
    untracked.run("logout")
    cloud.add_account("bob@example.test")
    assert untracked.login().code == 0
    assert "bob@example.test" in untracked.run("whoami").out
