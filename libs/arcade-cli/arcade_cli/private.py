"""A folder of one user's own, held open, so that nobody leads a secret into other hands.

Somebody else with an account on this machine may have made the folder, or a link in its place, or
may write in it and plant links where our files go. So it is opened once and judged by that handle,
and the files in it are opened, replaced and removed by their names in it, never through a link.
Only a link in place of the folder itself is followed, if it is the user's own and lies in their
home; elsewhere it may have come with a checkout. What root owns is believed: root needs no trick.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from shlex import quote

from arcade_cli import is_at_home
from arcade_cli.errors import ArcadeError

# Characters; what is longer is none of ours.
_LONGEST = 1_000_000
# Windows has neither handles of folders nor links that just anybody can make.
_POSIX = os.name == "posix"
_CLOEXEC, _NO_LINK = getattr(os, "O_CLOEXEC", 0), getattr(os, "O_NOFOLLOW", 0)
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _CLOEXEC
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _NO_LINK | _CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _CLOEXEC


class NotPrivateError(ArcadeError):
    """Somebody else has a hand in a file or folder, or may have: which, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message, usage_message="a file or folder is not the user's alone")


class OwnFolder:
    """A folder of the user's, or of root's; made by ``opened``. Each method raises OSError."""

    def __init__(self, path: str, handle: int | None) -> None:
        self._path = path
        self._handle = handle

    def require_user(self) -> None:
        """Raise NotPrivateError if it is root's, and the user is another."""
        if self._handle is not None and os.fstat(self._handle).st_uid != os.geteuid():
            raise _foreign(self._path)

    def close_to_others(self) -> bool:
        """Make it the user's alone. True if others could get at it until now.

        Raises NotPrivateError if it is not the user's, or cannot be closed.
        """
        if self._handle is None:
            return False
        self.require_user()
        was_open = os.fstat(self._handle).st_mode & 0o077 != 0
        if was_open:
            with contextlib.suppress(OSError):  # it is looked at again
                os.fchmod(self._handle, 0o700)
            mode = os.fstat(self._handle).st_mode & 0o777
            if mode & 0o077:
                raise NotPrivateError(
                    f"{self._path} cannot be closed to others (it stays {mode:o}), so no key is "
                    "stored there. Set ARCADE_WORK_DIR to a folder where it can be."
                )
        return was_open

    def read(self, name: str) -> str:
        """The text of a file. NotPrivateError if it is a link, or others made or may change it."""
        path = self._named(name)
        try:
            fd = os.open(self._at(name), _READ, dir_fd=self._handle)
        except OSError:
            self._require_no_link(name)
            raise
        with open(fd, encoding="utf-8") as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_size > _LONGEST:
                raise OSError("not an ordinary file, or too large")
            if _POSIX:
                _require_believable(status, path)
            return file.read(_LONGEST)

    def replace(self, name: str, text: str) -> None:
        """Put a file there, whole, on disk, and for the user alone; a link gives way to it."""
        temporary = f".{name}.{secrets.token_hex(8)}"
        fd = os.open(self._at(temporary), _NEW, 0o600, dir_fd=self._handle)
        try:
            with open(fd, "w", encoding="utf-8") as file:
                if _POSIX:
                    os.fchmod(fd, 0o600)  # whatever the umask took away
                file.write(text)
                file.flush()
                os.fsync(fd)
            ends = {"src_dir_fd": self._handle, "dst_dir_fd": self._handle}
            os.replace(self._at(temporary), self._at(name), **ends)
        except BaseException:
            self.remove(temporary)
            raise
        if self._handle is not None:
            with contextlib.suppress(OSError):  # a file system that syncs no folders
                os.fsync(self._handle)

    def remove(self, name: str) -> None:
        """Remove a file, or a link; not what the link leads to."""
        os.unlink(self._at(name), dir_fd=self._handle)

    def _at(self, name: str) -> str:
        return name if self._handle is not None else self._named(name)

    def _named(self, name: str) -> str:
        return os.path.join(self._path, name)

    def _require_no_link(self, name: str) -> None:
        status = os.stat(self._at(name), dir_fd=self._handle, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            raise NotPrivateError(
                f"{self._named(name)} is a link, and is not followed: it might lead anywhere. "
                "Run `arcade logout`, which removes the link only, then `arcade login`."
            )


@contextlib.contextmanager
def opened(path: str) -> Iterator[OwnFolder]:
    """Open a folder. Raises OSError; NotPrivateError if it, or a link to it, is somebody else's."""
    if not _POSIX:
        yield OwnFolder(path, None)
        return
    handle = _open(path)
    try:
        if os.fstat(handle).st_uid not in _believed():
            raise _foreign(path)
        yield OwnFolder(path, handle)
    finally:
        os.close(handle)


def make(path: str) -> None:
    """Make a folder, and those above it that are missing, for the user alone. Raises OSError, and
    NotPrivateError where ``require_place`` does."""
    if os.path.lexists(path):
        return
    make(os.path.dirname(path) or ".")
    require_place(path)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)


def require_place(path: str) -> None:
    """Raise NotPrivateError if the folder is, or would have to be made in, a wrong user's.

    Root makes nothing among another user's files (``sudo`` that keeps HOME): that user could
    not use it afterwards.
    """
    if not _POSIX:
        return
    place = path
    while not os.path.lexists(place):
        place = os.path.dirname(place) or "."
    if place == path:
        with opened(path) as folder:
            folder.require_user()
    elif os.geteuid() == 0 and os.stat(place).st_uid != 0:
        raise NotPrivateError(
            f"{place} is another user's, and root would make {path} in it, which that user could "
            "not use. Run this without sudo, or set ARCADE_WORK_DIR to a folder of root's."
        )


def _open(path: str) -> int:
    try:
        return os.open(path, _FOLDER | _NO_LINK)
    except OSError:
        target = _own_link(path)
        if target is None:
            raise
    return os.open(target, _FOLDER)


def _own_link(path: str) -> str | None:
    """Where the user's own link leads; None if there is no link."""
    before = os.lstat(path)
    if not stat.S_ISLNK(before.st_mode):
        return None
    target = os.path.join(os.path.dirname(path), os.readlink(path))
    after = os.lstat(path)
    # Else it may have been another link in the moment in which it was read.
    same = (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)
    if not same or before.st_uid not in _believed():
        raise NotPrivateError(
            f"{path} is a link that another user of this machine made, and is not followed. "
            f"Remove it (rm {quote(path)}), or set ARCADE_WORK_DIR to a folder of your own."
        )
    if not is_at_home():
        raise NotPrivateError(
            f"{path} is a link, and outside your home none is followed: it may have come with a "
            f"checkout. Remove it (rm {quote(path)}), or set ARCADE_WORK_DIR to a folder whose "
            ".arcade is none."
        )
    return target


def _believed() -> tuple[int, int]:
    return os.geteuid(), 0


def _require_believable(status: os.stat_result, path: str) -> None:
    if status.st_uid not in _believed():
        raise NotPrivateError(
            f"{path} belongs to another user of this machine, and is not believed. "
            "Run `arcade logout`, then `arcade login`."
        )
    if status.st_mode & 0o022:
        raise NotPrivateError(
            f"Others can change {path}, so it is not believed. If it is as you left it: "
            f"chmod 600 {quote(path)}; else run `arcade logout`, then `arcade login`."
        )


def _foreign(path: str) -> NotPrivateError:
    return NotPrivateError(
        f"{path} belongs to another user of this machine: no login of yours is read or stored "
        "there. Have it removed, or set ARCADE_WORK_DIR to a folder of your own."
    )
