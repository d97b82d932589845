"""Which UUIDs the store has, by half of each, without asking it: the latest are in memory, all
others in sorted files (``keys.py``), so that neither memory nor a start grows with the store."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from usagekit_collector.store.client import Client
from usagekit_collector.store.folder import make_private
from usagekit_collector.store.keys import KeyFile, Keys, files_in, merged, write
from usagekit_collector.store.sql import sql

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Bits and probes for each key: of 10 million, one stranger in ten thousand is taken for known.
_BITS = 32
_PROBES = 6
# Keys that are in memory before they become a file; keys of a file that is made from the store.
_LATEST, _PIECE = 1 << 20, 1 << 21
# So many files of about one size become one.
_MERGED = 4
_log = logging.getLogger(__name__)
_MIX = np.uint64(0x9E3779B97F4A7C15)
# No arrival number is greater.
END = 2**63 - 1


class Seen:
    """Remembers UUIDs, each with about when it arrived.

    What is in files may be there in vain, for it was deleted since, and so may what is in memory:
    only what is found need be looked up in the store. What was added is always found.

    Args:
        folder: of the files: they are derived from the store, and made anew where they are missing.
        kind: what they are called.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._kind = kind
        self._secret = np.uint64(_secret(folder))
        self._files = files_in(folder, kind)
        self._merge: _Merge | None = None
        self._forget_latest()

    @property
    def covered(self) -> int:
        """The arrival number up to which all is in files."""
        return self._files[-1].upto if self._files else 0

    def load(self, client: Client, last: int) -> bool:
        """Remember some of what the store has and no file. Returns whether that is all of it; until
        it is, this is to be done again.

        Args:
            client: of the store.
            last: the greatest arrival number that there is. A store that is not as far as the
                files is another, or was brought back from an older copy.
        """
        if self.covered > last:
            self.clear()
        self._forget_latest()
        asked = {"after": self.covered}
        count = client.query(sql(f"store/seen_{self._kind}_count"), asked).result_rows[0][0]
        if count <= _LATEST:
            self.add(self._stored(client, self.covered, END))
            return True
        # About so many: to find just so many would be to sort all of them.
        piece = sql(f"store/seen_{self._kind}_piece").replace("PART", f"{min(1, _PIECE / count)}")
        upto = client.query(piece, asked).result_rows[0][0]
        keys = np.sort(self._stored(client, self.covered, upto) ^ self._secret)
        self._files.append(write(self._folder, self._kind, self.covered, upto, [keys]))
        self._tidy_up()
        return False

    def clear(self) -> None:
        """Have no trace of anything left."""
        self._end_merge()
        for one in self._files:
            one.path.unlink()
        self._files = []
        self._forget_latest()

    def add(self, keys: Keys) -> None:
        """Remember these keys (``keys_of``, or the store's queries ``seen_…``)."""
        keys = keys ^ self._secret
        self._latest.append(keys)
        while len(keys):
            layer = self._layers[-1]
            if not layer.room:
                layer = _Layer(_LATEST)
                self._layers.append(layer)
            now, keys = keys[: layer.room], keys[layer.room :]
            layer.add(now)

    def seal(self, upto: int) -> None:
        """Let the latest be a file, if they are many: all that arrived up to a number was added,
        and is stored."""
        if sum(map(len, self._latest)) < _LATEST:
            return
        keys = np.sort(np.concatenate(self._latest))
        try:
            self._files.append(write(self._folder, self._kind, self.covered, upto, [keys]))
        except OSError as error:  # The disk is full: they stay in memory.
            _log.warning("what is known could not be written down: %s", error)
            return
        self._forget_latest()
        self._tidy_up()

    def find(self, keys: Keys) -> Iterator[tuple[int, int, NDArray[np.bool_]]]:
        """Ranges of arrival numbers in which some of these keys may be: after which, up to which,
        and for each key whether it may be there."""
        keys = keys ^ self._secret
        found = self._layers[0].might_hold(keys)
        for layer in self._layers[1:]:
            found |= layer.might_hold(keys)
        if found.any():
            yield self.covered, END, found
        order = np.argsort(keys)
        for file in self._files:
            found = np.zeros(len(keys), np.bool_)
            found[order] = file.holds(keys[order])
            if found.any():
                yield file.after, file.upto, found

    def close(self) -> None:
        """End what goes on."""
        self._end_merge()

    def _forget_latest(self) -> None:
        self._latest: list[Keys] = []
        self._layers = [_Layer(_LATEST)]

    def _stored(self, client: Client, after: int, upto: int) -> Keys:
        """The keys that the store has of what arrived after one number, up to another."""
        asked = {"after": after, "upto": upto}
        with client.raw_stream(sql(f"store/seen_{self._kind}"), asked, fmt="RowBinary") as stream:
            data = b"".join(iter(lambda: stream.read(1 << 22), b""))
        return np.frombuffer(data, dtype="<u8")

    def _tidy_up(self) -> None:
        """Have files be merged, in a thread of its own; take in what was merged."""
        if self._merge is not None:
            if self._merge.is_alive():
                return
            self._take_in(self._merge)
        for at in range(len(self._files) - _MERGED + 1):
            some = self._files[at : at + _MERGED]
            if len({_size_of(one) for one in some}) == 1:
                self._merge = _Merge(self._folder, self._kind, some)
                self._merge.start()
                return

    def _take_in(self, merge: _Merge) -> None:
        self._merge = None
        if merge.result is None:
            return
        at = self._files.index(merge.files[0])
        self._files[at : at + len(merge.files)] = [merge.result]
        for one in merge.files:
            one.path.unlink()

    def _end_merge(self) -> None:
        if self._merge is not None:
            self._merge.is_over.set()
            self._merge.join()
            self._take_in(self._merge)


