"""The way to the host, by real senders: no proxy to this machine, no process, no answer without
an end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import usagekit

from tests.support.forks import Forked
from tests.support.home import Home
from tests.support.recorder import Recorder
from tests.support.streams import (
    RecordingProxy,
    Stream,
    bomb,
    chunked,
    headers,
    one_chunk,
    packed,
    plain,
    refusal,
)
from tests.usagekit.test_sender import fields, send, start

pytestmark = pytest.mark.measured(senders=True)

NewHome = Callable[..., Home]
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def proxy() -> Iterator[RecordingProxy]:
    with RecordingProxy() as host:
        yield host


class TestProxies:
    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "localhost", "LOCALHOST", "127.1", "user@127.1"),
            *("0x7f.1", "0177.0.0.1", "2130706433", "017700000001", "0.0.0.0", "%6cocalhost"),
            "[::ffff:127.0.0.1]",
        ],
    )
    def test_no_proxy_stands_between_this_machine_and_itself(
        self, new_home: NewHome, recorder: Recorder, proxy: RecordingProxy, host: str
    ) -> None:
        home = new_home(host=f"http://{host}:{recorder.port}/")
        home.environ |= dict.fromkeys(PROXIES, proxy.url)
        assert send(home, fields()) == 0
        assert (len(recorder.received), proxy.heard) == (1, [])

    @pytest.mark.parametrize(
        "host",
        [
            *(
                "127.255.0.9",
                "localhost.",
                "127.0.0.1.",
                "app.localhost",
                "localhost.localdomain",
                "0",
            ),
            *("[::1]", "[0:0::1]", "[::1%25lo]", "[::]", "[::ffff:7f00:1]", socket.gethostname()),
        ],
    )
    def test_nor_where_that_name_or_address_may_lead_nowhere(
        self, new_home: NewHome, proxy: RecordingProxy, host: str
    ) -> None:
        """Not every system knows each of them; and here nobody listens on IPv6."""
        home = new_home(host=f"http://{host}:9/")
        home.environ |= dict.fromkeys(PROXIES, proxy.url)
        assert send(home, fields()) == 0
        assert (len(home.waiting()), proxy.heard) == (1, [])

    @pytest.mark.parametrize(
        ("variable", "others"),
        [
            ("HTTP_PROXY", ""),
            ("all_proxy", "made-up.example"),
            ("http_proxy", "192.168.0.0/16,.made-up.example"),
        ],
    )
    def test_a_command_s_sender_and_its_flush_keep_to_that_under_a_test_runner_too(
        self,
        home: Home,
        recorder: Recorder,
        proxy: RecordingProxy,
        variable: str,
        others: str,
    ) -> None:
        environ = {variable: proxy.url, "NO_PROXY": others, "PYTEST_VERSION": "9"}
        home.run("toolkit", "list", environ=environ)
        recorder.wait_for(1)
        home.wait_for_senders()
        recorder.mode = "503"
        home.run("toolkit", "list", environ=environ)
        home.wait_for_senders()
        recorder.mode = "ok"
        assert home.run("usage", "flush", environ=environ).code == 0
        home.wait_for_senders()
        assert len(recorder.events) >= 2
        assert proxy.heard == []

    def test_an_alias_that_is_waited_for_takes_the_same_way(
        self, home: Home, recorder: Recorder, proxy: RecordingProxy
    ) -> None:
        home.environ |= dict.fromkeys(PROXIES, proxy.url)
        assert send(home, {"alias": "made-up-anon", "distinct_id": "made-up-account"}) == 0
        assert (len(recorder.aliases), proxy.heard) == (1, [])

    @pytest.mark.parametrize(
        "host",
        [
            *("usage.made-up.example", "127.made-up.example", "made-up.example#@127.0.0.1"),
            *("localhost.made-up.example", "notlocalhost", "[2001:db8::1]", "[::ffff:192.0.2.1]"),
        ],
    )
    def test_to_another_machine_the_user_s_proxy_is_the_way(
        self, new_home: NewHome, proxy: RecordingProxy, host: str
    ) -> None:
        home = new_home(host=f"http://{host}")
        home.environ["http_proxy"] = proxy.url
        assert send(home, fields()) == 0
        assert len(proxy.heard) == 1
        assert f"http://{host.partition('#')[0]}" in proxy.heard[0]
        assert len(home.waiting()) == 1

    def test_a_resolver_s_library_is_told_so_too(
        self, tmp_path: Path, recorder: Recorder, proxy: RecordingProxy
    ) -> None:
        """One that asks a service on this machine, and heeds the variables that all heed."""
        program = Acme(tmp_path, recorder, RESOLVER)
        program.run("work", SERVICE=f"http://127.0.0.1:{recorder.port}/me", HTTP_PROXY=proxy.url)
        assert (recorder.requests, len(recorder.events), proxy.heard) == (2, 1, [])


RESOLVER = """
import urllib.request
def whoami():
    with open(os.path.expanduser("~/service")) as file:
        url = file.read()
    urllib.request.urlopen(url, timeout=2).close()
