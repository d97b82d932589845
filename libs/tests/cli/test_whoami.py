"""``arcade whoami``: the service's word on the login, and where the key does not go to hear it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home
from tests.support.http_host import HttpHost
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured

NewHome = Callable[..., Home]
KEY = "made-up-key-of-ada"


class Eavesdropper(HttpHost):
    """A host that should never be asked. Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        super().__init__()

    def respond(
        self, method: str, path: str, query: dict[str, str], body: bytes, headers: Any
    ) -> tuple[int, object]:
        self.heard.append(f"{method} {path} {headers}")
        return 200, {"data": {"principal_id": "whoever-the-eavesdropper-says"}}


class Answering(HttpHost):
    """A service that gives one answer to everything; a string is where it redirects to."""

    def __init__(self, status: int, content: object) -> None:
        self.status = status
        self.content = content
        super().__init__()

    def respond(
        self, method: str, path: str, query: dict[str, str], body: bytes, headers: Any
    ) -> tuple[int, object]:
        is_redirect = 300 <= self.status < 400
        return self.status, f"{self.content}{path}" if is_redirect else self.content


@pytest.fixture
def eavesdropper() -> Iterator[Eavesdropper]:
    with Eavesdropper() as host:
        yield host


@pytest.fixture
def ada(untracked: Home, cloud: ArcadeCloud) -> Home:
    """A home in which Ada is logged in."""
    cloud.add_account("ada@example.test")
    untracked.write_credentials(cloud.new_key("ada@example.test"), email="ada@example.test")
    return untracked


def write(home: Home, content: str | bytes) -> None:
    home.state.mkdir(exist_ok=True)
    data = content if isinstance(content, bytes) else content.encode()
    (home.state / "credentials.yaml").write_bytes(data)


def test_an_account_is_shown_in_lines_for_people(ada: Home, cloud: ArcadeCloud) -> None:
    ran = ada.run("whoami")
    assert (ran.code, ran.err) == (0, "")
    shown = dict(line.rsplit(None, 1) for line in ran.out.splitlines())
    assert shown == {
        "email": "ada@example.test",
        "principal id": cloud.accounts["ada@example.test"],
        "service": cloud.url,
    }
    assert cloud.asked == ["/api/v1/auth/validate"]


@pytest.mark.parametrize("token", [False, True], ids=["api key", "access token"])
def test_an_account_is_shown_in_json_for_programs(
    untracked: Home, cloud: ArcadeCloud, token: bool
) -> None:
    principal = cloud.add_account("ada@example.test")
    key = cloud.new_key("ada@example.test")
    untracked.write_credentials(key, token=token, email="ada@example.test")
    ran = untracked.run("whoami", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == {
        "email": "ada@example.test",
        "principal_id": principal,
        "service": cloud.url,
    }
    assert key not in ran.out
    assert cloud.asked == [f"/api/v1/auth/{'whoami' if token else 'validate'}"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"account_id": "by-account"}, "by-account"),
        ({"principal_id": "by-principal"}, "by-principal"),
        ({"principal_id": "by-principal", "account_id": "by-account"}, "by-account"),
    ],
    ids=["newer server", "older server", "both"],
)
def test_an_access_token_s_account_may_go_by_its_older_name(
    untracked: Home, names: dict[str, str], expected: str
) -> None:
    with Answering(200, {"data": {**names, "email": "ada@example.test"}}) as service:
        untracked.cloud = service.url
        untracked.write_credentials(KEY, token=True)
        ran = untracked.run("whoami", "--json")
    assert json.loads(ran.out)["principal_id"] == expected
    # The service's word on the address counts, not what was stored at login.
    assert json.loads(ran.out)["email"] == "ada@example.test"


@pytest.mark.parametrize("good", ["token", "key", "both", "none"])
def test_of_a_token_and_a_key_the_token_is_asked_first_and_then_the_key(
    untracked: Home, cloud: ArcadeCloud, good: str
) -> None:
    cloud.add_account("ada@example.test")
    cloud.add_account("bob@example.test")
    token, key = "made-up-token", "made-up-key"
    if good in ("token", "both"):
        cloud.new_key("ada@example.test", token)
    if good in ("key", "both"):
        cloud.new_key("bob@example.test", key)
    both = {"auth": {"access_token": token}, "api": {"key": key}, "coordinator_url": cloud.url}
    write(untracked, json.dumps({"cloud": both}))
    ran = untracked.run("whoami", "--json")
    if good == "none":
        ran.refused_in_one_message("arcade login")
    else:
        who = "bob@example.test" if good == "key" else "ada@example.test"
        assert json.loads(ran.out)["principal_id"] == cloud.accounts[who]
    actions = [path.rpartition("/")[2] for path in cloud.asked]
    assert actions == (["whoami"] if good in ("token", "both") else ["whoami", "validate"])


@pytest.mark.parametrize("content", [None, "", "cloud: {api: {}}"])
def test_who_is_not_logged_in_is_told_what_to_do(untracked: Home, content: str | None) -> None:
    if content is not None:
        write(untracked, content)
    untracked.run("whoami", "--json").refused_in_one_message("not logged in", "arcade login")


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_that_has_expired_is_told_from_a_service_that_is_down(
    untracked: Home, status: int
) -> None:
    with Answering(status, {"detail": "no"}) as service:
        untracked.cloud = service.url
        untracked.write_credentials(KEY)
        ran = untracked.run("whoami")
    ran.refused_in_one_message("no longer accepts", "arcade logout", "arcade login")
    assert (untracked.state / "credentials.yaml").exists()


