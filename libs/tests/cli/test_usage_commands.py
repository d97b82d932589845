"""``arcade usage``: a person may see what is known of them and what would be sent, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

import pytest

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home
from tests.support.recorder import Recorder

pytestmark = pytest.mark.measured

NewHome = Callable[..., Home]
OFF = ({"ARCADE_USAGE_TRACKING": "0"}, {"DO_NOT_TRACK": "1"})


def status_of(home: Home) -> dict[str, Any]:
    ran = home.run("usage", "status", "--json")
    assert (ran.code, ran.err) == (0, "")
    document: dict[str, Any] = json.loads(ran.out)
    return document


def files_of(home: Home) -> list[str]:
    return sorted(str(path) for path in home.folder.rglob("*"))


def test_the_status_of_a_new_machine_knows_its_id_and_of_no_trouble(
    home: Home, recorder: Recorder
) -> None:
    assert status_of(home) == {
        "tracking": "on",
        "because": "on by default",
        "sends_to": recorder.url,
        "anon_id": home.usage_json["anon_id"],
        "linked_principal_id": None,
        "waiting_events": 0,
        "dropped_events": 0,
        "refused_events": 0,
        "damaged_files": 0,
        "last_failure": None,
        "not_before": None,
        "last_delivery": None,
        "stored_in": str(home.state),
        "warnings": [],
    }


def test_the_status_of_a_machine_in_trouble_says_what_and_how_long(
    home: Home, recorder: Recorder
) -> None:
    recorder.mode = "503"
    for _ in range(3):
        known = status_of(home)
        home.wait_for_senders()
    assert known["waiting_events"] == 2
    assert known["last_failure"] == "HTTP 503"
    assert datetime.fromisoformat(known["not_before"].replace("Z", "+00:00")) > datetime.now(
        timezone.utc
    )
    (home.state / "usage/dropped.json").write_text('{"over_limit": 2, "expired": 3, "refused": 4}')
    (home.state / f"usage/spool/2024-{uuid4()}.json.bad").touch()
    known = status_of(home)
    assert (known["dropped_events"], known["refused_events"]) == (5, 4)
    assert known["damaged_files"] == 1


def test_the_status_of_a_linked_machine_knows_both_ids(home: Home, cloud: ArcadeCloud) -> None:
    principal = cloud.add_account("ada@example.test")
    home.login()
    known = status_of(home)
    assert known["anon_id"] == home.usage_json["anon_id"]
    assert known["linked_principal_id"] == principal


def test_the_status_counts_the_events_that_wait(home: Home, recorder: Recorder) -> None:
    recorder.mode = "503"
    for waiting in range(3):
        assert status_of(home)["waiting_events"] == waiting
        home.wait_for_senders()
    assert len(home.waiting()) == 3


def test_the_status_for_people_says_the_same_in_lines(home: Home, recorder: Recorder) -> None:
    known = status_of(home)
    recorder.wait_for(1)
    home.wait_for_senders()
    delivered = home.log()[0]["at"]
    del known["warnings"]
    ran = home.run("usage", "status")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert [line[:21].strip() for line in lines] == [name.replace("_", " ") for name in known]
    assert [line[21:] for line in lines] == [
        *("on", "on by default", recorder.url, home.usage_json["anon_id"], "-"),
        *("0", "0", "0", "0", "-", "-", delivered, str(home.state)),
    ]


@pytest.mark.parametrize(
    ("variables", "tracking", "because"),
    [
        ({"ARCADE_USAGE_TRACKING": " OFF "}, "off", "ARCADE_USAGE_TRACKING=off"),
        ({"ARCADE_USAGE_TRACKING": "perhaps"}, "off", "ARCADE_USAGE_TRACKING is set to"),
        ({"DO_NOT_TRACK": "1"}, "off", "DO_NOT_TRACK is set"),
        ({"DO_NOT_TRACK": "1", "ARCADE_USAGE_TRACKING": "1"}, "on", "ARCADE_USAGE_TRACKING=1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else str(value),
)
def test_the_status_names_who_decided(
    home: Home, variables: dict[str, str], tracking: str, because: str
) -> None:
    home.environ |= variables
    known = status_of(home)
    assert known["tracking"] == tracking
    assert known["because"].startswith(because)


def test_the_status_says_so_where_nothing_leaves_the_machine(new_home: NewHome) -> None:
    home = new_home(host=None)
    known = status_of(home)
    assert (known["tracking"], known["sends_to"]) == ("on", None)
    assert "no destination" in known["because"]


@pytest.mark.parametrize("logged_in", [False, True], ids=["a stranger", "an account"])
def test_what_is_shown_is_what_arrives(
    home: Home, recorder: Recorder, cloud: ArcadeCloud, logged_in: bool
) -> None:
    if logged_in:
        cloud.add_account("ada@example.test")
        home.login()
    first = home.run("usage", "show")
    assert (first.code, first.err) == (0, "")
    recorder.wait_for(1 + logged_in)
    home.run("usage", "show")
    *_, one, two = recorder.wait_for(2 + logged_in)

    shown = json.loads(first.out)
    assert shown["properties"]["command_name"] == "usage.show"
    assert comparable(shown) == comparable(two.message) == comparable(one.message)
    assert two.is_anon is not logged_in


def comparable(message: dict[str, Any]) -> dict[str, Any]:
    """A message without the values that are another each time, but with their names."""
    varying = dict.fromkeys(("uuid", "timestamp"), "varies")
    properties = {**message["properties"], "duration": "varies"}
    assert message.keys() >= varying.keys()
    assert isinstance(message["properties"]["duration"], float)
    return {**message, **varying, "properties": properties}


def test_without_a_destination_the_event_can_be_seen_all_the_same(new_home: NewHome) -> None:
    home = new_home(host=None)
    ran = home.run("usage", "show")
    assert (ran.code, ran.err) == (0, "")
    home.wait_for_senders()
    (logged,) = home.log()
    shown = json.loads(ran.out)
    assert shown["event"] == logged["event"] == "CLI execution succeeded"
    assert shown["distinct_id"] == logged["distinct_id"]


@pytest.mark.parametrize("off", OFF, ids=" ".join)
def test_a_look_leaves_no_trace_while_tracking_is_off(
    home: Home, recorder: Recorder, off: dict[str, str]
) -> None:
    before = files_of(home)
    home.environ |= off
    for words in (["status"], ["status", "--json"], ["show"]):
        assert home.run("usage", *words).code == 0
    assert home.senders() == []
    assert files_of(home) == before
    assert recorder.requests == 0


def test_while_tracking_is_off_there_is_no_event_to_show(home: Home) -> None:
    home.environ |= OFF[0]
    ran = home.run("usage", "show")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "Tracking is off: nothing would be sent. See: arcade usage status\n"


@pytest.mark.parametrize("kind", ["a link to nowhere", "a link to itself", "a file"])
@pytest.mark.parametrize("name", ["spool", "running"])
def test_a_place_that_is_no_folder_keeps_nothing_and_the_status_says_so(
    home: Home, recorder: Recorder, name: str, kind: str
) -> None:
    place = home.state / "usage" / name
    home.run("whoami")
    home.wait_for_senders()
    place.rmdir()
    if kind == "a file":
        place.write_text("made up")
    else:
        place.symlink_to(name if kind == "a link to itself" else "/no/such/place")
    for _ in range(3):
        home.run("whoami")
        home.wait_for_senders()
    assert [one.command for one in recorder.wait_for(4)] == ["whoami"] * 4
    (warning,) = json.loads(home.run("usage", "status", "--json").out)["warnings"]
    assert warning.startswith(f"{place} is ")
    assert "nothing is kept there" in warning
    home.wait_for_senders()
    for folder in {"running", "spool"} - {name}:
        assert list((home.state / "usage" / folder).iterdir()) == []
