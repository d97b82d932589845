"""Pages in a real browser: what it says of them, what they ask for, and how wide they are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.clients import AXE, visit
from tests.support.collector import Collector, Project, event

# Where pictures of all pages go, for whoever wants to look at them.
PICTURES = os.environ.get("PAGE_PICTURES", "")
PATHS = ["/", "/errors", "/releases", "/commands", "/support", "/live", "/data"]
PATHS.append("/journeys?steps=login,deploy&range=90")
INNER = ["/releases/1.2.0", "/commands/deploy", "/commands/config%20set"]
PERSON = "/persons/{}"
ERROR = "/errors/{}?range=90&audience=all"
SIZES = [(theme, width) for theme in ("light", "dark") for width in (1280, 768, 320)]
WIDTH = "document.documentElement.scrollWidth"
HEADINGS = "[...document.querySelectorAll('h1, h2, h3')].map((one) => one.tagName)"
# How many of what can be used the keyboard does not come to.
FOCUS = """(() => {
    const all = [...document.querySelectorAll("a[href], button, input, select, summary")];
    return all.filter((one) => one.checkVisibility() && one.tabIndex < 0).length;
})()"""


def look(base: str, path: str, theme: str, width: int, **more: Any) -> dict[str, Any]:
    """A visit that looks at a page."""
    name = f"{path.strip('/').replace('/', '-') or 'overview'}-{theme}-{width}.png"
    return {
        "url": base + path,
        "script": "axe-core/axe.min.js",
        "steps": [AXE, WIDTH, HEADINGS, FOCUS],
        "colorScheme": theme,
        "viewport": {"width": width, "height": 900},
        "picture": str(Path(PICTURES) / name) if PICTURES else None,
        **more,
    }


def check(base: str, looks: list[dict[str, Any]]) -> None:
    """Nothing is wrong with any of them."""
    for wanted, seen in zip(looks, visit(*looks), strict=True):
        violations, width, headings, unreachable = seen["returned"]
        where = wanted["url"], wanted["colorScheme"], wanted["viewport"]["width"]
        assert violations == [], where
        assert seen["said"] == [], where
        assert width <= wanted["viewport"]["width"], where
        assert headings[0] == "H1", where
        assert headings.count("H1") == 1, where
        assert unreachable == 0, where
        assert all(url.startswith(base) for _, url, _ in seen["asked"]), where
        assert {status for _, _, status in seen["asked"]} == {200}, where


def test_pages_are_for_everybody(filled: Project) -> None:
    base = filled.collector.url
    sizes = (SIZES[0], SIZES[5])
    check(base, [look(base, path, *sizes[nth % 2]) for nth, path in enumerate(PATHS[::3])])


@pytest.mark.torture
@pytest.mark.parametrize("path", [*PATHS, *INNER, PERSON, ERROR])
def test_a_page_is_for_everybody_in_both_themes_and_at_all_widths(
    filled: Project, path: str
) -> None:
    base = filled.collector.url
    if path == ERROR:
        path = path.format(filled.get("/api/insights/errors", start="2020-01-01")[0]["id"])
    if path == PERSON:  # who has logged in depends on the day on which the data ends
        known = [one["distinct_id"] for one in filled.get("/api/events", limit=1000)["events"]]
        path = path.format(next(one for one in known if one.startswith("user-")))
    check(base, [look(base, path, theme, width) for theme, width in SIZES])


@pytest.mark.torture
def test_pages_of_nothing_of_one_event_and_of_what_is_hostile(tmp_path: Path) -> None:
    hostile = ["<img src=x onerror=alert(1)>", "\N{RIGHT-TO-LEFT OVERRIDE}" + "W" * 190, "=1+1"]
    with Collector(tmp_path, open=True) as collector:
        base = collector.url
        tokens = []
        for name in ("nothing", "one", "hostile"):
            body = f'{{"name": "{name}"}}'.encode()
            tokens += collector.request("POST", "/api/tokens", body).json["tokens"]
        collector.project(tokens[1]).send(event("anon-1", command_name="one", duration=3.5))
        collector.project(tokens[2]).send(
            *(event("anon-1", command_name=one, cli_version=one, os_type=one) for one in hostile)
        )
        looks = [
            look(base, f"{path}?project={name}", *size)
            for name in ("nothing", "one", "hostile")
            for path, size in (("/", SIZES[0]), ("/commands", SIZES[5]))
        ]
        looks.append(look(base, f"/commands/{quote(hostile[0])}?project=hostile", *SIZES[5]))
        check(base, looks)


def test_without_scripts_all_is_there_and_the_filters_are_links(filled: Project) -> None:
    base = filled.collector.url
    one = look(base, "/?range=90&audience=all", *SIZES[0], javaScriptEnabled=False)
    one |= {"script": None, "steps": ["document.querySelectorAll('tbody tr').length"]}
    (seen,) = visit(one)
    assert seen["said"] == []
    assert seen["returned"][0] > 90


def test_the_first_event_appears_by_itself(tmp_path: Path) -> None:
    with Collector(tmp_path, open=True) as collector:
        made = collector.request("POST", "/api/tokens", b'{"name": "greeted"}').json["tokens"][0]
        said = event("anon-1", command_name="first")
        body = json.dumps({"api_key": made, "batch": [said]})
        send = f"fetch('/batch/', {{method: 'POST', body: {json.dumps(body)}}})"
        welcome = "document.getElementById('welcome') !== null"
        steps = [welcome, f"{send}.then((one) => one.status)"]
        (seen,) = visit({"url": collector.url + "/", "steps": steps, "until": "#activity"})
        assert seen["returned"] == [True, 200]
