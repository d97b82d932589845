"""What lz-string has packed is unpacked, or refused; never more of it than was said."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from usagekit_collector.ingest.lzstring import unpacked

from tests.support.lzstring import packed

# What lz-string 1.5.0 for JavaScript makes of a text.
KNOWN = {
    "": b"Q===",
    "a": b"IZA=",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": b"IY18ZVA=",
    '{"event":"é🙂","distinct_id":"anon-1"}': (
        b"N4IgpgbmB2AuIC4QEvC8G4IT2QBoQBMCWAzrPtAMawD6+uiIAhtAPbQC0AjCAL5A"
    ),
    "世界 ☃ 𝄞世界 ☃ 𝄞世界 ☃ 𝄞世界 ☃ 𝄞世界 ☃ 𝄞": b"mhyhlXAEjAZGgsG4eLupG9xTg1zFyA==",
}


@pytest.mark.parametrize("text", KNOWN)
def test_what_the_original_has_packed_is_unpacked(text: str) -> None:
    assert unpacked(KNOWN[text], 10_000) == text.encode()
    # So that what is packed below is what the original would make of it.
    assert packed(text).rstrip(b"A=") == KNOWN[text].rstrip(b"A=") or not text


@given(text=st.text() | st.text("ab", max_size=2_000) | st.text("a世", max_size=2_000))
@example("".join(map(chr, range(32, 3_000))))
def test_any_text_comes_back(text: str) -> None:
    data = text.encode()
    assert unpacked(packed(text), len(data)) == data
    if text:
        assert unpacked(packed(text), len(data) - 1) is None


@given(text=st.text(st.characters() | st.characters(categories=["Cs"])))
def test_half_of_a_surrogate_pair_is_replaced(text: str) -> None:
    meant = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert unpacked(packed(text), 10_000) == meant.encode()


@given(data=st.binary(max_size=500))
def test_any_bytes_are_a_text_or_none_and_no_longer_than_was_said(data: bytes) -> None:
    try:
        found = unpacked(base64.b64encode(data), 1_000)
    except ValueError:
        return
    assert found is None or len(found) <= 1_000


@pytest.mark.parametrize("data", [b"", b"=", b"%%%%", b"A", b"I", b"////"])
def test_what_was_not_packed_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpacked(data, 1_000)
