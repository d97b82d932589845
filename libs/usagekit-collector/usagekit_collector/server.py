"""A collector as a process: its socket, its log, its end."""

from __future__ import annotations

import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone

import msgspec
import uvicorn

from usagekit_collector import address
from usagekit_collector.app import create_app
from usagekit_collector.protocol import patient
from usagekit_collector.service import Service
from usagekit_collector.settings import Settings, SettingsError

_log = logging.getLogger(__name__)
# Connections that wait to be accepted; those that can be open at once, where the system lets us.
_BACKLOG = 2048
_CONNECTIONS = 65_536


def serve(settings: Settings) -> None:
    """Take in events until SIGTERM or SIGINT; then finish what was taken.

    Raises SettingsError if the address cannot be had, StoreError if the store cannot.
    """
    settings.check_exposure()
    log_to_stderr(settings.log_level)
    _lift_limit_of_files()
    listener = listen(settings)
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    service = Service(settings)
    try:
        _look_for_garbage_seldom()
        service.engine.announce(url)
        app = create_app(service)
        config = uvicorn.Config(
            app,
            http=patient(settings.request_seconds),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(settings.request_seconds) + 1,
        )
        server = _Server(config)
        _log.info("listening on %s, store %s", url, address.read(settings.store).plain)
        server.run(sockets=[listener])
    finally:
        service.close()
        _log.info("stopped")


class _Server(uvicorn.Server):
    """Ends with exit code 0 when it is told to, from the moment that it is made."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _lift_limit_of_files() -> None:
    """A connection is an open file, of which a shell's usual 1,024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, _CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _look_for_garbage_seldom() -> None:
    """A batch makes thousands of objects in no cycle, and what is there by now stays: to look
    through all of that again and again takes a sixth of the time of a request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)


def listen(settings: Settings) -> socket.socket:
    """A socket at the address of the settings. Raises SettingsError if that cannot be had."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        address = (settings.host, settings.port)
        listener = socket.create_server(address, family=family, backlog=_BACKLOG)
        # Its connections have it too. Else the body of an answer waits for word, 40 ms later, that
        # its head has come; asyncio sees to that for sockets of its own making only.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise SettingsError(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}"
        ) from error


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
