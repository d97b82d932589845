"""Times as anybody writes them: what PostHog reads is read, as the same time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from usagekit_collector.ingest.times import parse_time

UTC = timezone.utc


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-05-04T{text}+00:00")


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-05-04T11:00:00Z", at("11:00:00")),
        ("2026-05-04t11:00:00z", at("11:00:00")),
        ("2026-05-04 11:00:00Z", at("11:00:00")),
        (" 2026-05-04T11:00:00Z ", at("11:00:00")),
        ("2026-05-04T11:00:00+00:00", at("11:00:00")),
        ("2026-05-04T13:00:00+02:00", at("11:00:00")),
        ("2026-05-04T13:00:00+0200", at("11:00:00")),
        ("2026-05-04T13:00:00+02", at("11:00:00")),
        ("2026-05-04T04:30:00-06:30", at("11:00:00")),
        ("2026-05-04T11:00:00.5Z", at("11:00:00.500000")),
        ("2026-05-04T11:00:00.123Z", at("11:00:00.123000")),
        ("2026-05-04T11:00:00.123456Z", at("11:00:00.123456")),
        ("2026-05-04T11:00:00.123456700Z", at("11:00:00.123457")),
        ("2026-05-04T13:00:00.5+02", at("11:00:00.500000")),
        ("2026-05-04T11:00:00", at("11:00:00")),
        ("2026-05-04T11:00", at("11:00:00")),
        ("2026-05-04", at("00:00:00")),
        # As databases write them.
        ("2026-05-04 11:00:00", at("11:00:00")),
        ("2026-05-04 11:00:00.123456", at("11:00:00.123456")),
        ("2026-05-04 04:00:00.5-07", at("11:00:00.500000")),
        ("2026-05-04 04:00-07", at("11:00:00")),
        ("2026-05-04 11:00:00 UTC", at("11:00:00")),
        ("2026-05-04 04:00:00 PDT", at("11:00:00")),
        ("2026-05-04 06:00 est", at("11:00:00")),
        ("2026-05-04 19:00:00 +0800", at("11:00:00")),
        ("2026-05-04 11:00:00 AM", at("11:00:00")),
        ("2026-05-04 UTC", at("00:00:00")),
        # RFC 2822, of 1 or 2 digits for the day, with its weekday or without.
        ("Mon, 04 May 2026 11:00:00 GMT", at("11:00:00")),
        ("Mon, 4 May 2026 04:00:00 PDT", at("11:00:00")),
        ("4 May 2026 13:00:00 +0200", at("11:00:00")),
        # Since the epoch.
        ("1777892400", at("11:00:00")),
        ("1777892400123", at("11:00:00.123000")),
        ("1777892400123456789", at("11:00:00.123456")),
        (1777892400, at("11:00:00")),
        (1777892400123, at("11:00:00.123000")),
        (1777892400123456789, at("11:00:00.123456")),
        ("0000000000", datetime(1970, 1, 1, tzinfo=UTC)),
        # With slashes and with dots: the year first, or the month.
        ("2026/05/04", at("00:00:00")),
        ("2026/5/4 11:00", at("11:00:00")),
        ("2026/05/04 11:00:00.25", at("11:00:00.250000")),
        ("05/04/2026", at("00:00:00")),
        ("5/4/26 11:00", at("11:00:00")),
        ("5/4/2026 11:00:30 PM", at("23:00:30")),
        ("5/4/2026 12:00 AM", at("00:00:00")),
        ("5/4/2026 12:00 pm", at("12:00:00")),
        ("2026.05.04", at("00:00:00")),
        ("5.4.2026", at("00:00:00")),
        ("08/21/71", datetime(1971, 8, 21, tzinfo=UTC)),
        # With the month's name.
        ("May 4, 2026", at("00:00:00")),
        ("May 4, 2026 11:00:00 AM", at("11:00:00")),
        ("May 04, 2026, 11:00am", at("11:00:00")),
        ("May 04, 2026 at 11:00am UTC", at("11:00:00")),
        ("oct. 7, 70", datetime(1970, 10, 7, tzinfo=UTC)),
        ("September 17, 2012 10:09am", datetime(2012, 9, 17, 10, 9, tzinfo=UTC)),
        ("2026-May-04", at("00:00:00")),
        ("04 May 2026", at("00:00:00")),
        ("4 may 2026, 11:00:00.5", at("11:00:00.500000")),
        ("2026年05月04日", at("00:00:00")),
        ("2026年05月04日11时00分30秒", at("11:00:30")),
    ],
)
def test_times_are_read_as_anybody_writes_them_and_in_utc(said: object, moment: datetime) -> None:
    found = parse_time(said)
    assert found == moment
    assert found is not None
    assert found.utcoffset() is not None


@pytest.mark.parametrize(
    "said",
    [
        *("", "nonsense", "11:00", "May 4", "May 4 11:00", "2026", "2026-05", "171113 14:14:20"),
        *("2026-13-01", "2026-02-30", "2026-05-04 25:00", "2026-05-04 13:00 PM", "13/13/2026"),
        *("2026-05-04 11:00 XYZ", "2026-Foo-04", "Maybe 4, 2026", "2026-05-04 11:00 +99:00"),
        # Neither seconds nor any of the others.
        *("17778924", "17778924000", "-1777892400", "1777892400.5", "17778924001234567890"),
        *(7, -1777892400, 1777892400.5, 10**19, 10**400, True, None, {}, ["2026-05-04"]),
        # A year has four digits.
        *("10000-01-01T00:00:00Z", "+12026-05-04T11:00:00Z", "-0044-03-15T12:00:00Z", "026-05-04"),
        *("\uff12\uff10\uff12\uff16-05-04", "2026-05-04" + " " * 100 + "11:00"),
    ],
)
def test_what_is_no_time_or_says_no_year_is_none(said: object) -> None:
    assert parse_time(said) is None


# What a format of Python says, and how exactly.
FORMATS = {
    "%Y-%m-%dT%H:%M:%S.%f%z": timedelta(),
    "%Y/%m/%d %H:%M:%S.%f %z": timedelta(),
    "%m/%d/%Y %I:%M:%S %p": timedelta(seconds=1),
    "%a, %d %b %Y %H:%M:%S %z": timedelta(seconds=1),
    "%d %B %Y %H:%M": timedelta(minutes=1),
    "%B %d, %Y, %I:%M %p": timedelta(minutes=1),
    "%Y-%b-%d": timedelta(days=1),
}


def between(first: str, last: str) -> st.SearchStrategy[datetime]:
    moments = (datetime.fromisoformat(day) for day in (first, last))
    return st.datetimes(*moments, timezones=st.just(UTC))


@pytest.mark.parametrize("form", FORMATS)
@given(moment=between("1970-01-01", "9999-12-31"))
def test_any_time_that_is_written_is_the_time_that_is_read(form: str, moment: datetime) -> None:
    found = parse_time(moment.strftime(form))
    assert found is not None
    assert found <= moment
    assert moment - found < (FORMATS[form] or timedelta(microseconds=1))


@given(moment=between("2002-01-01", "2200-01-01"))
def test_what_is_since_the_epoch_is_known_by_its_digits(moment: datetime) -> None:
    seconds = int(moment.timestamp())
    whole = moment.replace(microsecond=0)
    assert parse_time(seconds) == parse_time(str(seconds)) == whole
    assert parse_time(seconds * 1000) == parse_time(str(seconds * 1000)) == whole


@given(said=st.text(max_size=40) | st.text("0123456789-/.:, TZapmMay+", max_size=40))
def test_any_text_is_a_time_or_none(said: str) -> None:
    found = parse_time(said)
    assert found is None or found.utcoffset() is not None
