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
from usagekit.message import MARKS
from usagekit.outcome import RAW_MESSAGE_LIMIT, cut
from usagekit.shapes import CONTEXTS, SHAPES
from usagekit.source import is_built_in
from usagekit.vocabulary import PLACEHOLDER, is_known, known_words

SENT_MESSAGE_LIMIT = 300
SENT_NAME_LIMIT = 200

_KNOWN = re.compile(rf"{MARKS[0]}([^{''.join(MARKS)}]*)(?:{MARKS[1]}|\Z)")
# How the interpreter writes of objects.
_OBJECT = re.compile(r"<([\w.]{1,80}) object at 0x[0-9a-f]+>|<class '([\w.]{1,80})'>")
# What is in quotes was put there; apostrophes are no quotes, and of two that double one stays in.
_QUOTED = re.compile(
    r"(?<![^\W_])(?:(?:[brfu]|rb|br)(?='))?(?P<quote>\\{0,8}(?:'|\"))"
    r"(?P<inner>(?:(?!(?P=quote)).|(?P=quote){2}(?=\w)){1,2000})(?P=quote)(?!\w)"
    r"|[\u201c\u201e\u00ab\u2039\u300c\u300e\u300a](?P<other>[^\u201d\u201c\u00bb\u203a\u300d\u300f\u300b]{1,500})"
    r"[\u201d\u201c\u00bb\u203a\u300d\u300f\u300b]|`(?P<ticked>[^`]{1,500})`"
)
# Names of codecs, short words, operators, and single characters in their escaped form.
_QUOTABLE = re.compile(
    r"(?:utf-?(?:8|16|32)|ascii|charmap|latin-?1|cp125\d|idna|[a-z]"
    r"|[<>=!+*/%&|^~@:;,.()\[\]{}-]{1,3}|\\(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[a-z]))\Z",
    re.IGNORECASE,
)


# Before what is somebody's, even if it is a word of programs.
_VALUED = re.compile(
    r"(?:[=(,:{\[]|\b(?:for|user|role|owner|member|group|by|near|got|received|is|was|to|with|from|of|host"
    r"|database|value|values|password|passphrase|secret|token|key|name|title|label|note))\s*\Z",
    re.IGNORECASE,
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
            text = re.sub(rf"(?<![\w:]){re.escape(folder)}", "~", text)
        for pattern, replacement in SHAPES + CONTEXTS:
            text = pattern.sub(replacement, text)
        if self._words is not None:
            text = self._words.sub("<name>", text)
        return known_words(_QUOTED.sub(_quoted, _OBJECT.sub(_object, text)))


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
    before, after = match.string[: match.start()][-40:], match.string[match.end() :][:3]
    if PLACEHOLDER.fullmatch(inner.strip()) or _is_a_name(inner):
        return match[0]
    if " " not in inner and is_known(inner, "", "") and not _VALUED.search(before):
        return match[0]  # a name of the program's, rather than a value
    if after == ": <" and is_known(inner, "", ""):
        return match[0]  # the name of what is hidden already
    return f"{head}<value>{tail}"


def _is_a_name(inner: str) -> bool:
    """Whether what stands in quotes is of the language, not of the user: a type, a codec."""
    return is_built_in(inner) or bool(_QUOTABLE.match(inner))
