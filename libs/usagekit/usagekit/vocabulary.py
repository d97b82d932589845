"""Which words and numbers of a text may be said, of which nobody knows where it comes from: those
that programs use. A run of others becomes one placeholder.
"""

from __future__ import annotations

import re

from usagekit.figures import NUMBER, may_stay
from usagekit.words import WORDS

PLACEHOLDERS = re.compile(
    r"<(?:argument|email|hex|host|ip|key|mac|name|number|path|secret|token|url|uuid|value)>"
)
PLACEHOLDER = re.compile(rf"{PLACEHOLDERS.pattern}(?:\.\w{{1,8}}\b)?")
_HIDDEN = re.compile(r"\W*<(?:argument|name|value)>\W*")
_LETTERS = re.compile(r"[^\W\d_]+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_EDGES = "'\"`()[]{}<>,.;:!?=|*#-\u2013\u2014\u2026+/\\&%$@~^_\u00ab\u00bb\u201c\u201d\u201e"
# A run of letters and digits, dots between digits too: a number, a word, or a number with its unit.
_RUN = re.compile(r"0x[0-9a-f]+|[^\W_]*\d+(?:\.\d+)*[^\W_]*|[^\W\d_]+", re.IGNORECASE)
_UNIT = re.compile(
    r"(?:ms|us|ns|s|sec|m|min|h|d|[kmgt]i?b?|b|x|px|bit|%|[kmg]?hz|x\d{1,4}"
    r"|(?:a|b|rc|dev|post)\d{1,3})?\Z",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"([a-z]{1,20})(\d{1,3})(?:[a-z]{0,2})\Z", re.IGNORECASE)
# What makes another form of a word of it.
_PREFIX = re.compile(r"\A(?:un|re|non|mis|pre|sub|de|multi|auto|over|under)(?=.{4})")
_ENDINGS = [("ies", "y"), ("ied", "y"), ("ily", "y")]
_ENDINGS += [(ending, "") for ending in ("ing", "able", "ible", "ed", "es", "ly", "ness", "s")]
# Where a port stands, it is one.
_PORT = re.compile(r"(<\w{1,8}>\]?|://[^\s/:]{1,100}):\d{1,5}(?!\d)")
_ESCAPE = re.compile(r"\W?\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[abfnrtv0])\W*")
_REGION = re.compile(r"\W*[a-z]{2}-(?:north|south|east|west|central){1,2}-?\d\W*\Z")
_SLUG = re.compile(r"\w+(?:-\w+){2,}")
_SLUGS = re.compile(r"-(?:of|to|by|up|in|non)-|exited-with|\Ax86|-bit")


def known_words(text: str) -> str:
    """The text with a placeholder for each run of words that programs do not use."""
    tokens = text.split(" ")
    known = [_judge(tokens, at) for at in range(len(tokens))]
    _spread(tokens, known)
    said: list[str] = []
    for token, state in zip(tokens, known, strict=True):
        if state:
            said.append(token)
        else:
            said += _hidden(token, said[-1] if said else "")
    return " ".join(said)


def _hidden(token: str, last: str) -> list[str]:
    placeholder = PLACEHOLDER.search(token)
    if placeholder is not None:
        return [placeholder[0]]
    inner = token.strip(_EDGES)
    start = token.index(inner) if inner else 0
    word = "<number>" if inner and not _LETTERS.search(inner) else "<value>"
    word = "<path>" if "/" in inner else word
    if last == word and start == 0:
        return []
    return [f"{token[:start]}{word}{token[start + len(inner) :]}" if inner else token]


def _judge(tokens: list[str], at: int) -> bool:
    """Whether one word may be said."""
    token = tokens[at]
    inner = PLACEHOLDER.sub("", _PORT.sub(r"\1", token))
    if not any(each.isalnum() for each in inner):
        return True
    before = " ".join(tokens[max(at - 4, 0) : at]) + " "
    after = " " + " ".join(tokens[at + 1 : at + 2])
    return is_known(inner, before, after)


def is_known(token: str, before: str, after: str) -> bool:
    """Whether all words in a token are words of programs, and all numbers harmless."""
    inner = token.strip(_EDGES)
    if _ESCAPE.fullmatch(token):
        return True
    if "%" in inner or "\\" in inner or not inner.replace("\u2019", "'").isascii():
        return False
    if _SLUG.search(inner) and not (_SLUGS.search(inner) or _REGION.match(inner)):
        return False
    runs = list(_RUN.finditer(token))
    letters = [run for run in runs if len(run[0]) == 1 and run[0].isalpha()]
    if len(letters) > 2 and len(letters) == len(runs):
        return False  # somebody's name, spelled
    return all(
        _is_known_run(run[0], before + token[: run.start()], token[run.end() :] or after)
        for run in runs
    )


def _is_known_run(run: str, before: str, after: str) -> bool:
    if run.isalpha():
        return _is_word(run)
    number = NUMBER.match(run)
    if number is None:
        named = _NUMBERED.match(run)
        return named is not None and (len(named[1]) == 1 or _is_word(named[1]))
    unit = run[number.end() :]
    return bool(_UNIT.match(unit)) and may_stay(number[0], before, unit + after)


def _is_word(word: str) -> bool:
    """Whether this is a word of programs, a form of one, or several that were written together."""
    folded = word.casefold()
    if (len(word) == 1 and word.isascii()) or folded in WORDS or _is_form(folded):
        return True
    parts = _PARTS.findall(word)
    if len(parts) > 1:
        return all(part.casefold() in WORDS or _is_form(part.casefold()) for part in parts)
    return word.islower() and any(
        word[:at] in WORDS and word[at:] in WORDS for at in range(4, len(word) - 3)
    )


def _is_form(word: str) -> bool:
    stem = _PREFIX.sub("", word)
    return stem in WORDS or _is_ended(word) or (stem != word and _is_ended(stem))


def _is_ended(word: str) -> bool:
    for ending, instead in _ENDINGS:
        base = word.removesuffix(ending)
        if base != word and len(base) > 2:
            return any(form in WORDS for form in (base + instead, base, base + "e")) or (
                base[-1:] == base[-2:-1] and base[:-1] in WORDS
            )
    return False


def _spread(tokens: list[str], known: list[bool]) -> None:
    """Names and addresses are of several words, some of which any program could use: what is next
    to a hidden word and looks like one of its kind is hidden too."""
    for step in (1, -1):
        hot = ""
        for at in range(len(tokens))[::step]:
            token = tokens[at]
            inner = token.strip(_EDGES)
            if hot and _ends(tokens[at - 1] if step > 0 else token):
                hot = ""
            if not known[at] or _HIDDEN.fullmatch(token):
                hot = inner if not known[at] else "X"
            elif hot and (at or step > 0) and _alike(inner, hot, follows=step > 0):
                known[at], hot = False, inner
            else:
                hot = ""


def _ends(token: str) -> bool:
    return token[-1:] in ".:;!?)]\"'" and bool(token)


def _alike(inner: str, hot: str, *, follows: bool) -> bool:
    if follows and inner[:1].isdigit():
        return True
    if not (hot[:1].isupper() or hot[:1].isdigit()):
        return False
    return (inner[:1].isupper() and not inner.isupper()) or any(each.isdigit() for each in inner)
