"""Arcade Cloud over HTTP: who am I? The one place that sends a key anywhere."""

import functools
import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from arcade_cli.credentials import Credentials, is_loopback, require_safe

# Bytes; what is longer is no account.
_ANSWER_LIMIT = 65_536


class CloudError(Exception):
    """The service gave no usable answer."""


@dataclass(frozen=True)
class Account:
    """Whom the service takes the credentials for. ``principal_id`` None: for nobody."""

    principal_id: str | None
    email: str | None = None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead the key to another host, so none is followed."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@functools.cache  # one command asks once: login is checked, and then recorded as whose it is
def who_am_i(credentials: Credentials, timeout: float = 10.0) -> Account:
    """Ask the service whose these credentials are.

    Args:
        credentials: an API key asks ``validate``, an access token ``whoami``.
        timeout: seconds for each step on the network, not for the whole.

    Raises CloudError if the service cannot be reached, gives no judgement, or one that cannot be
    understood.
    """
    action = "whoami" if credentials.is_token else "validate"
    url = f"{require_safe(credentials.service)}/api/v1/auth/{action}"
    request = urllib.request.Request(  # noqa: S310 (require_safe has judged the scheme)
        url, headers={"Authorization": f"Bearer {credentials.secret}"}
    )
    # A proxy would see the key on its way to this machine's own services.
    proxies: dict[str, str] | None = {} if is_loopback(urlsplit(url).hostname) else None
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.ProxyHandler(proxies))
    try:
        with opener.open(request, timeout=timeout) as answer:
            return _account(answer.read(_ANSWER_LIMIT + 1))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (401, 403):
            older = credentials.older
            return Account(None) if older is None else who_am_i(older, timeout)
        raise CloudError(f"the service answered HTTP {error.code}") from error
    except (http.client.HTTPException, ValueError, RecursionError):
        # Not chained and not quoted: a header that cannot be sent would name the key.
        raise CloudError("the service's answer cannot be understood") from None
    except OSError as error:
        raise CloudError(str(getattr(error, "reason", error))) from error


def _account(body: bytes) -> Account:
    if len(body) > _ANSWER_LIMIT:
        raise ValueError("the answer has no end")
    answer = json.loads(body)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict):
        raise ValueError("the answer holds no account")
    # An access token's account_id; principal_id is an API key's, and older servers' name for both.
    principal = data.get("account_id") or data.get("principal_id")
    if not (isinstance(principal, str) and principal):
        raise ValueError("the answer names no account")
    email = data.get("email")
    return Account(principal, email if isinstance(email, str) else None)
