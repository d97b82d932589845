"""What others wrote (accounts, hosts, toolkits, files) is printed so that it cannot steer a
terminal, pose as lines of the program's own, or tell a password: on a terminal and in a pipe."""

from __future__ import annotations

import ast
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import arcade_cli
import pytest

from tests.support.home import Home, the_login_port
from tests.support.http_host import HttpHost
from tests.support.login import WaitingLogin
from tests.support.recorder import Recorder
from tests.support.terminal import printed, printed_alone

pytestmark = pytest.mark.measured

NewHome = Callable[..., Home]
KEY = "made-up-key-of-ada"
# A window's title, a colour by C1, directions, an invisible space, ends of lines of many kinds.
NASTY = "x\x1b]0;t\x07\x9b31m\u202e\u2066\u200b\x7f\u2028\x85\r\nprincipal id  faked"
SHOWN = r"x\x1b]0;t\x07\x9b31m\u202e\u2066\u200b\x7f\u2028\x85\r\nprincipal id  faked"


class Service(HttpHost):
    """Says that everybody is somebody with a nasty name."""

    def respond(self, *_: object) -> tuple[int, object]:
        return 200, {"data": {"principal_id": f"id {NASTY}", "email": f"mail {NASTY}"}}


def assert_harmless(text: str) -> None:
    steering = {one for one in text if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert steering <= {"\n"}, text


def both_ways(home: Home, *words: str) -> str:
    """What a command prints on a terminal; in a pipe it must be as harmless."""
    ran = home.run(*words)
    assert_harmless(ran.out + ran.err)
    said = printed(home, *words)
    assert_harmless(said)
    return said


def fields(said: str) -> dict[str, str]:
    return {line[:21].strip(): line[21:] for line in said.splitlines()}


def test_there_is_one_place_that_prints() -> None:
    folder = Path(arcade_cli.__file__).parent
    printing = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
        and (node.id if isinstance(node, ast.Name) else node.attr)
        in ("echo", "secho", "print", "Console", "stdout", "stderr")
    }
    assert printing == {"show.py"}


def test_an_account_cannot_steer_the_terminal(untracked: Home) -> None:
    with Service() as service:
        untracked.cloud = service.url
        untracked.write_credentials(KEY, email=f"stored {NASTY}")
        said = both_ways(untracked, "whoami")
        assert f"mail {SHOWN}" in said
        assert f"id {SHOWN}" in said
        assert len(said.splitlines()) == 3
        as_json = json.loads(both_ways(untracked, "whoami", "--json"))
        assert as_json["email"] == f"mail {NASTY}"
        assert f"stored {SHOWN}" in both_ways(untracked, "login")


def test_a_login_cannot_steer_the_terminal(untracked: Home) -> None:
    with (
        the_login_port(),
        Service() as service,
        WaitingLogin(untracked, "--host", service.url) as login,
    ):
        assert login.answer(api_key=KEY, email=NASTY, warning=NASTY)[0] == 200
        ran = login.end()
    assert_harmless(ran.out + ran.err)
    assert ran.out.endswith(f"Logged in as mail {SHOWN}.\n")
    assert ran.err == f"Warning: {SHOWN}\n"


@pytest.mark.parametrize("words", [("whoami",), ("login",), ("logout",), ("usage", "off")])
def test_a_path_cannot_steer_the_terminal(
    untracked: Home, tmp_path: Path, words: tuple[str, ...]
) -> None:
    work = tmp_path / f"work {NASTY}"
    (work / ".arcade/credentials.yaml").mkdir(parents=True)
    (work / ".arcade/usage").write_text("no folder")
    untracked.environ["ARCADE_WORK_DIR"] = str(work)
    said = both_ways(untracked, *words)
    assert said.startswith("Error: ")
    assert f"work {SHOWN}" in said


@pytest.mark.parametrize(
    "words",
    [("toolkit", "show", NASTY), ("toolkit", "run", NASTY), ("toolkit", "run", f"Math.{NASTY}")],
    ids=["show", "run", "a tool"],
)
def test_an_argument_cannot_steer_the_terminal(untracked: Home, words: tuple[str, ...]) -> None:
    assert both_ways(untracked, *words).startswith("Error: ")


TOOL = '''
from typing import Annotated
from arcade_tdk import tool

@tool
def say(text: Annotated[str, {nasty!r}] = "") -> Annotated[str, "what is said"]:
    """Says {escaped} [bold]loud[/] [/link]"""
    if text:
        raise ValueError({nasty!r})
    return {nasty!r}
'''


@pytest.fixture
def others_toolkit(untracked: Home, tmp_path: Path) -> Home:
    """A home in which somebody else's package brings a toolkit, with a description to fear."""
    package, metadata = tmp_path / "site/others", tmp_path / "site/others-1.0.dist-info"
    (package / "tools").mkdir(parents=True)
    metadata.mkdir()
    (package / "__init__.py").touch()
    (package / "tools/__init__.py").touch()
    escaped = NASTY.encode("unicode_escape").decode()
    (package / "tools/say.py").write_text(TOOL.format(nasty=NASTY, escaped=escaped))
    one_line = NASTY.partition("\u2028")[0]
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: others\nVersion: 1.0\nSummary: [bold]of [/] {one_line}\n"
    )
    (metadata / "entry_points.txt").write_text("[arcade_toolkits]\ntoolkit_name = others\n")
    untracked.environ["PYTHONPATH"] = str(tmp_path / "site")
    untracked.environ["COLUMNS"] = "400"
    return untracked


