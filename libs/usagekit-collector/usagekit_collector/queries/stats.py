"""What numbers are worth: intervals, and whether two of them differ by more than chance. Pure.

A run is not independent of another by the same person, so rates are taken over persons, each with
their runs (a ratio estimate). Differences between two versions are taken command by command, so
that a version is neither better nor worse only because other commands were run in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, exp, floor, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

# Two are called different where chance alone would do so in one of a hundred pairs.
_BY_CHANCE = 0.01
# Of intervals that are shown: in 19 of 20, what is true is in them.
Z_SHOWN = 1.96
# Fewer runs or persons than these, and nothing is said.
FEWEST_RUNS, FEWEST_PERSONS = 50, 5
# The quantiles that are asked for, in order: p50, p95 and p99, and those between which the p95 is
# looked for. They are closer where more runs make for a narrower interval.
LEVELS = (
    *(0.5, 0.7, 0.8, 0.85, 0.88, 0.9, 0.91, 0.92, 0.93, 0.935, 0.94, 0.943, 0.945, 0.947),
    *(
        0.948,
        0.949,
        0.9495,
        0.9498,
        0.9499,
        0.95,
        0.9501,
        0.9502,
        0.9505,
        0.951,
        0.952,
        0.953,
        0.955,
        0.957,
        0.96,
        0.965,
    ),
    *(0.97, 0.975, 0.98, 0.985, 0.99, 0.995, 1.0),
)
# Each bucket of durations is this much wider than the one before it.
WIDTH = 1.05
_RESAMPLES, _SEED = 400, 20_260_101


class Interval(NamedTuple):
    """From the least to the greatest that is plausible."""

    low: float
    high: float


class Sums(NamedTuple):
    """What is known of the runs of a command in a version, by its persons.

    Attributes:
        persons, runs, failures: how many.
        runs2, failures2, both: sums over persons of their runs squared, their failures squared, and
            the product of both.
    """

    persons: int
    runs: int
    failures: int
    runs2: int
    failures2: int
    both: int


class Difference(NamedTuple):
    """Of a second from a first.

    Attributes:
        first, second: the two, on the same mix.
        low, high: the interval of the second less the first; or of their ratio. Where they are
            different, it is on one side of none.
        is_different: whether chance does not explain it; None for too few to tell.
    """

    first: float
    second: float
    low: float
    high: float
    is_different: bool | None


def wilson(count: int, total: int, z: float = Z_SHOWN) -> Interval:
    """The interval of a share, ``count`` of ``total``.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if not total:
        return Interval(0.0, 1.0)
    share, z2 = count / total, z * z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = z / (1 + z2 / total) * sqrt(share * (1 - share) / total + z2 / (4 * total * total))
    # At the ends it is they, whatever is lost in rounding.
    low = 0.0 if count == 0 else max(0.0, middle - half)
    high = 1.0 if count == total else min(1.0, middle + half)
    return Interval(low, high)


def p95_interval(count: int, quantiles: Sequence[float]) -> Interval | None:
    """The interval of a p95, between two of the durations themselves: whatever their distribution.

    As if each run were by somebody else. Source: H. A. David and H. N. Nagaraja, Order Statistics,
    2003, section 7.1; by the normal approximation, and no narrower than it says.

    Args:
        count: of the durations.
        quantiles: of them, those of ``LEVELS``.

    Returns None for too few: there is no duration that it is as likely to be within.
    """
    half = Z_SHOWN * sqrt(count * 0.95 * 0.05)
    low, high = floor(0.95 * count - half), ceil(0.95 * count + half) + 1
    if low < 1 or high > count:
        return None
    first = max(nth for nth, level in enumerate(LEVELS) if level <= (low - 1) / (count - 1))
    last = min(nth for nth, level in enumerate(LEVELS) if level >= (high - 1) / (count - 1))
    return Interval(quantiles[first], quantiles[last])


def rate_difference(strata: Iterable[tuple[Sums, Sums]], among: int = 1) -> Difference:
    """How the failure rate of a second version differs from a first's, over the commands of both.

    Commands weigh as by Mantel and Haenszel; the variance of each rate is that of a ratio of sums
    over persons (Cochran, Sampling Techniques, 1977, chapter 6), of which a rate without any
    failure has that of half a failure.

    Args:
        strata: a command's sums in the first version, and in the second.
        among: how many such questions are put at once; that one of them is answered by chance is
            no likelier than of one (Bonferroni).
    """
    pairs = [pair for pair in strata if pair[0].runs and pair[1].runs]
    first, second = (_all_of(one) for one in zip(*pairs, strict=True)) if pairs else (_NONE, _NONE)
    if not _are_enough(first) or not _are_enough(second):
        return Difference(_rate(first), _rate(second), -1.0, 1.0, None)
    weights = np.array([one.runs * two.runs / (one.runs + two.runs) for one, two in pairs])
    weights /= weights.sum()
    before, after = (
        float(weights @ [_rate(one) for one in side]) for side in zip(*pairs, strict=True)
    )
    error = sqrt(float(weights**2 @ [_variance(one) + _variance(two) for one, two in pairs]))
    found, z = after - before, _z(among)
    return Difference(
        first=before,
        second=after,
        low=found - z * error,
        high=found + z * error,
        is_different=abs(found) > z * error,
    )


