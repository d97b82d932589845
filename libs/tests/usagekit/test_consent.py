"""Who decides whether a person is tracked: every layer, and which one has precedence."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import PreparedRequest, RequestException
from urllib3.util import parse_url
from usagekit.config import (
    OFF_WORDS,
    ON_WORDS,
    TEST_RUNNERS,
    UsageConfig,
    decide,
    is_loopback,
    is_set,
)

from tests.e2e.test_never_in_the_way import without_privileges
from tests.support.policy import policy

TRACKING, DO_NOT_TRACK = "TOOL_USAGE_TRACKING", "DO_NOT_TRACK"


def config(folder: Path, *, key: str = "phc_made_up_project") -> UsageConfig:
    return policy(folder / "state", project_api_key=key, machine_off=str(folder / "off"))


# What each layer says when it speaks, the outermost first. The first that speaks decides.
LAYERS = [
    ("the variable says on", True, "TOOL_USAGE_TRACKING=1"),
    ("the variable says off", False, "TOOL_USAGE_TRACKING=0"),
    (
        "the variable makes no sense",
        False,
        "TOOL_USAGE_TRACKING is set to something that is neither on nor off",
    ),
    ("DO_NOT_TRACK is set", False, "DO_NOT_TRACK is set"),
    ("you said on", True, "switched on by you, for good"),
    ("you said off", False, "switched off by you, for good"),
    ("what you said is damaged", False, "the choice stored in {choice} cannot be read"),
    ("what you said is a folder", False, "the choice stored in {choice} cannot be read"),
    ("what you said is empty", False, "the choice stored in {choice} cannot be read"),
    ("what you said cannot be opened", False, "the choice stored in {choice} cannot be read"),
    ("the administrator says off", False, "switched off for this machine by {off}"),
    (
        "a test runner is at work",
        False,
        "under pytest nothing goes to another machine unless TOOL_USAGE_TRACKING=1",
    ),
    ("there is no destination", True, "no destination is configured: events stay on this machine"),
    ("nobody says anything", True, "on by default"),
]
NAMES = [name for name, _, _ in LAYERS]
# Two that cannot both be, of which one is all that there is, and one that another takes away.
EXCLUDED = [{*NAMES[:3]}, {*NAMES[4:10]}, {"a test runner is at work", "there is no destination"}]
PAIRS = [
    (first, second)
    for first in NAMES
    for second in NAMES[NAMES.index(first) :]
    if first == second or not any({first, second} <= kind for kind in EXCLUDED)
]


VARIABLES = {
    "the variable says on": {TRACKING: "1"},
    "the variable says off": {TRACKING: "0"},
    "the variable makes no sense": {TRACKING: "perhaps"},
    "DO_NOT_TRACK is set": {DO_NOT_TRACK: "1"},
    "a test runner is at work": {"PYTEST_VERSION": "9"},
}
CHOICES = {
    "you said on": "on\n",
    "you said off": "off\n",
    "what you said is damaged": "o\0n",
    "what you said is empty": "",
}
POLICIES = {
    "a test runner is at work": {"host": "https://usage.example"},
    "there is no destination": {"project_api_key": ""},
}


def speak(layer: str, folder: Path, choice: Path) -> None:
    """Have one layer say on disk what its name says."""
    choice.parent.mkdir(parents=True, exist_ok=True)
    if layer in CHOICES:
        choice.write_text(CHOICES[layer])
    elif layer == "what you said is a folder":
        choice.mkdir()
    elif layer == "what you said cannot be opened":
        choice.symlink_to(choice)
    elif layer == "the administrator says off":
        (folder / "off").touch()


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=" and ".join)
def test_of_two_layers_that_speak_the_outer_one_decides_and_says_so(
    tmp_path: Path, first: str, second: str
) -> None:
    layers = {first, second}
    environ = {name: value for layer in layers for name, value in VARIABLES.get(layer, {}).items()}
    options: dict[str, Any] = {"machine_off": str(tmp_path / "off")}
    for layer in layers:
        options |= POLICIES.get(layer, {})
    decided = policy(tmp_path / "state", **options)
    for layer in layers:
        speak(layer, tmp_path, Path(decided.paths.choice))
    consent = decide(environ, decided)
    enabled, reason = next((said, why) for name, said, why in LAYERS if name == first)
    assert consent.enabled is enabled
    assert consent.reason == reason.format(off=tmp_path / "off", choice=decided.paths.choice)


@pytest.mark.parametrize(
    ("host", "enabled"),
    [
        ("http://127.0.0.1:8600", True),
        ("http://localhost:8600", True),
        ("http://[::1]:8600/", True),
        ("http://user@127.0.0.2", True),
        ("https://us.i.posthog.com", False),
        ("https://127.evil.example", False),
        ("https://localhost.evil.example", False),
        ("https://evil.example/127.0.0.1", False),
        ("https://127.0.0.1@evil.example", False),
        ("https://[::1].evil.example", False),
        ("http://[0:0:0:0:0:0:0:1]:8600", True),
        ("http://127.0.0.1?project=1", True),
        ("https://evil.example#@127.0.0.1", False),
        ("https://evil.example?@localhost", False),
        ("https://evil.example\\@127.0.0.1", False),
        ("https://127.0.0.\N{ARABIC-INDIC DIGIT ONE}", False),
        ("nonsense", False),
    ],
)
@pytest.mark.parametrize("variable", sorted(TEST_RUNNERS))
def test_under_a_test_runner_events_go_to_this_machine_only(
    tmp_path: Path, host: str, enabled: bool, variable: str
) -> None:
    environ = {variable: "made up"}
    assert decide(environ, policy(tmp_path, host=host)).enabled is enabled
    assert decide({**environ, TRACKING: "1"}, policy(tmp_path, host=host)).enabled


AROUND = st.lists(st.sampled_from(["evil", ".example", "127.", "1", *"@:/?#\\[].%"]), max_size=4)
SELVES = st.sampled_from(["127.0.0.1", "localhost", "[::1]", "127.1", "127."])


@given(st.tuples(AROUND.map("".join), SELVES, AROUND.map("".join)).map("".join))
def test_what_is_taken_for_this_machine_is_where_the_sender_would_go(place: str) -> None:
    """A password in a URL, a query or a fragment must not be taken for the host."""
    if not is_loopback(f"http://{place}"):
        return
    request = PreparedRequest()
    try:
        request.prepare_url(f"http://{place}", None)
    except RequestException:
        return  # it goes nowhere
    host = str(parse_url(str(request.url)).host).strip("[]")
    assert host in ("localhost", "::1") or socket.inet_aton(host)[0] == 127, request.url


def test_unittest_is_a_test_runner_too(tmp_path: Path) -> None:
    (tmp_path / "test_program.py").write_text(
        "import unittest\n"
        "from usagekit.config import UsageConfig, decide\n"
        "class Case(unittest.TestCase):\n"
        "    def test_consent(self):\n"
        "        config = UsageConfig(program='tool', version='1', sender_module='tool.usage',\n"
        "            home='/made-up', prefix='TOOL_USAGE', host='https://usage.example',\n"
        "            project_api_key='phc_made_up')\n"
        "        assert decide({}, config).reason.startswith('under unittest')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "unittest", "test_program"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("environ", "enabled"),
    [
        ({TRACKING: "1", DO_NOT_TRACK: "1"}, True),
        ({TRACKING: "0", DO_NOT_TRACK: "0"}, False),
        ({TRACKING: "", DO_NOT_TRACK: "1"}, False),
        ({TRACKING: "  "}, True),
        ({"OTHER_USAGE_TRACKING": "0"}, True),
    ],
)
def test_a_variable_without_a_word_in_it_says_nothing(
    tmp_path: Path, environ: dict[str, str], enabled: bool
) -> None:
    assert decide(environ, config(tmp_path)).enabled is enabled


@pytest.mark.parametrize("word", sorted(OFF_WORDS))
@pytest.mark.parametrize("form", ["{}", " {} ", "{}\n"])
def test_every_word_for_off_is_off_in_any_case_and_with_blanks_around_it(
    tmp_path: Path, word: str, form: str
) -> None:
    for value in (form.format(word), form.format(word.upper()), form.format(word.title())):
        assert not decide({TRACKING: value}, config(tmp_path)).enabled


@pytest.mark.parametrize("word", sorted(ON_WORDS))
def test_every_word_for_on_is_on_in_any_case(tmp_path: Path, word: str) -> None:
    assert decide({TRACKING: word}, config(tmp_path)).enabled
    assert decide({TRACKING: f" {word.upper()} "}, config(tmp_path)).enabled


@pytest.mark.parametrize("value", ["2", "-1", "00", "nope", "offf", "disabled", "never", "{}", "é"])
def test_a_word_that_nobody_understands_is_a_no(tmp_path: Path, value: str) -> None:
    consent = decide({TRACKING: value}, config(tmp_path))
    assert not consent.enabled
    assert consent.reason == f"{TRACKING} is set to something that is neither on nor off"


@pytest.mark.parametrize(
    ("value", "enabled"),
    [
        ("1", False),
        ("true", False),
        ("yes", False),
        ("anything", False),
        ("no", False),
        ("2", False),
        ("0", True),
        ("false", True),
        ("FALSE", True),
        (" ", True),
        ("", True),
    ],
)
def test_do_not_track_is_any_value_but_0_false_and_nothing(
    tmp_path: Path, value: str, enabled: bool
) -> None:
    assert decide({DO_NOT_TRACK: value}, config(tmp_path)).enabled is enabled


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_whatever_stands_at_the_machine_s_off_switch_switches_off(
    tmp_path: Path, kind: str
) -> None:
    off = tmp_path / "off"
    if kind == "file":
        off.touch()
    elif kind == "folder":
        off.mkdir()
    else:
        off.symlink_to("nowhere")
    assert not decide({}, config(tmp_path)).enabled


PROGRAM = """
import sys
from usagekit.config import UsageConfig, decide
from usagekit.run import run
from usagekit.tracker import CommandTracker

