"""The network side: events and aliases to a PostHog-compatible host, by the official SDK.

Background only: importing the SDK takes 150 ms. Foreign errors end here; what leaves is one of
two, both ``DeliveryError``:

    RejectedError      the host has judged, and will judge the same again
    UnavailableError   no word, or "later": keep it and try again
"""

from __future__ import annotations

import gzip
import inspect
import json
import logging
import socket
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from posthog import Posthog, client
from posthog.version import VERSION
from requests import PreparedRequest, RequestException, Response, Session
from urllib3.exceptions import HTTPError

from usagekit.config import UsageConfig
from usagekit.connect import Adapter
from usagekit.deadline import DeadlineError, run_within
from usagekit.schema import PROPERTIES, PROTOCOL

# What may stand on a message: what is declared, what PostHog's protocol asks for, and what the
# SDK says of itself. It would add more, such as the Linux distribution; that is taken off again.
_ALLOWED = {*PROPERTIES, *PROTOCOL, "alias", "distinct_id"}
# How a PostHog host refuses for good. Any other refusal is a proxy's, a portal's, a filter's, or a
# wrong URL's: none of them can know what the host would have said.
_REFUSALS = frozenset({400, 401, 413})
_HEADERS = {
    "Content-Type": "application/json",
    "Content-Encoding": "gzip",
    "User-Agent": f"posthog-python/{VERSION}",
}
# The SDK would take a program for a server, since it can say so.
_SAYS_SERVER = "is_server" in inspect.signature(Posthog).parameters
_OF_NO_SERVER: dict[str, Any] = {"is_server": False} if _SAYS_SERVER else {}
# Bytes of an answer, unpacked: a receiver's has some twenty. What is longer is none.
_ANSWER_LIMIT = 65_536


class DeliveryError(Exception):
    """The host did not take it."""


class RejectedError(DeliveryError):
    """The host refused, and would refuse again."""


class UnknownTokenError(RejectedError):
    """The host knows no project by the token, and takes nothing under it."""


class UnavailableError(DeliveryError):
    """The host could not be reached, or asked for patience.

    Attributes:
        retry_after: for how many seconds, if it said so.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class PostHogDelivery:
    """Sends to ``config.host``. Each call is bounded in time, from name look-up to last byte."""

    def __init__(self, config: UsageConfig) -> None:
        # The SDK reports failures as tracebacks on stderr; here they are values.
        logging.getLogger("posthog").disabled = True
        self._config = config
        self._built: list[dict[str, Any]] = []
        # send=False: the client only builds messages. Its own sending has no deadline as a
        # whole, and its answer does not tell a refusal from a failure.
        self._client = Posthog(
            config.project_api_key,
            host=config.host,
            sync_mode=True,
            send=False,
            disable_geoip=True,
            before_send=self._collect,
            **_OF_NO_SERVER,
        )

    def build(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The SDK's messages for events as ``wire.to_wire`` makes them. Raises RejectedError."""
        with _asking_no_system():
            for event in events:
                self._client.capture(
                    event["event"],
                    distinct_id=event["distinct_id"],
                    properties=dict(event["properties"]),
                    timestamp=_datetime(event["timestamp"]),
                    uuid=event["uuid"],
                )
        built, self._built = self._built, []
        if len(built) < len(events):  # the SDK passes over what it cannot build
            raise RejectedError("not an event that can be sent")
        return built

    def send(self, events: list[dict[str, Any]]) -> None:
        """Deliver events in one request. Raises RejectedError or UnavailableError, for all."""
        self._post(self.build(events), self._config.send_timeout)

    def alias(self, previous_id: str, distinct_id: str) -> None:
        """Fold the anonymous history of ``previous_id`` into the person of ``distinct_id``.

        The SDK's argument names mislead: what it calls ``previous_id`` goes out as the event's
        ``distinct_id``, the person who stays, and what it calls ``distinct_id`` goes out as
        ``alias``, the ID that joins. The account must be the one who stays: on a second machine
        it is a person already, and PostHog refuses to merge an identified person *into* another
        (docs/identity.md, M6 and M9). So the two stand crosswise here, on purpose.

        Raises RejectedError or UnavailableError. Repeating it is safe: its uuid is always the same.
        """
        self._client.alias(
            previous_id=distinct_id,
            distinct_id=previous_id,
            uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"alias {previous_id} {distinct_id}")),
        )
        built, self._built = self._built, []
        self._post(built, self._config.alias_timeout)

    def _collect(self, message: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in message["properties"].items() if name in _ALLOWED}
        message["properties"] = kept
        self._built.append(message)
        return message

    def _post(self, batch: list[dict[str, Any]], timeout: float) -> None:
        try:
            answer, content = run_within(timeout, lambda: self._request(batch, timeout))
            status = answer.status_code
            accepted = status == 200 and content is not None and _is_receivers(content)
        except (*_NO_ANSWER, DeadlineError) as error:
            raise UnavailableError(type(error).__name__) from error
        if status in _REFUSALS and content is not None:
            raise (UnknownTokenError if status == 401 else RejectedError)(f"HTTP {status}")
        if not accepted:  # 200 from somebody else is no acceptance: a hotel's login page, say
            raise UnavailableError(f"HTTP {status}", _retry_after(answer))

    def _request(
        self, batch: list[dict[str, Any]], timeout: float
    ) -> tuple[Response, bytes | None]:
        body = {
            "api_key": self._config.project_api_key,
            "batch": batch,
            "historical_migration": False,
            "sent_at": datetime.now(timezone.utc).isoformat(),
        }
        url, data = f"{self._client.host.rstrip('/')}/batch/", json.dumps(body, default=str)
        packed = gzip.compress(data.encode(), 6)
        with (
            _Session() as session,
            session.post(url, data=packed, headers=_HEADERS, timeout=timeout) as answer,
        ):
            return answer, _content(answer)


