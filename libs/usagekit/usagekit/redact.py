"""What must not be said aloud, taken out of a text: in the background, before anything is sent.

What the command knew to be its program's own stands between two marks, and stays. Of the rest,
words that programs use stay; shapes that are known to be secret get a placeholder that says what
they were; whatever else goes.
"""

from __future__ import annotations

import os
import re
import socket

from usagekit.clean import cleaned
from usagekit.figures import NUMBER, may_stay
from usagekit.message import MARKS
from usagekit.outcome import RAW_MESSAGE_LIMIT, cut
from usagekit.shapes import CONTEXTS, SHAPES
from usagekit.words import WORDS

SENT_MESSAGE_LIMIT = 300
SENT_NAME_LIMIT = 200

_KNOWN = re.compile(rf"{MARKS[0]}([^{''.join(MARKS)}]*)(?:{MARKS[1]}|\Z)")
_PLACEHOLDER = re.compile(
    r"<(?:argument|email|hex|ip|key|mac|name|number|path|secret|token|url|uuid|value)>(?:\.\w{1,8}\b)?"
)
# What is in quotes was put there; apostrophes are no quotes. The second of two that double stays in.
_QUOTED = re.compile(
    r"(?<![^\W_])(?P<quote>\\{0,8}(?:'|\"))(?P<inner>(?:(?!(?P=quote)).|(?P=quote){2}(?=\w)){1,2000})(?P=quote)(?!\w)"
    r"|(?P<open>[“„«‹「『《])(?P<other>[^”“»›」』》]{1,500})(?P<close>[”“»›」』》])|(?P<tick>`)(?P<ticked>[^`]{1,500})`"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_EDGES = "'\"`()[]{}<>,.;:!?=|*#-–—…+/\\&%$@~^_«»“”„"
_QUOTABLE = re.compile(
    r"(?:utf-?(?:8|16|32)|ascii|charmap|latin-?1|cp125\d|idna|[a-z]{1,4}|[<>=!+*/%&|^~@:;,.()\[\]{}-]{1,3})\Z", re.I
)


class Redactor:
    """Takes secrets, places and people out of texts.

    Args:
        folders: paths to hide wherever they stand, the home folder above all.
        words: names to hide where they stand as whole words: of users, of the host.
    """

    def __init__(self, folders: tuple[str, ...] = (), words: tuple[str, ...] = ()) -> None:
        self._folders = sorted((f for f in set(folders) if len(f) > 1), key=len, reverse=True)
        names = sorted({re.escape(word) for word in words if len(word) > 2}, key=len, reverse=True)
        self._words = (
            re.compile(rf"(?<!\w)(?:{'|'.join(names)})(?!\w)", re.IGNORECASE) if names else None
        )

    @classmethod
    def for_this_machine(cls) -> Redactor:
        """One that knows the home folder, the user's names and the host's."""
        home = os.path.expanduser("~")
        host = socket.gethostname()
        words = [os.path.basename(home), host, host.partition(".")[0]]
        words += [os.environ.get(name, "") for name in ("USER", "LOGNAME", "USERNAME")]
        try:
            import pwd

            account = pwd.getpwuid(os.getuid())
            words += [account.pw_name, account.pw_gecos.partition(",")[0]]
            folders = (home, account.pw_dir)
        except (ImportError, KeyError):  # not Unix; a user ID without an account
            folders = (home, home)
        return cls(folders, tuple(words))

    def redact(self, text: str, limit: int = SENT_MESSAGE_LIMIT) -> str:
        """The text on one line, without what must not be said, and then cut to ``limit``."""
        said = []
        for number, part in enumerate(_KNOWN.split(cut(text, 2 * RAW_MESSAGE_LIMIT))):
            blank = part[:1].isspace(), part[-1:].isspace()
            part = cleaned(part)  # noqa: PLW2901
            part = part if number % 2 else self._unknown(part)  # noqa: PLW2901
            said.append(" " * blank[0] + part + " " * blank[1])
        text = " ".join("".join(said).split())
        return text if len(text) <= limit else text[: limit - 2] + " …"

    def _unknown(self, text: str) -> str:
        """What may be said of a text whose source nobody knew."""
        for folder in self._folders:
            text = re.sub(rf"{re.escape(folder)}(?![\w.-])", "<path>", text)
        for pattern, replacement in SHAPES + CONTEXTS:
            text = pattern.sub(replacement, text)
        if self._words is not None:
            text = self._words.sub("<name>", text)
        return _known_words(_QUOTED.sub(_quoted, text))


def redact_name(name: str) -> str:
    """A name that a program declared, without what has the shape of a secret.

    Only that: a user called ``deploy`` does not make the command ``deploy`` unreadable, nor is
    the version 1.2.3.4 an address.
    """
    name = name.encode("utf-8", "replace").decode("utf-8")
    for pattern, replacement in SHAPES:
        name = pattern.sub(replacement, name)
    return name[:SENT_NAME_LIMIT]


def _quoted(match: re.Match[str]) -> str:
    inner = match["inner"] or match["other"] or match["ticked"]
    start = match[0].index(inner)
    head, tail = match[0][:start], match[0][start + len(inner) :]
    if _PLACEHOLDER.fullmatch(inner.strip()) or _is_a_name(inner):
        return match[0]
    return f"{head}<value>{tail}"


def _is_a_name(inner: str) -> bool:
    """Whether what stands in quotes is of the language, not of the user: a type, a codec."""
    import builtins

    return hasattr(builtins, inner) or inner == "NoneType" or bool(_QUOTABLE.match(inner))


def _known_words(text: str) -> str:
    """The text with a placeholder for each run of words that programs do not use."""
    tokens = text.split(" ")
    known = [_judge(text, tokens, at) for at in range(len(tokens))]
    _spread(tokens, known)
    said: list[str] = []
    for token, state in zip(tokens, known, strict=True):
        if state:
            said.append(token)
        else:
            said += _hidden(token, said[-1] if said else "")
    return " ".join(said)


def _hidden(token: str, last: str) -> list[str]:
    inner = token.strip(_EDGES)
    start = token.index(inner) if inner else 0
    word = "<number>" if inner and not _LETTERS.search(inner) else "<value>"
    word = "<path>" if "/" in inner else word
    if last == word and start == 0:
        return []
    return [f"{token[:start]}{word}{token[start + len(inner):]}" if inner else token]


def _judge(text: str, tokens: list[str], at: int) -> bool:
    """Whether one word may be said."""
    token = tokens[at]
    inner = _PLACEHOLDER.sub("", token)
    if not any(each.isalnum() for each in inner):
        return True
    before = " ".join(tokens[max(at - 4, 0) : at]) + " "
    after = " " + " ".join(tokens[at + 1 : at + 2])
    return _is_known(inner, before, after)


def _is_known(token: str, before: str, after: str) -> bool:
    """Whether all words in a token are words of programs, and all numbers harmless."""
    if "%" in token.strip(_EDGES) or "\\" in token.strip(_EDGES):
        return False
    for number in re.finditer(r"\d[\w.]*", token):
        start, end = number.span()
        digits = number[0].rstrip(".")
        if start and token[start - 1].isalpha():
            if len(digits) > 3 or not digits.isdigit():  # noqa: PLR2004
                return False
            continue
        unit = NUMBER.match(digits)
        if unit is None:
            return False
        rest = digits[unit.end() :] + token[end:]
        if not may_stay(unit[0], before + token[:start], rest or after):
            return False
    words = _PARTS.findall(re.sub(r"(?<![^\W_])\d[\w.]*", " ", token))
    return all(len(w) == 1 and w.isascii() or w.casefold() in WORDS for w in words) and (
        len(words) < 3 or max(map(len, words)) > 1  # noqa: PLR2004
    )


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
            if not known[at]:
                hot = inner
            elif hot and (at or step > 0) and _alike(inner, hot):
                known[at], hot = False, inner
            else:
                hot = ""


def _ends(token: str) -> bool:
    return token[-1:] in ".:;!?)]\"'" and bool(token)


def _alike(inner: str, hot: str) -> bool:
    if not (hot[:1].isupper() or hot[:1].isdigit()):
        return False
    return inner[:1].isupper() and not inner.isupper() or inner.isdigit()
