"""What is not in the store for certain, without asking it: filters of Bloom's kind, in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

_Keys = NDArray[np.uint64]
# Bits and probes for each key: of 10 million, one stranger in ten thousand is taken for known.
_BITS = 32
_PROBES = 6
_FIRST = 1 << 20
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Seen:
    """Remembers UUIDs, at four to eight bytes for each; never forgets one.

    ``might_hold`` may be wrong about what was never added, and never about what was: only those it
    is true of need be looked up in the store.
    """

    def __init__(self) -> None:
        # So that nobody outside can know which UUIDs are taken for known ones.
        self._secret = np.uint64(secrets.randbits(64))
        self._layers = [_Layer(_FIRST)]

    def add(self, keys: _Keys) -> None:
        """Remember these keys (``keys_of``, or the store's queries ``seen_…``)."""
        while len(keys):
            layer = self._layers[-1]
            if not layer.room:
                layer = _Layer(layer.capacity * 2)
                self._layers.append(layer)
            now, keys = keys[: layer.room], keys[layer.room :]
            layer.add(now ^ self._secret)

    def might_hold(self, keys: _Keys) -> NDArray[np.bool_]:
        """For each key, whether it may have been added."""
        mixed = keys ^ self._secret
        found = self._layers[0].might_hold(mixed)
        for layer in self._layers[1:]:
            found |= layer.might_hold(mixed)
        return found

    def add_stored(self, client: Any, query: str) -> None:
        """Remember what the store has, by a query that gives keys."""
        with client.raw_stream(query, fmt="RowBinary") as stream:
            rest = b""
            while chunk := stream.read(1 << 22):
                data = rest + chunk
                whole = len(data) // 8 * 8
                self.add(np.frombuffer(data[:whole], dtype="<u8"))
                rest = data[whole:]


def keys_of(uuids: Iterable[UUID]) -> _Keys:
    """The second half of each UUID as a number: the first may be a time, and the same for many."""
    return np.frombuffer(b"".join(one.bytes[8:] for one in uuids), dtype="<u8")


class _Layer:
    """A filter for so many keys, and no more."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.room = capacity
        size = (capacity * _BITS - 1).bit_length()
        self._shift = np.uint64(64 - size)
        self._bits = np.zeros(1 << (size - 6), dtype=np.uint64)

    def add(self, keys: _Keys) -> None:
        self.room -= len(keys)
        for word, bit in self._probes(keys):
            np.bitwise_or.at(self._bits, word, bit)

    def might_hold(self, keys: _Keys) -> NDArray[np.bool_]:
        found = np.ones(len(keys), dtype=np.bool_)
        for word, bit in self._probes(keys):
            found &= (self._bits[word] & bit) != 0
        return found

    def _probes(self, keys: _Keys) -> Iterable[tuple[NDArray[np.intp], _Keys]]:
        position = keys * _MIX
        step = (position ^ (position >> np.uint64(29))) * _MIX | np.uint64(1)
        for _ in range(_PROBES):
            place = position >> self._shift
            yield (place >> np.uint64(6)).astype(np.intp), np.uint64(1) << (place & np.uint64(63))
            position = position + step
