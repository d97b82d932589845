"""What a failed command may say of what went wrong, decided in its own process, which alone knows
its source and what its user typed. Loaded for failures only.

What stands in the program's source is the program's and stays; what was put into it is not, and
goes. Where no source explains a text, all that the user typed goes, and the sender decides about
the rest by its words (``redact.py``): what it may send as it is stands between two marks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from usagekit.clean import cleaned
from usagekit.extensions import extension
from usagekit.figures import NUMBER, may_stay
from usagekit.outcome import RAW_MESSAGE_LIMIT, cut
from usagekit.source import Source, is_built_in, related
from usagekit.typed import Typed

# Characters that are looked at, before what is invisible has gone.
_LOOKED_AT = 4 * RAW_MESSAGE_LIMIT
# Around what the sender may send as it is: characters that nobody uses, and that are taken out of
# whatever else is said.
MARKS = ("\U000f57a2", "\U000f57a3")
# Shorter texts of other exceptions stand in a message by chance.
_SHORTEST_TEXT = 6
_AROUND = " '\"`()[]{}<>,.;:!?=|*#"
# A name in quotes, or one that looks like no ordinary word.
_NAME = re.compile(
    r"(?P<quote>['\"`])(?P<name>[^'\"`]{1,80})(?P=quote)|\b(?P<bare>\w+(?:\.\w+)+|\w*_\w+|\w+(?=\(\)))"
)
_REASON = re.compile(r"[1-5]\d\d [A-Z][a-z-]+(?: [A-Z][a-z]+){0,3}")
# What the interpreter and parsers say in whatever text: where, and what is no file.
_CUSTOMARY = re.compile(
    r"\bline \d{1,6}(?:, (?:column|col|char) \d{1,6})?(?: \(char \d{1,7}\))?"
    r"|(?:\bin \")?<(?:unicode string|byte string|string|stdin|stream end)>"
    r"|<(?:module|lambda|locals|genexpr|listcomp)>"
    r"|<[\w.]{1,80} object(?= at 0x)"
)


def message_of(
    error: BaseException, declared: Iterable[str] = (), parsed: Iterable[object] = ()
) -> str:
    """An exception's text as it may leave this process.

    Args:
        error: what was raised.
        declared: words of the command line that are the program's own: names of commands.
        parsed: the values that a framework made of what the user typed, or was asked for.
    """
    raw = _text(error)
    if not raw:
        return ""
    text = cut(cleaned(raw[:_LOOKED_AT]))
    errors = related(error)
    speaker = _Speaker(Source(errors), Typed(declared, parsed, _files(errors)), errors)
    if _instead(error) is not None:
        return speaker.unexplained(text)  # its author chose the words, and the values too
    return speaker.said(text)


def _instead(error: BaseException) -> str | None:
    """What an exception says may be recorded in place of its text."""
    instead = getattr(error, "usage_message", None)
    return instead if isinstance(instead, str) else None


def _text(error: BaseException) -> str:
    instead = _instead(error)
    try:
        return str(error) if instead is None else instead
    except Exception:  # noqa: BLE001 (somebody's __str__ is broken; the class still speaks)
        return ""


def _files(errors: list[BaseException]) -> Iterator[str]:
    """The paths that the operating system had something against."""
    for error in errors:
        if isinstance(error, OSError):
            for name in (error.filename, error.filename2):
                if isinstance(name, (str, bytes)):
                    yield name if isinstance(name, str) else name.decode("utf-8", "replace")


def _system_texts(errors: list[BaseException]) -> Iterator[str]:
    """What the operating system said, in whatever language."""
    for error in errors:
        number = error.errno if isinstance(error, OSError) else None
        if isinstance(number, int) and error.strerror == os.strerror(number):  # type: ignore[attr-defined]
            yield f"[Errno {number}] {os.strerror(number)}"


class _Speaker:
    """Says texts of one failure."""

    def __init__(self, source: Source, typed: Typed, errors: list[BaseException]) -> None:
        self._source = source
        self._typed = typed
        self._pieces = source.pieces | set(_system_texts(errors))
        texts = {cleaned(_text(error)[:RAW_MESSAGE_LIMIT]) for error in errors[1:]}
        self._inner = sorted(
            (text for text in texts if len(text) >= _SHORTEST_TEXT), key=len, reverse=True
        )

    def said(self, text: str) -> str:
        """What may be said of a text in which those of other exceptions may stand."""
        return "".join(self._parts(text, self._inner))

    def _parts(self, text: str, inner: list[str]) -> Iterator[str]:
        for number, other in enumerate(inner):
            before, found, after = text.partition(other)
            if found:
                rest = inner[number + 1 :]
                yield from self._parts(before, rest)
                yield from self._parts(found, rest)
                yield from self._parts(after, rest)
                return
        yield self._explained(text) or self.unexplained(text)

    def _explained(self, text: str) -> str:
        """A text that follows a template of the program's; empty if it does not."""
        if text in self._source.wholes:
            return f"{MARKS[0]}{text}{MARKS[1]}"
        pieces = {piece for piece in self._pieces if piece in text}
        taken = bytearray(len(text))
        if pieces:
            wholes = {whole for whole in self._source.wholes if whole in text}
            _take(text, sorted(pieces | wholes, key=len, reverse=True), taken)
        if 1 not in taken:
            return ""
        _take(text, self._source.kinds, taken)
        for match in _CUSTOMARY.finditer(text):
            taken[match.start() : match.end()] = b"\x01" * len(match[0])
        said = []
        for known, start, end in _runs(taken):
            part = text[start:end]
            said.append(part if known else self._value(part, text[:start], text[end:]))
        return MARKS[0] + "".join(said) + MARKS[1]

    def _value(self, gap: str, before: str, after: str) -> str:
        """What may be said of what was put into a template."""
        value = gap.strip(_AROUND)
        if not value:
            return gap
        start = gap.index(value)
        head, tail = gap[:start], gap[start + len(value) :]
        return head + self._placeholder(value, before + head, tail + after) + tail

    def _placeholder(self, value: str, before: str, after: str) -> str:
        known = self._typed.kind_of(value)
        if known:
            return known + (extension(value) if known == "<path>" else "")
        source = self._source
        if value in source.names or value in source.kinds or is_built_in(value):
            return value
        if NUMBER.fullmatch(value.lstrip("+-")) and may_stay(value.lstrip("+-"), before, after):
            return value
        if _REASON.fullmatch(value) and self._typed.without(value) == value:
            return value
        return _shape(value)

    def unexplained(self, text: str) -> str:
        """A text of which nobody here knows the source, but for names in it that are known."""
        said, at = [], 0
        for match in _NAME.finditer(text):
            name = match["name"] or match["bare"]
            if self._is_own(name, quoted=bool(match["name"])):
                said += [
                    self._typed.without(text[at : match.start()]),
                    MARKS[0],
                    match[0],
                    MARKS[1],
                ]
                at = match.end()
        return "".join([*said, self._typed.without(text[at:])])

    def _is_own(self, name: str, *, quoted: bool) -> bool:
        names = self._source.names
        known = all(part in names for part in name.split(".")) or name in names
        if not known and quoted and re.fullmatch(r"[\w.-]+", name):
            known = set(re.findall(r"\w+", name)) <= self._source.words
        return known and not self._typed.kind_of(name) and self._typed.without(name) == name


