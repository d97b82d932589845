"""The collector's statements, each a file of its own, by name."""

from __future__ import annotations

from importlib.resources import files

SQL = files("usagekit_collector") / "sql"


def sql(name: str) -> str:
    """The text of one named query: ``store/known``."""
    return SQL.joinpath(f"{name}.sql").read_text(encoding="utf-8")