def quantile(buckets: Mapping[int, float], share: float) -> float:
    """The duration that a share of all is within; 0 of none."""
    total = sum(buckets.values())
    passed = 0.0
    for bucket, count in sorted(buckets.items()):
        passed += count
        if passed >= share * total > 0:
            return value_of(bucket)
    return 0.0


def quantile_ratio(
    strata: Sequence[tuple[Mapping[int, int], Mapping[int, int]]],
    share: float,
    among: int = 1,
    least: float = 0.0,
) -> Difference:
    """How many times a quantile of durations has become of a second version, over the commands of
    both, each of which counts as much in one as in the other.

    The interval is by bootstrap (Efron and Tibshirani, An Introduction to the Bootstrap, 1993,
    chapter 13): with the same random numbers each time, so that a page says the same twice.

    Args:
        strata: a command's buckets of durations in the first version, and in the second.
        share: which quantile.
        among: as ``rate_difference`` has it.
        least: what has not become more times than this is no difference, and its interval is not
            looked for, which takes the time.
    """
    pairs = [pair for pair in strata if all(sum(one.values()) for one in pair)]
    counts = [[sum(one.values()) for one in pair] for pair in pairs]
    if not pairs or min(sum(one) for one in zip(*counts, strict=True)) < FEWEST_RUNS:
        return Difference(0.0, 0.0, 0.0, 0.0, None)
    keys = sorted({bucket for pair in pairs for one in pair for bucket in one})
    mix = np.array([sum(one) for one in counts], float)
    mix /= mix.sum()
    sides = [
        np.array([[pair[side].get(key, 0) for key in keys] for pair in pairs], float)
        for side in (0, 1)
    ]
    sizes = [one.sum(axis=1).astype(int) for one in sides]
    sides = [one / size[:, None] for one, size in zip(sides, sizes, strict=True)]
    values = np.array([log(value_of(key)) for key in keys])
    first, second = (exp(_between(values, _crossing(mix @ one, share))) for one in sides)
    if second <= least * first:
        return Difference(first, second, 0.0, least, False)
    random = np.random.default_rng(_SEED)
    resampled = []
    for shares, totals in zip(sides, sizes, strict=True):
        again = np.stack(
            [
                random.multinomial(total, row, _RESAMPLES) / total
                for total, row in zip(totals, shares, strict=True)
            ],
            axis=1,
        )
        resampled.append(np.array([_crossing(mix @ one, share) for one in again]))
    logs = [np.interp(one, np.arange(len(keys)), values) for one in resampled]
    error = float(np.std(logs[1] - logs[0]))
    middle, z = log(second / first), _z(among)
    low, high = exp(middle - z * error), exp(middle + z * error)
    return Difference(first, second, low, high, abs(middle) > z * error)


def bucket_of(duration: float) -> int:
    """The bucket of a duration in milliseconds, as ``sql/insights/durations.sql`` has it."""
    return int(np.floor(log(max(duration, 0.001)) / log(WIDTH)))


def value_of(bucket: int) -> float:
    """The middle of a bucket, in milliseconds."""
    return float(WIDTH ** (bucket + 0.5))


def _z(among: int) -> float:
    return NormalDist().inv_cdf(1 - _BY_CHANCE / 2 / among)


_NONE = Sums(0, 0, 0, 0, 0, 0)


def _all_of(some: Iterable[Sums]) -> Sums:
    return Sums(*map(sum, zip(*some, strict=True)))


def _are_enough(one: Sums) -> bool:
    return one.runs >= FEWEST_RUNS and one.persons >= FEWEST_PERSONS


def _rate(one: Sums) -> float:
    return one.failures / one.runs if one.runs else 0.0


def _variance(one: Sums) -> float:
    """Of a rate."""
    rate = _rate(one)
    spread = one.failures2 - 2 * rate * one.both + rate * rate * one.runs2
    correction = one.persons / (one.persons - 1) if one.persons > 1 else 1.0
    # As if half a run more had failed, and half a run more had not: no rate is certain.
    least = (one.failures + 0.5) * (one.runs - one.failures + 0.5) / (one.runs + 1) ** 3
    return max(spread * correction / one.runs**2, least)


def _crossing(shares: np.ndarray, share: float) -> float:
    """Where the sum of shares comes to one, in buckets and parts of them."""
    passed = np.cumsum(shares)
    nth = int(np.searchsorted(passed, share * passed[-1]))
    before = passed[nth - 1] if nth else 0.0
    return max(0.0, nth - 1 + float((share * passed[-1] - before) / max(shares[nth], 1e-12)))


def _between(values: np.ndarray, where: float) -> float:
    return float(np.interp(where, np.arange(len(values)), values))
