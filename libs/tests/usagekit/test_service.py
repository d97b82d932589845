"""The foreground's way out: what a sender is handed, and what happens if there can be none."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from usagekit.config import UsageConfig
from usagekit.service import UsageService, minted, new_uuid, to_json, utc_now
from usagekit.snapshot import FileLock, is_uuid, system
from usagekit.spool import Spool

from tests.support.policy import policy

if TYPE_CHECKING:
    from usagekit.event import Event

# Every text that there is, lone halves of surrogate pairs and control characters too.
ANY_TEXT = st.text(st.characters(exclude_categories=()))
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
NAME = st.text("abcdefghijklmnopqrstuvwxyz_$", min_size=1, max_size=8)
ANY_VALUE = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAME, inner, max_size=4)
)

FIELDS: dict[str, object] = {
    "event_name": "CLI execution succeeded",
    "distinct_id": "00000000-0000-4000-8000-000000000001",
    "is_anon": True,
    "properties": {"command_name": "toolkit.run"},
}


def config(folder: Path, *, sender_module: str = "no_such_package.usage") -> UsageConfig:
    return policy(
        folder / "state", sender_module=sender_module, sender_environ={"TOOL_FOLDER": "/made/up"}
    )


def same(first: object, second: object) -> bool:
    """Equality for which not-a-number equals itself, and 1 is neither 1.0 nor True."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, float) and isinstance(second, float) and math.isnan(first):
        return math.isnan(second)
    return type(first) is type(second) and first == second


@given(st.dictionaries(NAME, ANY_VALUE, max_size=8))
@example({"a": "\ud800", "b": "\x00\x1f\x7f", "c": math.inf, "d": -math.inf, "e": math.nan})
@example({"a": {"b": {}}, "c": [], "d": {"e": True}, "f": 10**400, "g": -0.0})
def test_what_is_written_is_what_json_would_write(value: dict[str, Any]) -> None:
    written = to_json(value)
    assert written == json.dumps(value)
    assert same(json.loads(written), value)
    assert written.isascii()


@given(st.dictionaries(ANY_TEXT, PLAIN))
@example({'a "quoted" name': 1})
def test_what_is_written_is_json_whatever_the_names_are(value: dict[str, Any]) -> None:
    assert same(json.loads(to_json(value)), value)


def test_an_id_is_a_uuid_of_version_4_and_never_the_same() -> None:
    made = [new_uuid() for _ in range(500)]
    assert len(set(made)) == 500
    for text in made:
        assert is_uuid(text)
        assert str(UUID(text)) == text
        assert (UUID(text).version, UUID(text).variant) == (4, "specified in RFC 4122")


def test_the_time_is_now_in_utc_to_the_microsecond() -> None:
    before = datetime.now(timezone.utc)
    text = utc_now()
    after = datetime.now(timezone.utc)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    assert before <= datetime.fromisoformat(text.replace("Z", "+00:00")) <= after
    assert sorted(times := [utc_now() for _ in range(100)]) == times


def test_an_event_keeps_its_uuid_and_time_and_gets_them_if_it_has_none() -> None:
    fresh = minted(FIELDS)
    assert {name: fresh[name] for name in FIELDS} == FIELDS
    assert UUID(str(fresh["uuid"])).version == 4
    assert minted(fresh) == fresh
    assert minted(FIELDS)["uuid"] != fresh["uuid"]


def test_a_sender_s_environment_holds_what_is_listed_and_nothing_else(tmp_path: Path) -> None:
    allowed = {
        "PATH": "/bin",
        "HOME": "/home/made-up",
        "LANG": "C.UTF-8",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "REQUESTS_CA_BUNDLE": "/made/up.pem",
        "TOOL_USAGE_TRACKING": "1",
        "DO_NOT_TRACK": "0",
    }
    own = {
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "localhost,127.0.0.1,127.0.0.0/8,::1"),
        "TOOL_USAGE_HOST": "http://127.0.0.1:1",
        "TOOL_USAGE_PROJECT_KEY": "phc_made_up_project",
        "TOOL_FOLDER": "/made/up",
        "TOOL_USAGE_EVENT_DATA": "{}",
    }
    refused = {
        "TOOL_FOLDER": "of somebody else",
        "MADE_UP_SECRET": "canary",
        "PYTHONPATH": "/made/up",
        "PYTHONSTARTUP": "/made/up.py",
        "LD_PRELOAD": "/made/up.so",
        "TOOL_API_KEY": "canary",
        "TOOL_USAGE_TRACKING": "1",
        "TOOL_USAGE_DEBUG": "1",
        "TOOL_USAGE_EVENT_DATA": "somebody else's",
        "VIRTUAL_ENV": "/made/up",
    }
    service = UsageService(config(tmp_path), {**allowed, **refused})
    assert service._sender_environ("{}") == {**allowed, **own}


