"""What a collector is told: by its command line, its environment, a TOML file, or not at all."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import Meta

from usagekit_collector import address
from usagekit_collector.errors import CollectorError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PREFIX = "USAGEKIT_COLLECTOR_"
_DAY = 86_400
# How msgspec calls a kind of value, and how a person does.
_KINDS = (
    ("int", "a whole number"),
    ("float", "a number"),
    ("str", "text"),
    ("bool", "true or false"),
)
# What settings were called by earlier versions, and what to say instead.
RENAMED = {
    "group_events": "batch_events",
    "group_wait": "batch_seconds",
    "queue_events": "intake_events",
    "buffer_bytes": "max_inflight_bytes",
    "tokens_at_most": "max_projects",
}
# Kubernetes and Docker tell every container of a service called usagekit-collector in this way:
# USAGEKIT_COLLECTOR_PORT is such a link, and no port.
_LINK = re.compile(r"(?:tcp|udp|sctp)://")


class SettingsError(CollectorError):
    """What was asked for cannot be; the text says what to do."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that can be set; each says what it is, and what it can be."""

    host: Annotated[
        str, Meta(description="Address to listen on. Any but a loopback address needs a password.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="TCP port; 0 is one that is free.")] = (
        8600
    )
    store: Annotated[
        str,
        Meta(
            description="chdb:///folder, or clickhouse://user:password@host:8443/database. "
            "Default: where programs keep their data, ~/.local/share/usagekit-collector."
        ),
    ] = ""
    password: Annotated[
        str,
        Meta(
            description="What the API asks for. With one, tokens are made by hand, too. Better set "
            "by the variable: a command line is seen by everybody on the machine. Without one, one "
            "is made at the first start, and kept in a file that only its user can read."
        ),
    ] = ""
    open: Annotated[
        bool,
        Meta(
            description="Ask for no password: whoever is on this machine may read and delete what "
            "is stored. Only on a loopback address."
        ),
    ] = False
    allow_origin: Annotated[
        str,
        Meta(
            description="Origins, such as http://localhost:3000, separated by commas, whose pages "
            "may make a project by sending events. Pages may send into any that is there."
        ),
    ] = ""
    posthog_js: Annotated[
        str,
        Meta(
            description="Folder of the npm package posthog-js, to be served to pages that load "
            "/static/array.js from here."
        ),
    ] = ""
    retention_days: Annotated[
        int, Meta(ge=0, le=36_500, description="Days for which events are kept; 0 is for ever.")
    ] = 0
    issues_url: Annotated[
        str,
        Meta(
            description="Where an issue about an error is opened, with {title} and {body}, and "
            "{project} perhaps: https://example.org/me/{project}/issues/new?title={title}&body={body}"
        ),
    ] = ""
    state: Annotated[
        str,
        Meta(
            description="Folder of what is kept beside a store on a server: the intake. Default: "
            "one for each database, beside where an embedded store would be."
        ),
    ] = ""
    intake_events: Annotated[
        int,
        Meta(ge=1, description="How many events may wait to be stored; then it answers 503."),
    ] = 2_000_000
    intake_bytes: Annotated[
        int,
        Meta(ge=1, description="Bytes of disk that they may take; then it answers 503."),
    ] = 1024 * 1024 * 1024
    batch_events: Annotated[
        int, Meta(ge=1, description="How many events are stored in one step, about, at most.")
    ] = 20_000
    batch_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=60,
            description="Seconds for which what was taken in waits to be stored.",
        ),
    ] = 0.5
    max_inflight_bytes: Annotated[
        int,
        Meta(
            ge=1,
            description="Bytes of all requests that are in memory; then it answers 503, and 413 "
            "to one that would need more by itself.",
        ),
    ] = 128 * 1024 * 1024
    request_seconds: Annotated[
        float,
        Meta(
            gt=0, le=_DAY, description="Seconds for a request's head, and once more for its body."
        ),
    ] = 30.0
    readers: Annotated[
        int, Meta(ge=1, le=100, description="How many questions are answered at once.")
    ] = 2
    query_seconds: Annotated[
        float, Meta(gt=0, le=_DAY, description="How many seconds a question may take.")
    ] = 30.0
    query_bytes: Annotated[
        int, Meta(ge=1, description="How many bytes of memory a question may take.")
    ] = 768 * 1024 * 1024
    lease_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=_DAY,
            description="Seconds for which a silent collector keeps its store on a server.",
        ),
    ] = 15.0
    max_projects: Annotated[
        int,
        Meta(ge=0, description="How many projects may be made by tokens that nobody announced."),
    ] = 1_000
    merge_dangerously: Annotated[
        bool,
        Meta(
            description="Whether $merge_dangerously merges, by which whoever knows a token can "
            "make one person of many; else it is an ordinary event."
        ),
    ] = True
    log_level: Annotated[
        str,
        Meta(pattern="^(debug|info|warning|error)$", description="debug, info, warning or error."),
    ] = "info"
    log_format: Annotated[
        str,
        Meta(
            pattern="^(auto|json|text)$",
            description="json, a line of it for each record; text, for people; or auto, which is "
            "text at a terminal.",
        ),
    ] = "auto"

    def check(self) -> Settings:
        """Itself, complete. Raises SettingsError for a store that cannot be one."""
        try:
            whole = self if self.store else msgspec.structs.replace(self, store=default_store())
            place = address.read(whole.store)
            address.check_issues_url(self.issues_url)
        except ValueError as error:
            raise SettingsError(str(error)) from None
        if whole.state and place.folder is not None:
            raise SettingsError(
                "state is for a store on a server: an embedded one has all in its own folder"
            )
        return whole

    def check_exposure(self) -> None:
        """Raises SettingsError if others could read what is stored, with nobody asking them."""
        if not self.password and not is_loopback(self.host):
            raise SettingsError(
                f"{self.host} can be reached from other machines, so a password is needed:\n"
                f"set {PREFIX}PASSWORD, or listen on 127.0.0.1."
            )


