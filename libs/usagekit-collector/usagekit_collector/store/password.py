"""The password that a collector makes for itself at its first start: its user's own commands find
it, and nobody else on the machine can read it."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from usagekit_collector import address
from usagekit_collector.errors import store_errors
from usagekit_collector.settings import Settings, default_folder, is_loopback
from usagekit_collector.store import folder

# What is in the file is what a request says: curl -H @FILE.
_NAME, _LINE = "authorization", re.compile(r"Authorization: Bearer ([\w-]{20,})\n", re.ASCII)


def file_of(settings: Settings) -> Path:
    """Where the password is kept: in the folder of an embedded store, else beside where one would
    be."""
    place = address.read(settings.store).folder
    return (place or default_folder().with_name("usagekit-collector.server")) / _NAME


def own(settings: Settings) -> str:
    """The password of the collector that runs with these settings, made if there is none; empty
    where nobody is asked for one. Raises StoreError.

    For whoever has the store.
    """
    if settings.password or settings.open:
        return settings.password
    path = file_of(settings)
    with store_errors("the password cannot be kept"):
        folder.make_private(path.parent)
        return _read(path) or _make(path)


def of_url(settings: Settings, url: str) -> tuple[str, str]:
    """The address at which to ask the collector of a URL, and its password, as far as it is this
    user's.

    What listens at an address may be anybody's: a password that was made for a store is said only
    to the collector that has that store now.
    """
    parts = urlsplit(url)
    if settings.password or settings.open or not is_loopback(parts.hostname or ""):
        return url, settings.password
    path = file_of(settings)
    if address.read(settings.store).folder is None:
        return url, _read(path)
    served = folder.served_at(path.parent)
    if parts.port != urlsplit(served).port or parts.hostname not in (
        "localhost",
        urlsplit(served).hostname,
    ):
        return url, ""
    return served, _read(path)


def _read(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(fd, encoding="ascii") as file:
            found = _LINE.fullmatch(file.read(1_000))
        return found[1] if found else ""
    return ""


def _make(path: Path) -> str:
    password = secrets.token_urlsafe(32)
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(fd, "w", encoding="ascii") as file:
        file.write(f"Authorization: Bearer {password}\n")
        file.flush()
        os.fsync(fd)
    os.replace(part, path)
    return password