@pytest.mark.parametrize(
    ("environ", "hosts"),
    [
        ({}, None),
        ({"NO_PROXY": "made-up.example"}, "made-up.example"),
        ({"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "*"}, "*"),
        ({"ALL_PROXY": "http://127.0.0.1:9", "NO_PROXY": ".made-up.example"}, ".made-up.example,"),
        ({"all_proxy": "x", "NO_PROXY": "upper", "no_proxy": "lower"}, "lower,localhost,"),
    ],
)
def test_where_there_is_a_proxy_this_machine_is_added_to_what_it_is_not_for(
    tmp_path: Path, environ: dict[str, str], hosts: str | None
) -> None:
    given = UsageService(config(tmp_path), environ)._sender_environ("{}")
    said = given.get("NO_PROXY")
    assert (said or "").startswith(hosts or "")
    assert (said is None) is (hosts is None)
    assert ("127.0.0.0/8" in str(said)) is ("," in str(hosts))


def capture(folder: Path, environ: Mapping[str, str], **more: object) -> list[Event]:
    """Capture one event, and give back what is in the spool then."""
    own = config(folder)
    UsageService(own, environ).capture({**FIELDS, **more})
    spool = Spool(own)
    return [event for event in map(spool.take, spool.names()) if event is not None]


def test_the_event_is_on_disk_before_there_is_a_sender(tmp_path: Path) -> None:
    (event,) = capture(tmp_path, {})
    assert event.distinct_id == FIELDS["distinct_id"]
    assert UUID(event.uuid).version == 4


def test_while_a_sender_is_at_work_no_other_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = config(tmp_path)
    started: list[object] = []
    monkeypatch.setattr(system, "spawn_detached", lambda *_: started.append(_))
    UsageService(own, {}).capture(FIELDS)
    lock = FileLock(own.paths, own.paths.sender_lock)
    assert lock.acquire()
    UsageService(own, {}).capture(FIELDS)
    assert len(started) == 1
    lock.release()
    UsageService(own, {}).capture(FIELDS)
    assert len(started) == 2
    assert len(Spool(own).names()) == 3


def test_where_there_are_no_locks_a_sender_is_started_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = config(tmp_path)
    started: list[object] = []
    monkeypatch.setattr(system, "spawn_detached", lambda *_: started.append(_))
    Path(own.paths.sender_lock).mkdir(parents=True)  # what cannot be opened cannot be locked
    for _ in range(2):
        UsageService(own, {}).capture(FIELDS)
    assert len(started) == 2


@pytest.mark.parametrize(
    "environ",
    [{"HTTP_PROXY": "a\0b"}, {"HTTP_PROXY": "\udfff\ud800"}, {"PATH": "x" * 3_000_000}],
    ids=["a NUL", "half a character", "too long"],
)
def test_an_environment_that_no_process_can_have_leaves_the_event_in_the_spool(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    assert len(capture(tmp_path, environ)) == 1


@pytest.mark.parametrize("executable", ["", None, "/no/such/python"])
def test_without_an_interpreter_the_event_is_in_the_spool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executable: str | None
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert len(capture(tmp_path, {})) == 1


def test_where_no_sender_can_start_the_caps_hold_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    monkeypatch.setattr(UsageConfig, "spool_events", 3)
    for _ in range(5):
        waiting = capture(tmp_path, {})
    assert len(waiting) == 3
    assert Spool(config(tmp_path)).dropped()["over_limit"] == 2


def test_a_frozen_program_does_not_start_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert len(capture(tmp_path, {})) == 1


def test_no_spool_and_no_process_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="No such file"):
        capture(tmp_path / "file", {})


@pytest.mark.parametrize("place", ["the working folder", "PYTHONPATH"])
def test_no_module_of_the_user_s_folder_is_run_in_the_sender_s_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "made_up_sender.py").write_text("import sys; sys.exit(0)")
    monkeypatch.chdir(work if place == "the working folder" else tmp_path)
    service = UsageService(config(tmp_path, sender_module="made_up_sender"), {"PYTHONPATH": "work"})
    assert service.alias("a", "b") is False


ALIASES = {"0": True, "1": False, "'it failed'": False}


@pytest.mark.parametrize(("code", "delivered"), ALIASES.items())
def test_an_alias_has_arrived_if_the_sender_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, delivered: bool
) -> None:
    (tmp_path / "made_up_sender.py").write_text(
        "import json, os, sys\n"
        "order = json.loads(os.environ['TOOL_USAGE_EVENT_DATA'])\n"
        "assert order == {'alias': 'anonymous', 'distinct_id': 'account'}\n"
        f"sys.exit({code})"
    )
    policy = config(tmp_path, sender_module="made_up_sender")
    service = UsageService(policy, {"PATH": "/bin"})
    monkeypatch.setattr(service, "_command", lambda: [sys.executable, "made_up_sender.py"])
    monkeypatch.chdir(tmp_path)
    assert service.alias("anonymous", "account") is delivered


class Impatient(UsageConfig):
    alias_timeout = 0.3  # type: ignore[misc]


@pytest.mark.timeout(30, func_only=True)
def test_an_alias_that_takes_too_long_has_not_arrived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = config(tmp_path)
    policy = Impatient(
        program=plain.program,
        version=plain.version,
        sender_module=plain.sender_module,
        home=plain.paths.home,
        prefix=plain.prefix,
        host=plain.host,
        project_api_key=plain.project_api_key,
    )
    service = UsageService(policy, {})
    monkeypatch.setattr(service, "_command", lambda: ["/bin/sleep", "3"])
    assert service.alias("anonymous", "account") is False


def test_no_process_for_an_alias_is_no_alias(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = UsageService(config(tmp_path), {})
    monkeypatch.setattr(sys, "executable", "")
    assert service.alias("anonymous", "account") is False
    assert UsageService(config(tmp_path), {"PATH": "a\0b"}).alias("anonymous", "account") is False