class _Merge(threading.Thread):
    """Makes one file of several."""

    def __init__(self, folder: Path, kind: str, files: list[KeyFile]) -> None:
        super().__init__(name="merge", daemon=True)
        self._place = (folder, kind, files[0].after, files[-1].upto)
        self.files = files
        self.is_over = threading.Event()
        self.result: KeyFile | None = None

    def run(self) -> None:
        try:
            self.result = write(*self._place, self._pieces())
        except InterruptedError:
            pass
        except OSError as error:  # The disk is full: several files are as good.
            _log.warning("what is known could not be put together: %s", error)

    def _pieces(self) -> Iterator[Keys]:
        for piece in merged(self.files):
            if self.is_over.is_set():
                raise InterruptedError
            yield piece


def keys_of(uuids: Iterable[UUID]) -> Keys:
    """The second half of each UUID as a number: the first may be a time, and the same for many."""
    return np.frombuffer(b"".join(one.bytes[8:] for one in uuids), dtype="<u8")


def _size_of(file: KeyFile) -> int:
    """Of about which size a file is: the files of one size become one of the next."""
    return int(np.log(max(1, file.count / _LATEST)) / np.log(_MERGED) + 0.1)


def _secret(folder: Path) -> int:
    """So that nobody outside can know which UUIDs are taken for known ones; and so that the files
    tell nobody which IDs there are. Without it, files of before are of no use."""
    os.close(make_private(folder))
    path = folder / "secret"
    with suppress(OSError, ValueError):
        return int(path.read_text("ascii"), 16)
    for old in folder.glob("*.keys"):
        old.unlink()
    number = secrets.randbits(64)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{number:016x}")
        file.flush()
        os.fsync(file.fileno())
    return number


class _Layer:
    """A filter for so many keys, and no more."""

    def __init__(self, capacity: int) -> None:
        self.room = capacity
        size = (capacity * _BITS - 1).bit_length()
        self._shift = np.uint64(64 - size)
        self._bits = np.zeros(1 << (size - 6), dtype=np.uint64)

    def add(self, keys: Keys) -> None:
        self.room -= len(keys)
        for word, bit in self._probes(keys):
            np.bitwise_or.at(self._bits, word, bit)

    def might_hold(self, keys: Keys) -> NDArray[np.bool_]:
        found = np.ones(len(keys), dtype=np.bool_)
        for word, bit in self._probes(keys):
            found &= (self._bits[word] & bit) != 0
        return found

    def _probes(self, keys: Keys) -> Iterable[tuple[NDArray[np.intp], Keys]]:
        position = keys * _MIX
        step = (position ^ (position >> np.uint64(29))) * _MIX | np.uint64(1)
        for _ in range(_PROBES):
            place = position >> self._shift
            yield (place >> np.uint64(6)).astype(np.intp), np.uint64(1) << (place & np.uint64(63))
            position = position + step
