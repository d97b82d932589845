"""How results look: tables for people, JSON for programs. Rich is loaded for tables only.

All that the program says is said here. Most of it others wrote (accounts, toolkits, services,
files): what could steer a terminal, or make a text look like another one, is shown escaped.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

import typer

# Controls (ESC, C1), what is invisible or turns the direction, halves of characters, ends of lines.
_STEERING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_HOST = re.compile(r"[\w.:-]+", re.ASCII)


def say(text: str, *, err: bool = False) -> None:
    """Print one line."""
    typer.echo(shown(text), err=err)


def say_lines(text: str, *, err: bool = False) -> None:
    """Print a text that may have lines and columns of its own."""
    typer.echo(shown(text, keep="\n\t"), err=err)


def shown(text: str, keep: str = "") -> str:
    r"""A text as a terminal may have it, with ``\x1b`` for ESC, ``\u202e``, and so on."""
    if text.isprintable():
        return text
    return "".join(one if one in keep or not _steers(one) else _escape(one) for one in text)


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


def show_json(value: object) -> None:
    """Print one JSON document."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    # JSON's own escapes stand for the same characters.
    typer.echo("".join(json.dumps(c)[1:-1] if c != "\n" and _steers(c) else c for c in text))


def show_fields(fields: dict[str, object], *, as_json: bool) -> None:
    """Print names and values, one pair a line."""
    if as_json:
        show_json(fields)
        return
    width = max(map(len, fields)) + 2
    for name, value in fields.items():
        say(f"{name.replace('_', ' '):<{width}}{'-' if value is None else value}")


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as wide as the terminal allows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Text, not markup: a description may hold square brackets.
    heading = Text(shown(title), "table.title")
    table = Table(title=heading, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell, keep="\n")) for cell in row))
    Console().print(table)


def _steers(character: str) -> bool:
    return not character.isprintable() and unicodedata.category(character) in _STEERING


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
