"""Packs text as old SDKs for browsers do: lz-string's ``compressToBase64``."""

from __future__ import annotations

import base64


class _Bits:
    """Numbers, of which the lowest bit comes first, into bytes, of which the highest does."""

    def __init__(self) -> None:
        self._said = ""

    def put(self, number: int, count: int) -> None:
        self._said += f"{number:0{count}b}"[::-1]

    def taken(self) -> bytes:
        whole = self._said + "0" * (-len(self._said) % 8)
        return int(whole, 2).to_bytes(len(whole) // 8, "big")


class _Packer:
    def __init__(self) -> None:
        self.bits = _Bits()
        self._known: dict[str, int] = {}
        self._new: set[str] = set()
        self._width, self._room = 2, 2

    def pack(self, text: str) -> bytes:
        before = ""
        for unit in _units(text):
            if unit not in self._known:
                self._known[unit] = len(self._known) + 3
                self._new.add(unit)
            if before + unit in self._known:
                before += unit
                continue
            self._put(before)
            self._known[before + unit] = len(self._known) + 3
            before = unit
        if before:
            self._put(before)
        self.bits.put(2, self._width)
        return self.bits.taken()

    def _put(self, piece: str) -> None:
        if piece in self._new:
            wide = ord(piece) > 255
            self.bits.put(int(wide), self._width)
            self.bits.put(ord(piece), 16 if wide else 8)
            self._new.remove(piece)
            self._count()
        else:
            self.bits.put(self._known[piece], self._width)
        self._count()

    def _count(self) -> None:
        self._room -= 1
        if not self._room:
            self._room = 1 << self._width
            self._width += 1


def packed(text: str) -> bytes:
    """The text, packed, in base64."""
    return base64.b64encode(_Packer().pack(text))


def _units(text: str) -> str:
    """Its code units of UTF-16, as characters."""
    data = text.encode("utf-16-le", "surrogatepass")
    pairs = zip(data[::2], data[1::2], strict=True)
    return "".join(chr(low | high << 8) for low, high in pairs)
