"""Numbers in sorted files: whether one is among hundreds of millions takes a look at one page."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from usagekit_collector.intake.database import sync_folder

Keys = NDArray[np.uint64]
# Keys in a block, which is a page; the first of each block is a fence, and these are in memory.
_BLOCK = 512
# Keys that are looked up before the pages that this took are let go of.
_AT_ONCE = 2_048
# Parts in which files are merged.
_SLICES = 256
_NAME = re.compile(r"(\w+)-(\d+)-(\d+)\.keys")


class KeyFile:
    """A sorted file of keys, of what arrived after one number, up to another. It never changes.

    Attributes:
        after, upto: the numbers.
        count: how many keys.
    """

    def __init__(self, path: Path) -> None:
        """Raises OSError, ValueError for what is no such file, or not a whole one."""
        self.path = path
        found = _NAME.fullmatch(path.name)
        if found is None:
            raise ValueError(f"{path} is no file of keys")
        self.after, self.upto = int(found[2]), int(found[3])
        with open(path, "rb") as file:
            # It ends with the fences, and with how many keys there are.
            size = os.fstat(file.fileno()).st_size
            self.count = int.from_bytes(os.pread(file.fileno(), 8, max(0, size - 8)), "little")
            if size != 8 * (self.count + -(-self.count // _BLOCK) + 1) or not self.count:
                raise ValueError(f"{path} is not whole")
            self._fences = _read(file.fileno(), -(-self.count // _BLOCK), 8 * self.count)
            self._map = mmap.mmap(file.fileno(), 8 * self.count, prot=mmap.PROT_READ)
        self.keys = np.frombuffer(self._map, np.uint64)

    def holds(self, keys: Keys) -> NDArray[np.bool_]:
        """Whether each of some sorted keys is there."""
        found = [self._holds(keys[at : at + _AT_ONCE]) for at in range(0, len(keys), _AT_ONCE)]
        return np.concatenate(found) if found else np.zeros(0, np.bool_)

    def _holds(self, keys: Keys) -> NDArray[np.bool_]:
        place = (np.searchsorted(self._fences, keys, side="right") - 1).clip(0) * _BLOCK
        step = _BLOCK // 2
        while step:
            there = np.minimum(place + step, self.count - 1)
            place = np.where(self.keys[there] <= keys, there, place)
            step //= 2
        found: NDArray[np.bool_] = self.keys[place] == keys
        self.let_go()
        return found

    def let_go(self) -> None:
        """Of the pages that are in memory; the system still has them."""
        self._map.madvise(mmap.MADV_DONTNEED)

    def between(self, first: int, last: int | None) -> Keys:
        """Those from one key to before another, or to the end."""
        low = np.searchsorted(self.keys, np.uint64(first))
        high = self.count if last is None else np.searchsorted(self.keys, np.uint64(last))
        return self.keys[low:high]


def files_in(folder: Path, kind: str) -> list[KeyFile]:
    """The files of a kind, each of which begins where the one before it ends. What was left half
    written, or has been merged into another, or follows on nothing, is removed."""
    for part in folder.glob(f"{kind}-*.part"):
        part.unlink()
    kept: list[KeyFile] = []
    for path in sorted(folder.glob(f"{kind}-*.keys"), key=_range_of):
        try:
            one = KeyFile(path)
        except (OSError, ValueError):
            path.unlink()
            continue
        if one.after == (kept[-1].upto if kept else 0) < one.upto:
            kept.append(one)
        else:
            path.unlink()
    return kept


def _range_of(path: Path) -> tuple[int, int]:
    """The longer of two that begin at one number goes first."""
    found = _NAME.fullmatch(path.name)
    return (int(found[2]), -int(found[3])) if found else (0, 0)


def write(folder: Path, kind: str, after: int, upto: int, pieces: Iterable[Keys]) -> KeyFile:
    """A file of keys, which come sorted, in pieces; it is on disk when this returns."""
    path = folder / f"{kind}-{after}-{upto}.keys"
    part = path.with_suffix(".part")
    count, fences = 0, [np.zeros(0, np.uint64)]
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for piece in pieces:
            file.write(piece.tobytes())
            # A copy: a part of it would keep all of it in memory.
            fences.append(piece[-count % _BLOCK :: _BLOCK].copy())
            count += len(piece)
        file.write(np.concatenate(fences).tobytes())
        file.write(np.uint64(count).tobytes())
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    sync_folder(folder)
    return KeyFile(path)


def merged(files: Sequence[KeyFile]) -> Iterator[Keys]:
    """All keys of some files, sorted, in pieces of which one at a time is in memory."""
    bounds = [number * (2**64 // _SLICES) for number in range(_SLICES)]
    for first, last in zip(bounds, [*bounds[1:], None], strict=True):
        yield np.sort(np.concatenate([one.between(first, last) for one in files]))
        for one in files:
            one.let_go()


def _read(fd: int, count: int, offset: int) -> Keys:
    return np.frombuffer(os.pread(fd, 8 * count, offset), np.uint64)
