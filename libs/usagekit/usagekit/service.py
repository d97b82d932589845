"""The foreground's two ways out: leave an event to a detached sender, or wait for an alias."""

import os
import sys
import time

from usagekit.record import Record, spool_name
from usagekit.snapshot import FileLock, is_plain, is_uuid, system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from usagekit.config import UsageConfig

# What stands in the way to other machines, and may not to this one: in words for those who know
# blocks of addresses, and for those who do not.
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_WITHOUT_PROXY = "localhost,127.0.0.1,127.0.0.0/8,::1"

# What the sender needs to find its files, its interpreter, its language, its way out, the names
# that it has to take out of messages, and what the person said of being tracked.
_PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "USERNAME",
    "USERPROFILE",
    "SYSTEMROOT",
    "TMPDIR",
    "TEMP",
    "TZ",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "PYTHONHOME",
    "PYTHONUSERBASE",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    *_PROXIES,
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "DO_NOT_TRACK",
)

# How the data of an event begins that is in the spool already.
SPOOLED = '{"spooled": true'

# Python 3.10 has no switch that keeps the working folder off the import path, and ``-m`` would
# import whatever lies there under the sender's name. ``{path!r}`` is where else it is found.
_SAFE_MODULE = (
    "import sys; sys.path = [*{path!r}, *filter(None, sys.path)]; import runpy; "
    "runpy.run_module({module!r}, None, '__main__')"
)
# How an interpreter was told what it may load and leave behind: the sender's is told the same.
_FLAGS = {
    "isolated": "-I",
    "ignore_environment": "-E",
    "no_user_site": "-s",
    "no_site": "-S",
    "dont_write_bytecode": "-B",
}


