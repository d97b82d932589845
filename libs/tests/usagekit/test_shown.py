"""What others wrote is shown so that it cannot steer a terminal, in both packages; URLs without
who is to log in by them."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable

import pytest
from arcade_cli import show
from hypothesis import given
from hypothesis import strategies as st
from usagekit import shown

TEXTS = st.text(st.characters(), max_size=40)  # halves of characters too
SHOWN: list[Callable[[str], str]] = [shown.shown, show.shown]
URLS: list[Callable[[str], str | None]] = [shown.shown_url, show.shown_url]


@pytest.mark.parametrize("function", SHOWN)
@given(text=TEXTS)
def test_nothing_that_is_shown_can_steer_a_terminal(
    function: Callable[[str], str], text: str
) -> None:
    found = function(text)
    assert not {unicodedata.category(one) for one in found} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert function(found) == found
    found.encode()


@pytest.mark.parametrize("function", SHOWN)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b]0;made up\x07", r"\x1b]0;made up\x07"),
        ("\x9b31m\x85\x7f", r"\x9b31m\x85\x7f"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("moc.\u202eelpmaxe", r"moc.\u202eelpmaxe"),
        ("\u2066a\u2069\u200b\u2028\u2029\ufeff", r"\u2066a\u2069\u200b\u2028\u2029\ufeff"),
        ("tag\U000e0041", r"tag\U000e0041"),
        ("\udcff", r"\udcff"),
        ("C:\\Users\\ada", "C:\\Users\\ada"),
        ("没有客户 José\u00a0\u3000é 🙂", "没有客户 José\u00a0\u3000é 🙂"),
    ],
)
def test_what_steers_is_escaped_and_what_is_text_is_not(
    function: Callable[[str], str], text: str, expected: str
) -> None:
    assert function(text) == expected


@given(value=st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_json_says_the_same_and_steers_nothing(value: object) -> None:
    text = shown.as_json(value, indent=2)
    assert json.loads(text) == value
    assert not {unicodedata.category(one) for one in text.replace("\n", "")} & {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("function", URLS)
@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://us.i.posthog.com", "https://us.i.posthog.com"),
        ("http://[::1]:8600/base/", "http://[::1]:8600/base/"),
        ("https://ada:made-up@usage.example:8443/a?token=made-up#made-up",
         "https://usage.example:8443/a"),
        ("https://made-up@usage.example", "https://usage.example"),
        ("https://ada:made@up@usage.example", "https://usage.example"),
        ("https://ada:made/up@usage.example", None),
        ("https://ada:8/made-up@usage.example", None),
        ("https://ada:made-up%40usage.example", None),
        ("https://made-up%40usage.example", None),
        ("https://ada:made-up@usage.example:port", None),
        ("https://ada:made\\up@[usage.example", None),
        ("ada:made-up@usage.example", None),
        ("//ada:made-up@usage.example", None),
        ("usage.example", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_url_is_shown_without_who_logs_in_or_not_at_all(
    function: Callable[[str], str | None], url: str, expected: str | None
) -> None:
    assert function(url) == expected


@pytest.mark.parametrize("function", URLS)
@given(
    user=TEXTS, scheme=st.sampled_from(["http", "https"]), rest=st.sampled_from(["", ":8", "/a"])
)
def test_no_user_info_is_ever_shown(
    function: Callable[[str], str | None], user: str, scheme: str, rest: str
) -> None:
    secret = "made-up-secret"
    for info in (f"{user}{secret}", f"{secret}{user}", f"{user}:{secret}{user}"):
        assert secret not in (function(f"{scheme}://{info}@usage.example{rest}") or "")
