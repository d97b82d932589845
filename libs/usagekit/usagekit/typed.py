"""What the user of this process typed, where they are, and what they keep secret: whatever of it
stands in a text goes, in any case and any spelling."""

from __future__ import annotations

import io
import os
import re
import string
import sys
import types
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from usagekit.extensions import extension

# The names of variables and options that hold what nobody else may know.
SECRET_NAME = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|key|auth|bearer|credential|signature|session|cookie"
)
# Characters; a shorter value says little, and stands in every second word.
_SHORTEST_VALUE = 3
# Values, and characters of them, that are looked at while somebody waits. What is beyond goes all
# the same, unless it is made of nothing but the words that the sender lets pass.
_MOST_VALUES, _MOST_CHARACTERS = 50_000, 500_000
_DEEPEST = 4
# Characters; a value as long as this stands within no word by chance.
_LONG = 8
_PUNCTUATION = frozenset(string.punctuation + " ")
_UNPUNCTUATED = dict.fromkeys(map(ord, string.punctuation))
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W_]{2,}")
# Whatever else people type, these say nothing.
_SMALL_WORDS = frozenset(
    """
    a an and are as at be by can cannot could did do does for from had has have if in into is it
    its no not of on or so than that the then there this to was were will with would
    """.split()
)


class Typed:
    """The values that must not be said.

    Args:
        declared: words of the command line that are the program's own.
        parsed: values that a framework made of the command line, or asked for.
        files: paths that stand in the text as they are.
    """

    def __init__(
        self, declared: Iterable[str] = (), parsed: Iterable[object] = (), files: Iterable[str] = ()
    ) -> None:
        own = set(declared)
        values = [value for value in _command_line() if value not in own]
        values += [text for value in parsed for text in _texts(value) if text not in own]
        joined = _plain("\n".join(islice(dict.fromkeys(values), _MOST_VALUES))[:_MOST_CHARACTERS])
        spaced = joined
        for each in string.punctuation:
            spaced = spaced.replace(each, " ")  # of all ways the fastest
        self._words = set(spaced.split()) - _SMALL_WORDS
        self._whole = set(spaced.replace(" ", "").split("\n"))
        # Times, dates and numbers within a value, of which no part is a word.
        pieces = (piece.translate(_UNPUNCTUATED) for piece in set(joined.split()))
        self._whole.update(piece for piece in pieces if _DIGIT.search(piece))
        self._secrets = sorted(_secrets(), key=len, reverse=True)
        self._hidden = set()
        for secret in self._secrets:
            self._hidden.add(_squashed(secret))
            if "/" not in secret:
                self._hidden.update(w for w in _WORD.findall(_plain(secret)) if len(w) > 3)
        self._places = sorted({*_places(), *files}, key=len, reverse=True)

    def kind_of(self, value: str) -> str:
        """``<argument>``, ``<secret>`` or ``<path>`` if the value is one of these; else empty."""
        if value in self._places:
            return "<path>"
        squashed = _squashed(value)
        if len(squashed) < 2:
            return ""
        long = (secret for secret in self._secrets if len(secret) >= _LONG)
        if squashed in self._hidden or any(secret in value for secret in long):
            return "<secret>"
        return "<argument>" if squashed in self._whole else ""

    def without(self, text: str) -> str:
        """The text with a placeholder for each of these values, and for each word of them."""
        for place in self._places:
            text = _replaced(text, place, f"<path>{extension(place)}")
        for secret in self._secrets:
            text = _replaced(text, secret, "<secret>")
        return re.sub(r"\S+", self._without_typed, text)

    def _without_typed(self, token: re.Match[str]) -> str:
        inner = token[0].strip(string.punctuation)
        if not inner or token[0][:1] == "<":
            return token[0]
        kind = self.kind_of(inner)
        if kind:
            return token[0].replace(inner, kind)
        if not inner.isascii() and any(each > "\x7f" and each.isalnum() for each in inner):
            return token[0].replace(inner, "<value>")  # of no language that the sender knows
        return _WORD.sub(self._without_word, token[0])

    def _without_word(self, word: re.Match[str]) -> str:
        folded = word[0].casefold()
        if folded in self._hidden:
            return "<secret>"
        return "<argument>" if len(folded) >= _SHORTEST_VALUE and folded in self._words else word[0]


def _replaced(text: str, value: str, placeholder: str) -> str:
    for form in {value, repr(value)[1:-1]}:
        if form in text:
            whole = rf"(?<!\w){re.escape(form)}(?!\w)" if len(form) < _LONG else re.escape(form)
            text = re.sub(whole, placeholder, text)
    return text


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _squashed(value: str) -> str:
    return "".join(each for each in _plain(value) if each not in _PUNCTUATION)


def _command_line() -> list[str]:
    """The values on the command line: whole words, and what follows the name of an option or
    of an argument. Names of options are the program's."""
    words = sys.argv[1:]
    values = [word for word in words if word[:1] != "-"]
    values += [word.partition("=")[2] for word in words if "=" in word]
    values += [word[2:] for word in words if word[:1] == "-" and word[1:2] != "-"]  # as in -ofile
    return values


def _texts(value: object, depth: int = _DEEPEST) -> Iterator[str]:
    """The texts in a value that was parsed: of files their names, of lists their items."""
    if isinstance(value, (str, bytes, os.PathLike)):
        yield os.fsdecode(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield repr(value)
    elif depth:
        for item in islice(_items(value), _MOST_VALUES):
            yield from _texts(item, depth - 1)


def _items(value: object) -> Iterable[object]:
    """What an object consists of; it is read, and not asked."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if isinstance(value, io.IOBase):
        return [getattr(value, "name", "")]
    if isinstance(value, (type, types.ModuleType)):
        return []
    return list(getattr(value, "__dict__", {}).values())


def _secrets() -> Iterator[str]:
    named = re.compile(SECRET_NAME, re.IGNORECASE)
    for name, value in os.environ.items():
        if len(value) >= _SHORTEST_VALUE and named.search(name):
            yield value


def _places() -> Iterator[str]:
    """The working folder, under each of its names, and the home folder."""
    found = [os.environ.get("PWD", ""), os.path.expanduser("~")]
    with suppress(OSError):  # the folder is gone
        found.append(os.getcwd())
    yield from (place for place in found if len(place) >= _SHORTEST_VALUE)
