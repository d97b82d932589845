"""Where a login is answered: by what names, how often, how loud; and whose word on the key counts.

The service answers to port 9905 alone, so these tests cannot run beside each other.
"""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home, Ran, the_login_port
from tests.support.login import CALLBACK, WaitingLogin, ask, fetch
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured

KEY = "made-up-key-of-ada"
ADA = {"api_key": KEY, "email": "ada@example.test"}
V6 = ("::1", 9905)


@pytest.fixture(autouse=True)
def alone_at_the_port() -> Iterator[None]:
    with the_login_port():
        yield


@pytest.fixture(autouse=True)
def ada(cloud: ArcadeCloud) -> str:
    """Ada's account, to which ``KEY`` belongs: its ID."""
    principal = cloud.add_account("ada@example.test")
    cloud.new_key("ada@example.test", KEY)
    return principal


@pytest.mark.parametrize(
    ("address", "host"),
    [("::1", "[::1]"), ("127.0.0.1", "127.0.0.1"), ("::ffff:127.0.0.1", "localhost")],
)
def test_the_browser_may_come_back_by_either_address(
    untracked: Home, address: str, host: str
) -> None:
    """Or with one socket for both families, in which IPv4 is within IPv6."""
    there = (address, 9905)
    with WaitingLogin(untracked) as login:
        query = urlencode({**login.query, **ADA})
        answer = ask(f"/callback?{query}", at=there, Host="localhost:9905")
        assert (answer.status, answer.getheader("Location")) == (303, "/done")
        assert ask("/done", at=there, Host=f"{host}:9905").status == 200
        assert login.end().code == 0


