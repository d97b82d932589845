"""``arcade login``: what it asks for, what it stores, whom it believes, and how it ends.

The service answers to port 9905 alone, so these tests cannot run beside each other.
"""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from arcade_cli import credentials

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home, the_login_port
from tests.support.login import CALLBACK, WaitingLogin, fetch
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured

NewHome = Callable[..., Home]
KEY = "made-up-key-of-ada"
ADA = {"api_key": KEY, "email": "ada@example.test"}


@pytest.fixture(autouse=True)
def alone_at_the_port() -> Iterator[None]:
    with the_login_port():
        yield


@pytest.fixture
def ada(cloud: ArcadeCloud) -> str:
    """Ada's account, to which ``KEY`` belongs: its ID."""
    principal = cloud.add_account("ada@example.test")
    cloud.new_key("ada@example.test", KEY)
    return principal


def stored(home: Home) -> Any:
    return yaml.safe_load((home.state / "credentials.yaml").read_text())


def test_a_login_stores_what_the_service_gave_and_no_more(
    untracked: Home, cloud: ArcadeCloud
) -> None:
    principal = cloud.add_account("ada@example.test")
    ran = untracked.login()
    (key,) = cloud.keys

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f"Logged in as {principal}.\n")
    assert stored(untracked) == {
        "cloud": {
            "api": {"key": key},
            "user": {"email": "ada@example.test"},
            "coordinator_url": cloud.url,
        }
    }
    assert [path.name for path in untracked.state.iterdir()] == ["credentials.yaml"]


def test_a_login_goes_to_the_default_service_unless_it_is_told_another(untracked: Home) -> None:
    with WaitingLogin(untracked, "--host", "cloud.arcade.dev") as login:
        assert login.url.startswith("https://cloud.arcade.dev/api/v1/auth/cli_login?")
        assert login.query["callback_uri"] == "http://localhost:9905/callback"


def test_a_login_at_the_default_service_stores_no_url(own_environment: Path) -> None:
    credentials.save(credentials.Credentials(KEY, email="ada@example.test"))
    text = (own_environment / ".arcade/credentials.yaml").read_text()
    assert yaml.safe_load(text) == {
        "cloud": {"api": {"key": KEY}, "user": {"email": "ada@example.test"}}
    }


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_the_credentials_are_their_owner_s_alone_whatever_the_umask(
    untracked: Home, cloud: ArcadeCloud, umask: int
) -> None:
    cloud.add_account("ada@example.test")
    assert untracked.login(umask=umask).code == 0
    assert (untracked.state / "credentials.yaml").stat().st_mode & 0o777 == 0o600
    assert untracked.state.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_could_enter_is_closed_to_them(
    untracked: Home, cloud: ArcadeCloud
) -> None:
    untracked.state.mkdir()
    untracked.state.chmod(0o755)  # as another program, or an earlier one, may have made it
    cloud.add_account("ada@example.test")
    assert untracked.login().code == 0
    assert untracked.state.stat().st_mode & 0o777 == 0o700


def test_the_work_folder_takes_the_credentials_where_it_is_set(
    untracked: Home, cloud: ArcadeCloud, tmp_path: Path
) -> None:
    cloud.add_account("ada@example.test")
    work = tmp_path / "work"
    assert untracked.login(environ={"ARCADE_WORK_DIR": str(work)}).code == 0
    assert (work / ".arcade/credentials.yaml").exists()
    assert not untracked.state.exists()


@pytest.mark.usefixtures("ada")
def test_a_login_that_cannot_be_stored_says_so(untracked: Home) -> None:
    with WaitingLogin(untracked, cwd="/") as login:
        untracked.state.write_text("a file where the folder should be")
        login.answer(**ADA)
        ran = login.end()
    ran.refused_in_one_message("could not be stored", str(untracked.state))
    assert KEY not in ran.out + ran.err


def test_the_key_is_nowhere_but_in_its_file(home: Home, cloud: ArcadeCloud) -> None:
    cloud.add_account("ada@example.test")
    ran = home.login()
    home.wait_for_senders()
    (key,) = cloud.keys

    assert ran.code == 0
    assert key not in ran.out + ran.err
    holders = [
        path.name
        for path in home.folder.rglob("*")
        if path.is_file() and key in path.read_text(errors="replace")
    ]
    assert holders == ["credentials.yaml"]


