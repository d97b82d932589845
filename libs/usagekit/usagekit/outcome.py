"""How a command ended: one function decides, for every way that there is."""

from __future__ import annotations

from usagekit.tracker import Outcome

# Longer messages are cut before they leave the foreground; the sender redacts, then cuts again.
RAW_MESSAGE_LIMIT = 4_000
_CLICK_MODULES = ("click.", "typer.", "rich_click.")


def outcome_of(ending: BaseException | None, inner: BaseException | None = None) -> Outcome:
    """Decide what an ending was.

    Args:
        ending: what left the program, normally SystemExit; None if it returned.
        inner: what left the command before its framework made an exit of it, if known.
    """
    exit_code = _exit_code(ending)
    cause = inner if inner is not None else ending
    if exit_code == 0:
        return Outcome()
    if isinstance(cause, KeyboardInterrupt) or _is_click(cause, "Abort"):
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
        return Outcome(exit_code, "exit", None, cut(cause.code))
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
        return cut(instead if isinstance(instead, str) else str(error))
    except Exception:  # noqa: BLE001 (somebody's __str__ is broken; the class still speaks)
        return ""


def cut(text: str, limit: int = RAW_MESSAGE_LIMIT) -> str:
    """Shorten between words, so that no secret is cut into a half that no pattern knows."""
    if len(text) <= limit:
        return text
    whole_words = text[:limit].rsplit(None, 1)
    return (whole_words[0] if len(whole_words) == 2 else "") + " …"
