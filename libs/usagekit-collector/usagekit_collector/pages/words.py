"""Answers in sentences; of few, and of what chance explains, no more is said than that. Pure."""

from __future__ import annotations

from math import sqrt
from urllib.parse import quote

from usagekit_collector.pages.render import duration, rate, show
from usagekit_collector.queries.changes import Change
from usagekit_collector.queries.error_groups import ErrorGroup
from usagekit_collector.queries.releases import Release, Verdict
from usagekit_collector.queries.stats import Z_SHOWN, wilson
from usagekit_collector.queries.usage import Totals, Use


def number(count: float, one: str, many: str = "") -> str:
    """So many of something."""
    return f"{show(count, 'count')} {one if count == 1 else many or one + 's'}"


def counts(now: int, before: int) -> str:
    """How a number compares with the one before: what each counts comes by chance, too."""
    if not before and not now:
        return "none before"
    if abs(now - before) <= Z_SHOWN * sqrt(now + before):
        return f"{show(before, 'count')} before: chance explains the difference"
    return f"{show(before, 'count')} before"


def rates(now: Totals, before: Totals) -> str:
    """How a success rate compares with the one before."""
    if not before.count:
        return "none before"
    was = rate(before.count - before.failures, before.count)
    if not now.count:
        return f"{was} before"
    first = wilson(before.failures, before.count)
    second = wilson(now.failures, now.count)
    if first.low <= second.high and second.low <= first.high:
        return f"{was} before: chance explains the difference"
    return f"{was} before"


def p95s(now: Totals, before: Totals | None) -> str:
    """What a p95 is worth, and how it compares with the one before."""
    said = [span] if (span := between(now)) else []
    if before is not None and before.p95 is not None:
        said.append(f"{duration(before.p95)} before")
        if _overlap(now, before):
            said[-1] += ": chance explains the difference"
    return "; ".join(said)


def between(one: Totals | Use) -> str:
    """The interval of a p95; empty of too few."""
    if one.p95_low is None or one.p95_high is None:
        return ""
    return f"{duration(one.p95_low)} to {duration(one.p95_high)}"


def _overlap(now: Totals, before: Totals) -> bool:
    ends = (now.p95_low, now.p95_high, before.p95_low, before.p95_high)
    if any(one is None for one in ends):
        return False
    low, high, was_low, was_high = (float(one or 0) for one in ends)
    return low <= was_high and was_low <= high


def activity(now: Totals, span: str) -> str:
    """Who was there."""
    if not now.count:
        return f"Nobody has run it in {span}."
    return (
        f"{number(now.persons, 'person')} ran it {number(now.count, 'time')} in {span}; "
        f"{number(now.newcomers, 'of them was', 'of them were')} new."
    )


def change(one: Change) -> str:
    """A change, in a sentence."""
    who = number(one.persons, "person")
    if one.kind == "new error":
        return f"New: {one.error_type or 'a failure'} in {_name(one.command)}, for {who}."
    if one.kind == "fails more":
        return (
            f"{_name(one.command)} fails more: {show(one.now, 'share')} of its runs, "
            f"{show(one.was, 'share')} before; {who} ran it."
        )
    if one.kind == "slower":
        return (
            f"{_name(one.command)} is slower: p95 {duration(one.now)}, {duration(one.was)} before; "
            f"{who} ran it."
        )
    if one.kind == "adopted":
        return f"{_name(one.command)} is taken up: {who}, {show(one.was, 'count')} before."
    return f"{_name(one.command)} is not run any more: {number(one.was, 'person')} did before."


def link_of(one: Change) -> str:
    """The path of a page about a change."""
    if one.kind == "new error":
        return f"/errors/{one.error}"
    return f"/commands/{quote(one.command, safe='')}"


def state(one: ErrorGroup) -> str:
    """How an error stands."""
    if one.state == "gone":
        return f"gone since {one.gone_since or 'no version'}"
    if one.is_new:
        return "new"
    return "back again" if one.state == "back" else "open"


def verdict(one: Verdict) -> str:
    """What can be said of a release beside the one before it."""
    what = "Its failure rate" if one.measure == "failure_rate" else "Its p95"
    if one.call == "too few to tell":
        return f"{what}: too few runs of the same commands to tell."
    if one.measure == "failure_rate":
        was, now = show(one.was, "share"), show(one.now, "share")
        range_ = f"{_points(one.low)} to {_points(one.high)}"
    else:
        was, now = duration(one.was), duration(one.now)
        range_ = f"{one.low:.2f} to {one.high:.2f} times as long"
    if one.call == "no difference":
        said = f"{now}, {was} in {one.before}"
        return f"{what} may be as it was: {said}; chance explains the difference ({range_})."
    return f"{what} is {one.call}: {now}, {was} in {one.before} ({range_})."


def release(one: Release) -> str:
    """When a version came out."""
    if one.released is None:
        return "tried by a few"
    return f"released {show(one.released, 'day')}"


def _points(share: float) -> str:
    return f"{100 * share:+.1f} points"


def _name(command: str) -> str:
    return command or "(no command)"
