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
PLACEHOLDERS = re.compile(
    r"<(?:argument|email|hex|host|ip|key|mac|name|number|path|secret|token|url|uuid|value)>"
)
_PLACEHOLDER = re.compile(rf"{PLACEHOLDERS.pattern}(?:\.\w{{1,8}}\b)?")
# How the interpreter writes of objects.
_OBJECT = re.compile(r"<([\w.]{1,80}) object at 0x[0-9a-f]+>|<class '([\w.]{1,80})'>")
# What is in quotes was put there; apostrophes are no quotes. The second of two that double stays in.
_QUOTED = re.compile(
    r"(?<![^\W_])(?:(?:[brfu]|rb|br)(?='))?(?P<quote>\\{0,8}(?:'|\"))(?P<inner>(?:(?!(?P=quote)).|(?P=quote){2}(?=\w)){1,2000})(?P=quote)(?!\w)"
    r"|(?P<open>[“„«‹「『《])(?P<other>[^”“»›」』》]{1,500})(?P<close>[”“»›」』》])|(?P<tick>`)(?P<ticked>[^`]{1,500})`"
)
_LETTERS = re.compile(r"[^\W\d_]+")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
_EDGES = "'\"`()[]{}<>,.;:!?=|*#-–—…+/\\&%$@~^_«»“”„"
_QUOTABLE = re.compile(
    r"(?:utf-?(?:8|16|32)|ascii|charmap|latin-?1|cp125\d|idna|[a-z]{1,4}|[<>=!+*/%&|^~@:;,.()\[\]{}-]{1,3}|\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[a-z]))\Z", re.I
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
        return _known_words(_QUOTED.sub(_quoted, _OBJECT.sub(_object, text)))


def redact_name(name: str) -> str:
    """A name that a program declared, without what has the shape of a secret.

    Only that: a user called ``deploy`` does not make the command ``deploy`` unreadable, nor is
    the version 1.2.3.4 an address.
    """
    name = name.encode("utf-8", "replace").decode("utf-8")
    for pattern, replacement in SHAPES:
        name = pattern.sub(replacement, name)
    return name[:SENT_NAME_LIMIT]


def _object(match: re.Match[str]) -> str:
    return f"<{match[1]} object>" if match[1] else f"<class {match[2]}>"


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
    placeholder = _PLACEHOLDER.search(token)
    if placeholder is not None:
        return [placeholder[0]]
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


# A run of letters and digits, dots between digits too: a number, a word, or a number with its unit.
_RUN = re.compile(r"0x[0-9a-f]+|[^\W_]*\d+(?:\.\d+)*[^\W_]*|[^\W\d_]+", re.IGNORECASE)
_UNIT = re.compile(r"(?:ms|us|ns|s|sec|m|min|h|d|[kmgt]i?b?|b|x|px|bit|%|hz|[kmg]hz|(?:a|b|rc|dev|post)\d{1,3}|x\d{1,4})?\Z", re.I)
_NUMBERED = re.compile(r"([a-z]{1,20})(\d{1,3})(?:[a-z]{0,2})\Z", re.I)
_ESCAPE = re.compile(r"\W?\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[abfnrtv0])\W*")
_REGION = re.compile(r"\W*[a-z]{2}-(?:north|south|east|west|central){1,2}-?\d\W*\Z")
_SLUG = re.compile(r"\w+(?:-\w+){2,}")
_SLUGS = re.compile(r"-(?:of|to|by|up|in|non)-|exited-with|\Ax86|-bit")


def _is_known(token: str, before: str, after: str) -> bool:
    """Whether all words in a token are words of programs, and all numbers harmless."""
    inner = token.strip(_EDGES)
    if _ESCAPE.fullmatch(token):
        return True
    if "%" in inner or "\\" in inner or not inner.strip("–—…’“”«»").isascii():
        return False
    if _SLUG.search(inner) and not (_SLUGS.search(inner) or _REGION.match(inner)):
        return False
    runs = list(_RUN.finditer(token))
    letters = [run for run in runs if len(run[0]) == 1 and run[0].isalpha()]
    if len(letters) > 2 and len(letters) == len(runs):  # noqa: PLR2004
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
    if (len(word) == 1 and word.isascii()) or word.casefold() in WORDS:
        return True
    parts = _PARTS.findall(word)
    return len(parts) > 1 and all(part.casefold() in WORDS for part in parts)


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
    return (inner[:1].isupper() and not inner.isupper()) or any(each.isdigit() for each in inner)
