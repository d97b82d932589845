"""What a command leaves on disk: a marker while it runs, its event once it has ended.

The marker is locked for as long as the command lives, and the kernel lets go of the lock with the
process: a sender that gets it knows that the command is dead, whatever its pid stands for by now.
"""

import os
import time

from usagekit.snapshot import is_uuid, open_folder, system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from usagekit.config import UsagePaths


class Record:
    """One command's file: first in ``running/``, then in the spool. Raises OSError.

    Args:
        paths: where the tracker keeps its files.
        uuid: the event's.
    """

    def __init__(self, paths: "UsagePaths", uuid: str) -> None:
        self._paths = paths
        self._scratch = f"{uuid}.tmp"
        self._marker = f"{uuid}.json"
        self._fd = -1
        self._finished = False

    def begin(self, text: str) -> None:
        """Say that the command is running, until ``finish`` or ``close``; again, to say more.

        The file is locked before it gets its name, so that nobody can find it unlocked.
        """
        with self._folder() as folder:
            fd = self._write(folder, text)
            try:
                system.try_lock(fd, shared=False)
                folder.replace(self._scratch, self._marker)
            except BaseException:
                os.close(fd)
                folder.unlink(self._scratch)
                raise
        self._let_go()
        self._fd = system.out_of_the_way(fd)
        system.note_signals(self._fd)
        system.note_exit(self._fd)

    def finish(self, name: str, text: str) -> None:
        """Put the event into the spool, in the marker's place.

        The marker becomes the event before it moves: killed at whatever moment, a command has
        left one of the two, and never both.
        """
        with self._folder() as folder:
            os.close(self._write(folder, text))
            folder.replace(self._scratch, self._marker)
            try:
                with open_folder(self._paths, self._paths.spool) as spool:
                    folder.replace(self._marker, name, spool)
            except FileNotFoundError:
                pass  # no such folder any more, or a sender has done it: it is theirs in any case
        self._finished = True

    def close(self) -> None:
        """Let go of the marker, and remove it if it became no event."""
        if not self._finished:
            for leftover in (self._scratch, self._marker):
                try:
                    with open_folder(self._paths, self._paths.running) as folder:
                        folder.unlink(leftover)
                except OSError:
                    continue
        self._let_go()

    def _folder(self) -> "system.Folder":
        try:
            return open_folder(self._paths, self._paths.running)
        except FileNotFoundError:
            from usagekit import files

            files.make_private(self._paths, self._paths.running, self._paths.spool)
            return open_folder(self._paths, self._paths.running)

    def _write(self, folder: "system.Folder", text: str) -> int:
        fd = folder.create(self._scratch)
        try:
            rest = text.encode()
            while rest:  # a disk that fills up takes a part before it refuses
                rest = rest[os.write(fd, rest) :]
        except BaseException:
            os.close(fd)
            folder.unlink(self._scratch)
            raise
        return fd

    def _let_go(self) -> None:
        if self._fd >= 0:
            system.ignore_signals()
            system.ignore_exit()
            os.close(self._fd)
            self._fd = -1


def spool_name(timestamp: str, uuid: str) -> str:
    """What an event is called in the spool: names sort in the order in which things happened."""
    return f"{timestamp.replace(':', '')}-{uuid}.json"


def recorded_at(name: str) -> float | None:
    """When the event of that name in the spool was recorded, in seconds since the epoch."""
    import calendar

    try:
        return calendar.timegm(time.strptime(name[:17], "%Y-%m-%dT%H%M%S"))
    except ValueError:
        return None


def is_event(name: str) -> bool:
    """Whether a file in the spool is called as an event is."""
    year, uuid = name[:4], name[-41:-5]
    return year.isdigit() and name[-42:-41] == "-" and name[-5:] == ".json" and is_uuid(uuid)


def is_marker(name: str) -> bool:
    """Whether a file in ``running/`` is called as ours are."""
    stem, _, suffix = name.rpartition(".")
    return suffix in ("json", "tmp") and is_uuid(stem)
