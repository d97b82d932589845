"""Answers as tables for a spreadsheet, which must not take what strangers sent for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, get_args

import msgspec

KIND = "text/csv"
# What a cell of a formula begins with.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_of(rows: Iterable[msgspec.Struct], kind: Any) -> bytes:
    """A table with a heading, as RFC 4180 has it.

    Args:
        rows: a line each.
        kind: what they are, as ``list[Struct]``.
    """
    names = [field.encode_name for field in msgspec.structs.fields(get_args(kind)[0])]
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(names)
    for row in rows:
        table.writerow(_cells(msgspec.to_builtins(row), names))
    return text.getvalue().encode()


def _cells(row: dict[str, Any], names: Iterable[str]) -> Iterator[Any]:
    for name in names:
        value = row[name]
        if isinstance(value, str):
            # An apostrophe says that it is text; spreadsheets do not show it.
            yield f"'{value}" if value.startswith(_FORMULAS) else value
        elif isinstance(value, list | dict):
            yield msgspec.json.encode(value).decode()
        else:
            yield value
