"""A text freed of what is not to be seen in it, on one line."""

from __future__ import annotations

import re
import unicodedata

# Orders to a terminal: colours, titles, links; and what begins like one and does not end.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]?|(?:\x1b[\]PX^_]|\x9d)[^\x07\x1b\x9c]*"
    r"(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]{0,8}[0-~]?"
)
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")


def cleaned(text: str) -> str:
    """The text in NFC on one line, without orders to a terminal, control characters, zero-width
    ones and halves of characters."""
    if not text.isprintable():
        text = _INVISIBLE.sub("", _ESCAPES.sub("", text))
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = "".join(each for each in text if not _is_invisible(each))
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def _is_invisible(character: str) -> bool:
    return character > "\x7f" and (
        unicodedata.category(character) == "Cf"
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000f0000" <= character <= "\U0010ffff"
        or character in "\u115f\u1160\u3164\u034f\u180b\u180c\u180d"
    )
