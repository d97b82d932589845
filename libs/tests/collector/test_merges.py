"""What many merges and large persons cost: in proportion to what was sent, and others go on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.collector import Collector, event
from tests.support.wire import Watched

pytestmark = [
    pytest.mark.torture,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]


def test_a_small_request_that_concerns_many_large_persons_costs_what_it_says(
    new_collector: Callable[..., Collector],
) -> None:
    collector = new_collector().start()
    project = collector.project()
    many = range(900)
    for large in (480_000, 60_000):
        told = {"$set": {"large": "x" * large}}
        for first in many[::30]:
            pieces = [event(f"anon-{one}", **told) for one in range(first, first + 30)]
            assert project.send(*pieces).status == 200
    collector.stop()
    collector.start()
    process = Watched(collector)
    before = process.resident
    assert project.send(*(event(f"anon-{one}", **{"$set": {"b": 1}}) for one in many)).status == 200
    merges = (
        event(f"user-{one}", "$identify", **{"$anon_distinct_id": f"anon-{one}"}) for one in many
    )
    assert project.send(*merges).status == 200
    # They have 54 MB all together, and would have 486 MB, had the larger ones been taken.
    assert process.peak - before < 700
    person = project.person("user-7")
    assert person is not None
    assert (person["properties"]["b"], len(person["properties"]["large"])) == (1, 60_000)


@pytest.mark.parametrize("shape", ["chain", "pairs", "star"])
def test_merges_of_a_hundred_thousand_ids_take_time_in_proportion_and_others_go_on(
    new_collector: Callable[..., Collector], shape: str
) -> None:
    def merge(number: int) -> dict[str, Any]:
        target, source = {
            "chain": (number + 1, number),
            "pairs": (number ^ (number & -number), number),
            "star": (0, number + 1),
        }[shape]
        return event(f"id-{target}", "$merge_dangerously", alias=f"id-{source}")

    def each(count: int) -> tuple[float, float, int]:
        """Processor seconds for one merge, to when it can be asked for; MB that it took at most;
        answers to others meanwhile."""
        with new_collector() as collector, ThreadPoolExecutor(1) as somebody:
            project, process = collector.project(), Watched(collector)
            done = threading.Event()

            def others() -> int:
                own, answers = collector.project(), 0
                while not done.wait(0.05):  # seldom enough to cost next to nothing
                    assert own.send(event("somebody")).status == 200
                    answers += 1
                return answers

            going_on = somebody.submit(others)
            before, began = process.resident, process.seconds
            for first in range(0, count, 5_000):
                assert project.send(*map(merge, range(first, first + 5_000))).status == 200
            project.person("id-0")  # an answer that has to wait until all are folded
            seconds = process.seconds - began
            done.set()
            return seconds / count, process.peak - before, going_on.result()

    few, most = each(25_000), each(100_000)
    assert most[0] < 3 * few[0]  # by the square it were four times as much
    assert most[1] < 400
    assert most[2] > 10