home, off = sys.argv[1:]
policy = UsageConfig(program="tool", version="1", sender_module="tool.usage", home=home,
    prefix="TOOL_USAGE", host="http://127.0.0.1:1", project_api_key="phc_made_up", machine_off=off)
run(lambda: None, CommandTracker(policy, {}))
print(decide({}, policy).reason)
"""


class TestWhoeverMayNotLook:
    @pytest.fixture
    def closed(self, tmp_path: Path) -> Iterator[Path]:
        """A folder that nobody may enter, not even its owner."""
        folder = tmp_path / "closed"
        (folder / "usagekit").mkdir(parents=True)
        folder.chmod(0o000)
        yield folder
        folder.chmod(0o700)

    def reason(self, tmp_path: Path, off: Path | str) -> str:
        """The reason that a tracked program gives, once it has run, and what it left."""
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "state"), str(off)]
        ran = subprocess.run(without_privileges(command), capture_output=True, text=True)
        assert (ran.returncode, ran.stderr.count("\n") in (0, 3)) == (0, True), ran.stderr
        return ran.stdout.strip()

    @pytest.mark.parametrize("switch", ["off", "usagekit/off", "usagekit/no/such/folder/off"])
    def test_takes_it_for_a_no(self, tmp_path: Path, closed: Path, switch: str) -> None:
        reason = self.reason(tmp_path, closed / switch)
        assert (
            reason == f"whether {closed / switch} switches it off for this machine cannot be seen"
        )
        assert not (tmp_path / "state").exists()

    def test_a_way_that_leads_nowhere_or_in_circles_tells_nothing_either(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "circle").symlink_to("circle")
        assert "cannot be seen" in self.reason(tmp_path, tmp_path / "circle" / "off")
        assert "cannot be seen" in self.reason(tmp_path, tmp_path / ("x" * 300) / "off")
        assert not (tmp_path / "state").exists()

    @pytest.mark.parametrize("way", ["off", "usagekit/off", "a file/off"])
    def test_where_there_is_certainly_none_nobody_said_no(self, tmp_path: Path, way: str) -> None:
        (tmp_path / "a file").touch()
        assert self.reason(tmp_path, tmp_path / way) == "on by default"

    def test_a_folder_that_may_be_entered_but_not_listed_is_looked_into(
        self, tmp_path: Path
    ) -> None:
        folder = tmp_path / "unlisted"
        folder.mkdir(mode=0o100)
        assert self.reason(tmp_path, folder / "off") == "on by default"


@pytest.mark.parametrize("leads_to", ["nowhere", "somebody's", "choice"])
def test_a_choice_that_is_a_link_is_one_that_cannot_be_read(tmp_path: Path, leads_to: str) -> None:
    (tmp_path / "state" / "usage").mkdir(parents=True)
    (tmp_path / "state" / "usage" / "somebody's").write_text("on\n")
    (tmp_path / "state" / "usage" / "choice").symlink_to(leads_to)
    assert not decide({}, config(tmp_path)).enabled


def test_deciding_touches_nothing(tmp_path: Path) -> None:
    decide({TRACKING: "0"}, config(tmp_path))
    decide({}, config(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["own-home"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, False), ("", False), ("0", False), (" Off ", False), ("1", True), ("hm", True)],
)
def test_a_switch_is_on_if_it_is_set_to_no_word_for_off(value: str | None, expected: bool) -> None:
    environ = {} if value is None else {"TOOL_DEBUG": value}
    assert is_set(environ, "TOOL_DEBUG") is expected
