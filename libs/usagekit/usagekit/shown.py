"""How what others wrote is shown: IDs, hosts, names and paths, on a terminal and in JSON.

What could steer a terminal, or make a text look like another one, is shown escaped; of a URL,
never who is to log in by it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from urllib.parse import urlsplit

# Controls (ESC, C1), what is invisible or turns the direction, halves of characters, ends of lines.
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_HOST = re.compile(r"[\w.:-]+", re.ASCII)


def shown(text: str) -> str:
    r"""A text as one line on a terminal, with ``\x1b`` for ESC, ``\u202e``, ``\n``, and so on."""
    if text.isprintable():
        return text
    return "".join(
        one.encode("unicode_escape").decode("ascii") if _steers(one) else one for one in text
    )


def as_json(value: object, indent: int | None = None) -> str:
    """A JSON document that is as harmless. What is no JSON goes in as text."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    # JSON's own escapes stand for the same characters.
    return "".join(json.dumps(c)[1:-1] if c != "\n" and _steers(c) else c for c in text)


def shown_url(url: str) -> str | None:
    """A URL without user name, password, query and fragment; None if it cannot be taken apart."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    rest = parts.path + parts.query + parts.fragment  # an "@" there: a "/" stood in a password
    if not (parts.scheme and _HOST.fullmatch(host)) or "@" in rest:
        return None
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{'' if port is None else f':{port}'}{parts.path}"


def _steers(character: str) -> bool:
    return not character.isprintable() and unicodedata.category(character) in _STEERING
