"""What numbers are worth, on made-up data of which the truth is known."""

from __future__ import annotations

from collections import Counter
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from usagekit_collector.queries import stats
from usagekit_collector.queries.stats import LEVELS, Sums, p95_interval

PAIRS, RUNS, COMMANDS = 200, 500, 8


def sums(runs: list[int], failures: list[int]) -> Sums:
    """Of persons, each with so many runs and failures."""
    n, f = np.array(runs), np.array(failures)
    return Sums(
        len(runs),
        *(int(one) for one in (n.sum(), f.sum(), (n * n).sum(), (f * f).sum(), (n * f).sum())),
    )


def version(
    random: np.random.Generator, scale: float, mix: np.ndarray, clumping: float = 0.0
) -> dict[str, Sums]:
    """The commands of a version: each fails as often as it does, times ``scale``, some persons
    oftener than others."""
    found = {}
    for nth, runs in enumerate(random.multinomial(RUNS, mix)):
        rate = (0.04 + 0.02 * nth) * scale
        persons = random.multinomial(runs, np.full(40, 1 / 40))
        persons = persons[persons > 0]
        rates = np.full(len(persons), rate)
        if clumping:
            rates = random.beta(rate / clumping, (1 - rate) / clumping, len(persons))
        found[f"c{nth}"] = sums(list(persons), list(random.binomial(persons, rates)))
    return found


def called(scale: float, clumping: float = 0.0) -> int:
    """How many of the pairs are called different; the second's mix of commands is another."""
    random = np.random.default_rng(7)
    count = 0
    for _ in range(PAIRS):
        mixes = [random.dirichlet(np.full(COMMANDS, 5.0)) for _ in range(2)]
        first = version(random, 1.0, mixes[0], clumping)
        second = version(random, scale, mixes[1], clumping)
        found = stats.rate_difference((first[name], second[name]) for name in first)
        count += bool(found.is_different)
    return count


@pytest.mark.parametrize("clumping", [0.0, 0.1])
def test_no_difference_is_called_one_in_at_most_a_twentieth_of_pairs(clumping: float) -> None:
    assert called(1.0, clumping) <= PAIRS * 0.05


def test_a_doubled_failure_rate_is_called_a_difference() -> None:
    assert called(2.0) >= PAIRS * 0.95


def test_another_mix_of_commands_is_no_difference() -> None:
    good, bad = sums([10] * 50, [0] * 50), sums([10] * 50, [3] * 50)
    few_good, few_bad = sums([2] * 50, [0] * 50), sums([2] * 50, [1] * 30 + [0] * 20)
    found = stats.rate_difference([(good, few_good), (few_bad, bad)])
    assert not found.is_different
    assert found.low < 0 < found.high


def test_of_too_few_nothing_is_said() -> None:
    many, few = sums([10] * 50, [1] * 50), sums([7] * 7, [7] * 7)
    for pair in ((many, few), (few, many), (sums([500], [0]), many)):
        assert stats.rate_difference([pair]).is_different is None
    assert stats.rate_difference([]).is_different is None
    assert stats.quantile_ratio([({3: 49}, {9: 1000})], 0.95).is_different is None
    assert stats.quantile_ratio([], 0.95).is_different is None


def test_where_nothing_ever_failed_nothing_is_certain() -> None:
    never = sums([10] * 50, [0] * 50)
    found = stats.rate_difference([(never, never)])
    assert found.low < 0 < found.high
    assert not found.is_different


def durations(random: np.random.Generator, scale: float) -> list[dict[int, int]]:
    return [
        Counter(
            stats.bucket_of(value)
            for value in random.lognormal(4 + nth / 2, 0.8, 120 + 10 * nth) * scale
        )
        for nth in range(4)
    ]


def slower(scale: float) -> list[stats.Difference]:
    random = np.random.default_rng(11)
    return [
        stats.quantile_ratio(
            list(zip(durations(random, 1.0), durations(random, scale), strict=True)), 0.95
        )
        for _ in range(PAIRS // 4)
    ]


def test_what_takes_twice_as_long_is_called_slower_and_the_same_is_not() -> None:
    assert sum(bool(one.is_different) for one in slower(1.0)) <= PAIRS / 4 * 0.05
    twice = slower(2.0)
    assert sum(bool(one.is_different) for one in twice) >= PAIRS / 4 * 0.95
    assert sum(one.low < 2 < one.high for one in twice) >= PAIRS / 4 * 0.85


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_a_share_is_in_its_interval(count: int, total: int) -> None:
    count = min(count, total)
    low, high = stats.wilson(count, total)
    assert 0 <= low <= count / total <= high <= 1
    again = stats.wilson(total - count, total)
    assert (1 - again.high, 1 - again.low) == pytest.approx((low, high))
    more = stats.wilson(10 * count, 10 * total)
    assert more.high - more.low <= high - low


def test_wilson_is_what_others_have() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), 857-872: table I.
    assert stats.wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert stats.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert stats.wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


@given(
    st.lists(st.floats(0.01, 1e7), min_size=1, max_size=200),
    st.sampled_from([0.05, 0.5, 0.95, 0.99]),
)
def test_a_quantile_of_buckets_is_within_a_bucket_of_the_exact(
    values: list[float], share: float
) -> None:
    buckets = Counter(map(stats.bucket_of, values))
    exact = float(np.quantile(values, share, method="inverted_cdf"))
    found = stats.quantile(buckets, share)
    assert abs(log(found) - log(exact)) <= log(stats.WIDTH)


@given(st.dictionaries(st.integers(20, 40), st.integers(20, 90), min_size=1), st.integers(0, 6))
def test_what_is_not_looked_into_is_what_would_be_said_of_no_difference(
    buckets: dict[int, int], later: int
) -> None:
    pair = [(buckets, {one + later: count for one, count in buckets.items()})]
    all_of_it = stats.quantile_ratio(pair, 0.95)
    found = stats.quantile_ratio(pair, 0.95, least=1.1)
    assert found[:2] == all_of_it[:2]
    if found.is_different is None or found.second > 1.1 * found.first:
        assert found == all_of_it
    else:
        assert found.is_different is False


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=400))
def test_a_p95_is_within_its_interval(durations: list[float]) -> None:
    found = np.quantile(durations, LEVELS)
    interval = p95_interval(len(durations), [*found])
    p95 = found[LEVELS.index(0.95)]
    if interval is None:
        # The greatest of so few may well be less than the p95 of all that there could be.
        assert 0.95 ** len(durations) > 0.01
        return
    assert interval.low <= p95 <= interval.high
    assert interval.high in durations or interval.high <= max(durations)


@pytest.mark.parametrize("runs", [120, 400, 3_000, 50_000])
def test_the_interval_of_a_p95_holds_what_is_true_in_19_of_20(runs: int) -> None:
    random = np.random.default_rng(7)
    truth = float(np.exp(1.6448536269514722 * 0.8))
    held = widths = 0.0
    for _ in range(400):
        found = np.quantile(np.exp(random.normal(0, 0.8, runs)), LEVELS)
        interval = p95_interval(runs, [*found])
        assert interval is not None
        held += interval.low <= truth <= interval.high
        widths += (interval.high - interval.low) / truth
    assert held / 400 >= 0.94
    # It is a few times as wide as it must be, at most: the spread of a p95 is known.
    must = 2 * 1.96 * 0.8 * sqrt(0.95 * 0.05 / runs) / 0.10313564037537128
    assert widths / 400 <= 2.5 * must
