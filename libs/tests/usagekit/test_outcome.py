"""How a command ended: every ending that there is."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import typer
from usagekit.outcome import RAW_MESSAGE_LIMIT, cut, outcome_of

if TYPE_CHECKING:
    from usagekit.tracker import Outcome

Described = tuple[int, str | None, str | None, str | None]


class UnspeakableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class DiscreetError(Exception):
    usage_message = "tool failed: TIMEOUT"


class UnreadableError(Exception):
    @property
    def usage_message(self) -> str:
        raise RuntimeError("no words")


class IndiscreetError(Exception):
    usage_message = 7


class WrongToolError(Exception):
    is_usage_error = True


class NoUsageError(Exception):
    is_usage_error = "yes"


def described(outcome: Outcome) -> Described:
    return outcome.exit_code, outcome.failure_kind, outcome.error_type, outcome.error_message


def caused(error: BaseException, cause: BaseException) -> BaseException:
    """What ``raise error from cause`` makes of an error."""
    error.__cause__ = cause
    return error


SUCCESS: Described = (0, None, None, None)

# What left the program, what left the command -> exit code, kind, class, message.
ENDINGS: list[tuple[BaseException | None, BaseException | None, Described]] = [
    (None, None, SUCCESS),
    (SystemExit(), None, SUCCESS),
    (SystemExit(0), None, SUCCESS),
    (SystemExit(False), None, SUCCESS),
    (SystemExit(0), typer.Exit(), SUCCESS),
    (SystemExit(3), None, (3, "exit", None, None)),
    (SystemExit(True), None, (1, "exit", None, None)),
    (SystemExit(-1), None, (255, "exit", None, None)),
    (SystemExit(256), None, SUCCESS),
    (SystemExit(257), None, (1, "exit", None, None)),
    (SystemExit("no such file"), None, (1, "exit", None, "no such file")),
    (SystemExit(""), None, (1, "exit", None, "")),
    (SystemExit([1]), None, (1, "exit", None, None)),
    (SystemExit(3), typer.Exit(3), (3, "exit", None, None)),
    (SystemExit(4), SystemExit(4), (4, "exit", None, None)),
    (SystemExit(1), typer.Abort(), (1, "interrupted", "Abort", None)),
    (SystemExit(130), KeyboardInterrupt(), (130, "interrupted", "KeyboardInterrupt", None)),
    (KeyboardInterrupt(), None, (130, "interrupted", "KeyboardInterrupt", None)),
    (SystemExit(2), typer.BadParameter("typed"), (2, "usage_error", "BadParameter", None)),
    (ValueError("it broke"), None, (1, "exception", "ValueError", "it broke")),
    (ValueError(), None, (1, "exception", "ValueError", "")),
    (KeyError("a"), KeyError("b"), (1, "exception", "KeyError", "'b'")),
    (SystemExit(1), ValueError("it broke"), (1, "exception", "ValueError", "it broke")),
    (SystemExit(0), ValueError("and was mended"), SUCCESS),
    (SystemExit(0), KeyboardInterrupt(), SUCCESS),
    (SystemExit(0), typer.Abort(), SUCCESS),
    (SystemExit(0), BrokenPipeError(32, "nobody reads"), SUCCESS),
    (
        SystemExit(1),
        caused(typer.Exit(1), KeyError("reason")),
        (1, "exit", "KeyError", "'reason'"),
    ),
    (SystemExit(0), caused(typer.Exit(0), KeyError("reason")), SUCCESS),
    (caused(SystemExit(5), KeyError("reason")), None, (5, "exit", "KeyError", "'reason'")),
    (
        SystemExit(1),
        caused(typer.Exit(1), WrongToolError("typed")),
        (1, "usage_error", "WrongToolError", None),
    ),
    (
        SystemExit(1),
        caused(typer.Exit(1), DiscreetError("typed")),
        (1, "exit", "DiscreetError", "tool failed: TIMEOUT"),
    ),
    (UnreadableError("said"), None, (1, "exception", "UnreadableError", "")),
    (UnspeakableError(), None, (1, "exception", "UnspeakableError", "")),
    (DiscreetError("typed"), None, (1, "exception", "DiscreetError", "tool failed: TIMEOUT")),
    (IndiscreetError("said"), None, (1, "exception", "IndiscreetError", "said")),
    (SystemExit(1), WrongToolError("typed"), (1, "usage_error", "WrongToolError", None)),
    (NoUsageError("said"), None, (1, "exception", "NoUsageError", "said")),
    (GeneratorExit(), None, (1, "exception", "GeneratorExit", "")),
]


@pytest.mark.parametrize(("ending", "inner", "expected"), ENDINGS)
def test_every_ending_is_told_from_every_other(
    ending: BaseException | None, inner: BaseException | None, expected: Described
) -> None:
    assert described(outcome_of(ending, inner)) == expected


@pytest.mark.parametrize("code", [0, 1, 3, 130, 255])
@pytest.mark.parametrize(
    "inner", [None, KeyboardInterrupt(), typer.Abort(), typer.Exit(), ValueError()], ids=repr
)
def test_the_exit_code_is_what_the_shell_sees_whatever_came_before(
    code: int, inner: BaseException | None
) -> None:
    assert outcome_of(SystemExit(code), inner).exit_code == code


def test_another_program_s_abort_is_not_click_s() -> None:
    other = type("Abort", (Exception,), {"__module__": "clicker.errors"})
    assert outcome_of(other("said")).failure_kind == "exception"


def test_click_s_own_errors_are_known_from_whatever_copy_of_click_they_come() -> None:
    for module in ("click.exceptions", "typer._click.exceptions", "rich_click.errors"):
        error = type("UsageError", (Exception,), {"__module__": module})("typed")
        assert outcome_of(SystemExit(2), error).failure_kind == "usage_error"


def test_a_usage_error_never_carries_what_the_user_typed() -> None:
    for error in (typer.BadParameter("made-up-secret"), WrongToolError("made-up-secret")):
        for ending in (error, SystemExit(2)):
            assert outcome_of(ending, error).error_message is None


def test_a_long_message_is_cut_between_words() -> None:
    message = " ".join(itertools.repeat("made-up-secret", 200_000 // 15))
    short = outcome_of(ValueError(message)).error_message
    assert short is not None
    assert len(short) <= RAW_MESSAGE_LIMIT + 2
    assert set(short.split()) <= {"made-up-secret", "…"}


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_of_one_endless_word_no_half_is_left(blank: str) -> None:
    secret = "s3cret" * 40_000
    assert outcome_of(ValueError(blank + secret)).error_message == " …"
    assert outcome_of(SystemExit(secret)).error_message == " …"


def test_a_message_of_blanks_is_cut_too() -> None:
    assert len(cut(" " * 200_000)) <= RAW_MESSAGE_LIMIT + 2


def test_a_message_within_the_limit_stays_as_it_is() -> None:
    assert cut("a" * RAW_MESSAGE_LIMIT) == "a" * RAW_MESSAGE_LIMIT
    assert cut("one two", 5) == "one …"
