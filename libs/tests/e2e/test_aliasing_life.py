"""The life of an identity, stage by stage (docs/identity.md): real processes, real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home
from tests.support.persons import persons
from tests.support.recorder import Recorder

NewHome = Callable[..., Home]
measured = pytest.mark.measured(senders=True)


def test_stage_1_an_anonymous_user_has_one_random_id_and_no_person(
    home: Home, recorder: Recorder
) -> None:
    assert home.run("usage", "status").code == 0
    assert home.run("logout", "--nonsense").code == 2
    first, second = recorder.wait_for(2)

    assert home.usage_json == {"anon_id": first.distinct_id, "linked_principal_id": None}
    assert UUID(first.distinct_id).version == 4
    assert second.distinct_id == first.distinct_id
    assert first.is_anon
    assert second.is_anon


@measured
def test_stage_2_login_aliases_before_its_own_event(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    home.run("usage", "status")
    recorder.wait_for(1)
    anon_id = home.usage_json["anon_id"]
    principal = cloud.add_account("ada@example.test")

    assert home.login().code == 0

    # The alias is synchronous: it has arrived, and the link is stored, when login returns.
    (alias,) = recorder.aliases
    assert home.usage_json == {"anon_id": anon_id, "linked_principal_id": principal}
    # The account is the one who stays, and the anonymous ID the one that joins (M6, M9).
    assert (alias.distinct_id, alias.properties["alias"]) == (principal, anon_id)
    assert "$process_person_profile" not in alias.properties

    recorder.wait_for(2)
    order = [(item.event, item.distinct_id) for item in recorder.received]
    assert order == [
        ("CLI execution succeeded", anon_id),
        ("$create_alias", principal),
        ("CLI execution succeeded", principal),
    ]
    assert recorder.received[2].command == "login"
    assert not recorder.received[2].is_anon


def test_stage_3_an_authenticated_user_is_known_without_asking_again(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    principal = cloud.add_account("ada@example.test")
    home.login()
    recorder.wait_for(1)
    asked = list(cloud.asked)

    home.run("usage", "status")
    home.run("toolkit", "list")
    events = recorder.wait_for(3)

    assert [item.distinct_id for item in events] == [principal] * 3
    assert not any("$process_person_profile" in item.properties for item in events)
    assert cloud.asked == asked
    assert len(recorder.aliases) == 1


def test_stage_4_logout_is_the_account_s_last_event_and_the_machine_a_stranger_s(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    principal = cloud.add_account("ada@example.test")
    home.login()
    before = home.usage_json["anon_id"]

    home.run("logout")
    after = home.usage_json
    assert after["linked_principal_id"] is None
    assert after["anon_id"] != before

    home.run("usage", "status")
    *_, logout, status = recorder.wait_for(3)
    assert (logout.command, logout.distinct_id, logout.is_anon) == ("logout", principal, False)
    assert (status.distinct_id, status.is_anon) == (after["anon_id"], True)


def test_logout_keeps_two_users_of_one_machine_apart(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    home.run("usage", "status")
    ada = cloud.add_account("ada@example.test")
    home.login()
    home.run("logout")
    home.run("usage", "status")
    bob = cloud.add_account("bob@example.test")
    home.login()
    home.run("usage", "status")
    recorder.wait_for(6)

    person = persons(recorder.received)
    assert person[ada] != person[bob]
    anonymous = [item.distinct_id for item in recorder.events if item.is_anon]
    assert [person[distinct_id] for distinct_id in anonymous] == [person[ada], person[bob]]


def test_a_returning_user_s_history_on_a_second_machine_joins(
    new_home: NewHome, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    principal = cloud.add_account("ada@example.test")
    for home in (new_home(), new_home()):
        home.run("usage", "status")
        home.login()
        home.run("usage", "status")
    recorder.wait_for(6)

    assert len({item.properties["alias"] for item in recorder.aliases}) == 2
    person = persons(recorder.received)
    assert {person[item.distinct_id] for item in recorder.events} == {person[principal]}


@pytest.mark.parametrize("token", [False, True], ids=["api key", "access token"])
def test_a_login_by_hand_is_noticed_at_the_next_command(
    home: Home, recorder: Recorder, cloud: ArcadeCloud, token: bool
) -> None:
    home.run("usage", "status")
    recorder.wait_for(1)  # or the alias may go before it, which is as right
    principal = cloud.add_account("ada@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"), token=token)

    home.run("usage", "status")
    home.run("usage", "status")
    home.wait_for_senders()
    home.run("usage", "status")
    recorder.wait_for(4)

    anon_id = home.usage_json["anon_id"]
    assert home.usage_json["linked_principal_id"] == principal
    assert [item.distinct_id for item in recorder.received] == [
        anon_id,
        principal,  # the alias, before anything else of the principal's
        principal,
        principal,
        principal,
    ]
    assert recorder.received[1].event == "$create_alias"
    assert cloud.asked == [f"/api/v1/auth/{'whoami' if token else 'validate'}"]


@measured
def test_a_switch_of_account_without_logout_gets_a_new_anonymous_id(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    ada = cloud.add_account("ada@example.test")
    home.run("usage", "status")
    home.login()
    first_anon_id = home.usage_json["anon_id"]
    bob = cloud.add_account("bob@example.test")
    home.write_credentials(cloud.new_key("bob@example.test"))

    home.run("usage", "status")
    recorder.wait_for(3)

    assert home.usage_json["linked_principal_id"] == bob
    assert home.usage_json["anon_id"] != first_anon_id
    assert recorder.events[-1].distinct_id == bob
    aliased = [(item.properties["alias"], item.distinct_id) for item in recorder.aliases]
    assert aliased == [(first_anon_id, ada), (home.usage_json["anon_id"], bob)]
    person = persons(recorder.received)
    assert person[ada] != person[bob]


def test_a_new_key_of_the_same_account_changes_nothing(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    ada = cloud.add_account("ada@example.test")
    home.login()
    linked = home.usage_json
    home.write_credentials(cloud.new_key("ada@example.test"))

    home.run("usage", "status")
    home.wait_for_senders()
    home.run("usage", "status")
    events = recorder.wait_for(3)

    assert home.usage_json == linked
    assert {item.distinct_id for item in events} == {ada}
    assert len(recorder.aliases) == 1
    assert cloud.asked.count("/api/v1/auth/validate") == 2  # at login, and for the new key


def test_a_service_that_refuses_connections_leaves_the_event_anonymous(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    home.write_credentials(cloud.new_key("ada@example.test"))
    cloud.refuse()
    home.run("usage", "status")
    (event,) = recorder.wait_for(1)
    assert (event.is_anon, event.distinct_id) == (True, home.usage_json["anon_id"])
    cloud.listen()


@pytest.mark.parametrize("mode", ["hang", "drip", "drop", "401", "500"])
def test_a_service_that_gives_no_answer_leaves_the_event_anonymous(
    home: Home, recorder: Recorder, cloud: ArcadeCloud, mode: str
) -> None:
    cloud.add_account("ada@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"))
    cloud.mode = mode

    home.run("usage", "status")
    (event,) = recorder.wait_for(1)
    assert event.is_anon
    assert event.distinct_id == home.usage_json["anon_id"]
    assert recorder.aliases == []

    home.wait_for_senders()  # which would take the next event along, and ask but once
    cloud.mode = "ok"
    home.run("usage", "status")
    recorder.wait_for(2)
    assert recorder.aliases[0].properties["alias"] == event.distinct_id


@measured
def test_other_credentials_that_nobody_vouches_for_make_the_machine_a_stranger_s(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    ada = cloud.add_account("ada@example.test")
    home.login()
    bob = cloud.add_account("bob@example.test")
    home.write_credentials(cloud.new_key("bob@example.test"))
    cloud.mode = "500"

    home.run("usage", "status")
    *_, event = recorder.wait_for(2)
    home.wait_for_senders()
    cloud.mode = "ok"
    home.run("usage", "status")
    recorder.wait_for(3)

    person = persons(recorder.received)
    assert event.is_anon
    assert person[event.distinct_id] == person[bob]
    assert person[ada] != person[bob]


@measured
def test_an_alias_that_failed_at_login_is_made_up_for_before_the_account_s_next_event(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    principal = cloud.add_account("ada@example.test")
    recorder.mode = "503"
    ran = home.login()
    assert (ran.code, ran.err) == (0, "")
    home.wait_for_senders()
    assert home.usage_json["linked_principal_id"] is None
    assert recorder.received == []

    recorder.mode = "ok"
    home.run("usage", "status")
    recorder.wait_for(2)

    assert recorder.received[0].event == "$create_alias"
    assert [item.command for item in recorder.events] == ["login", "usage.status"]
    assert {item.distinct_id for item in recorder.received} == {principal}


def test_login_waits_for_a_hung_host_no_longer_than_its_deadlines(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    cloud.add_account("ada@example.test")
    recorder.mode = "drip"
    ran = home.login()
    # The answer, a byte a second, was not waited for, or the link would be there.
    assert (ran.code, ran.err) == (0, "")
    assert home.usage_json["linked_principal_id"] is None
    recorder.mode = "ok"


def test_an_alias_repeated_after_a_lost_answer_keeps_its_uuid(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    cloud.add_account("ada@example.test")
    recorder.mode = "deaf"  # takes everything, and the answer is lost
    home.login()
    home.wait_for_senders()
    recorder.mode = "ok"
    home.run("usage", "status")
    recorder.wait_until(lambda: {"login", "usage.status"} <= {e.command for e in recorder.events})

    assert len(recorder.aliases) > 1
    assert len({item.uuid for item in recorder.aliases}) == 1
    assert len({json.dumps(persons([item])) for item in recorder.aliases}) == 1


def test_events_carry_exactly_what_is_declared(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    import platform

    from arcade_cli import __version__

    home.run("toolkit", "run", "Math.Add", "a=1", "b=2")
    home.run("toolkit", "run", "Math.Divide", "a=1", "b=0")
    home.run("toolkit", "run", "Math.Nonsense")
    cloud.add_account("ada@example.test")
    home.login()
    good, failed, misused, login = recorder.wait_for(4)

    every = {
        "cli_version": __version__,
        "python_version": platform.python_version(),
        "os_type": platform.system(),
        "os_release": platform.release(),
        "command_name": "toolkit.run",
        "interactive": False,
        "$lib": "posthog-python",
        "$geoip_disable": True,
    }
    extra = {"duration", "exit_code", "$lib_version"}
    assert every.items() <= good.properties.items()
    assert good.properties.keys() == every.keys() | extra | {"$process_person_profile"}
    assert login.properties.keys() == every.keys() | extra | {"options"}
    assert sorted(login.properties["options"]) == ["host", "timeout"]
    assert (good.event, failed.event) == ("CLI execution succeeded", "CLI execution failed")
    assert good.properties["exit_code"] == 0
    assert 0 < good.properties["duration"] < 60_000

    failure = {"failure_kind", "error_message", "error_type"}
    assert failed.properties.keys() == good.properties.keys() | failure
    assert failed.properties["failure_kind"] == "exception"
    assert failed.properties["error_message"] == "tool failed: TOOL_RUNTIME_FATAL"
    assert failed.properties["exit_code"] == 1
    assert misused.properties["failure_kind"] == "usage_error"
    assert misused.properties["error_message"] == ""
    assert {item.api_key for item in recorder.received} == {"phc_made_up_project"}


def test_an_unreadable_credentials_file_is_nobody(home: Home, recorder: Recorder) -> None:
    home.state.mkdir()
    (home.state / "credentials.yaml").write_text("cloud: [unclosed")
    home.run("usage", "status")
    (event,) = recorder.wait_for(1)
    assert event.is_anon


def test_a_link_made_by_hand_is_believed_without_asking(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    ada, bob = cloud.add_account("ada@example.test"), cloud.add_account("bob@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"))
    anon_id = "00000000-0000-4000-8000-000000000001"
    _write(home.state / "usage.json", {"anon_id": anon_id, "linked_principal_id": ada})

    home.run("usage", "status")
    assert recorder.wait_for(1)[0].distinct_id == ada
    assert cloud.asked == []
    home.wait_for_senders()

    # From then on the credentials are known, and a switch is seen.
    home.write_credentials(cloud.new_key("bob@example.test") + "-longer")
    cloud.keys[next(reversed(cloud.keys)) + "-longer"] = "bob@example.test"
    home.run("usage", "status")
    assert recorder.wait_for(2)[1].distinct_id == bob


def test_an_alias_whose_answer_was_lost_binds_the_next_user_to_nobody(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    ada = cloud.add_account("ada@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"))
    recorder.mode = "deaf"
    home.run("usage", "status")
    home.wait_for_senders()
    cloud.add_account("bob@example.test")
    home.write_credentials(cloud.new_key("bob@example.test"))
    recorder.mode, cloud.mode = "ok", "500"

    home.run("toolkit", "list")
    recorder.wait_until(lambda: "toolkit.list" in [item.command for item in recorder.events])

    person = persons(recorder.received)
    bobs = next(item for item in recorder.events if item.command == "toolkit.list")
    assert person[bobs.distinct_id] != person[ada]


@pytest.mark.parametrize("way", ["removed by hand", "logged out with tracking off"])
def test_credentials_that_are_gone_make_the_machine_a_stranger_s(
    home: Home, recorder: Recorder, cloud: ArcadeCloud, way: str
) -> None:
    ada = cloud.add_account("ada@example.test")
    home.login()
    if way == "removed by hand":
        (home.state / "credentials.yaml").unlink()
    else:
        home.run("logout", environ={"ARCADE_USAGE_TRACKING": "0"})

    home.run("usage", "status")
    home.wait_for_senders()
    home.run("usage", "status")
    events = recorder.wait_for(3)

    person = persons(recorder.received)
    assert [person[item.distinct_id] == person[ada] for item in events] == [True, False, False]
    assert home.usage_json["linked_principal_id"] is None


@measured
def test_a_logout_while_the_sender_asks_gives_the_old_account_nothing_of_the_new_id(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    home.run("usage", "status")
    home.wait_for_senders()
    cloud.add_account("ada@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"))
    cloud.mode = "slow"
    home.run("usage", "status")
    home.run("logout")
    recorder.wait_for(3)
    home.wait_for_senders()

    after = home.usage_json
    assert after["linked_principal_id"] is None
    assert after["anon_id"] not in [item.properties["alias"] for item in recorder.aliases]


def test_a_logout_by_somebody_who_was_not_logged_in_keeps_the_machine_s_id(
    home: Home, recorder: Recorder
) -> None:
    home.run("usage", "status")
    before = home.usage_json
    home.run("logout")
    recorder.wait_for(2)
    assert home.usage_json == before


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))