# How requests, urllib3 and json say that there is no answer, or none that makes sense.
_NO_ANSWER = (RequestException, HTTPError, OSError, ValueError, RecursionError)


class _Session(Session):
    """One request's: to this host and no other, and no more of the answer than is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.stream = True
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            self.mount(scheme, Adapter())
        # An authentication of its own keeps the user's .netrc out of it.
        self.auth = _unchanged

    def merge_environment_settings(self, url: Any, *args: Any, **kwargs: Any) -> Any:
        """With the user's certificates, but no proxy between this machine and itself."""
        settings = super().merge_environment_settings(url, *args, **kwargs)
        return {**settings, "proxies": {}} if _is_of_this_machine(url) else settings

    def get_redirect_target(self, resp: Response) -> None:  # noqa: ARG002
        """A redirect leads to somebody else, whose word settles nothing."""
        return


def _is_of_this_machine(url: str) -> bool:
    """Whether a URL's host is this machine, in any of the ways in which that can be written."""
    name = (urlsplit(url).hostname or "").removesuffix(".")
    if f".{name}".endswith((".localhost", ".localhost.localdomain")):
        return True
    with suppress(OSError, ValueError):  # fewer numbers than four, or not decimal ones
        name = socket.inet_ntoa(socket.inet_aton(name))
    try:
        address = ip_address(name.partition("%")[0])
    except ValueError:
        return name in (socket.gethostname().lower(), "ip6-localhost", "ip6-loopback")
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified  # to which this machine answers too


def _unchanged(request: PreparedRequest) -> PreparedRequest:
    return request


def _content(answer: Response) -> bytes | None:
    """What the host says, unpacked; None if that is more than any receiver says.

    By requests it would all be read, and unpacked before anybody could count.
    """
    content: bytes = answer.raw.read(_ANSWER_LIMIT + 1, decode_content=False)
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity") and len(content) <= _ANSWER_LIMIT:  # though not asked for
        with suppress(zlib.error):  # neither gzip nor deflate: whoever reads it will see
            content = zlib.decompressobj(zlib.MAX_WBITS + 32).decompress(content, _ANSWER_LIMIT + 1)
    return content if len(content) <= _ANSWER_LIMIT else None


# What the SDK asks before it builds a message: what system this is, on Linux by ``lsb_release`` and
# ``uname`` of the user's PATH, for properties that are taken off again.
_ASK_SYSTEM = getattr(client, "system_context", None)


@contextmanager
def _asking_no_system() -> Iterator[None]:
    """While we build, the SDK finds an answer that costs nothing; it has no setting for that. What
    the program sends by it for itself stays as it is."""
    vars(client)["system_context"] = dict
    try:
        yield
    finally:
        vars(client)["system_context"] = _ASK_SYSTEM


def _retry_after(answer: Response) -> float | None:
    """What the header ``Retry-After`` says, in seconds: it may be a number, or a date."""
    text = answer.headers.get("Retry-After", "").strip()[:100]
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (TypeError, ValueError, OverflowError):  # no date, or one without a time zone
        return None


def _is_receivers(content: bytes) -> bool:
    said = json.loads(content)
    return isinstance(said, dict) and said.get("status") in ("Ok", "ok", 1)


def _datetime(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
