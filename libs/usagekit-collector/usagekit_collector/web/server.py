"""A collector as a process: its socket, its log, its end."""

from __future__ import annotations

import gc
import logging
import resource
import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from usagekit_collector import address
from usagekit_collector.settings import Settings, SettingsError
from usagekit_collector.store import password
from usagekit_collector.web.app import create_app
from usagekit_collector.web.browser import check_scripts
from usagekit_collector.web.logs import log_to_stderr
from usagekit_collector.web.protocol import patient
from usagekit_collector.web.service import Service

_log = logging.getLogger(__name__)
# Connections that wait to be accepted; that are accepted at a time; files that can be open at once,
# where the system lets us.
_BACKLOG, _AT_ONCE = 2048, 8
_FILES, _OTHERS = 65_536, 56
# Seconds of a thread's turn.
_TURN = 0.0005


def serve(settings: Settings) -> None:
    """Take in events until SIGTERM or SIGINT; then finish what was taken.

    Raises SettingsError if the address cannot be had, StoreError if the store cannot.
    """
    settings.check_exposure()
    check_scripts(settings.posthog_js)
    is_for_a_person = log_to_stderr(settings.log_level, settings.log_format)
    files = _lift_limit_of_files()
    listener = listen(settings)
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    service = Service(settings)
    try:
        _look_for_garbage_seldom()
        # Who stores makes way for who answers ten times sooner than by default: else each answer
        # waits 5 ms for its turn, several times.
        sys.setswitchinterval(_TURN)
        service.engine.announce(url)
        app = create_app(service)
        config = uvicorn.Config(
            app,
            # The other half is for the store, and some for what the engine has open at the start.
            http=patient(settings.request_seconds, max(_AT_ONCE, files // 2 - _OTHERS)),
            backlog=_AT_ONCE,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # The routes do.
            server_header=False,
            timeout_graceful_shutdown=int(settings.request_seconds) + 1,
        )
        server = _Server(config)
        if is_for_a_person:
            welcome(service, url)
        _log.info("listening on %s, store %s", url, address.read(settings.store).plain)
        server.run(sockets=[listener])
    finally:
        service.close()
        _log.info("stopped")


class _Server(uvicorn.Server):
    """Ends with exit code 0 when it is told to, from the moment that it is made."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            # nohup has it ignore the last of them.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self.handle_exit)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """It listens from here on."""
        await super().startup(sockets)
        for one in sockets or []:
            # Few are accepted at a time, and many may wait for it.
            one.listen(_BACKLOG)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def welcome(service: Service, url: str) -> None:
    """What whoever has started it at a terminal does next."""
    settings = service.settings
    file = "" if settings.password or settings.open else password.file_of(settings)
    asks = f"curl -H @{shlex.quote(str(file))} {url}/api/projects" if file else ""
    lines = {
        "listens at": url,
        "store": str(service.engine.folder or address.read(settings.store).plain),
        "to send": f"ARCADE_USAGE_HOST={url}, or the host of any PostHog SDK",
        "to ask": asks or f"{url}/api/projects",
        "to open": f"{url}/",
        "to stop": "Ctrl-C",
    }
    for name, said in lines.items():
        print(f"{name:10}  {said}", file=sys.stderr)


def _lift_limit_of_files() -> int:
    """A connection is an open file, of which a shell's usual 1,024 are soon used up. Returns how
    many there may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


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
