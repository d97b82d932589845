"""Which numbers say something about a program, and not about a person."""

from __future__ import annotations

import re

# Patterns as texts: compiled when the first number is judged, for most failures have none.
# What is counted or numbered in a program, before the number and after it.
_BEFORE = (
    r"(?i)"
    r"(?:lines?|columns?|col|chars?|characters?|positions?|pos|port|status|errno|error|bytes?|offset"
    r"|index|exit(?: code)?|signal|timeout|size|length|limit|width|height|depth|level|row|page|step"
    r"|attempt|after|within|http|iso|rfc|pid|process|worker|exceeds?|most|least|maximum|minimum|max|min"
    r"|than|_\w{1,12}\.c|base|byte|dimension|shape|rank|axis)[ =:#(\[\"']{0,3}\Z"
)
_AFTER = (
    r"(?i)"
    r"[ -]?(?:ms|s|sec|seconds?|minutes?|hours?|days?|bytes?|[kmgt]i?b|%|times|retries|requests?"
    r"|tokens?|items?|rows?|chars?|characters?|arguments?|columns?|lines?|connections?|attempts?"
    r"|redirects?|workers?|elements?|entries|events?|features?|dimensions?|bits?|levels?|more|fewer"
    r"|extra|digits?|used|allowed|positional|values?|errors?|warnings?|tests?|files?|packages?|commits?)\b"
)
_PRIVATE = (
    r"(?i)"
    r"(?:\bpin|\bcvv|\bcvc|\botp|\btan|\bmfa|\b2fa|passcode|\bssn|\bage|\baged|\bborn|\bdob|birth\w*"
    r"|iban|card|account|phone|mobile|\btel|\bfax|\bzip|salary|wage|income|amount|balance|price|paid"
    r"|patient|customer|client|employee|invoice|order|member|room|street|house|code for|passwords?"
    r"|secret|security code|weight|blood\w*|\$|\u20ac|\u00a3|\u00a5|eur|usd|gbp|chf)"
    r"\W{0,3}(?:(?:is|was|no|number|nr|id|of)\W{0,3}){0,2}\Z"
)
_CURRENCY = r"(?i)\s?(?:[$\u20ac\u00a3\u00a5]|(?:eur|usd|gbp|chf|euros?|dollars?|pounds)\b)"
_VERSIONED = (
    r"(?i)"
    r"(?:version|versions|release|python|==|>=|<=|!=|~=|[<>@^]|\bv|\w/|requires|needs|\w-"
    r"|upgrade to)"
    r"[ :'\"(]{0,2}\Z"
)
# One of several groups of digits, as of a telephone's.
_GROUPED = r"\d[ -]\|| \d{2,}[ -]\||\|[ -]\d{2,}"
NUMBER = re.compile(
    r"[+-]?0x[0-9a-f]{1,8}|[vV]?\d{1,9}(?:\.\d{1,20}){0,4}(?:(?:a|b|rc|\.?dev|\.?post)\d{1,3})?"
)
_DIGITS = re.compile(r"\d+")


def may_stay(number: str, before: str, after: str) -> bool:
    """Whether a number may be sent.

    Args:
        number: a text that ``NUMBER`` matches, with a sign perhaps.
        before: what stands before it.
        after: what stands after it.
    """
    before, after = before[-40:], after[:16]
    if (
        re.search(_PRIVATE, before)
        or re.match(_CURRENCY, after)
        or re.search(_GROUPED, before + "|" + after)
    ):
        return False
    if number[:2] == "0x":
        return len(number) <= 8
    parts = [len(digits) for digits in _DIGITS.findall(number)]
    if len(parts) > 2:
        versioned = number[0] in "vV" or bool(re.search(_VERSIONED, before))
        return versioned or (len(parts) == 3 and max(parts) <= 2 and not _is_date(number))
    counted = re.search(_BEFORE, before) or re.match(_AFTER, after)
    if max(parts) <= 3 or (counted and parts[0] <= 6):
        return True
    return parts[0] == len(number) and number[0] != "0" and int(number).bit_count() == 1


def _is_date(number: str) -> bool:
    """Whether three small numbers could be a day: 29.02.24."""
    first, second, _ = (int(digits) for digits in _DIGITS.findall(number)[:3])
    return "0" in (number[0], number.partition(".")[2][:1]) and 0 < first < 32 and second < 13
