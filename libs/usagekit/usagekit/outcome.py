"""How a command ended: one function decides, for every way that there is."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Iterable
from contextlib import suppress

from usagekit.tracker import Outcome

# Longer messages are cut before they leave the foreground; the sender redacts, then cuts again.
RAW_MESSAGE_LIMIT = 4_000
# The names of variables and options that hold what nobody else may know.
SECRET_NAME = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|key|auth|bearer|credential|signature|session|cookie"
)
# Characters; a shorter value says little, and stands in every second word.
_SHORTEST_VALUE = 3
# Characters that are looked through, while somebody waits.
_LONGEST_MESSAGE = 500_000
# As it stands in a value or a message, and not in the marks that are put there.
_WORD = re.compile(r"(?<![\w<])\w{4,}(?![\w>])")
_CLICK_MODULES = ("click.", "typer.", "rich_click.")


def outcome_of(
    ending: BaseException | None, inner: BaseException | None = None, declared: Iterable[str] = ()
) -> Outcome:
    """Decide what an ending was.

    Args:
        ending: what left the program, normally SystemExit; None if it returned.
        inner: what left the command before its framework made an exit of it, if known.
        declared: words of the command line that are the program's own: names of commands.
    """
    outcome = _judge(ending, inner)
    if not outcome.error_message:
        return outcome
    message = without_the_user_s(outcome.error_message, declared)
    return Outcome(outcome.exit_code, outcome.failure_kind, outcome.error_type, cut(message))


def _judge(ending: BaseException | None, inner: BaseException | None) -> Outcome:
    exit_code = _exit_code(ending)
    cause = inner if inner is not None else ending
    if exit_code == 0:
        return Outcome()
    if isinstance(cause, KeyboardInterrupt) or _is_click(cause, "Abort") or _has_no_reader(cause):
        return Outcome(exit_code, "interrupted", type(cause).__name__)
    if _is_usage_error(cause):
        return Outcome(exit_code, "usage_error", type(cause).__name__)
    if isinstance(cause, SystemExit) or _is_click(cause, "Exit") or cause is None:
        return _exit(exit_code, cause)
    return Outcome(exit_code, "exception", type(cause).__name__, _message(cause))


def _exit(exit_code: int, cause: BaseException | None) -> Outcome:
    """An exit that was asked for; ``raise Exit(1) from error`` says what it was asked for."""
    reason = cause.__cause__ if cause is not None else None
    if _is_usage_error(reason):
        return Outcome(exit_code, "usage_error", type(reason).__name__)
    if reason is not None:
        return Outcome(exit_code, "exit", type(reason).__name__, _message(reason))
    if isinstance(cause, SystemExit) and isinstance(cause.code, str):
        return Outcome(exit_code, "exit", None, cause.code)
    return Outcome(exit_code, "exit")


def _exit_code(ending: BaseException | None) -> int:
    """What the shell will see."""
    if ending is None:
        return 0
    if isinstance(ending, KeyboardInterrupt):
        return 130
    if not isinstance(ending, SystemExit):
        return 1
    if ending.code is None:
        return 0
    return ending.code & 0xFF if isinstance(ending.code, int) else 1


def _has_no_reader(error: BaseException | None) -> bool:
    """Whether this is the end of ``| head``: nobody reads our output any more. A pipe or socket
    of the program's own that breaks is another matter."""
    if not (isinstance(error, OSError) and error.errno == errno.EPIPE):
        return False
    import select

    if not hasattr(select, "poll"):
        return False
    output = select.poll()
    output.register(1, 0)
    output.register(2, 0)
    return any(state & select.POLLERR for _, state in output.poll(0))


def _is_click(error: BaseException | None, name: str) -> bool:
    """Whether this is Click's exception of that name, whosever copy of Click it comes from."""
    return any(
        base.__name__ == name and f"{base.__module__}.".startswith(_CLICK_MODULES)
        for base in type(error).__mro__
    )


def _is_usage_error(error: BaseException | None) -> bool:
    """Whether the user asked for what there is not: by Click's word, or by the program's."""
    return _is_click(error, "UsageError") or getattr(error, "is_usage_error", False) is True


def _message(error: BaseException) -> str:
    """The exception's text, or what it says may be recorded in place of it."""
    instead = getattr(error, "usage_message", None)
    try:
        return instead if isinstance(instead, str) else str(error)
    except Exception:  # noqa: BLE001 (somebody's __str__ is broken; the class still speaks)
        return ""


def without_the_user_s(text: str, declared: Iterable[str] = ()) -> str:
    """The text without what the user typed on the command line, where they are, and the values
    of secret variables: only this process knows all of these, so here is where they go."""
    if len(text) > _LONGEST_MESSAGE:
        return ""  # cut here, it could end within a value that would not be known any more
    own = set(declared)
    typed = [value for value in _typed() if value not in own]
    values = dict.fromkeys(typed, "<argument>")
    values |= dict.fromkeys(_places(), "<path>")
    values |= {
        value: "<secret>"
        for name, value in os.environ.items()
        if re.search(SECRET_NAME, name, re.IGNORECASE)
    }
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= _SHORTEST_VALUE:
            for form in {value, repr(value)[1:-1]}:
                whole = rf"(?<!\w){re.escape(form)}(?!\w)" if len(value) < 8 else re.escape(form)
                text = re.sub(whole, values[value], text)
    # A part of what was typed may be quoted too: near "Smith": syntax error.
    words = {word for value in typed for word in _WORD.findall(value)}
    return _WORD.sub(lambda word: "<argument>" if word[0] in words else word[0], text)


def _typed() -> Iterable[str]:
    """The values on the command line: whole words, and what follows the name of an option or
    of an argument. Names of options are the program's."""
    for word in sys.argv[1:]:
        name, _, value = word.partition("=")
        if value:
            yield value
        if not name.startswith("-"):
            yield word
        elif len(name) > 2 and name[1] != "-":
            yield name[2:]  # as in -ofile


def _places() -> Iterable[str]:
    """The working folder, under each of its names, and the home folder."""
    with suppress(OSError):  # the folder is gone
        yield os.getcwd()
    yield os.environ.get("PWD", "")
    yield os.path.expanduser("~")


def cut(text: str, limit: int = RAW_MESSAGE_LIMIT) -> str:
    """Shorten between words, so that no secret is cut into a half that no pattern knows."""
    if len(text) <= limit:
        return text
    whole_words = text[:limit].rsplit(None, 1)
    return (whole_words[0] if len(whole_words) == 2 else "") + " …"
