"""What a command runs in, by the variables of those who run it."""

from __future__ import annotations

import os
import pty

import pytest
from usagekit.facts import AGENTS, CI_SERVICES, facts, in_ci


@pytest.mark.parametrize(("variable", "service"), CI_SERVICES.items())
def test_each_ci_service_is_known_by_its_variable(variable: str, service: str) -> None:
    assert facts({variable: "true"})["ci"] == service
    assert facts({"CI": "true", variable: "1"})["ci"] == service
    assert in_ci({variable: "1"})


@pytest.mark.parametrize(("variable", "agent"), AGENTS.items())
def test_each_agent_is_known_by_its_variable_and_not_by_what_it_says(
    variable: str, agent: str
) -> None:
    assert facts({variable: "a made-up secret"})["agent"] == agent


@pytest.mark.parametrize("value", ["", "0", "false", "FALSE", "no", " "])
def test_a_variable_that_says_no_says_nothing(value: str) -> None:
    environ = dict.fromkeys([*CI_SERVICES, *AGENTS], value)
    assert facts(environ).keys() == {"interactive"}
    assert not in_ci(environ)


def test_it_is_interactive_if_a_person_can_read_and_answer() -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os._exit(7 if facts({})["interactive"] is True else 1)
    try:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    finally:
        os.close(terminal)
    assert facts({})["interactive"] is False