"""
HANGING_RESOLVER = """
import subprocess
def whoami():
    subprocess.run(["lsb_release", "-a"])
    return "made-up-account"
"""
PROGRAM = """
import sys
from usagekit import Usage
usage = Usage("acme", version="1", host={host!r}, project_api_key="phc_made_up",
    credentials="~/service", resolver="acme_auth:whoami")
with usage.command(sys.argv[1]):
    pass
"""


class Acme:
    """A program with a resolver, which the sender imports by PYTHONPATH, as it does usagekit."""

    def __init__(self, folder: Path, recorder: Recorder, resolver: str) -> None:
        self.home = Home(folder / "acme-home")
        self.home.folder.mkdir()
        self._folder = folder
        (folder / "acme_auth.py").write_text(f"import os\n{resolver}")
        self._program = PROGRAM.format(host=recorder.url)

    def run(self, word: str, **environ: str) -> None:
        """Run it, and its sender, to the end."""
        (self.home.folder / "service").write_text(environ.pop("SERVICE", "made-up"))
        path = os.pathsep.join([str(Path(usagekit.__file__).parents[1]), str(self._folder)])
        subprocess.run(
            [sys.executable, "-c", self._program, word],
            env={"PATH": os.environ["PATH"], **self.home.environ, "PYTHONPATH": path, **environ},
            cwd=self.home.folder,
            check=True,
            timeout=60,
        )
        self.home.wait_for_senders()


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    made = Tools(tmp_path / "tools")
    yield made
    for pid in made.left():
        os.kill(pid, 9)


class Tools:
    """A folder of programs that hang, and say that they were started."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.path = f"{folder}{os.pathsep}{os.environ['PATH']}"
        self._marks = folder / "marks"
        for name in ("lsb_release", "uname", "sw_vers", "ver", "cmd", "sh"):
            tool = folder / name
            tool.write_text(f"#!/bin/sh\necho $$ {name} >> {self._marks}\nexec /bin/sleep 600\n")
            tool.chmod(0o755)

    def started(self) -> list[str]:
        return self._marks.read_text().splitlines() if self._marks.exists() else []

    def left(self) -> list[int]:
        """The processes of these that are alive."""
        pids = [int(line.split()[0]) for line in self.started()]
        return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


# Notes down each process that this one starts, whoever asked for it, then is a sender.
AUDITED = """
import os, runpy, sys
def note(event, arguments):
    if event in ("subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty", "os.exec",
                 "os.system", "os.spawn"):
        os.write(2, f"{event} {arguments}".encode())
sys.addaudithook(note)
runpy.run_module("arcade_cli.usage", None, "__main__")
"""


class TestNoProcess:
    def test_a_sender_that_delivers_starts_none(self, home: Home, recorder: Recorder) -> None:
        environ = {**home.environ, "ARCADE_USAGE_EVENT_DATA": '{"spooled": true}'}
        assert send(home) == 0
        home.run("toolkit", "list")
        recorder.wait_for(1)
        home.wait_for_senders()
        recorder.refuse()
        home.run("toolkit", "list")
        home.wait_for_senders()
        recorder.listen()
        ran = subprocess.run(
            [sys.executable, "-c", AUDITED], env=environ, capture_output=True, timeout=60
        )
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert len(recorder.events) == 2

    def test_tools_in_the_path_that_hang_are_not_asked_what_system_this_is(
        self, home: Home, recorder: Recorder, tools: Tools
    ) -> None:
        home.environ["PATH"] = tools.path
        assert send(home, fields()) == 0
        assert send(home, {"alias": "made-up-anon", "distinct_id": "made-up-account"}) == 0
        assert home.run("toolkit", "list").code == 0
        recorder.wait_for(2)
        assert home.run("usage", "flush").code == 0
        assert '"command_name": "usage.show"' in home.run("usage", "show").out
        home.wait_for_senders()
        assert tools.started() == []

    def test_a_resolver_cannot_leave_one_behind_and_holds_nothing_up(
        self, tmp_path: Path, recorder: Recorder, tools: Tools
    ) -> None:
        program = Acme(tmp_path, recorder, HANGING_RESOLVER)
        program.run("work", PATH=tools.path)
        (event,) = recorder.wait_for(1)
        assert event.is_anon
        assert tools.started() == []

    def test_what_the_program_s_own_use_of_the_sdk_says_of_the_system_stays(
        self, home: Home
    ) -> None:
        script = (
            "import posthog.client as client\n"
            "from arcade_cli.usage import usage_config\n"
            "from usagekit.report import next_event\n"
            "before = client.system_context\n"
            "assert next_event(usage_config(), {})['properties']['command_name']\n"
            "assert client.system_context is before\n"
            "assert client.system_context()['$os']\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", script], env=home.environ, capture_output=True, text=True
        )
        assert (ran.returncode, ran.stderr) == (0, "")


