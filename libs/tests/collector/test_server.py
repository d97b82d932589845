"""The server's socket."""

from __future__ import annotations

import socket

from usagekit_collector.settings import Settings
from usagekit_collector.web.server import listen


def test_what_is_written_on_a_connection_is_sent_at_once() -> None:
    with (
        listen(Settings(port=0)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
