"""A look at ``usage.json``: all that a finished command needs to know of who its user is."""

import os
import sys
import time

# The one place where the platform is chosen.
if sys.platform == "win32":
    from usagekit import _windows

    system = _windows
else:
    from usagekit import _unix

    system = _unix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from usagekit.config import UsageConfig, UsagePaths

GONE = "gone"
# Bytes; what is larger is none of ours.
SMALL = 1_000_000
_HEAD = '{"anon_id": "'
_MIDDLE = '", "linked_principal_id": '
_ANON_END = len(_HEAD) + 36


class Identity:
    """What ``usage.json`` said at one moment.

    Attributes:
        anon_id: this machine's random ID.
        linked_principal_id: the account that ``anon_id`` was aliased to, if any.
        one_off: the ID could not be stored, so it will never be seen again.
    """

    __slots__ = ("anon_id", "linked_principal_id", "one_off")

    def __init__(
        self, anon_id: str, linked_principal_id: str | None = None, one_off: bool = False
    ) -> None:
        self.anon_id: Final = anon_id
        self.linked_principal_id: Final = linked_principal_id
        self.one_off: Final = one_off


class FileLock:
    """A lock on a file that is never replaced or removed; the kernel lets go with its holder.

    The file that is protected is another one: a lock on a file that ``os.replace`` swaps away
    would protect a file that nobody reads any more.
    """

    def __init__(self, paths: "UsagePaths", path: str) -> None:
        self._paths = paths
        self._path = path
        self._fd = -1

    def acquire(self, *, shared: bool = False, wait: float = 0.0) -> bool:
        """Try for up to ``wait`` seconds. Contention is False; other failures raise OSError."""
        fd = self._open()
        deadline, pause = time.monotonic() + wait, 0.001
        try:
            while not system.try_lock(fd, shared=shared):
                if time.monotonic() >= deadline:
                    os.close(fd)
                    return False
                time.sleep(pause)
                pause = min(2 * pause, 0.02)
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd
        return True

    def _open(self) -> int:
        folder, name = open_parent(self._paths, self._path)
        with folder:
            try:
                fd = folder.open(name, os.O_RDWR)
            except FileNotFoundError:
                fd = folder.open(name, os.O_RDWR | os.O_CREAT)
                system.make_own(fd)
        if is_file(fd):
            return fd
        # Of somebody else, who could hold it for ever: as good as no locks.
        os.close(fd)
        raise PermissionError(1, "the lock may be somebody else's", self._path)

    def release(self) -> None:
        """Let go. Without effect if the lock is not held."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def open_folder(paths: "UsagePaths", path: str, *, make: bool = False) -> "system.Folder":
    """A folder of the state, found by handles from the outermost in: none on the way is a link or
    somebody else's. Raises OSError.

    Args:
        paths: where the tracker keeps its files.
        path: one of its folders.
        make: make what is missing below ``paths.home``.
    """
    try:
        folder = system.Folder(paths.home, by_link=paths.by_link)
        for name in path[len(paths.home) + 1 :].split("/") if path != paths.home else ():
            with folder as outer:
                folder = outer.inner(name, make=make)
    except OSError as error:
        error.filename = path  # for a person the name alone says too little
        raise
    return folder


def open_parent(paths: "UsagePaths", path: str) -> "tuple[system.Folder, str]":
    """The folder of a file of the state, and the file's name in it. Raises OSError."""
    folder, _, name = path.rpartition("/")
    return open_folder(paths, folder), name


def read_text(paths: "UsagePaths", path: str, limit: int = SMALL) -> str | None:
    """The whole of a small file of the state; None if there is none, or see ``read_in``."""
    try:
        folder, name = open_parent(paths, path)
    except OSError:
        return None
    with folder:
        return read_in(folder, name, limit)


def read_in(folder: "system.Folder", name: str, limit: int = SMALL) -> str | None:
    """The whole of a small file. None if there is none, if it is no ordinary file (a pipe would
    keep a reader waiting) or somebody else's, if it is larger than ``limit`` bytes, or if it
    cannot be read."""
    try:
        fd = folder.open(name, os.O_RDONLY)
    except OSError:
        return None
    try:
        return os.read(fd, limit).decode("utf-8", "replace") if is_file(fd, limit) else None
    except OSError:
        return None
    finally:
        os.close(fd)


