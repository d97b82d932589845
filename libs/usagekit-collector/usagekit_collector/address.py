"""The address of a store, as settings have it: it is read here, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlsplit

import msgspec

_KINDS = ("chdb", "clickhouse", "clickhouses")
# Where TLS is spoken, by custom.
_TLS_PORTS = (443, 8443)
# What is said before the question mark is not said again.
_SAID_BEFORE = frozenset(["database", "host", "interface", "password", "path", "port", "username"])
_HOME = "/~/"
_SAY = "Say chdb:///a/folder, or clickhouse://user:password@host/db"


class Address(msgspec.Struct, frozen=True):
    """Where a store is.

    Attributes:
        plain: the address, for others to read: with neither user nor options.
        folder: of an embedded store; None for one on a server.
        url: of a server, with its user, without options; empty for an embedded store.
        is_secure: whether TLS is spoken to a server.
        options: of the client and the engine.
    """

    plain: str
    folder: Path | None
    url: str
    is_secure: bool
    options: Mapping[str, str]


def read(text: str) -> Address:
    """An address in its parts.

    Args:
        text: ``chdb:///folder``, where ``/~/`` begins in the user's home;
            ``clickhouse://user:password@host:port/database``, with TLS on ports 443 and 8443; or
            ``clickhouses://…``, with TLS on any. After a ``?`` there may be options of the client
            (``ca_cert``, ``verify``, …) and the engine's settings.

    Raises ValueError for what is no address, with words that hold nothing of a password.
    """
    parts = _parts(text)
    plain = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if parts.scheme not in _KINDS or (parts.scheme == "chdb") == bool(parts.netloc):
        raise ValueError(f"not a store: {plain if parts.scheme else parts.path}. {_SAY}.")
    options = dict(parse_qsl(parts.query))
    if twice := _SAID_BEFORE & options.keys():
        raise ValueError(f"{', '.join(sorted(twice))} cannot be said after the ? of the store")
    if parts.scheme == "chdb":
        return Address(plain, _folder(parts.path), "", False, options)
    is_secure = parts.scheme == "clickhouses" or parts.port in _TLS_PORTS
    return Address(plain, None, parts._replace(query="").geturl(), is_secure, options)


def of_folder(folder: Path) -> str:
    """The address of the embedded store in a folder."""
    return "chdb://" + quote(os.fsencode(folder))


def home() -> Path:
    """The user's home folder. Raises ValueError if there is none."""
    try:
        return Path.home()
    except RuntimeError:
        raise ValueError("there is no home folder: say where the store is, by --store") from None


def _parts(text: str) -> SplitResult:
    """Raises ValueError where it is not clear what of it may be a password."""
    try:
        parts = urlsplit(text)
        is_clear = parts.port != 0
    except ValueError:
        is_clear = False
    # A line break is passed over in reading; what follows a # is not of any address.
    if not is_clear or any(one in "#\n\r\t" for one in text) or "@" in parts.path + parts.query:
        raise ValueError(
            f"the store's address cannot be read. {_SAY}; within its parts write "
            "%40 for @, %2F for /, %3A for :, %3F for ?, %23 for #."
        )
    return parts


def _folder(path: str) -> Path:
    name = os.fsdecode(unquote_to_bytes(path))
    # What stands behind a ? is an option to the engine.
    if any(one in "?\0" or "\ud800" <= one <= "\udfff" for one in name):
        raise ValueError("the engine takes no folder whose name is no UTF-8, or has a ? in it")
    return home() / name[len(_HOME) :] if name.startswith(_HOME) else Path(name)


def check_issues_url(url: str) -> None:
    """Raises ValueError for what no issue can be opened by; an empty text is none at all."""
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "{" in parts.netloc:
        raise ValueError("issues_url: it begins with https:// and the name of a host")
    missing = [name for name in ("{title}", "{body}") if name not in url]
    if missing:
        raise ValueError(f"issues_url: say where {' and '.join(missing)} go")
