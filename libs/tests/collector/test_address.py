"""One address has one meaning, whoever asks; and nobody reads a password in what is said of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from usagekit_collector.address import of_folder, read

SECRET = "made-up-secret"
# What ends one part of an address and begins another; and what is none of them.
ODDITIES = [*"/?#@:%&=[]\\ \n\t+ü", "://", "%40", "x=", "8443"]
ODD = st.lists(st.sampled_from(ODDITIES)).map("".join)


@given(st.text(st.characters(exclude_characters="?\0", exclude_categories=["Cs"]), min_size=1))
@example("Jürgen")
@example("my stuff")
@example("a%20b#c")
@example("日本\n")
def test_the_address_of_a_folder_leads_to_that_folder(name: str) -> None:
    folder = Path("/home", name)
    if not str(folder).startswith("/~/"):
        assert read(of_folder(folder)).folder == folder


@pytest.mark.parametrize("name", ["what?", "nul\0", "\udcff"])
def test_a_folder_that_the_engine_would_take_for_another_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no UTF-8, or has a"):
        read(of_folder(Path("/home", name)))


@given(before=ODD, after=ODD, place=st.sampled_from(["user", "password", "query"]))
@example(before="", after="", place="query")
@example(before="x=a://", after="", place="query")
@example(before="?x=://", after="", place="password")
def test_no_password_is_read_in_what_is_said_of_an_address(
    before: str, after: str, place: str
) -> None:
    odd = before + SECRET + after
    address = {
        "user": f"clickhouse://{odd}:x@host/db",
        "password": f"clickhouse://user:{odd}@host:8443/db",
        "query": f"clickhouse://user:x@host/db?password=x&{odd}",
    }[place]
    try:
        said = read(address).plain
    except ValueError as error:
        said = str(error)
    assert SECRET not in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mysql://user:{}@server/db", "not a store: mysql://server/db"),
        ("user:{}@server/db", "cannot be read"),
        ("/some/folder", "not a store: /some/folder. Say chdb:///a/folder, or"),
        ("chdb://folder", "not a store: chdb://folder"),
        ("clickhouse:///db", "not a store: clickhouse:///db"),
        ("clickhouse://user:{}/x@server/db", "%2F for /"),
        ("clickhouse://user:?{}@server:port/db", "%3F for ?"),
        ("clickhouse://user:#{}@server/db", "%23 for #"),
        ("clickhouse://user:{}", "cannot be read"),
        ("mysql://server/db?password=a@{}", "%40 for @"),
        ("clickhouse://server/db?password={}", "password cannot be said after the ?"),
        ("chdb:///folder?path=/other/{}", "path cannot be said after the ?"),
    ],
)
def test_what_is_no_address_is_refused_in_words(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)) as caught:
        read(text.format(SECRET))
    assert SECRET not in str(caught.value)
