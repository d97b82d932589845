"""What the engine's client is told of a store."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from usagekit_collector.address import read
from usagekit_collector.store.connect import options

from tests.support.collector import Collector


def test_an_embedded_store_is_a_folder() -> None:
    wanted = options(read("chdb:///some/folder"), {"max_execution_time": "1"})
    assert wanted == {
        "interface": "chdb",
        "path": "/some/folder",
        "generic_args": {},
        "settings": {"max_execution_time": "1"},
        "tz_mode": "aware",
    }


@pytest.mark.parametrize(
    ("store", "interface"),
    [
        ("clickhouse://host/db", "http"),
        ("clickhouse://host:8123/db", "http"),
        ("clickhouse://user:password@host:8443/db", "https"),
        ("clickhouse://host:443/db", "https"),
        ("clickhouses://host/db", "https"),
        ("clickhouses://user:8443@host:9999/db", "https"),
    ],
)
def test_tls_is_spoken_where_the_scheme_or_the_port_says_so(store: str, interface: str) -> None:
    assert options(read(store), {})["interface"] == interface


def test_a_server_is_told_to_answer_when_an_insert_is_on_disk() -> None:
    settings = options(read("clickhouse://host/db"), {"max_memory_usage": "1"})["settings"]
    assert settings["async_insert"] == "0"
    assert settings["distributed_foreground_insert"] == "1"
    assert settings["max_memory_usage"] == "1"


def test_what_stands_after_the_question_mark_is_for_the_client() -> None:
    store = read("clickhouse://user:p%40ss@host:8443/db?ca_cert=/a/b.pem&insert_quorum=2")
    wanted = options(store, {})
    assert wanted["dsn"] == "clickhouse://user:p%40ss@host:8443/db"
    assert wanted["generic_args"] == {"ca_cert": "/a/b.pem", "insert_quorum": "2"}


@pytest.mark.parametrize("name", ["port", "path", "password"])
def test_what_is_said_before_it_is_not_said_again(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} cannot be said after the ?"):
        read(f"clickhouse://host/db?{name}=1")


def test_with_clickhouses_the_first_byte_is_that_of_tls(
    new_collector: Callable[..., Collector],
) -> None:
    def first_byte(listener: socket.socket) -> bytes:
        connection, _ = listener.accept()
        with connection, listener:
            return connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        listener.settimeout(60)
        heard: Any = pool.submit(first_byte, listener)
        store = f"clickhouses://127.0.0.1:{listener.getsockname()[1]}/default"
        ran = new_collector(store=store).run("doctor")
        assert heard.result() == b"\x16"
    assert ran.returncode == 1
    assert b"the store cannot be opened" in ran.stderr
