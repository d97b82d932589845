"""A home that is thrown away: the account's name on each event, and no alias burnt for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.arcade_cloud import ArcadeCloud
from tests.support.home import Home
from tests.support.recorder import Recorder

CI = {"CI": "true", "GITHUB_ACTIONS": "true"}


def test_in_ci_the_account_stands_on_the_event_and_nothing_is_aliased(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    principal = cloud.add_account("ada@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"))
    for count in (1, 2):
        home.run("toolkit", "list", environ=CI)
        recorder.wait_for(count)
        home.wait_for_senders()
    assert [event.distinct_id for event in recorder.events] == [principal] * 2
    assert not any(event.is_anon for event in recorder.events)
    assert {event.properties["ci"] for event in recorder.events} == {"github"}
    assert recorder.aliases == []
    assert home.usage_json["linked_principal_id"] is None


def test_without_anybody_logged_in_the_event_is_anonymous_in_ci_too(
    home: Home, recorder: Recorder
) -> None:
    home.run("toolkit", "list", environ=CI)
    (event,) = recorder.wait_for(1)
    assert (event.distinct_id, event.is_anon) == (home.usage_json["anon_id"], True)


def test_an_event_whose_credentials_were_replaced_while_they_were_looked_up_is_nobody_s(
    home: Home, recorder: Recorder, cloud: ArcadeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer may be about those in their place."""
    cloud.add_account("ada@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"))
    answer = cloud.respond

    def replace_and_answer(*request: Any) -> tuple[int, object]:
        home.write_credentials(cloud.new_key("ada@example.test"), email="longer@hand.example")
        return answer(*request)

    monkeypatch.setattr(cloud, "respond", replace_and_answer)
    home.run("toolkit", "list", environ=CI)
    (event,) = recorder.wait_for(1)
    assert cloud.asked
    assert (event.distinct_id, event.is_anon) == (home.usage_json["anon_id"], True)


def test_a_login_in_ci_is_no_alias_either(
    home: Home, recorder: Recorder, cloud: ArcadeCloud
) -> None:
    principal = cloud.add_account("ada@example.test")
    home.environ |= CI
    assert home.login().code == 0
    (event,) = recorder.wait_for(1)
    assert (event.command, event.distinct_id) == ("login", principal)
    assert recorder.aliases == []


@pytest.mark.parametrize("later", [False, True], ids=["a stranger", "linked by then"])
def test_on_a_machine_that_is_not_thrown_away_the_alias_comes_as_ever(
    home: Home, recorder: Recorder, cloud: ArcadeCloud, later: bool
) -> None:
    principal = cloud.add_account("ada@example.test")
    home.write_credentials(cloud.new_key("ada@example.test"))
    home.run("toolkit", "list", environ=CI if later else {})
    recorder.wait_for(1)
    home.wait_for_senders()
    home.run("toolkit", "list")
    recorder.wait_for(2)
    home.wait_for_senders()
    assert home.usage_json["linked_principal_id"] == principal
    assert len(recorder.aliases) == 1
