"""A deadline on a whole operation."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from usagekit.deadline import DeadlineError, run_within


def test_the_result_is_passed_on() -> None:
    assert run_within(30, lambda: [1, 2]) == [1, 2]


def test_no_result_is_a_result_too() -> None:
    assert run_within(30, lambda: None) is None


@pytest.mark.parametrize("error", [ValueError("made up"), KeyboardInterrupt(), SystemExit(3)])
def test_an_exception_is_passed_on_as_it_is(error: BaseException) -> None:
    def operation() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        run_within(30, operation)
    assert caught.value is error


@pytest.mark.timeout(30, func_only=True)
@pytest.mark.parametrize("seconds", [0.05, 0, -1])
def test_nobody_waits_for_an_operation_that_hangs(seconds: float) -> None:
    let_go = threading.Event()
    try:
        with pytest.raises(DeadlineError, match="no answer within"):
            run_within(seconds, let_go.wait)
    finally:
        let_go.set()


@pytest.mark.timeout(30, func_only=True)
def test_an_abandoned_operation_does_not_keep_its_process() -> None:
    script = (
        "import threading; from usagekit.deadline import DeadlineError, run_within\n"
        "try: run_within(0.05, threading.Event().wait)\n"
        "except DeadlineError: print('late')"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "late\n", "")


@pytest.mark.timeout(30, func_only=True)
def test_a_process_ends_itself_however_it_hangs() -> None:
    script = (
        "import threading; from usagekit.deadline import exit_within\n"
        "exit_within(0.1); threading.Event().wait()"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 1
