"""Stand-ins: what they do, and what they look like."""

from __future__ import annotations

import asyncio
import gc
import sys
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from usagekit.crash import _without_own_frames
from usagekit.standin import is_stand_in, stand_in

Ends = list[tuple[object, BaseException | None]]


class Original:
    """Something of which a method is stood in for."""

    def half(self, number: int, *, by: int = 2) -> Any:
        """What is looked at: the result, and the frame of the caller."""
        return number / by, sys._getframe(1)

    async def later(self, number: int) -> float:
        await asyncio.sleep(0)
        return 1 / number


class Odd:
    """A callable that answers whatever it is asked for."""

    def __call__(self, number: int) -> int:
        return number

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"asked for {name}")


@pytest.fixture
def ends() -> Ends:
    return []


@pytest.fixture
def begin(ends: Ends) -> Callable[..., Any]:
    return lambda *_, **__: lambda result, error: ends.append((result, error))


def test_it_does_the_same_and_looks_the_same(ends: Ends, begin: Callable[..., Any]) -> None:
    original: Any = Original().half
    (result, frame) = found = stand_in(original, begin)(6, by=3)
    assert result == 2
    assert ends == [(found, None)]
    code = original.__func__.__code__
    seen = frame.f_code
    assert (seen.co_filename, seen.co_name) == (code.co_filename, code.co_name)
    assert frame.f_globals is original.__func__.__globals__
    assert {line for *_, line in seen.co_lines()} == {code.co_firstlineno}
    if sys.version_info >= (3, 11):
        assert seen.co_qualname == code.co_qualname


def test_what_is_raised_is_told_and_raised(ends: Ends, begin: Callable[..., Any]) -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        stand_in(Original().half, begin)(1, by=0)
    assert ends == [(None, raised.value)]
    trace = _without_own_frames(raised.value.__traceback__)
    names = []
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert names == ["test_what_is_raised_is_told_and_raised", "half"]


def test_a_coroutine_is_over_when_it_was_awaited(ends: Ends, begin: Callable[..., Any]) -> None:
    step = stand_in(Original().later, begin)
    waiting = step(2)
    assert ends == []
    assert asyncio.run(waiting) == 0.5
    with pytest.raises(ZeroDivisionError):
        asyncio.run(step(0))
    assert [type(error) for _, error in ends] == [type(None), ZeroDivisionError]


@pytest.mark.parametrize("make", [Odd, lambda: abs, lambda: int], ids=["odd", "C", "class"])
def test_what_is_no_function_is_called_and_asked_nothing(
    make: Callable[[], Any], ends: Ends, begin: Callable[..., Any]
) -> None:
    original = make()
    assert stand_in(original, begin)(3) == 3
    assert ends == [(3, None)]
    assert stand_in(original, lambda *_: None)(3) == 3
    assert len(ends) == 1


def test_nothing_is_kept_of_those_that_are_gone(begin: Callable[..., Any]) -> None:
    """A process may run a program thousands of times."""
    gone = weakref.ref(stand_in(Original().half, begin).__code__)
    gc.collect()
    assert gone() is None
    made = stand_in(Original().half, begin).__code__
    assert is_stand_in(made)
    assert not is_stand_in(Original.half.__code__)
