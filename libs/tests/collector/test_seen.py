"""What may be stored already: never forgotten, however much has come since."""

from __future__ import annotations

import io
import itertools
from types import SimpleNamespace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector import seen
from usagekit_collector.seen import Seen, keys_of

UUIDS = st.lists(st.uuids(), max_size=40)


@given(groups=st.lists(UUIDS, max_size=8), strangers=UUIDS)
def test_whatever_was_added_is_known_in_whatever_groups_it_came(
    groups: list[list[UUID]], strangers: list[UUID]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen, "_FIRST", 4)  # so that it has to grow, over and over
        known = Seen()
    for group in groups:
        known.add(keys_of(group))
    added = [one for group in groups for one in group]
    assert known.might_hold(keys_of(added)).all()
    assert len(known.might_hold(keys_of(strangers))) == len(strangers)


class Pieces(io.BytesIO):
    """Gives what it has in pieces of the sizes that a network makes."""

    def __init__(self, content: bytes, sizes: list[int]) -> None:
        super().__init__(content)
        self._sizes = itertools.cycle(sizes)

    def read(self, size: int | None = -1) -> bytes:
        return super().read(next(self._sizes))


@given(uuids=UUIDS, sizes=st.lists(st.integers(1, 20), min_size=1, max_size=5))
def test_all_that_the_store_has_is_known_in_whatever_pieces_it_says_so(
    uuids: list[UUID], sizes: list[int]
) -> None:
    said = b"".join(one.bytes[8:] for one in uuids)
    known, store = Seen(), SimpleNamespace(raw_stream=lambda *_, fmt: Pieces(said, sizes))
    known.add_stored(store, "made up")
    assert known.might_hold(keys_of(uuids)).all()


def test_few_strangers_are_taken_for_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_FIRST", 1_000)
    known = Seen()
    known.add(keys_of(UUID(int=number * 0x9E3779B97F4A7C15) for number in range(20_000)))
    strangers = keys_of(UUID(int=number * 0xD1B54A32D192ED03 + 1) for number in range(20_000))
    assert known.might_hold(strangers).sum() < 20
