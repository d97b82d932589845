"""What stands in the source of a program, as far as a failure leads to it: no file is read for it,
for the code that raised an exception carries its own constants and names.
"""

from __future__ import annotations

import builtins
import re
import types
from collections.abc import Iterable, Iterator

# Exceptions of one failure, frames of one exception, and pieces of code that are looked into.
_MOST_ERRORS, _MOST_FRAMES, _MOST_CODES = 20, 10, 300
# How far names are followed from a frame to what they stand for, and in how many frames.
_DEPTH, _FOLLOWED = 2, 6
# Characters; a longer constant is a document, and no message.
_LONGEST = 2_000
# What a template leaves open: ``%s``, ``%(name)r``, ``{}``, ``{name!r:>10}``.
_OPEN = re.compile(r"%(?:\(\w+\))?[-#0 +]*[\d*]*(?:\.[\d*]+)?[a-zA-Z%]|\{[^{}\n]{0,60}\}")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CODED = (types.FunctionType, staticmethod, classmethod, property)


class Source:
    """The constants, templates and names of the code that a failure went through.

    Attributes:
        pieces: what stands between the open places of templates.
        wholes: texts of several words with no such place, each perhaps a message of its own.
        names: what the code calls things, and its constants as they are: a value that is one of
            them was not the user's idea.
        kinds: the classes of the exceptions, and of the objects whose methods raised them.
        words: of the constants.
    """

    def __init__(self, errors: Iterable[BaseException]) -> None:
        self.pieces: set[str] = set()
        self.wholes: set[str] = set()
        self.names: set[str] = set()
        self.kinds: set[str] = set()
        self.words: set[str] = set()
        self._seen: set[types.CodeType] = set()
        for error in errors:
            self._take_class(type(error))
            frames = list(_frames(error))
            for distance, frame in enumerate(reversed(frames)):
                self._take_code(frame.f_code)
                receiver = _receiver(frame)
                if receiver is not None:
                    self.kinds.add(receiver.__name__)
                if distance < _FOLLOWED:
                    self._follow(frame.f_code, frame.f_globals, receiver, _DEPTH)

    def _take_class(self, kind: type) -> None:
        for base in kind.__mro__:
            self.kinds.add(base.__name__)
            if base.__module__ != "builtins":
                for value in list(vars(base).values()):
                    for function in _functions(value):
                        self._take_code(function.__code__)
                        self._follow(function.__code__, function.__globals__, None, 1)

    def _follow(
        self, code: types.CodeType, known: dict[str, object], receiver: type | None, depth: int
    ) -> None:
        """Look at what the names in a code stand for: functions that word its messages, classes,
        and templates that are kept beside it."""
        modules = [known]
        for name in code.co_names:
            for found in _meant(name, modules, receiver):
                if isinstance(found, types.ModuleType):
                    modules.append(vars(found))
                for text in _templates(found):
                    self._take_text(text)
                for function in _functions(found):
                    if self._take_code(function.__code__) and depth > 1:
                        owner = found if isinstance(found, type) else receiver
                        self._follow(function.__code__, function.__globals__, owner, depth - 1)

    def _take_code(self, code: types.CodeType) -> bool:
        """Take the constants of a code and of all that is defined within it. False if known."""
        if code in self._seen or len(self._seen) >= _MOST_CODES:
            return False
        self._seen.add(code)
        self.names.update(code.co_names, code.co_varnames, code.co_freevars, [code.co_name])
        for constant in _flat(code.co_consts):
            if isinstance(constant, str):
                self._take_text(constant)
            elif isinstance(constant, types.CodeType):
                self._take_code(constant)
        return True

    def _take_text(self, text: str) -> None:
        if len(text) > _LONGEST:
            return
        self.names.add(text)
        self.words.update(re.findall(r"\w+", text))
        parts = _parts(text)
        # What has words at both its ends was not written around a value.
        whole = not parts and text[:1].isalnum() and text[-1:].isalnum()
        if whole and " " in text:
            self.wholes.add(" ".join(text.split()))
        for part in () if whole else (text, *parts):
            if _WORD.search(part):
                self.pieces.add(" ".join(part.split()))


def _parts(text: str) -> list[str]:
    """What stands between the open places of a template, of whichever of the two kinds it is."""
    parts = []
    if "%" in text:
        parts += [part.replace("\0", "%") for part in _OPEN.split(text.replace("%%", "\0"))]
    if "{" in text:
        braces = text.replace("{{", "\1").replace("}}", "\2")
        parts += [part.replace("\1", "{").replace("\2", "}") for part in _OPEN.split(braces)]
    return parts


def related(error: BaseException) -> list[BaseException]:
    """An exception, and all that it was raised from, amid or with, whose texts it may quote."""
    found = [error]
    for one in found:
        others: list[object] = [one.__cause__, one.__context__, *one.args]
        group = getattr(one, "exceptions", ())
        others += [*(group if isinstance(group, tuple) else ()), *vars(one).values()]
        for other in others:
            if isinstance(other, BaseException) and not any(other is known for known in found):
                found.append(other)
        if len(found) >= _MOST_ERRORS:
            break
    return found[:_MOST_ERRORS]


def is_built_in(name: str) -> bool:
    """Whether this is what a type of the interpreter's own is called, or None, True or False."""
    known = isinstance(getattr(builtins, name, None), type)
    return known or name in ("None", "NoneType", "True", "False")


def _frames(error: BaseException) -> Iterator[types.FrameType]:
    """The innermost frames of its traceback, outer ones first."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    yield from frames[-_MOST_FRAMES:]


def _receiver(frame: types.FrameType) -> type | None:
    """The class of the object whose method this is, by the first argument's customary name."""
    first = frame.f_code.co_varnames[:1]
    if first not in (("self",), ("cls",)):
        return None
    value = frame.f_locals.get(first[0])
    return value if isinstance(value, type) else type(value)


def _meant(name: str, modules: list[dict[str, object]], receiver: type | None) -> Iterator[object]:
    for known in modules:
        if name in known:
            yield known[name]
    for base in receiver.__mro__ if receiver is not None else ():
        if name in vars(base):
            yield vars(base)[name]


def _functions(value: object) -> Iterator[types.FunctionType]:
    """The functions in what a name stands for: itself, or a class's own."""
    values: list[object] = [value]
    if isinstance(value, type) and value.__module__ != "builtins":
        values = [one for one in list(vars(value).values()) if isinstance(one, _CODED)]
    for one in values:
        one = getattr(one, "__func__", getattr(one, "fget", one))  # noqa: PLW2901
        if isinstance(one, types.FunctionType):
            yield one


def _templates(value: object) -> Iterator[str]:
    """A text that was not made while the program ran, for it has places that are open still."""
    values = [value]
    if isinstance(value, dict) and len(value) < 500:
        values = list(value.values())
    elif isinstance(value, (list, tuple)) and len(value) < 500:
        values = list(value)
    for one in values:
        if type(one) is str and len(one) <= _LONGEST and _OPEN.search(one):
            yield one


def _flat(constants: tuple[object, ...]) -> Iterator[object]:
    for constant in constants:
        if isinstance(constant, (tuple, frozenset)):
            yield from _flat(tuple(constant))
        else:
            yield constant