@pytest.mark.parametrize("mode", ["refuse", "500", "drop"])
def test_a_service_that_is_down_does_not_cost_the_login(
    ada: Home, cloud: ArcadeCloud, mode: str
) -> None:
    if mode == "refuse":
        cloud.refuse()
    else:
        cloud.mode = mode
    ada.run("whoami").refused_in_one_message(cloud.url, "Your login is untouched")
    if mode == "refuse":
        cloud.listen()
    cloud.mode = "ok"
    assert ada.run("whoami").code == 0


@pytest.mark.parametrize("content", [[], {"data": {"principal_id": 7}}])
def test_an_answer_that_is_no_account_is_no_account(untracked: Home, content: object) -> None:
    with Answering(200, content) as service:
        untracked.cloud = service.url
        untracked.write_credentials(KEY)
        ran = untracked.run("whoami")
    ran.refused_in_one_message("cannot be understood", "Your login is untouched")


@pytest.mark.parametrize(
    "content",
    [
        b"cloud: [unclosed",
        b"\xff\xfe\x00\x01",
        b"cloud: !!python/object:os.system {}",
        b"cloud: {api: {key: made-up-key-of-ada}, since: 2020-13-45}",
        b"[" * 1000,
    ],
    ids=["unclosed", "not text", "an object", "no such date", "too deep"],
)
def test_a_damaged_file_is_reported_with_advice(untracked: Home, content: bytes) -> None:
    write(untracked, content)
    path = str(untracked.state / "credentials.yaml")
    untracked.run("whoami").refused_in_one_message(path, "arcade logout", "arcade login")


def test_what_is_damaged_is_not_quoted_even_to_whoever_debugs(untracked: Home) -> None:
    write(untracked, f"cloud: {{api: {{key: {KEY}}}, api: [}}")
    ran = untracked.run("whoami", "--debug")
    assert (ran.code, ran.out) == (1, "")
    assert KEY not in ran.err
    assert ran.err.count("\n") == 2


@pytest.mark.parametrize("key", ["made-up-key\\nof-ada", "made-up-key\\u2014of-ada"])
def test_a_key_that_cannot_be_sent_is_not_shown_either(
    untracked: Home, cloud: ArcadeCloud, key: str
) -> None:
    write(untracked, f'cloud: {{api: {{key: "{key}"}}, coordinator_url: "{cloud.url}"}}')
    ran = untracked.run("whoami", "--debug")
    assert (ran.code, ran.out) == (1, "")
    assert "of-ada" not in ran.err
    assert "Traceback" not in ran.err
    assert cloud.asked == []


@pytest.mark.parametrize(
    "service",
    [
        "http://arcade.example",
        "http://127.evil.example",
        "http://127.0.0.1@evil.example",
        "http://ada:pw@arcade.example",
        "http://[",
    ],
)
def test_a_key_is_not_sent_to_another_host_in_the_clear(
    untracked: Home, eavesdropper: Eavesdropper, service: str
) -> None:
    untracked.cloud = service
    untracked.write_credentials(KEY)
    # Whatever goes to another host by http goes to the eavesdropper.
    ran = untracked.run("whoami", environ={"http_proxy": eavesdropper.url})
    ran.refused_in_one_message("https://", "on this machine")
    assert eavesdropper.heard == []


def test_tracking_does_not_send_the_key_there_either(
    home: Home, recorder: Recorder, eavesdropper: Eavesdropper
) -> None:
    home.cloud = "http://arcade.example"
    home.write_credentials(KEY)
    home.run("usage", "status", environ={"http_proxy": eavesdropper.url, "no_proxy": "127.0.0.1"})
    assert recorder.wait_for(1)[0].is_anon
    assert eavesdropper.heard == []


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_does_not_carry_the_key_to_another_host(
    untracked: Home, eavesdropper: Eavesdropper, status: int
) -> None:
    with Answering(status, eavesdropper.url) as service:
        untracked.cloud = service.url
        untracked.write_credentials(KEY)
        untracked.run("whoami").refused_in_one_message(service.url)
    assert not any(KEY in heard for heard in eavesdropper.heard)


def test_a_proxy_does_not_see_a_key_that_stays_on_this_machine(
    ada: Home, eavesdropper: Eavesdropper, cloud: ArcadeCloud
) -> None:
    names = ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY")
    ran = ada.run("whoami", environ=dict.fromkeys(names, eavesdropper.url))
    assert cloud.accounts["ada@example.test"] in ran.out
    assert eavesdropper.heard == []


def test_the_name_of_somebody_s_own_service_is_not_recorded(home: Home, recorder: Recorder) -> None:
    home.cloud = "https://arcade.intranet.example"
    home.write_credentials(KEY)
    # The name is looked up by nobody: the proxy is not there.
    ran = home.run("whoami", environ={"https_proxy": "http://127.0.0.1:9"})
    assert "Your login is untouched" in ran.err
    (event,) = recorder.wait_for(1)
    assert "intranet" not in str(event.message)
