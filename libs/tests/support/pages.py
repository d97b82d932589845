"""Pages as they are read: their tables, by the heading of the panel, and their tiles."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class Page(HTMLParser):
    """What stands on a page.

    Args:
        text: of HTML.

    Attributes:
        tables: of each panel, by its heading: a row is its cells by the names of their columns;
            what is a number is one, None where there is none.
        tiles: the numbers at the top, by their names.
        sentences: of each panel, by its heading.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.tiles: dict[str, float | None] = {}
        self.sentences: dict[str, str] = {}
        self.links: list[str] = []
        self.h1 = ""
        self._text = ""
        self._heading = ""
        self._columns: list[str] = []
        self._row: list[Any] = []
        self._value: str | None = None
        self._skips = 0
        self._class = ""
        self._tile = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self._class = said.get("class") or ""
        if tag in ("h1", "h2", "th", "td", "dt", "dd", "p"):
            self._text = ""
            self._value = said.get("data-value")
        elif tag == "thead":
            self._columns = []
        elif tag == "tr":
            self._row = []
        elif tag == "span" and self._class == "note":
            self._skips += 1
        elif tag == "a" and said.get("href"):
            self.links.append(said["href"] or "")

    def handle_data(self, data: str) -> None:
        if not self._skips:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        text = self._text.strip()
        if tag == "span" and self._skips:
            self._skips -= 1
        elif tag == "h1":
            self.h1 = text
        elif tag == "h2":
            self._heading = text
        elif tag == "p" and self._class == "sentence":
            self.sentences[self._heading] = text
        elif tag == "dt":
            self._tile = text
        elif tag == "dd" and self._value is not None:
            self.tiles[self._tile] = self._number()
        else:
            self._end_of_table(tag, text)

    def _end_of_table(self, tag: str, text: str) -> None:
        if tag in ("th", "td"):
            self._row.append(self._number() if self._value is not None else text)
        elif tag == "thead":
            self.tables[self._heading] = []
        elif tag == "tr" and not self._columns:
            self._columns = self._row
        elif tag == "tr":
            self.tables[self._heading].append(dict(zip(self._columns, self._row, strict=True)))

    def _number(self) -> float | None:
        return float(self._value) if self._value else None
