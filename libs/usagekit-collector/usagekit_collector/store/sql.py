"""The collector's statements, each a file of its own, by name."""

from __future__ import annotations

from importlib.resources import files

SQL = files("usagekit_collector") / "sql"


def sql(name: str) -> str:
    """The text of one named query: ``store/known``. Where it says MERGED, ``merged`` stands."""
    text = _text(name)
    return text.replace("(MERGED)", f"({_text('merged')})") if "(MERGED)" in text else text


def _text(name: str) -> str:
    return SQL.joinpath(f"{name}.sql").read_text(encoding="utf-8")