def descriptions() -> dict[str, str]:
    """What each setting is, by its name."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hints[name].__metadata__[0].description for name in Settings.__struct_fields__}


def default_store() -> str:
    """The embedded store of whoever has said nothing. Raises ValueError if there is no home."""
    return address.of_folder(default_folder())


def default_folder() -> Path:
    """Where an embedded store is, where nobody says. Raises ValueError if there is no home."""
    base = os.environ.get("XDG_DATA_HOME", "")
    folder = Path(base) if os.path.isabs(base) else address.home() / ".local" / "share"
    return folder / "usagekit-collector"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load(
    options: Mapping[str, Any],
    environ: Mapping[str, str],
    config: str | None = None,
    *,
    warn: Callable[[str], None] = lambda _: None,
) -> Settings:
    """Settings from options, before variables (``USAGEKIT_COLLECTOR_PORT``), before the file.

    Args:
        options: what the command line says; None is nothing.
        environ: the environment. A variable that is empty says nothing.
        config: a TOML file of settings by name; ``USAGEKIT_COLLECTOR_CONFIG`` else.
        warn: is told of what is passed over.

    Raises SettingsError, with words for whoever wrote it.
    """
    path = config or environ.get(f"{PREFIX}CONFIG")
    found = _file(path) if path else {}
    for name in RENAMED:
        if environ.get(f"{PREFIX}{name.upper()}"):
            raise SettingsError(renamed(f"{PREFIX}{name.upper()}", name))
    for name in Settings.__struct_fields__:
        variable = f"{PREFIX}{name.upper()}"
        if _LINK.match(environ.get(variable, "")):
            warn(f"{variable} is passed over: it is a link to a service, as Kubernetes sets them")
        elif environ.get(variable):
            found[name] = (variable, environ[variable])
        if options.get(name) is not None:
            found[name] = (f"--{name.replace('_', '-')}", options[name])
    hints = get_type_hints(Settings, include_extras=True)
    return Settings(
        **{name: _value(where, value, hints[name]) for name, (where, value) in found.items()}
    ).check()


def renamed(where: str, name: str) -> str:
    """What to say to whoever uses a name of earlier versions."""
    return f"{where}: it is called {RENAMED[name]} now; see CHANGELOG.md for what it means"


def _file(path: str) -> dict[str, tuple[str, Any]]:
    """What the file says, and where it is said."""
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"the settings file {path} cannot be read: {error}") from error
    for name in said:
        if name in RENAMED:
            raise SettingsError(renamed(f"{name} in {path}", name))
        if name not in Settings.__struct_fields__:
            close = get_close_matches(name, Settings.__struct_fields__, 1)
            meant = f"is it {close[0]}?" if close else '"usagekit-collector serve -h" names all.'
            raise SettingsError(f"{path}: there is no setting {name!r}: {meant}")
    return {name: (f"{name} in {path}", value) for name, value in said.items()}


def _value(where: str, value: Any, kind: Any) -> Any:
    # What is wrong is said without the value, which may be a secret.
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {_plain(str(error))}") from error


def _plain(text: str) -> str:
    """What msgspec says, in words."""
    text = re.sub(r", got `\w+`$", "", text.lower())
    for kind, words in _KINDS:
        text = text.replace(f"`{kind}`", words)
    for sign, words in ((">=", "of at least"), ("<=", "of at most"), (">", "of more than")):
        text = text.replace(sign, words)
    return re.sub(r"text matching regex '\^\((.*)\)\$'", r"one of \1", text).replace("|", ", ")