def peak_of(sender: Forked) -> int:
    """The most memory that a sender had at once, in KiB."""
    sender.communicate(timeout=30)
    return sender.peak


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> int:
    """The peak of a sender that delivers an event to a receiver."""
    with Recorder() as recorder:
        home = Home(tmp_path_factory.mktemp("usual"), recorder.url)
        peak = peak_of(start(home, fields()))
        assert len(recorder.received) == 1
    return peak


# What is answered without an end, or so that its end is far away once it is unpacked.
ENDLESS: dict[str, Callable[[], Iterator[bytes]]] = {
    "a long one": partial(plain, b'{"status": "Ok"', "Content-Length: 10000000000"),
    "an acceptance first": partial(plain, b'{"status": "Ok"}'),
    "in chunks": chunked,
    "in one chunk": one_chunk,
    "gzip": partial(bomb, "gzip", 31),
    "raw deflate": partial(bomb, "deflate", -15),
    "gzip in gzip": partial(bomb, "gzip, gzip", 31, 2),
    "what is said to be brotli": partial(bomb, "br", 31),
    "headers": headers,
    "400": partial(refusal, "400 Bad Request"),
    "a redirect": partial(refusal, "302 Found", "Location: /elsewhere"),
    "401 of a proxy": partial(refusal, "401 Unauthorized", "WWW-Authenticate: Basic"),
}


class TestAnswersWithoutAnEnd:
    @pytest.mark.parametrize("kind", ENDLESS)
    def test_they_are_no_answer_and_take_no_memory(
        self, new_home: NewHome, usual: int, kind: str
    ) -> None:
        with Stream(ENDLESS[kind]) as host:
            home = new_home(host=host.url)
            peak = peak_of(start(home, fields()))
            assert len(host.heard) == 1
        assert peak < 1.5 * usual
        assert len(home.waiting()) == 1
        assert home.log() == []

    def test_a_host_that_asks_for_time_on_a_page_without_an_end_is_given_it(
        self, new_home: NewHome
    ) -> None:
        with Stream(partial(refusal, "503 Unavailable", "Retry-After: 600")) as host:
            home = new_home(host=host.url)
            send(home, fields())
        until = float((home.state / "usage/breaker").read_text().split("\n")[1])
        assert 500 < until - time.time() <= 600

    def test_a_receiver_s_answer_that_somebody_packs_is_an_answer(self, new_home: NewHome) -> None:
        with Stream(partial(packed, b'{"status": "Ok"}')) as host:
            home = new_home(host=host.url)
            send(home, fields())
        assert home.waiting() == []
        assert [line["result"] for line in home.log()] == ["sent"]

    @pytest.mark.parametrize("encoding", ["gzip", "made-up"])
    def test_a_refusal_in_a_packing_that_nobody_knows_is_a_refusal(
        self, new_home: NewHome, encoding: str
    ) -> None:
        head = f"HTTP/1.1 400 Bad Request\r\nContent-Encoding: {encoding}\r\n"
        with Stream(lambda: iter([f"{head}Connection: close\r\n\r\nmade up".encode()])) as host:
            home = new_home(host=host.url)
            send(home, fields())
        assert [line["result"] for line in home.log()] == ["rejected"]

    @pytest.mark.parametrize("kind", ["in chunks", "gzip", "headers"])
    def test_a_service_that_says_who_somebody_is_without_an_end_says_nothing(
        self, home: Home, recorder: Recorder, usual: int, kind: str
    ) -> None:
        with Stream(ENDLESS[kind]) as service:
            home.cloud = service.url
            home.write_credentials("made-up-key")
            shown = home.run("whoami")
            assert shown.code == 1
            assert "Your login is untouched" in shown.err
            home.wait_for_senders()
            peak = peak_of(start(home, fields(credentials=stamp(home))))
            assert len(service.heard) >= 2
        assert peak < 1.5 * usual
        assert all(event.is_anon for event in recorder.events)

    def test_an_account_in_an_answer_that_is_too_long_is_none(self, home: Home) -> None:
        account = b'{"data": {"principal_id": "made-up"}}'
        with Stream(partial(packed_plain, account + b" " * 70_000)) as service:
            home.cloud = service.url
            home.write_credentials("made-up-key")
            assert "cannot be understood" in home.run("whoami").err


def packed_plain(text: bytes) -> Iterator[bytes]:
    """A whole answer, as it is."""
    yield b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + text


def stamp(home: Home) -> str:
    """The credentials that an event of now is recorded with."""
    status = (home.state / "credentials.yaml").stat()
    return f"{status.st_size}-{status.st_mtime_ns}"
