"""An issue about an error, to be opened elsewhere. Pure; no I/O."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import msgspec

from usagekit_collector.pages import words
from usagekit_collector.pages.view import View
from usagekit_collector.queries.error_groups import ErrorGroup

# Characters of a title, and of a line: addresses end at some 8,000 bytes.
_TITLE, _LINE = 120, 300


class Issue(msgspec.Struct, frozen=True):
    """What is to be said, and where.

    Attributes:
        title, text: of it.
        url: that opens it; empty where nobody has said where.
        host: where that is.
    """

    title: str
    text: str
    url: str
    host: str


def issue(view: View, one: ErrorGroup, template: str) -> Issue:
    """The issue about an error.

    No message is in it: what is redacted may be shown to whoever keeps the program, and is not for
    everybody. What strangers have sent is on lines that are indented, which no forge takes for
    markup; a name in it calls nobody, and no picture is loaded.

    Args:
        view: of the page.
        one: the error.
        template: the setting ``issues_url``.
    """
    what = one.error_type or one.failure_kind or "a failure"
    title = _line(f"{what} in {one.command or '(no command)'}", _TITLE)
    said = {
        "command": one.command or "(no command)",
        "error": " / ".join(filter(None, (one.error_type, one.failure_kind))),
        "persons": f"{one.persons} in {view.span}, {one.count} times",
        "CI and agents": f"{one.in_ci} and {one.by_agents} of these persons",
        "state": words.state(one),
        "first": f"{one.first_seen:%Y-%m-%d}, in {one.first_version or 'no version'}",
        "last": f"{one.last_seen:%Y-%m-%d}, in {one.last_version or 'no version'}",
        "known as": one.id,
    }
    lines = [f"    {name + ':':14} {_line(value, _LINE)}" for name, value in said.items()]
    text = "\n".join(["Seen in usage events:", "", *lines, ""])
    if not template:
        return Issue(title, text, "", "")
    url = template
    for name, value in (("project", view.project), ("title", title), ("body", text)):
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return Issue(title, text, url, urlsplit(url).hostname or "")


def _line(text: str, most: int) -> str:
    """On one line, and no longer than that; nothing in it that is not printed."""
    plain = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(plain.split())[:most]