WRONG = [
    {**ADA, "state": "not-the-state"},
    {**ADA, "state": ""},
    {**ADA, "state": "\u00fcnlike"},
    {**ADA, "api_key": ""},
    {**ADA, "api_key": "made-up\u2014key"},
    {**ADA, "api_key": "made-up\nkey"},
    {**ADA, "email": ""},
    {},
]


@pytest.mark.usefixtures("ada")
def test_a_wrong_answer_is_refused_and_the_right_one_still_waited_for(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        for answer in WRONG:
            status, text = login.answer(**answer)
            assert status == 400
            assert "Nothing was stored" in text
            assert KEY not in text
            assert not untracked.state.exists()
        assert login.answer(**ADA)[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")
    assert stored(untracked)["cloud"]["api"] == {"key": KEY}


def test_a_wrong_state_from_the_service_is_refused_too(untracked: Home, cloud: ArcadeCloud) -> None:
    cloud.add_account("ada@example.test")
    cloud.wrong_state = True
    ran = untracked.run("login", "--host", cloud.url, "--timeout", "2")
    assert ran.code == 1
    # Among what the browser says.
    assert "Error: No answer from the browser within 2 seconds. One came, but " in ran.err
    assert "wrong state" in ran.err
    assert not untracked.state.exists()


@pytest.mark.usefixtures("ada")
def test_only_the_first_right_answer_counts(untracked: Home, cloud: ArcadeCloud) -> None:
    cloud.new_key("ada@example.test", "made-up-late-key")
    with WaitingLogin(untracked) as login, socket.create_connection(CALLBACK, timeout=8) as second:
        # The second is on the line before the first has spoken, and ends its request after.
        late = urlencode({**ADA, "state": login.query["state"], "api_key": "made-up-late-key"})
        second.sendall(f"GET /callback?{late} HTTP/1.0\r\nHost: localhost:9905\r\n".encode())
        assert login.answer(**ADA)[0] == 200
        answer = finish(second)
        assert answer == b"" or b" 400 " in answer.splitlines()[0]
        assert login.end().code == 0
    assert stored(untracked)["cloud"]["api"] == {"key": KEY}


def finish(connection: socket.socket) -> bytes:
    """End a request. Nothing comes back if the program was quicker to end."""
    try:
        connection.sendall(b"\r\n")
        return connection.recv(200)
    except ConnectionError:
        return b""


@pytest.mark.usefixtures("ada")
def test_what_else_a_browser_asks_for_does_not_end_the_login(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        for target in ("/favicon.ico", "/index.html", "/callback/", f"/other?{urlencode(ADA)}"):
            assert fetch(target)[0] == 404
        assert fetch(f"/callback?{urlencode(login.query)}", "POST")[0] == 501
        assert fetch(f"/callback?{urlencode(login.query)}", "HEAD")[0] == 501
        assert login.answer(**ADA)[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.usefixtures("ada")
def test_a_connection_that_says_nothing_does_not_hold_up_the_login(untracked: Home) -> None:
    with WaitingLogin(untracked) as login, socket.create_connection(CALLBACK):
        assert login.answer(**ADA)[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.usefixtures("ada")
def test_a_connection_that_breaks_off_is_none_of_the_user_s_business(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        with socket.create_connection(CALLBACK) as broken:
            broken.sendall(b"GET /favi")
            # Closed with a reset, as browsers close what they connected ahead of need.
            broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert fetch("/favicon.ico")[0] == 404  # whoever came before has been seen to
        assert login.answer(**ADA)[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.usefixtures("ada")
def test_a_request_that_makes_no_sense_is_none_of_the_user_s_business(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        with socket.create_connection(CALLBACK, timeout=8) as connection:
            connection.sendall(b"GET http://[ HTTP/1.0\r\n\r\n")
            connection.recv(200)
        assert login.answer(**ADA)[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_asked(untracked: Home) -> None:
    with WaitingLogin(untracked, "--timeout", "1") as login:
        ran = login.end()
    ran.refused_in_one_message("within 1 second", "Nothing was stored", "arcade login")
    assert not untracked.state.exists()


@pytest.mark.parametrize("timeout", ["inf", "1e12"])
def test_a_timeout_that_no_clock_can_count_does_not_end_in_a_traceback(
    untracked: Home, timeout: str
) -> None:
    process = untracked.start("login", "--timeout", timeout, environ={"BROWSER": "true"})
    try:
        _, err = process.communicate(timeout=1.5)
        assert process.returncode == 2
    except subprocess.TimeoutExpired:  # it means "as long as it takes": good as well
        process.kill()
        _, err = process.communicate()
    assert b"Traceback" not in err


def test_a_timeout_that_is_none_is_a_usage_error(untracked: Home) -> None:
    ran = untracked.run("login", "--timeout", "0")
    assert (ran.code, ran.out) == (2, "")
    assert "--timeout" in ran.err


def test_ctrl_c_ends_the_login_without_a_word(home: Home, recorder: Recorder) -> None:
    with WaitingLogin(home) as login:
        login.process.send_signal(signal.SIGINT)
        ran = login.end()
    assert ran.code == 130
    assert "Traceback" not in ran.err
    assert not (home.state / "credentials.yaml").exists()
    (event,) = recorder.wait_for(1)
    assert event.properties["failure_kind"] == "interrupted"
    with pytest.raises(ConnectionError):
        fetch("/callback")


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_a_port_that_somebody_holds_at_either_address_is_named(
    untracked: Home, address: str
) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as busy:
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if busy.family == socket.AF_INET6:
            busy.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        busy.bind((address, 9905))
        busy.listen()
        ran = untracked.run("login")
    here = "::1" if ":" in address else "127.0.0.1"
    ran.refused_in_one_message("9905", f"at {here}: ", "in use", "arcade login")
    assert ran.out == ""


@pytest.mark.usefixtures("ada")
def test_a_second_login_at_the_same_time_is_told_of_the_first(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        untracked.run("login").refused_in_one_message("9905", "Is another `arcade login` running?")
        assert login.answer(**ADA)[0] == 200
        assert login.end().code == 0


# 127.0.0.1 and ::1, as the kernel writes them.
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


def test_nobody_outside_this_machine_can_answer(untracked: Home) -> None:
    with WaitingLogin(untracked):
        assert listeners(9905) == LOOPBACK
    assert listeners(9905) == set()


def listeners(port: int) -> set[str]:
    """The addresses, as the kernel writes them, that somebody listens on at a port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:] if os.path.exists(table) else ():
            _, local, _, state, *_ = line.split()
            address, _, hex_port = local.partition(":")
            if int(hex_port, 16) == port and state == "0A":
                found.add(address)
    return found


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "browser", ["/bin/false", "", "firefox '%s"], ids=["fails", "none", "misquoted"]
)
def test_without_a_browser_the_url_is_there_to_be_copied(
    untracked: Home, tmp_path: Path, browser: str
) -> None:
    untracked.environ["PATH"] = str(tmp_path / "nothing-here")
    with WaitingLogin(untracked, browser=browser) as login:
        assert login.answer(**ADA)[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")
    assert f"go to:\n{untracked.cloud}/api/v1/auth/cli_login?" in ran.out


@pytest.mark.usefixtures("ada")
def test_a_browser_that_stays_open_does_not_hold_up_the_login(
    untracked: Home, tmp_path: Path
) -> None:
    browser = tmp_path / "browser.py"
    browser.write_text("import os, time\nos.close(1)\nos.close(2)\ntime.sleep(10)\n")
    with WaitingLogin(untracked, browser=f"{sys.executable} {browser} %s") as login:
        assert login.answer(**ADA)[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")


def test_who_is_logged_in_already_is_told_who_and_how_to_switch(
    untracked: Home, cloud: ArcadeCloud
) -> None:
    untracked.write_credentials(KEY, email="ada@example.test")
    before = stored(untracked)
    ran = untracked.login()
    assert (ran.code, ran.err) == (0, "")
    assert "ada@example.test" in ran.out
    assert "arcade logout" in ran.out
    assert KEY not in ran.out
    assert cloud.asked == []
    assert stored(untracked) == before


def test_damaged_credentials_stop_a_login_with_advice(untracked: Home) -> None:
    untracked.state.mkdir()
    (untracked.state / "credentials.yaml").write_text("cloud: [unclosed")
    untracked.run("login").refused_in_one_message("arcade logout", "arcade login")


def test_a_port_means_a_service_on_this_machine(untracked: Home, cloud: ArcadeCloud) -> None:
    cloud.add_account("ada@example.test")
    ran = untracked.run("login", "--port", str(cloud.port), "--timeout", "20")
    assert (ran.code, ran.err) == (0, "")
    assert stored(untracked)["cloud"]["coordinator_url"] == f"http://localhost:{cloud.port}"


def test_a_port_is_not_ignored_where_the_host_is_a_url(untracked: Home) -> None:
    ran = untracked.run(
        *("login", "--host", "https://arcade.example", "--port", "8443", "--timeout", "1"),
        environ={"BROWSER": "true"},
    )
    assert "https://arcade.example:8443/" in ran.out or "--port" in ran.err


@pytest.mark.parametrize(
    ("words", "base"),
    [
        (["--host", "arcade.example"], "https://arcade.example/api/"),
        (["--host", "https://arcade.example/"], "https://arcade.example/api/"),
        (["--host", "arcade.example", "--port", "8443"], "https://arcade.example:8443/api/"),
        (["-h", "127.0.0.1", "-p", "8000"], "http://127.0.0.1:8000/api/"),
        (["--host", "::1", "--port", "8000"], "http://[::1]:8000/api/"),
    ],
    ids=["name", "URL", "name and port", "address and port", "IPv6 address and port"],
)
def test_host_and_port_name_the_service(untracked: Home, words: list[str], base: str) -> None:
    with WaitingLogin(untracked, *words) as login:
        assert login.url.startswith(base)


def test_the_browser_may_know_this_machine_by_another_name(untracked: Home) -> None:
    with WaitingLogin(untracked, "--callback-host", "dev.example") as login:
        assert login.query["callback_uri"] == "http://dev.example:9905/callback"
        assert listeners(9905) == LOOPBACK


def test_the_state_is_another_at_each_login(untracked: Home) -> None:
    states = set()
    for _ in range(2):
        with WaitingLogin(untracked) as login:
            states.add(login.query["state"])
    assert len(states) == 2
    assert min(map(len, states)) >= 32


@pytest.mark.parametrize(
    "host",
    [
        "http://arcade.example",
        "http://127.evil.example",
        "http://127.0.0.1@evil.example",
        "http://user:pw@localhost:8000",
        "https://user:pw@arcade.example",
        "http://evil.example#@localhost",
        "ftp://arcade.example",
        "https://arcade.example:99999",
        "not a host",
        "",
    ],
)
def test_a_service_that_no_key_may_go_to_is_refused_before_anything_is_sent(
    untracked: Home, tmp_path: Path, host: str
) -> None:
    opened = tmp_path / "opened"
    browser = {"BROWSER": f"sh -c 'touch {opened}' %s"}
    ran = untracked.run("login", "--host", host, "--timeout", "1", environ=browser)
    ran.refused_in_one_message("https://", "on this machine")
    assert ran.out == ""
    assert ":pw" not in ran.err
    assert not opened.exists()


def test_the_name_of_somebody_s_own_service_is_not_recorded(home: Home, recorder: Recorder) -> None:
    assert home.run("login", "--host", "http://arcade.intranet.example").code == 1
    (event,) = recorder.wait_for(1)
    assert "intranet" not in str(event.message)


@pytest.mark.usefixtures("ada")
def test_a_warning_of_the_service_is_passed_on(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        assert login.answer(**ADA, warning="the trial ends soon")[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "Warning: the trial ends soon\n")


@pytest.mark.usefixtures("ada")
def test_what_the_browser_shows_is_plain_text_without_the_key(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        status, text = login.answer(**ADA, warning="<b>soon</b>")
        assert login.end().code == 0
    assert (status, text) == (
        200,
        "Thank you. The terminal says how it went; you can close this page.",
    )