def test_a_toolkit_of_others_cannot_steer_the_terminal(others_toolkit: Home) -> None:
    listed = printed_alone(others_toolkit, "toolkit", "list")
    described = printed_alone(others_toolkit, "toolkit", "show", "others")
    for said in (listed, described):
        assert_harmless(said)
        assert r"x\x1b]0;t\x07\x9b31m\u202e" in squeezed(said)
    assert r"[bold]of[/]x\x1b]0;t" in squeezed(described)
    assert r"\x1b]0;t\x07\x9b31m\u202e" in squeezed(described).partition("Others.Say")[2]
    assert "[bold]loud[/][/link]" in squeezed(described)
    for words in (("list",), ("show", "others")):
        said = printed_alone(others_toolkit, "toolkit", *words, "--json")
        assert_harmless(said)
        assert "\x9b31m" in json.dumps(json.loads(said), ensure_ascii=False)


def squeezed(table: str) -> str:
    """A table's text however its cells are folded, as far as there are two columns at most."""
    return "".join(table.split())


def test_a_tool_s_result_and_its_failure_cannot_steer_the_terminal(others_toolkit: Home) -> None:
    returned = printed_alone(others_toolkit, "toolkit", "run", "Others.Say")
    assert_harmless(returned)
    assert returned == SHOWN.replace(r"\n", "\n") + "\n"  # its lines are its own
    said = printed_alone(others_toolkit, "toolkit", "run", "Others.Say", "--json")
    assert_harmless(said)
    assert json.loads(said) == NASTY
    for debug in ((), ("--debug",)):
        failed = printed_alone(others_toolkit, "toolkit", "run", "Others.Say", "text=a", *debug)
        assert_harmless(failed)
        assert "failed" in failed


def test_what_is_stored_cannot_steer_the_terminal(home: Home, recorder: Recorder) -> None:
    home.run("usage", "status")
    recorder.wait_for(1)
    home.wait_for_senders()
    home.environ["ARCADE_USAGE_TRACKING"] = "0"
    identity = {**home.usage_json, "linked_principal_id": f"id {NASTY}"}
    (home.state / "usage.json").write_text(json.dumps(identity))
    (home.state / "usage/choice").write_text(NASTY)
    nasty = {"properties": {"command_name": NASTY, "failure_kind": NASTY}, "timestamp": NASTY}
    odd = {"result": {NASTY: 1}, "properties": {"duration": [], "command_name": {}}, "at": NASTY}
    sent = {**nasty, "result": "sent", "at": NASTY}
    with (home.state / "usage/log.jsonl").open("a") as log:
        log.write("".join(json.dumps(entry) + "\n" for entry in (nasty, odd, sent)))

    status = fields(both_ways(home, "usage", "status"))
    assert status["linked principal id"] == f"id {SHOWN}"
    assert status["last delivery"] == SHOWN
    assert len(both_ways(home, "usage", "log").splitlines()) == 4
    assert json.loads(both_ways(home, "usage", "log", "--json").splitlines()[-1]) == sent
    as_json = json.loads(both_ways(home, "usage", "status", "--json"))
    assert as_json["linked_principal_id"] == f"id {NASTY}"
    exported = json.loads(both_ways(home, "usage", "export"))
    assert exported["log"][-1] == sent


@pytest.mark.parametrize(
    ("mode", "user"),
    [
        *(("503", user) for user in ("made-up-pw", ":made-up-pw", "a:made-up-pw@b")),
        *((mode, "ada:made-up-pw") for mode in ("503", "ok")),
    ],
)
def test_the_password_in_the_receiver_s_address_is_never_shown(
    new_home: NewHome, recorder: Recorder, mode: str, user: str
) -> None:
    recorder.mode = mode
    home = new_home(host=recorder.url.replace("://", f"://{user}@"))
    status = fields(both_ways(home, "usage", "status"))
    assert status["sends to"] == recorder.url
    home.wait_for_senders()
    words = (
        "status --json",
        "log",
        "log --json",
        "show",
        "flush --timeout 1",
        "export",
        "status",
        "off",
    )
    for line in words:
        assert "made-up-pw" not in both_ways(home, "usage", *line.split())
    home.wait_for_senders()
    for path in home.state.rglob("*"):
        assert not path.is_file() or "made-up-pw" not in path.read_text()


@pytest.mark.parametrize(
    "host",
    [
        "https://ada:made/up-pw@usage.example",
        "https://ada:made-up-pw%40usage.example",
        "ada:made-up-pw@usage.example",
        "https://ada:made-up-pw@[usage.example",
    ],
)
def test_nothing_is_shown_of_an_address_that_cannot_be_taken_apart(
    new_home: NewHome, host: str
) -> None:
    home = new_home(host=host)
    home.environ["ARCADE_USAGE_TRACKING"] = "0"
    for words in (("usage", "status"), ("usage", "status", "--json")):
        said = both_ways(home, *words)
        assert "an address that cannot be shown" in said
        assert "up-pw" not in said
        assert "usage.example" not in said


@pytest.mark.parametrize(
    "host", ["https://ada:made-up-pw@arcade.example", "https://made/up-pw@arcade.example"]
)
def test_the_password_of_a_service_is_not_shown(untracked: Home, host: str) -> None:
    said = both_ways(untracked, "login", "--host", host)
    assert said.startswith("Error: No key may be sent to ")
    assert "up-pw" not in said
    untracked.cloud = host
    untracked.write_credentials(KEY)
    assert "up-pw" not in both_ways(untracked, "whoami")


def test_a_host_s_name_cannot_steer_the_terminal(untracked: Home) -> None:
    for host in (f"https://arcade.example/{NASTY}", f"https://{NASTY}", quote(NASTY)):
        with the_login_port():
            both_ways(untracked, "login", "--host", host, "--timeout", "1")
