"""``export --to posthog``: history sent in PostHog's batch format, to whoever speaks it."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from usagekit_collector.transfer.outbound import base_url

from tests.support.collector import Collector, event
from tests.support.load import some_event
from tests.support.recorder import Recorder
from tests.support.stopped import everybody, exported, in_lines, told

NewCollector = Callable[..., Collector]
KEY = "phc_made_up_elsewhere"
NOON = "2026-03-01T12:00:00.123456Z"


class PostHog(Recorder):
    """Keeps each request as it came, and misbehaves as often as it is told.

    Attributes:
        documents: the requests that it answered.
        script: how it behaves towards the next requests; after them it is well.
        answer: what it says to what it takes.
    """

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.script: list[str] = []
        self.answer: object = {"status": "Ok"}
        super().__init__()

    @property
    def mode(self) -> str:
        return self.script.pop(0) if self.script else "ok"

    @mode.setter
    def mode(self, _: str) -> None:
        """The script says it."""

    def respond(
        self, method: str, path: str, query: dict[str, str], body: bytes, headers: Any
    ) -> tuple[int, object]:
        assert headers["Content-Encoding"] == "gzip"
        self.documents.append(json.loads(gzip.decompress(body)))
        status, _ = super().respond(method, path, query, body, headers)
        return (302, self.answer) if isinstance(self.answer, str) else (status, self.answer)


@pytest.fixture
def posthog() -> Iterator[PostHog]:
    with PostHog() as host:
        yield host


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Collector:
    """A collector that does not run, with 1,300 events in its store: a project's whole history."""
    collector = Collector(tmp_path_factory.mktemp("source"))
    chance = random.Random(4)
    events = [some_event(chance) for _ in range(300)]
    # A property of this name is nobody else's business, whatever it says.
    events += [event("user-7", timestamp=NOON, token="phc_source", n=n) for n in range(988)]
    events += [event("user-8", timestamp=NOON, text="x" * 300_000) for _ in range(12)]
    ran = collector.run("import", "-", "--token", "phc_source", said=in_lines(events))
    assert ran.returncode == 0, ran.stderr
    return collector


@pytest.fixture(scope="module")
def history(source: Collector) -> list[dict[str, Any]]:
    return exported(source)


def to(host: str, *more: str) -> list[str]:
    return ["export", "--to", "posthog", host, KEY, *more]


def test_history_is_sent_as_such_with_its_uuids_and_times_in_the_order_of_arrival(
    source: Collector, history: list[dict[str, Any]], posthog: PostHog
) -> None:
    ran = source.run(*to(f"{posthog.url}/"))
    assert (ran.returncode, ran.stdout) == (0, b""), ran.stderr
    assert ran.stderr.endswith(f"\r{len(history):,} events sent\n".encode())
    for document in posthog.documents:
        assert document.keys() == {"api_key", "historical_migration", "batch"}
        assert (document["api_key"], document["historical_migration"]) == (KEY, True)
        assert len(document["batch"]) <= 1_000
        assert len(json.dumps(document)) < 1_100_000
    fields = ("event", "distinct_id", "uuid", "timestamp")
    sent = [item.message for item in posthog.received]
    assert [[one[name] for name in fields] for one in sent] == [
        [one[name] for name in fields] for one in history
    ]
    assert all(one.keys() == {*fields, "properties"} for one in sent)
    assert [one["properties"] for one in sent] == [one["properties"] for one in history]


def test_another_collector_has_the_same_events_and_persons_after_it_and_none_twice(
    source: Collector, history: list[dict[str, Any]], new_collector: NewCollector
) -> None:
    with new_collector() as other:
        assert source.run(*to(other.url)).returncode == 0
        with source as running:
            ran = running.run(*to(other.url, "--url", running.url))
        assert (ran.returncode, ran.stderr.split(b"\r")[-1]) == (
            0,
            f"{len(history):,} events sent\n".encode(),
        )
    found = exported(other)
    assert found == history
    assert everybody(other) == everybody(source)


