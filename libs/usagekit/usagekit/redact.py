"""What must not be said aloud, taken out of a text: in the background, before anything is sent.

Every pattern takes time linear in the text: none repeats what repeats.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable

SENT_MESSAGE_LIMIT = 300
SENT_NAME_LIMIT = 200

_SECRET_NAME = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|auth(?:orization)?|bearer"
    r"|credentials?|signature|session(?:id)?|cookie)"
)
_QUOTE = r"(?:\\?[\"'])"
# Prefixes that only tokens have; and those that names have too (``pk_users``, ``npm_config_cache``,
# ``asia-south1``), which make a token of what is long and has a digit, or is of one piece.
_TOKEN = (
    r"\b(?:(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|phx_|phc_|ya29\.)[\w.-]{6,}"
    r"|(?:sk[-_]|pk_|rk_|arc_|npm_|hf_|pypi-|AIza)(?:(?=[\w.-]{0,100}\d)[\w.-]{12,}|[a-z0-9]{16,})"
    r"|(?:AKIA|ASIA)[0-9A-Z]{12,})"
)
# What ends a word in which a path may stand; a path begins where a word does.
_END = r"\s'\":;,()<>|*?=\[\]{}"
_ROOT = r"(?:(?:~[\w.-]*|\.{0,2})/|[a-z]:[\\/]|\\\\)"


def _path(match: re.Match[str]) -> str:
    """A path says no more than what kind of file it led to."""
    last = re.split(r"[\\/]", match["path"])[-1]
    kept = re.search(r"(?:\.[a-z][a-z0-9]{0,7})?\.?\Z", last, re.IGNORECASE)
    return f"<path>{kept[0] if kept else ''}"


_Said = str | Callable[[re.Match[str]], str]


def _compiled(*rules: tuple[str, _Said]) -> tuple[tuple[re.Pattern[str], _Said], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), said) for pattern, said in rules)


# What its own shape gives away, wherever it stands.
_SHAPES = _compiled(
    (r"-----BEGIN [^-]{1,40}-----.*?(?:-----END [^-]{1,40}-----|\Z)", "<key>"),
    (
        (
            r"\b([a-z][a-z0-9+.-]{1,20}://)(?:[^\s/?#'\"<>]*@)?((?:<\w{1,8}>|[^\s/?#@'\"<>:])*(?::\d+)?)"
            r"[^\s'\"<>]*(?:<path>)?"
        ),
        r"\1\2/<path>",
    ),
    (r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", "<email>"),
    (r"(?<![\w-])eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?", "<token>"),
    (_TOKEN, "<token>"),
)

# What the words around it give away, and last, what is only suspicious.
_CONTEXTS = _compiled(
    (r"\b(basic|bearer|token)\s+[\w.~+/=:-]{4,}", r"\1 <secret>"),
    (
        (
            rf"(--?[\w-]{{0,40}}{_SECRET_NAME}[\w-]{{0,40}}{_QUOTE}?[\s,=:]{{1,3}}{_QUOTE}?)"
            rf"[^\s'\",)\]]+"
        ),
        r"\1<secret>",
    ),
    (
        (
            rf"\b([\w.-]{{0,40}}{_SECRET_NAME}[\w-]{{0,40}}{_QUOTE}?\s{{0,3}}[=:]\s{{0,3}})"
            r"(?:\\?\"[^\"]*\"|\\?'[^']*'|[^\s,;&)\]}]+)"
        ),
        r"\1<secret>",
    ),
    # In quotes a path may hold spaces.
    (rf"(?<=')(?P<path>{_ROOT}[^'\n]+)(?=')", _path),
    (rf"(?<=\")(?P<path>{_ROOT}[^\"\n]+)(?=\")", _path),
    (rf"(?<![^{_END}])(?<!:(?=//))(?P<path>{_ROOT}[^{_END}]+)", _path),
    # From the folder that one is in: two levels at least, or a file's extension at the end.
    (
        (
            rf"(?<![^{_END}])(?P<path>[^{_END}/\\]+"
            rf"(?:(?:/[^{_END}/]+){{2,}}|/[^{_END}/]*\.[a-z][a-z0-9]{{0,7}}(?=[.{_END}]|\Z)))"
        ),
        _path,
    ),
    (r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "<uuid>"),
    (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", "<ip>"),
    (r"(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])", "<ip>"),
    (
        (
            r"(?<![\w:])(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::"
            r"[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}(?![\w:])"
        ),
        "<ip>",
    ),
    (r"\b[0-9a-f]{16,}\b", "<hex>"),
    (r"(?<![\w+/=-])(?=[\w+/=-]{0,200}\d)(?=[\w+/=-]{0,200}[a-z])[\w+/=-]{24,}", "<token>"),
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
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = " ".join(text.split())
        for folder in self._folders:
            text = text.replace(folder, "~")
        for pattern, replacement in _SHAPES + _CONTEXTS:
            text = pattern.sub(replacement, text)
        if self._words is not None:
            text = self._words.sub("<name>", text)
        return text if len(text) <= limit else text[: limit - 2] + " …"


def redact_name(name: str) -> str:
    """A name that a program declared, without what has the shape of a secret.

    Only that: a user called ``deploy`` does not make the command ``deploy`` unreadable, nor is
    the version 1.2.3.4 an address.
    """
    name = name.encode("utf-8", "replace").decode("utf-8")
    for pattern, replacement in _SHAPES:
        name = pattern.sub(replacement, name)
    return name[:SENT_NAME_LIMIT]
