"""Days, weeks and months, numbered without a gap. Pure; no I/O.

``sql/insights/seen.sql`` numbers them in the same way.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

Interval = Literal["day", "week", "month"]

_EPOCH = date(1970, 1, 1)
# The Monday of the epoch's week.
_MONDAY = date(1969, 12, 29)


def number_of(interval: Interval, day: date) -> int:
    """The number of the period that a day is in; the epoch's is 0."""
    if interval == "month":
        return (day.year - _EPOCH.year) * 12 + day.month - 1
    if interval == "week":
        return (day - _MONDAY).days // 7
    return (day - _EPOCH).days


def first_day(interval: Interval, number: int) -> date:
    """The day on which a period begins: of a week, its Monday."""
    if interval == "month":
        return date(_EPOCH.year + number // 12, number % 12 + 1, 1)
    if interval == "week":
        return _MONDAY + timedelta(weeks=number)
    return _EPOCH + timedelta(days=number)
