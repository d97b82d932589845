"""A collector as a process: its socket, its log, its end."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import msgspec
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from usagekit_collector.app import create_app
from usagekit_collector.service import Service
from usagekit_collector.settings import Settings, SettingsError

_log = logging.getLogger(__name__)
# Connections that wait to be accepted.
_BACKLOG = 2048


def serve(settings: Settings) -> None:
    """Take in events until SIGTERM or SIGINT; then finish what was taken.

    Raises SettingsError if the address cannot be had, StoreError if the store cannot.
    """
    settings.check_exposure()
    log_to_stderr(settings.log_level)
    listener = _listen(settings)
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    service = Service(settings)
    try:
        service.engine.announce(url)
        app = create_app(service)
        config = uvicorn.Config(
            app,
            http=_protocol(settings.request_seconds),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(settings.request_seconds) + 1,
        )
        _log.info("listening on %s, store %s", url, _without_password(settings.store))
        _Server(config).run(sockets=[listener])
    finally:
        service.close()
        _log.info("stopped")


class _Server(uvicorn.Server):
    """Ends with exit code 0 when it is told to."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        yield


def _protocol(seconds: float) -> type[H11Protocol]:
    """HTTP, for those who send the head of a request within that time; others are cut off."""

    class Patient(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._deadline = self.loop.call_later(seconds, self._give_up)

        def _give_up(self) -> None:
            self._deadline = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

        def handle_events(self) -> None:
            super().handle_events()
            # Between two requests of one connection the server's own patience counts; within the
            # head of one, ours.
            if self._deadline is not None:
                self._deadline.cancel()
            self._deadline = self.loop.call_later(seconds, self._give_up)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
            super().connection_lost(exc)

    return Patient


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}"
        ) from error


def _without_password(store: str) -> str:
    scheme, _, rest = store.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


class _Json(logging.Formatter):
    """A line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        fields = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(fields).decode()


def log_to_stderr(level: str) -> None:
    """Structured lines on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("clickhouse_connect").setLevel(logging.ERROR)