def test_a_host_that_is_too_busy_is_asked_again_when_it_says(
    source: Collector, history: list[dict[str, Any]], posthog: PostHog
) -> None:
    posthog.script = ["429:1", "503", "ok", "deaf", "drop"]
    ran = source.run(*to(posthog.url))
    assert ran.returncode == 0, ran.stderr
    said = ran.stderr.decode()
    assert "answered 503: " in said
    assert "answered 429: " in said
    assert said.count(": trying again in ") == 4
    assert said.count("cannot be reached: ") == 2
    assert ": trying again in 1 s" in said[said.index("answered 429") :].splitlines()[0]
    # What was taken, and not answered, came twice with the same uuids.
    uuids = [item.uuid for item in posthog.received]
    assert len(uuids) > len(history)
    assert list(dict.fromkeys(uuids)) == [one["uuid"] for one in history]


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[str]]:
    """The words that send a file of two batches to a host."""
    file = tmp_path_factory.mktemp("sending") / "events.jsonl"
    file.write_bytes(in_lines([event("user-1", timestamp=NOON) for _ in range(1_100)]))
    return lambda host, *more: ["import", str(file), "--token", KEY, "--url", host, *more]


@pytest.mark.parametrize("how", ["hang", "503", "429:100", "refused"])
def test_patience_with_a_host_ends(
    source: Collector, posthog: PostHog, sending: Callable[..., list[str]], how: str
) -> None:
    if how == "refused":
        posthog.refuse()
    posthog.script = [how] * 10
    said = told(source, *sending(posthog.url, "--patience", "1"))
    reason = {"hang": "no answer in time", "refused": "Connection refused"}
    assert reason.get(how, f"answered {how[:3]}: ") in said.splitlines()[-1]
    assert "The same command goes on later: nothing is stored twice." in said
    assert "\r0 events taken in\n" in said
    assert posthog.received == []
    if how == "429:100":
        assert posthog.knocks == 1
    if how == "refused":
        posthog.listen()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("http://192.0.2.1/elsewhere", "it has moved to http://192.0.2.1/elsewhere"),
        ({"ok": True}, "answers, but not as PostHog does"),
        (None, "answers, but not as PostHog does"),
        ({"status": "Ok", "quota_limited": ["events"]}, "is over its quota"),
    ],
)
def test_a_host_that_takes_nothing_and_says_so_oddly_is_not_believed(
    source: Collector,
    posthog: PostHog,
    sending: Callable[..., list[str]],
    answer: object,
    says: str,
) -> None:
    posthog.answer = answer
    said = told(source, *sending(posthog.url))
    assert says in said
    assert "\r0 events taken in\n" in said
    assert len(posthog.documents) == 1


def test_a_refusal_ends_it_at_once_with_the_hosts_own_words(
    source: Collector, posthog: PostHog, sending: Callable[..., list[str]]
) -> None:
    posthog.script = ["ok", "401"]
    said = told(source, *sending(posthog.url))
    assert "\r1,000 events taken in\n" in said
    assert 'answered 401: {"detail": "told to answer 401"}. It would say so again' in said
    assert posthog.knocks == 2


@pytest.mark.parametrize(
    "host",
    [
        "us.i.posthog.com",
        "file:///etc/passwd",
        "https://user:made-up-secret@host",
        "http://host:port",
        "http://host:99999",
        "http://host/?a=b",
        "http://host/a b",
        "http://",
        "http://h\u00f6st",
    ],
)
def test_what_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="Say one such as") as caught:
        base_url(host)
    assert "secret" not in str(caught.value)


def test_what_is_no_address_is_refused_before_anything_is_opened(source: Collector) -> None:
    for words in (to("localhost:8000"), ["export", "--url", "localhost:8000"]):
        assert "not an address" in told(source, *words)