def test_the_browser_is_led_away_from_the_address_with_the_key(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        answer = ask(f"/callback?{urlencode({**login.query, **ADA})}")
        assert (answer.status, answer.getheader("Location")) == (303, "/done")
        assert KEY not in answer.read().decode()
        assert "close this page" in fetch("/done")[1]
        assert login.end().code == 0


def test_a_browser_that_is_not_led_does_not_hold_up_the_login(untracked: Home) -> None:
    with WaitingLogin(untracked) as login:
        assert ask(f"/callback?{urlencode({**login.query, **ADA})}").status == 303
        assert login.end().code == 0


@pytest.mark.parametrize(
    "target", ["/", "/callback", "/callback?state=x&api_key=y", "/done", "/favicon.ico"]
)
def test_no_page_is_kept_by_a_browser_or_told_to_the_next(untracked: Home, target: str) -> None:
    with WaitingLogin(untracked):
        for method in ("GET", "POST"):
            answer = ask(target, method)
            assert answer.getheader("Cache-Control") == "no-store"
            assert answer.getheader("Referrer-Policy") == "no-referrer"


HOSTS = {
    "localhost:9905": True,
    "LocalHost:9905": True,
    "127.0.0.1:9905": True,
    "[::1]:9905": True,
    "dev.example:9905": True,
    "evil.example:9905": False,
    "evil.example": False,
    "localhost": False,
    "localhost:9906": False,
    "localhost:9905.evil.example": False,
    "localhost.evil.example:9905": False,
    "dev.example": False,
    "": False,
}


def test_a_page_that_took_the_name_of_another_host_is_told_nothing(untracked: Home) -> None:
    with WaitingLogin(untracked, "--callback-host", "Dev.example") as login:
        for host, welcome in HOSTS.items():
            assert fetch("/nothing", Host=host)[0] == (404 if welcome else 400), host
            start = ask("/", Host=host)
            assert (start.status == 302) is (start.getheader("Location") == login.url) is welcome
        query = urlencode({**login.query, **ADA})
        assert fetch(f"/callback?{query}", Host="evil.example:9905")[0] == 400
        with socket.create_connection(CALLBACK, timeout=8) as nameless:
            nameless.sendall(f"GET /callback?{query} HTTP/1.0\r\n\r\n".encode())
            assert b" 400 " in nameless.recv(200)
        assert login.process.poll() is None
        assert not untracked.state.exists()


def test_a_flood_neither_fills_memory_nor_ends_the_login(untracked: Home) -> None:
    line = b"X-Made-Up: " + b"x" * 60_000 + b"\r\n"
    with WaitingLogin(untracked) as login, contextlib.ExitStack() as connections:
        before = memory(login.process.pid)
        for number in range(600):
            address = V6 if number % 2 else CALLBACK
            connection = connections.enter_context(socket.create_connection(address, timeout=8))
            lines = 80 if number > 560 else number % 3
            if lines:  # else it says nothing
                with contextlib.suppress(OSError):  # it had to give way
                    connection.sendall(b"GET /callback HTTP/1.0\r\n" + line * lines)
        for number in range(200):
            assert fetch(f"/callback?state={number}&{urlencode(ADA)}")[0] == 400
        assert threads(login.process.pid) < 80
        assert memory(login.process.pid) - before < 50_000
        assert login.answer(**ADA)[0] == 200
        ran = login.end()
    assert (ran.code, ran.err) == (0, "")


def memory(pid: int) -> int:
    """KiB, at most so far."""
    return of_process(pid, "VmHWM")


def threads(pid: int) -> int:
    return of_process(pid, "Threads")


def of_process(pid: int, name: str) -> int:
    (number,) = re.findall(rf"\n{name}:\s*(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(number)


def finished(home: Home, **answer: str) -> Ran:
    with WaitingLogin(home) as login:
        assert login.answer(**{**ADA, **answer})[0] == 200
        return login.end()


def test_a_key_that_the_service_does_not_know_is_not_stored(
    untracked: Home, cloud: ArcadeCloud
) -> None:
    ran = finished(untracked, api_key="made-up-key-of-nobody")
    ran.refused_in_one_message(cloud.url, "does not accept the key", "Nothing was stored")
    assert "key-of-nobody" not in ran.out + ran.err
    assert not untracked.state.exists()


@pytest.mark.parametrize("mode", ["500", "drop", "refuse"])
def test_a_key_that_nobody_can_vouch_for_is_not_stored(
    untracked: Home, cloud: ArcadeCloud, mode: str
) -> None:
    if mode == "refuse":
        cloud.refuse()
    else:
        cloud.mode = mode
    ran = finished(untracked)
    if mode == "refuse":
        cloud.listen()
    ran.refused_in_one_message(cloud.url, "could not be asked", "Nothing was stored", "try again")
    assert not untracked.state.exists()


def test_who_is_logged_in_is_the_service_s_word_and_not_the_browser_s(
    untracked: Home, cloud: ArcadeCloud, ada: str
) -> None:
    ran = finished(untracked, email="the-boss@example.test")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f"Logged in as {ada}.\n")
    assert "the-boss" not in ran.out
    assert cloud.asked == ["/api/v1/auth/validate"]


def test_where_the_service_knows_the_e_mail_address_that_is_shown(
    untracked: Home, cloud: ArcadeCloud
) -> None:
    cloud.names_emails = True
    ran = finished(untracked, email="the-boss@example.test")
    assert ran.out.endswith("Logged in as ada@example.test.\n")
    assert "ada@example.test" in (untracked.state / "credentials.yaml").read_text()


def test_the_service_is_asked_once_for_the_login_and_its_event(
    home: Home, cloud: ArcadeCloud, recorder: Recorder, ada: str
) -> None:
    assert home.login().code == 0
    assert recorder.wait_for(1)[0].distinct_id == ada
    assert cloud.asked.count("/api/v1/auth/validate") == 1


SHOWING = """
import sys
from arcade_cli import peer
peer._TABLES = ({table!r}, {table!r})
import webbrowser
real = webbrowser.open
def note(url):
    print(url, file=sys.stderr, flush=True)
    return real(url)
webbrowser.open = note
from arcade_cli.main import cli
cli()
"""


def test_where_the_kernel_does_not_say_whose_a_browser_is_it_is_led_by_a_file(
    untracked: Home, cloud: ArcadeCloud, tmp_path: Path
) -> None:
    script = tmp_path / "arcade.py"
    script.write_text(SHOWING.format(table=str(tmp_path / "no-such-table")))
    process = untracked.start_program(
        *("login", "--host", str(cloud.url), "--timeout", "20"), script=str(script)
    )
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert b"Logged in as " in out
    (opened,) = err.decode().splitlines()
    assert re.fullmatch(r"file:///.*/arcade-login-[^/]*/login\.html", opened)
    assert not Path(opened.removeprefix("file://")).parent.exists()


def test_the_start_page_is_for_nobody_where_the_kernel_does_not_say_whose_it_is(
    untracked: Home, tmp_path: Path, cloud: ArcadeCloud
) -> None:
    script = tmp_path / "arcade.py"
    script.write_text(SHOWING.format(table=str(tmp_path / "no-such-table")))
    process: Any = untracked.start_program(
        *("login", "--host", str(cloud.url)), script=str(script), environ={"BROWSER": "true"}
    )
    try:
        while b"state=" not in process.stdout.readline():
            pass
        status, text = fetch("/")
        assert status == 403
        assert "open the address" in text
    finally:
        process.kill()
        process.communicate()
