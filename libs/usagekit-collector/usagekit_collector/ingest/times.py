"""Times as anybody writes them → times. Pure; no I/O.

What is read is what PostHog reads, as far as it says a year; a day without an hour is its midnight.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import msgspec

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# Whole numbers are since the epoch, in seconds, milliseconds or nanoseconds: by how long they are.
_NUMBER = re.compile(r"[0-9]{10,19}")
_PER_SECOND = {10: 1, 13: 10**3, 19: 10**9}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
# Hours that a zone is ahead of UTC.
_ZONES = {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5}
_ZONES |= {"mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_DAYS = (
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)",
    r"(?P<year>\d{4})-(?P<name>[a-z]{3,9})-(?P<day>\d\d)",
    r"(?P<year>\d{4})/(?P<month>\d\d?)/(?P<day>\d\d?)",
    r"(?P<month>\d\d?)/(?P<day>\d\d?)/(?P<year>\d{4}|\d\d)",
    r"(?P<year>\d{4})\.(?P<month>\d\d?)\.(?P<day>\d\d?)",
    r"(?P<month>\d\d?)\.(?P<day>\d\d?)\.(?P<year>\d{4}|\d\d)",
    r"(?P<year>\d{4})年(?P<month>\d\d)月(?P<day>\d\d)日",
    r"(?P<name>[a-z]{3,9})\.?\s+(?P<day>\d\d?),?\s+(?P<year>\d{4}|\d\d)",
    # RFC 2822, too, which begins with the day of the week.
    r"(?:[a-z]{3},\s*)?(?P<day>\d\d?)\s+(?P<name>[a-z]{3,9})\s+(?P<year>\d{4}|\d\d)",
)
_TIME = (
    r"(?:(?:t|,?\s+(?:at\s+)?|(?<=日))(?P<hour>\d\d?)[:时](?P<minute>\d\d)"
    r"(?:[:分](?P<second>\d\d)秒?(?:\.(?P<fraction>\d{1,9}))?)?(?:\s*(?P<half>am|pm))?)?"
)
_ZONE = r"\s*(?P<zone>[a-z]{1,3}|(?P<sign>[+-])(?P<ahead>\d\d):?(?P<rest>\d\d)?)?"
_FORMS = [re.compile(day + _TIME + _ZONE, re.IGNORECASE | re.ASCII) for day in _DAYS]
# No time is written with more.
_LONGEST = 100


def parse_time(value: object) -> datetime | None:
    """A time, in UTC where it does not say; None for what is none.

    Args:
        value: text, or a whole number: seconds since the epoch in ten digits, milliseconds in
            thirteen, nanoseconds in nineteen.
    """
    if type(value) is int:
        value = str(value) if 0 <= value < 10**19 else ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _since_epoch(int(text), _PER_SECOND.get(len(text), 0))
    if text.startswith("0000"):
        text = "0004" + text[4:]  # There is no year 0 in Python; this one has a 29 February, too.
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        try:
            moment = _as_written(text) or datetime.fromisoformat(text)
        except (ValueError, OverflowError):
            return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _since_epoch(number: int, per_second: int) -> datetime | None:
    if not per_second:
        return None
    seconds, rest = divmod(number, per_second)
    return _EPOCH + timedelta(seconds=seconds, microseconds=rest * 10**6 // per_second)


def _as_written(text: str) -> datetime | None:
    """Raises ValueError for a day or an hour that there is not."""
    for form in _FORMS:
        if found := form.fullmatch(text):
            said = found.groupdict()
            day = _year(said["year"]), _month(said), int(said["day"])
            return datetime(*day, *_hours(said), tzinfo=_zone(said))
    return None


def _year(said: str) -> int:
    if len(said) == 4:
        return int(said)
    return int(said) + (1900 if int(said) >= 70 else 2000)


def _month(said: dict[str, str | None]) -> int:
    if said.get("month"):
        return int(said["month"] or 0)
    name = (said["name"] or "").lower()
    if name not in _MONTHS and name not in _MONTH_NAMES:
        raise ValueError("there is no month of this name")
    return _MONTHS.index(name[:3]) + 1


def _hours(said: dict[str, str | None]) -> tuple[int, int, int, int]:
    """The hour, minute, second and microsecond."""
    hour = int(said["hour"] or 0)
    if said["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("there is no such hour before or after noon")
        hour = hour % 12 + (12 if said["half"].lower() == "pm" else 0)
    fraction = (said["fraction"] or "").ljust(6, "0")[:6]
    return hour, int(said["minute"] or 0), int(said["second"] or 0), int(fraction)


def _zone(said: dict[str, str | None]) -> timezone:
    if said["ahead"]:
        ahead = timedelta(hours=int(said["ahead"]), minutes=int(said["rest"] or 0))
        return timezone(-ahead if said["sign"] == "-" else ahead)
    name = (said["zone"] or "utc").lower()
    if name not in _ZONES:
        raise ValueError("there is no zone of this name")
    return timezone(timedelta(hours=_ZONES[name]))
