"""The packing of old SDKs for browsers (``compression=lz64``): LZ78 over UTF-16, in base64. Pure.

What is packed is numbers, each of as many bits as are needed by then: 0 and 1 for a character that
is new, of 8 or of 16 bits; 2 for the end; any other for a piece of text that was there before. The
bits of a number come lowest first, those of a character of base64 highest first.
"""

from __future__ import annotations

import base64

_NEW, _WIDE, _END = 0, 1, 2
# Each byte with its bits in the other order, so that the numbers lie in one large one, low to high.
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
# Bytes of it that are made a number at once.
_PIECE = 1024


class Bits:
    """Numbers of any count of bits. Raises ValueError where there are no more."""

    def __init__(self, data: bytes) -> None:
        self._data = data.translate(_TURNED)
        self._place = 0
        self._ahead = 0
        self._count = 0

    def take(self, count: int) -> int:
        """The next number, of so many bits."""
        if self._count < count:
            self._refill()
            if self._count < count:
                raise ValueError("it is cut off")
        found = self._ahead & ((1 << count) - 1)
        self._ahead >>= count
        self._count -= count
        return found

    def _refill(self) -> None:
        piece = self._data[self._place : self._place + _PIECE]
        self._place += len(piece)
        self._ahead |= int.from_bytes(piece, "little") << self._count
        self._count += 8 * len(piece)


def unpacked(packed: bytes, limit: int) -> bytes | None:
    """What was packed, in UTF-8; None if it has more than ``limit`` bytes.

    Half a surrogate pair becomes U+FFFD. Raises ValueError for what was not packed like this.
    """
    # What the last characters are filled up with is not always what base64 asks for.
    compact = packed.rstrip(b"=")
    data = base64.b64decode(compact + b"A" * (-len(compact) % 4), validate=True)
    units = _units(Bits(data), limit)
    if units is None:
        return None
    text = units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return text if len(text) <= limit else None


def _units(bits: Bits, limit: int) -> str | None:
    """Code units of UTF-16 as characters; None if they are more than ``limit``."""
    # The first number is of two bits, the next of three; they grow when all of a width are used.
    first = bits.take(2)
    if first == _END:
        return ""
    if first not in (_NEW, _WIDE):
        raise ValueError("it begins with what was there before")
    before = chr(bits.take(16 if first == _WIDE else 8))
    known = ["", "", "", before]
    pieces, size, width, room = [before], 1, 3, 4
    while (number := bits.take(width)) != _END:
        if number in (_NEW, _WIDE):
            known.append(chr(bits.take(16 if number == _WIDE else 8)))
            number, room = len(known) - 1, room - 1
            if not room:
                room, width = 1 << width, width + 1
        if number < len(known):
            piece = known[number]
        elif number == len(known):
            piece = before + before[0]
        else:
            raise ValueError("it says what was not there before")
        size += len(piece)
        if size > limit:
            return None
        pieces.append(piece)
        known.append(before + piece[0])
        before, room = piece, room - 1
        if not room:
            room, width = 1 << width, width + 1
    return "".join(pieces)