def is_file(fd: int, limit: int = SMALL) -> bool:
    """Whether an open file is an ordinary one of this user's, and no larger than that."""
    status = os.fstat(fd)
    is_ordinary = status.st_mode & 0o170000 == 0o100000 and status.st_size <= limit
    return is_ordinary and system.is_own(status)


def read_identity(config: "UsageConfig") -> Identity | None:
    """The identity on disk; None if there is none, or what is there is not one."""
    lock = FileLock(config.paths, config.paths.identity_lock)
    try:
        # Without the lock, after the wait, a reader still sees a whole file: it is only ever
        # replaced in one step.
        lock.acquire(shared=True, wait=config.read_lock_wait)
    except OSError:
        pass
    text = read_text(config.paths, config.paths.identity)
    lock.release()
    return None if text is None else parse_identity(text)


def parse_identity(text: str) -> Identity | None:
    """Read the text of ``usage.json``; None if it is not what this file may hold.

    The bytes that are written here for an ordinary identity are taken apart by position:
    loading ``json`` would add more than a millisecond to every command.
    """
    anon_id, rest = text[len(_HEAD) : _ANON_END], text[_ANON_END:]
    if text.startswith(_HEAD) and rest.startswith(_MIDDLE) and is_uuid(anon_id):
        principal = rest[len(_MIDDLE) :]
        if principal == "null}\n":
            return Identity(anon_id)
        inner = principal[1:-3]
        if inner and principal == f'"{inner}"}}\n' and is_plain(inner):
            return Identity(anon_id, inner)
    return parse_any_json(text)


def parse_any_json(text: str) -> Identity | None:
    """Read ``usage.json`` in whatever way its JSON is laid out; None if it is no identity."""
    import json

    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    anon_id, principal = fields.get("anon_id"), fields.get("linked_principal_id")
    if not (isinstance(anon_id, str) and is_uuid(anon_id)):
        return None
    if principal is not None and not (isinstance(principal, str) and principal):
        return None
    return Identity(anon_id, principal)


def credentials_stamp(config: "UsageConfig") -> str | None:
    """Size and modification time of the credentials; None if there are none."""
    if config.credentials is None:
        return None
    try:
        status = os.stat(config.credentials)
    except OSError:
        return None
    return f"{status.st_size}-{status.st_mtime_ns}"


def unresolved_credentials(
    config: "UsageConfig", identity: Identity, stamp: str | None
) -> tuple[str | None, bool]:
    """Whether somebody else than before may stand behind the credentials of this stamp.

    Returns:
        The stamp, if nobody has looked up yet whose they are; ``GONE`` if there are none any
        more, and whoever was logged in has left by another way than a logout; else None. And
        whether the anonymous ID is, or may be, the account's that was here before them.

    A link whose credentials were never noted down is trusted: it was made by an earlier version
    of the program, or by hand.
    """
    anon_id, principal_id, noted = read_link(config)
    same = anon_id != identity.anon_id or noted in ("", stamp)
    if identity.linked_principal_id is None:
        return (stamp, False) if same else (stamp or GONE, True)
    if same or principal_id != identity.linked_principal_id:
        return None, False
    return stamp or GONE, True


def read_link(config: "UsageConfig") -> tuple[str, str, str]:
    """The note of the last alias: the anonymous ID, the account, the credentials' stamp."""
    lines = (read_text(config.paths, config.paths.link) or "").split("\n")
    return (lines[0], lines[1], lines[2]) if len(lines) == 3 else ("", "", "")


def is_uuid(text: str) -> bool:
    """Whether this is a UUID in the usual form: 36 characters, four dashes, hexadecimal digits."""
    dashes = text[8:9] + text[13:14] + text[18:19] + text[23:24]
    digits = text.replace("-", "")
    if len(text) != 36 or dashes != "----" or len(digits) != 32:
        return False
    return digits.isalnum() and digits.isascii() and not digits.strip("0123456789abcdefABCDEF")


def is_plain(text: str) -> bool:
    """Whether a text stands in JSON as it is: printable ASCII that needs no escape."""
    return text.isascii() and text.isprintable() and '"' not in text and "\\" not in text
