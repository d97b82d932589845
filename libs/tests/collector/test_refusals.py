"""What is refused is in the log and counted, and a flood of it floods nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.web.refusals import Refusals

from tests.support.collector import Collector, event

NODE = {"$lib": "posthog-node", "$lib_version": "4.10.1"}


def told(collector: Collector) -> list[str]:
    """What the log says of refusals."""
    lines = map(json.loads, collector.log.read_text().splitlines())
    return [one["message"] for one in lines if one["message"].startswith("refused")]


def test_each_kind_of_refusal_is_in_the_log_with_its_reason_and_its_sender_and_counted(
    new_collector: Callable[..., Collector],
) -> None:
    agent = {"User_Agent": "posthog-python/3.25.0"}
    with new_collector(max_projects=0) as collector:
        bodies: list[object] = [
            {"batch": [event("anon-1", properties=NODE)]},
            {"api_key": "phc_unknown", "batch": [event("anon-1", properties=NODE)]},
            {"api_key": "phc_1", "batch": [{"event": "e", "properties": NODE}]},
        ]
        for body in bodies:
            collector.request("POST", "/batch/", json.dumps(body).encode(), **agent)
        for unread in (
            b"{",
            b'{"event"',
            gzip.compress(b"{}")[:-4],
            b"[" + b"{}," * 10_000 + b"{}]",
        ):
            collector.request("POST", "/e/", unread, **agent)
        numbers = collector.get("/metrics").body.decode()
    for status, count in ((400, 4), (401, 2), (413, 1)):
        assert f'usagekit_collector_requests_total{{status="{status}"}} {count}.0' in numbers
    node, python = "posthog-node/4.10.1", "posthog-python/3.25.0"
    assert told(collector) == [
        f"refused: 401, the project's token is missing; sent by {node}",
        f"refused: 401, no project has this token; sent by {node}",
        f"refused: 400, an event has no distinct_id; sent by {node}",
        f"refused: 400, this is no valid JSON; sent by {python}",
        f"refused: 400, this gzip is cut off; sent by {python}",
        f"refused: 413, a request has at most 10000 events; sent by {python}",
        f"refused 1 more in a minute: 400, this is no valid JSON; sent by {python}",
    ]


def test_a_sender_that_calls_itself_anything_writes_one_short_line_of_ascii(
    new_collector: Callable[..., Collector],
) -> None:
    with new_collector() as collector:
        for name in ('x\n\u202e\x1b[31m"é', "y" * 100_000, "\ud800"):
            body = {"batch": [event("anon-1", properties={"$lib": name})]}
            assert collector.request("POST", "/e/", json.dumps(body).encode()).status == 401
        # There is nothing to be read off these.
        for lib in (7, None, ["a"]):
            body = {"batch": [event("anon-1", properties={"$lib": lib})]}
            assert collector.request("POST", "/e/", json.dumps(body).encode()).status == 401
    first, second, third, fourth, last = told(collector)
    assert first.endswith(r"sent by x\n\u202e\x1b[31m" + '"' + r"\xe9")
    assert second.endswith("sent by " + "y" * 80)
    assert third.endswith(r"sent by \ufffd")
    assert fourth.endswith("sent by nobody who says so")
    assert last.startswith("refused 2 more")


def test_a_question_that_is_refused_is_in_the_log_without_what_was_asked(
    new_collector: Callable[..., Collector],
) -> None:
    with new_collector() as collector:
        agent = {"User_Agent": "made-up/1"}
        for asked in ("secret=ada", "tz=secret/ada", "limit=ada"):
            answer = collector.request("GET", f"/api/events?{asked}", None, **agent)
            assert answer.status == 400
        assert (
            collector.request("GET", "/api/persons/secret?project=ada", None, **agent).status == 404
        )
    assert told(collector) == [
        "refused: 400, there is no parameter; sent by made-up/1",
        "refused: 400, tz; sent by made-up/1",
        "refused: 400, Expected `int`, got `str` - at `$.limit`; sent by made-up/1",
        "refused: 404, there is no project of this name or token; sent by made-up/1",
    ]


@given(senders=st.lists(st.text(), max_size=300))
def test_a_flood_of_refusals_is_a_line_for_each_kind_and_another_for_the_rest(
    senders: list[str],
) -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("usagekit_collector.web.refusals")
    logger.addHandler(handler)
    try:
        asyncio.run(flood(senders))
    finally:
        logger.removeHandler(handler)
    assert len(lines) <= 202
    firsts = [line for line in lines if line.startswith("refused: ")]
    more = [int(line.split()[1]) for line in lines if not line.startswith("refused: ")]
    assert len(firsts) == len({*firsts})
    assert len(firsts) + sum(more) == len(senders)


async def flood(senders: list[str]) -> None:
    refusals = Refusals()
    for sender in senders:
        refusals.tell(400, "this is no valid JSON: at byte 7", sender)
    refusals.sum_up()


def test_when_the_time_is_over_the_rest_is_said_and_it_begins_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def twice() -> None:
        refusals = Refusals(seconds=0.01)
        for _ in range(2):
            for _ in range(3):
                refusals.tell(401, "no project has this token", "sdk")
            await asyncio.sleep(0.1)

    asyncio.run(twice())
    kind = "401, no project has this token; sent by sdk"
    assert caplog.messages == [f"refused: {kind}", f"refused 2 more in a minute: {kind}"] * 2