def _take(text: str, pieces: Iterable[str], taken: bytearray) -> None:
    """Note for each character of a text that belongs to one of these pieces a 1."""
    for piece in pieces:
        start = text.find(piece)
        while start >= 0:
            end = start + len(piece)
            if taken.find(1, start, end) < 0 and not _within_a_word(text, start, end):
                taken[start:end] = b"\x01" * (end - start)
            start = text.find(piece, end)


def _within_a_word(text: str, start: int, end: int) -> bool:
    before = start > 0 and text[start - 1 : start + 1].isalnum()
    return before or (end < len(text) and text[end - 1 : end + 1].isalnum())


def _runs(taken: bytearray) -> Iterator[tuple[bool, int, int]]:
    for match in re.finditer(rb"\x00+|\x01+", bytes(taken)):
        start, end = match.span()
        yield taken[start] == 1, start, end


def _shape(value: str) -> str:
    """A placeholder that says of which kind the value was; what is around it stays."""
    inner = value.strip(_AROUND)
    if inner != value:
        return value.replace(inner, _shape(inner), 1) if inner else value
    if re.match(r"[a-z][a-z0-9+.-]{0,20}:\\?/\\?/", value, re.IGNORECASE):
        return "<url>"
    if re.fullmatch(r"[^\s@]+@[^\s@]+\.\w+", value):
        return "<email>"
    if "/" in value or "\\" in value:
        return f"<path>{extension(value)}"
    return "<value>"
