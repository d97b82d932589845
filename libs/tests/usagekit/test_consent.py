"""Who decides whether a person is tracked: every layer, and which one has precedence."""

from __future__ import annotations

from pathlib import Path

import pytest
from usagekit.config import OFF_WORDS, ON_WORDS, UsageConfig, decide, is_set

from tests.support.policy import policy

TRACKING, DO_NOT_TRACK = "TOOL_USAGE_TRACKING", "DO_NOT_TRACK"


def config(folder: Path, *, key: str = "phc_made_up_project") -> UsageConfig:
    return policy(folder / "state", project_api_key=key, machine_off=str(folder / "off"))


# environment, is the machine's file there, is there a project key -> tracked?, who decided
LAYERS = [
    ({}, False, True, True, "on by default"),
    ({}, False, False, True, "no destination is configured: events stay on this machine"),
    ({}, True, True, False, "switched off for this machine by {off}"),
    ({}, True, False, False, "switched off for this machine by {off}"),
    ({DO_NOT_TRACK: "1"}, False, True, False, "DO_NOT_TRACK is set"),
    ({DO_NOT_TRACK: "1"}, False, False, False, "DO_NOT_TRACK is set"),
    ({DO_NOT_TRACK: "1"}, True, True, False, "DO_NOT_TRACK is set"),
    ({TRACKING: "1"}, False, True, True, "TOOL_USAGE_TRACKING=1"),
    ({TRACKING: "1"}, True, True, True, "TOOL_USAGE_TRACKING=1"),
    ({TRACKING: "1", DO_NOT_TRACK: "1"}, True, True, True, "TOOL_USAGE_TRACKING=1"),
    ({TRACKING: "0"}, False, True, False, "TOOL_USAGE_TRACKING=0"),
    ({TRACKING: "0"}, True, False, False, "TOOL_USAGE_TRACKING=0"),
    ({TRACKING: "0", DO_NOT_TRACK: "0"}, False, True, False, "TOOL_USAGE_TRACKING=0"),
    ({TRACKING: "", DO_NOT_TRACK: "1"}, False, True, False, "DO_NOT_TRACK is set"),
    ({TRACKING: "  "}, False, True, True, "on by default"),
    ({"OTHER_USAGE_TRACKING": "0"}, False, True, True, "on by default"),
]


@pytest.mark.parametrize(("environ", "machine_off", "key", "enabled", "reason"), LAYERS)
def test_the_outermost_layer_that_has_an_opinion_decides_and_says_so(
    tmp_path: Path,
    environ: dict[str, str],
    machine_off: bool,
    key: bool,
    enabled: bool,
    reason: str,
) -> None:
    if machine_off:
        (tmp_path / "off").touch()
    consent = decide(environ, config(tmp_path, key="phc_made_up_project" if key else ""))
    assert (consent.enabled, consent.reason) == (enabled, reason.format(off=tmp_path / "off"))


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
