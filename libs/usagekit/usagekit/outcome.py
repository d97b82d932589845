"""How a command ended: one function decides, for every way that there is."""

from __future__ import annotations

import errno
from collections.abc import Iterable

from usagekit.tracker import Outcome

# Characters; longer messages are cut before they leave the foreground.
RAW_MESSAGE_LIMIT = 4_000
# How others refuse: an exit of a kind of its own, or one amid an error of that kind.
_REFUSALS = {("docopt", "DocoptExit"), ("fire", "FireExit"), ("cyclopts", "CycloptsError")}
_CLICK_MODULES = ("click.", "typer.", "asyncclick.", "rich_click.")


def outcome_of(
    ending: BaseException | None,
    inner: BaseException | None = None,
    declared: Iterable[str] = (),
    parsed: Iterable[object] = (),
) -> Outcome:
    """Decide what an ending was.

    Args:
        ending: what left the program, normally SystemExit; None if it returned.
        inner: what left the command before its framework made an exit of it, if known.
        declared: words of the command line that are the program's own: names of commands.
        parsed: the values that the framework made of the command line, or asked for.
    """
    outcome, speaker = _judge(ending, inner)
    if speaker is None:
        return outcome
    from usagekit.message import message_of

    try:
        message = message_of(speaker, declared, parsed)
    except Exception:  # noqa: BLE001 (it looks into objects of others; the class still speaks)
        message = ""
    return Outcome(outcome.exit_code, outcome.failure_kind, outcome.error_type, message)


def _judge(
    ending: BaseException | None, inner: BaseException | None
) -> tuple[Outcome, BaseException | None]:
    """What an ending was, and the exception whose text says why, if one may speak."""
    exit_code = _exit_code(ending)
    cause = inner if inner is not None else ending
    if exit_code == 0:
        return Outcome(), None
    if isinstance(cause, KeyboardInterrupt) or _is_click(cause, "Abort") or _has_no_reader(cause):
        return Outcome(exit_code, "interrupted", type(cause).__name__), None
    if _is_usage_error(cause):
        return Outcome(exit_code, "usage_error", type(cause).__name__), None
    if isinstance(cause, SystemExit) or _is_click(cause, "Exit") or cause is None:
        return _exit(exit_code, cause)
    return Outcome(exit_code, "exception", type(cause).__name__), cause


def _exit(exit_code: int, cause: BaseException | None) -> tuple[Outcome, BaseException | None]:
    """An exit that was asked for; ``raise Exit(1) from error`` says what it was asked for."""
    reason = cause.__cause__ if cause is not None else None
    amid = cause.__context__ if cause is not None else None
    if _is_usage_error(reason):
        return Outcome(exit_code, "usage_error", type(reason).__name__), None
    if _is_refusal(amid):
        return Outcome(exit_code, "usage_error", type(amid).__name__), None
    if reason is not None:
        return Outcome(exit_code, "exit", type(reason).__name__), reason
    if isinstance(cause, SystemExit) and isinstance(cause.code, str):
        return Outcome(exit_code, "exit"), cause
    return Outcome(exit_code, "exit"), None


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
    is_own = getattr(error, "is_usage_error", False) is True
    return is_own or _is_click(error, "UsageError") or _is_refusal(error)


def _is_refusal(error: BaseException | None) -> bool:
    """Whether this is how another framework refuses."""
    return any(
        (base.__module__.partition(".")[0], base.__name__) in _REFUSALS
        for base in type(error).__mro__
    )


def cut(text: str, limit: int = RAW_MESSAGE_LIMIT) -> str:
    """Shorten between words, so that no secret is cut into a half that no pattern knows."""
    if len(text) <= limit:
        return text
    whole_words = text[:limit].rsplit(None, 1)
    return (whole_words[0] if len(whole_words) == 2 else "") + " …"
