"""``credentials.yaml``: who is logged in, and with what. Readable by its owner only."""

import ipaddress
import os
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

from arcade_cli import arcade_home, private
from arcade_cli.errors import ArcadeError
from arcade_cli.show import say, shown_url

_NAME = "credentials.yaml"

_HOST = re.compile(r"[\w.:-]+", re.ASCII)
DEFAULT_SERVICE = "https://cloud.arcade.dev"


@dataclass(frozen=True)
class Credentials:
    """One login.

    Attributes:
        secret: the API key or access token, as ``is_token`` says. Never shown or logged.
        email: the account's address, if it is known.
        service: base URL of the Arcade Cloud that the login is for.
        older: the API key of an earlier login, that lies beside the access token of the last one.
    """

    secret: str
    is_token: bool = False
    email: str | None = field(default=None, compare=False)
    service: str = DEFAULT_SERVICE
    older: "Credentials | None" = None

    def __repr__(self) -> str:
        return f"Credentials(email={self.email!r}, service={self.service!r})"


def credentials_path() -> str:
    """Where the credentials are stored."""
    return os.path.join(arcade_home(), _NAME)


def load() -> Credentials | None:
    """The stored login; None if there is none. Raises ArcadeError if it cannot be understood, or
    if somebody else had, or may have had, a hand in it."""
    try:
        with private.opened(arcade_home()) as folder:
            return _understand(yaml.safe_load(folder.read(_NAME)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ArcadeError(
            f"The credentials in {credentials_path()} cannot be read. "
            "Run `arcade logout`, then `arcade login` to make new ones.",
            detail=type(error).__name__,  # its text may quote the file
        ) from error


def require_place() -> None:
    """Raise ArcadeError if it is known beforehand that no login could be stored."""
    try:
        private.require_place(arcade_home())
    except OSError:
        return  # what is in the way is said when it is stored


def save(credentials: Credentials) -> None:
    """Store a login: on disk, whole, mode 0600, in a folder with mode 0700. Raises ArcadeError."""
    cloud: dict[str, Any] = {
        "auth" if credentials.is_token else "api": {
            "access_token" if credentials.is_token else "key": credentials.secret
        },
        "user": {"email": credentials.email},
    }
    if credentials.service != DEFAULT_SERVICE:
        cloud["coordinator_url"] = credentials.service
    home = arcade_home()
    try:
        private.make(home)
        with private.opened(home) as folder:
            if folder.close_to_others():
                say(f"Others could look into {home}; now only you can.", err=True)
            folder.replace(_NAME, yaml.safe_dump({"cloud": cloud}, sort_keys=False))
    except OSError as error:
        raise ArcadeError(
            f"The login could not be stored: {error.strerror}: {credentials_path()}"
        ) from error


def delete() -> bool:
    """Forget the login. False if there was none. Raises ArcadeError."""
    try:
        with private.opened(arcade_home()) as folder:
            folder.remove(_NAME)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ArcadeError(
            f"The login could not be removed: {error.strerror}: {credentials_path()}"
        ) from error
    return True


def require_safe(service: str) -> str:
    """The URL, if a key may be sent there: https, or this machine. Raises ArcadeError.

    What the message quotes is the user's own, and not for the records.
    """
    try:
        url = urlsplit(service)
        host, _ = url.hostname or "", url.port  # a port that is none raises
        safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
    except ValueError:
        host, safe = "", False
    if not safe or "@" in service or not _HOST.fullmatch(host):
        raise ArcadeError(
            f"No key may be sent to {shown_url(service) or 'such an address'}: "
            "a service has an https:// address, or is on this machine.",
            usage_message="no key may be sent to this service",
        )
    return service.rstrip("/")


def is_key(text: str) -> bool:
    """Whether a text can be sent as a key."""
    return text != "" and text.isascii() and text.isprintable()


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _understand(document: object) -> Credentials | None:
    cloud = document.get("cloud") if isinstance(document, dict) else None
    if not isinstance(cloud, dict):
        return None
    token, key = _inside(cloud, "auth", "access_token"), _inside(cloud, "api", "key")
    secrets = [one for one in (token, key) if one is not None]
    if not secrets:
        return None
    if not all(map(is_key, secrets)):
        raise ValueError("no key has such characters")
    service = require_safe(str(cloud.get("coordinator_url") or DEFAULT_SERVICE))
    email = _inside(cloud, "user", "email")
    found: Credentials | None = None
    for secret in reversed(secrets):
        found = Credentials(secret, secret is token, email, service, found)
    return found


def _inside(mapping: dict[str, Any], section: str, name: str) -> str | None:
    inner = mapping.get(section)
    value = inner.get(name) if isinstance(inner, dict) else None
    return value if isinstance(value, str) and value else None
