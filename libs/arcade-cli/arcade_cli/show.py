"""How results look: tables for people, JSON for programs. Rich is loaded for tables only."""

import json
from collections.abc import Iterable, Sequence

import typer


def show_json(value: object) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def show_fields(fields: dict[str, object], *, as_json: bool) -> None:
    """Print names and values, one pair a line."""
    if as_json:
        show_json(fields)
        return
    width = max(map(len, fields)) + 2
    for name, value in fields.items():
        typer.echo(f"{name.replace('_', ' '):<{width}}{'-' if value is None else value}")


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as wide as the terminal allows."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        # Text, not markup: a description may hold square brackets.
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