class UsageService:
    """Delivery as the foreground sees it. Does no network of its own.

    Args:
        config: the program's policy.
        environ: the environment that the sender's is chosen from.
    """

    def __init__(self, config: "UsageConfig", environ: "Mapping[str, str]" = os.environ) -> None:
        self._config = config
        self._environ = environ
        self._record: Record | None = None
        self._uuid = ""

    def begin(self, event: "Mapping[str, object]") -> None:
        """Leave word that a command runs, in case it is killed. Raises OSError.

        Args:
            event: what is known of its event so far.
        """
        if self._record is None:
            self._uuid = new_uuid()
            self._record = Record(self._config.paths, self._uuid)
        marker = {"running_on": machine(), **minted({"uuid": self._uuid, **event})}
        self._record.begin(to_json(marker))

    def forget(self) -> None:
        """Take back what ``begin`` said: there is no event."""
        if self._record is not None:
            self._record.close()
            self._record = None

    def capture(self, event: "Mapping[str, object]") -> None:
        """Put an event into the spool, see to it that a sender is at work, return at once.

        Args:
            event: the fields of ``usagekit.event.Event``, without the two that are minted here,
                ``uuid`` and ``timestamp``.

        Where nothing can be written, the sender gets the event from its environment alone.
        Raises OSError or ValueError if there can be no sender either.
        """
        if self._record is not None:
            event = {"uuid": self._uuid, **event}
        event = minted(event)
        data = to_json(event)
        if not self._spooled(event, data):
            system.spawn_detached(self._command(), self._sender_environ(data))
            return
        if self._sender_at_work():
            return
        try:
            data = f"{SPOOLED}, {_without_message(event, data)[1:]}"
            system.spawn_detached(self._command(), self._sender_environ(data))
        except (OSError, ValueError):  # no process, no memory, too long; a NUL in a variable
            from usagekit.spool import Spool

            Spool(self._config).trim()  # which is a sender's work, if there were any

    def _spooled(self, event: "Mapping[str, object]", data: str) -> bool:
        """Whether the event is on disk now, where no death of a process can reach it."""
        uuid, name = str(event["uuid"]), spool_name(str(event["timestamp"]), str(event["uuid"]))
        if not is_uuid(uuid) or "/" in name:
            return False  # the sender will refuse it
        record = self._record or Record(self._config.paths, uuid)
        try:
            record.finish(name, data)
        except OSError:
            return False
        finally:
            record.close()
            self._record = None
        return True

    def _sender_at_work(self) -> bool:
        """Whether a sender holds the lock. It looks into the spool once more after letting go,
        so it will see what was put there before this question."""
        lock = FileLock(self._config.paths, self._config.paths.sender_lock)
        try:
            free = lock.acquire()
        except OSError:  # a file system without locks
            return False
        lock.release()
        return not free

    def alias(self, previous_id: str, distinct_id: str) -> bool:
        """Fold the history of ``previous_id`` into ``distinct_id``; True once the host has it.

        Blocks, up to ``alias_timeout`` for everything: no event may carry ``distinct_id``
        before the alias has arrived. The sender does the work, so that the user's process
        loads no SDK, and can be stopped dead when its time is up.
        """
        import json
        import subprocess

        payload = json.dumps({"alias": previous_id, "distinct_id": distinct_id})
        try:
            sender = subprocess.run(
                self._command(),
                env=self._sender_environ(payload),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._config.alias_timeout,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return False
        return sender.returncode == 0

    def _command(self) -> list[str]:
        module = self._config.sender_module
        words = [flag for name, flag in _FLAGS.items() if getattr(sys.flags, name)]
        path = [] if self._import_path() else _own_path()
        if sys.version_info >= (3, 11) and not path:
            words += ["-P", "-m", module]
        else:
            words += ["-c", _SAFE_MODULE.format(path=path, module=module)]
        name = os.path.basename(sys.executable or "")
        if name.rstrip("0123456789.") != "python" or getattr(sys, "frozen", False):
            from usagekit.interpreters import command_of

            return command_of(self._config, words)
        return [sys.executable, *words]

    def _sender_environ(self, payload: str) -> dict[str, str]:
        names = (*_PASSED_ON, self._config.tracking_variable)
        chosen = {name: self._environ.get(name) for name in names}
        environ = {name: value for name, value in chosen.items() if value is not None}
        return {
            **environ,
            **_no_proxy(environ),
            **self._import_path(),
            **self._config.sender_environ,
            self._config.event_variable: payload,
        }

    def _import_path(self) -> dict[str, str]:
        """PYTHONPATH, if this very package was found through it; without the current folder."""
        wished = self._environ.get("PYTHONPATH")
        if not wished:
            return {}
        folders = [os.path.abspath(folder) for folder in wished.split(os.pathsep) if folder]
        if os.path.dirname(os.path.dirname(os.path.abspath(__file__))) not in folders:
            return {}
        kept = [folder for folder in folders if folder != os.getcwd()]
        return {"PYTHONPATH": os.pathsep.join(kept)}


def _own_path() -> list[str]:
    """Where this package was found, if an interpreter would not find it by itself: in an archive,
    or where the program has looked before it looked into what is installed."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if own == os.getcwd():
        return []  # whatever lies there
    if sys.flags.no_site or os.path.isfile(own):
        return [own]
    for place in sys.path:
        if place.endswith("-packages"):
            break
        if place and os.path.abspath(place) == own:
            return [own]
    return []


def _without_message(event: "Mapping[str, Any]", data: str) -> str:
    """What the sender's environment shows to whoever may look into it, where the spool has the
    whole event: not what an error said."""
    if "error_message" not in event["properties"]:
        return data
    properties = {**event["properties"]}
    del properties["error_message"]
    return to_json({**event, "properties": properties})


def _no_proxy(environ: "Mapping[str, str]") -> dict[str, str]:
    """The hosts that no proxy is asked for: this machine too, by the resolver's library as well."""
    if not any(name in environ for name in _PROXIES):
        return {}
    chosen = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if chosen.strip() == "*":
        return {}
    hosts = f"{chosen},{_WITHOUT_PROXY}".lstrip(",")
    return {"no_proxy": hosts, "NO_PROXY": hosts}


def minted(event: "Mapping[str, object]") -> dict[str, object]:
    """The event with ``uuid`` and ``timestamp``: its own if it has them, else new ones."""
    return {"uuid": new_uuid(), "timestamp": utc_now(), **event}


def machine() -> str:
    """This machine's name, by which machines that share a home tell their commands apart."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def new_uuid() -> str:
    """A random UUID (version 4), without the 4 ms that importing ``uuid`` takes."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def utc_now() -> str:
    """The time now, as ``utc`` writes it."""
    return utc(time.time())


def utc(seconds: float) -> str:
    """A time since the epoch in UTC, ISO 8601 with microseconds."""
    whole = int(seconds)
    date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return f"{date}.{int((seconds - whole) * 1_000_000):06d}Z"


def to_json(value: object) -> str:
    """JSON for plain values. The library is loaded only for what needs its escapes: 1.2 ms."""
    if isinstance(value, dict):
        pairs = (f"{to_json(str(name))}: {to_json(item)}" for name, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) or (isinstance(value, float) and value - value == 0):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_json, value)) + "]"
    if isinstance(value, str) and is_plain(value):
        return f'"{value}"'
    import json

    return json.dumps(value)
