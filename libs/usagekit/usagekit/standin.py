"""Functions in the place of others, with frames like those of the functions that they stand for.

What a program asks of its stack, prints of a traceback or says in a warning is of its own files and
of its frameworks', never of these: a stand-in has the file, the name, the line and the globals of
what it stands for.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType
    from typing import Any

    # Called at the end, with what was returned or what was raised.
    End = Callable[[Any, BaseException | None], object]
    Begin = Callable[..., End | None]

# What each of them has from around it, and no other function.
_MARK = "usagekit_failures"
_TABLES: "dict[int, bytes]" = {}


def is_stand_in(code: "CodeType") -> bool:
    """Whether this is the code of one that was made here, whatever it is like."""
    return _MARK in code.co_freevars


def stand_in(original: "Callable[..., Any]", begin: "Begin") -> "Callable[..., Any]":
    """A function that does what another does, with something before and after.

    Args:
        original: the other; a coroutine that it returns is over when it has been awaited.
        begin: called before, with its arguments; what it returns is called at the end, if it is
            anything. Neither is to raise.
    """
    # Names of theirs, for the globals are another's.
    usagekit_failures, waits = BaseException, _is_awaitable

    # Their lines count as those of what they are like, also where it is measured what runs.
    async def awaited(result: "Any", end: "End") -> "Any":  # pragma: no cover
        try:
            result = await result
        except usagekit_failures as error:
            end(None, error)
            raise
        end(result, None)
        return result

    def called(*args: "Any", **kwargs: "Any") -> "Any":  # pragma: no cover
        end = begin(*args, **kwargs)
        if end is None:
            return original(*args, **kwargs)
        try:
            result = original(*args, **kwargs)
        except usagekit_failures as error:
            end(None, error)
            raise
        if waits(result):
            return later(result, end)
        end(result, None)
        return result

    found: Any = original
    function = found.__func__ if hasattr(type(found), "__func__") else found
    if type(function) is not type(stand_in):  # it is of C, or an object that may say anything
        later: Any = awaited
        return called
    code, names = function.__code__, function.__globals__
    later = _like(awaited, code, code.co_firstlineno, names)
    return _like(called, code, code.co_firstlineno, names)


def _is_awaitable(result: object) -> bool:
    """Whether this is a coroutine, or the like: nothing was done yet."""
    return hasattr(type(result), "__await__")


def runner(begin: "Begin", caller: "FrameType") -> "Callable[[Callable[[], Any]], Any]":
    """What calls a program in the place of its caller.

    Args:
        begin: as ``stand_in`` has it; called with the program.
        caller: from whose line it will be called.
    """
    usagekit_failures = BaseException

    def run(app: "Callable[[], Any]") -> "Any":  # pragma: no cover
        end = begin(app)
        try:
            result = app()
        except usagekit_failures as error:
            end(None, error)  # type: ignore[misc]
            raise
        end(result, None)  # type: ignore[misc]
        return result

    return _like(run, caller.f_code, caller.f_lineno, caller.f_globals)


def _like(
    function: "Any", code: "CodeType", line: int, names: "dict[str, Any]"
) -> "Callable[..., Any]":
    """The same function as if it stood on one line of another's code."""
    own = function.__code__
    name = getattr(code, "co_qualname", None)  # of Python 3.11 and newer
    more = {} if name is None else {"co_qualname": name}
    size = len(own.co_code)
    if size not in _TABLES:
        _TABLES[size] = _one_line(size)
    made = own.replace(
        co_filename=code.co_filename,
        co_name=code.co_name,
        co_firstlineno=line,
        co_linetable=_TABLES[size],
        **more,
    )
    made_of: Callable[..., Any] = type(function)
    like: Callable[..., Any] = made_of(made, names, own.co_name, None, function.__closure__)
    return like


def _one_line(size: int) -> bytes:
    """A table of lines that says of so many bytes of code that they are on the first.

    Source: Objects/lnotab_notes.txt of Python 3.10, Objects/locations.md of 3.11.
    """
    if sys.hexversion < 0x30B0000:
        pieces = [min(254, size - at) for at in range(0, size, 254)]
        return b"".join(bytes((piece, 0)) for piece in pieces)
    units = size // 2
    # Each of up to 8 units, with a line and no columns (13), which is that of the one before.
    pieces = [min(8, units - at) for at in range(0, units, 8)]
    return b"".join(bytes((0x80 | 13 << 3 | piece - 1, 0)) for piece in pieces)
