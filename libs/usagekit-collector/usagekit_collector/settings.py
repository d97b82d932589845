"""What a collector is told: by its command line, its environment, a TOML file, or not at all."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "USAGEKIT_COLLECTOR_"


class SettingsError(Exception):
    """What was asked for cannot be; the text says what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that can be set.

    Attributes:
        host: address to listen on. Any but a loopback address needs a password.
        port: TCP port; 0 is one that is free.
        store: ``chdb:///folder``, or ``clickhouse://user:password@host:8443/database``. Empty:
            a folder where the platform keeps a program's data.
        password: what ``Authorization: Bearer`` has to say at the API; also, that projects are
            made by hand. Empty: nobody is asked.
        retention_days: how long events are kept; 0 is for ever.
        group_events: how many events are stored in one step at most.
        group_wait: seconds for which the first event of a group waits for others.
        queue_events: how many events may wait to be stored; then the answer is 503.
        buffer_bytes: how much of all requests may be in memory at once; then the answer is 503.
        request_seconds: how long a sender may take for the head of a request, and for its body.
        readers: how many questions are answered at once.
        query_seconds: how long a question may take.
        query_bytes: how much memory a question may take.
        lease_seconds: on a server, for how long the store is its collector's without word of it.
        tokens_at_most: how many projects may be made by tokens that nobody announced.
        log_level: ``debug``, ``info``, ``warning`` or ``error``.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    store: str = ""
    password: str = ""
    retention_days: int = 0
    group_events: int = 5_000
    group_wait: float = 0.005
    queue_events: int = 50_000
    buffer_bytes: int = 64 * 1024 * 1024
    request_seconds: float = 30.0
    readers: int = 4
    query_seconds: float = 30.0
    query_bytes: int = 768 * 1024 * 1024
    lease_seconds: float = 15.0
    tokens_at_most: int = 1_000
    log_level: str = "info"

    def check(self) -> Settings:
        """Itself, complete. Raises SettingsError where it asks for what cannot be."""
        if not self.store:
            return msgspec.structs.replace(self, store=default_store()).check()
        if not self.store.startswith(("chdb:///", "clickhouse://", "clickhouses://")):
            raise SettingsError(
                f"not a store: {self.store!r}. Say chdb:///a/folder, or clickhouse://host:8443/db."
            )
        if not 0 <= self.port <= 65_535:
            raise SettingsError(f"not a port: {self.port}")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise SettingsError(f"not a log level: {self.log_level!r}")
        for name in ("group_events", "queue_events", "buffer_bytes", "readers", "query_bytes"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} must be at least 1")
        if self.lease_seconds <= 0:
            raise SettingsError("lease_seconds must be more than 0")
        if self.retention_days < 0 or self.group_wait < 0:
            raise SettingsError("retention_days and group_wait cannot be negative")
        return self

    def check_exposure(self) -> None:
        """Raises SettingsError if others could read what is stored, with nobody asking them."""
        if not self.password and not is_loopback(self.host):
            raise SettingsError(
                f"{self.host} can be reached from other machines, so a password is needed:\n"
                f"set {PREFIX}PASSWORD, or listen on 127.0.0.1."
            )


def default_store() -> str:
    """The embedded store of whoever has said nothing."""
    base = os.environ.get("XDG_DATA_HOME", "")
    folder = Path(base if os.path.isabs(base) else Path.home() / ".local" / "share")
    return f"chdb://{quote(str(folder / 'usagekit-collector'))}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load(
    options: Mapping[str, Any], environ: Mapping[str, str], config: str | None = None
) -> Settings:
    """Settings from options, before variables (``USAGEKIT_COLLECTOR_PORT``), before the file.

    Args:
        options: what the command line says; None is nothing.
        environ: the environment.
        config: a TOML file of settings by name; ``USAGEKIT_COLLECTOR_CONFIG`` else.

    Raises SettingsError, with words for whoever wrote it.
    """
    path = config or environ.get(f"{PREFIX}CONFIG")
    found: dict[str, Any] = _file(path) if path else {}
    for name in Settings.__struct_fields__:
        if f"{PREFIX}{name.upper()}" in environ:
            found[name] = environ[f"{PREFIX}{name.upper()}"]
    found |= {name: value for name, value in options.items() if value is not None}
    try:
        return msgspec.convert(found, Settings, strict=False).check()
    except msgspec.ValidationError as error:
        raise SettingsError(f"settings: {error}") from error


def _file(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error
