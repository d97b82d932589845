"""``credentials.yaml``: who is logged in, and with what. Readable by its owner only."""

import contextlib
import ipaddress
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import typer
import yaml

from arcade_cli import arcade_home
from arcade_cli.errors import ArcadeError

_HOST = re.compile(r"[\w.:-]+", re.ASCII)
DEFAULT_SERVICE = "https://cloud.arcade.dev"


@dataclass(frozen=True)
class Credentials:
    """One login.

    Attributes:
        secret: the API key or access token, as ``is_token`` says. Never shown or logged.
        email: the account's address, if it is known.
        service: base URL of the Arcade Cloud that the login is for.
    """

    secret: str
    is_token: bool = False
    email: str | None = None
    service: str = DEFAULT_SERVICE

    def __repr__(self) -> str:
        return f"Credentials(email={self.email!r}, service={self.service!r})"


def credentials_path() -> str:
    """Where the credentials are stored."""
    return os.path.join(arcade_home(), "credentials.yaml")


def load() -> Credentials | None:
    """The stored login; None if there is none. Raises ArcadeError if it cannot be understood."""
    path = credentials_path()
    try:
        with open(path, encoding="utf-8") as file:
            return _understand(yaml.safe_load(file))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ArcadeError(
            f"The credentials in {path} cannot be read. "
            "Run `arcade logout`, then `arcade login` to make new ones.",
            detail=type(error).__name__,  # its text may quote the file
        ) from error


def save(credentials: Credentials) -> None:
    """Store a login: written whole, mode 0600, in a folder with mode 0700. Raises ArcadeError."""
    cloud: dict[str, Any] = {
        "auth" if credentials.is_token else "api": {
            "access_token" if credentials.is_token else "key": credentials.secret
        },
        "user": {"email": credentials.email},
    }
    if credentials.service != DEFAULT_SERVICE:
        cloud["coordinator_url"] = credentials.service
    path = credentials_path()
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        _own_folder(os.path.dirname(path))
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fd, "w", encoding="utf-8") as file:
            yaml.safe_dump({"cloud": cloud}, file, sort_keys=False)
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise ArcadeError(f"The login could not be stored: {error.strerror}: {path}") from error


def _own_folder(folder: str) -> None:
    """Make the folder, or close it to others, and say so. Raises OSError."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.name == "posix" and os.stat(folder).st_mode & 0o077:
        os.chmod(folder, 0o700)
        typer.echo(f"Others could look into {folder}; now only you can.", err=True)


def delete() -> bool:
    """Forget the login. False if there was none. Raises ArcadeError."""
    path = credentials_path()
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ArcadeError(f"The login could not be removed: {error.strerror}: {path}") from error
    return True


def require_safe(service: str) -> str:
    """The URL, if a key may be sent there: https, or this machine. Raises ArcadeError.

    What the message quotes is the user's own, and not for the records; a user name and password
    in it are nobody's to show.
    """
    try:
        url = urlsplit(service)
        host, _ = url.hostname or "", url.port  # a port that is none raises
        safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(host))
    except ValueError:
        host, safe = "", False
    if not safe or "@" in service or not _HOST.fullmatch(host):
        shown = re.sub("//[^/]*@", "//", service)
        raise ArcadeError(
            f"No key may be sent to {shown!r}: "
            "a service has an https:// address, or is on this machine.",
            usage_message="no key may be sent to this service",
        )
    return service.rstrip("/")


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
    key = _inside(cloud, "api", "key")
    secret = key or _inside(cloud, "auth", "access_token")
    if secret is None:
        return None
    if not (secret.isascii() and secret.isprintable()):
        raise ValueError("no key has such characters")
    service = cloud.get("coordinator_url") or DEFAULT_SERVICE
    return Credentials(
        secret=secret,
        is_token=key is None,
        email=_inside(cloud, "user", "email"),
        service=require_safe(str(service)),
    )


def _inside(mapping: dict[str, Any], section: str, name: str) -> str | None:
    inner = mapping.get(section)
    value = inner.get(name) if isinstance(inner, dict) else None
    return value if isinstance(value, str) and value else None
