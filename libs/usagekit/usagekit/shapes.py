"""What its own shape, or the words beside it, give away as a secret, a place or a person's.

Every pattern takes time linear in the text: none repeats what repeats without a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from usagekit.extensions import EXTENSIONS, extension
from usagekit.words import WORDS

# The names of secrets, in the languages in which programs were seen to ask for them.
_SECRET = (
    r"(?:(?:pass|pwd|kenn|toegangs)(?:word|wort|wd|phrase|code|key)?|passwo?rt|pw|secret|token|api[ _-]?key"
    r"|(?:access|private|secret|signing|encryption|account|master|shared|license)[ _-]?key|auth"
    r"|authorization|bearer|credentials?|signature|sig|session(?:[ _-]?id)?|cookie|jwt|otp|pin|cvv|cvc"
    r"|salt|nonce|contrase[nñ]a|clave|secreto|mot de passe|mdp|senha|segredo|has[lł]o|parol[ae]?"
    r"|wachtwoord|salasana|l[oö]senord|adgangskode|passord|geheimnis|schl[uü]ssel|[sş]ifre|heslo|jelsz[oó]"
    r"|пароль|секрет|ключ|密码|密碼|口令|密钥|パスワード|暗証番号|비밀번호|암호|סיסמה|كلمة المرور|पासवर्ड)"
)
_WIDE_SECRET = rf"(?<![^\W_]){_SECRET}(?![^\W_])"
_QUOTE = r"(?:\\{0,8}[\"'`])"
# Between a name and its value.
_IS = rf"{_QUOTE}?\)?\s{{0,3}}(?:=>|:=|->|==?|:|：|\bis\b|\bwas\b|＝)\s{{0,3}}"
# Prefixes that only tokens have; and those that names have too (``pk_users``, ``npm_config_cache``,
# ``asia-south1``), which make a token of what is long and has a digit, or is of one piece.
_TOKEN = (
    r"(?<![^\W_])(?:(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|phx_|phc_|ya29\.|whsec_|dop_v1_|SG\.)[\w.-]{6,}"
    r"|(?:sk[-_]|pk_|rk_|arc_|npm_|hf_|pypi-|AIza|eyJ)(?:(?=[\w.-]{0,100}\d)[\w.-]{12,}|[a-z0-9]{16,})"
    r"|(?:AKIA|ASIA)[0-9A-Z]{12,})"
)
_EXTENSION = "|".join(sorted(EXTENSIONS, key=len, reverse=True))
_DOMAINS = {"com", "net", "org", "io", "dev", "ai", "app", "example", "www"}
# What no path holds where it is not quoted.
_STOP = r"\s'\"`:;,()<>|*\[\]{}"
_SLASH = r"(?:\\{1,4}|/|%2f|%5c)"
_ROOT = (
    rf"(?:(?:~[\w.-]{{0,40}}|\.{{1,2}}|<path>){_SLASH}|(?:%\w{{1,30}}%|\$\{{?\w{{1,30}}\}}?|\b[a-z]:){_SLASH}"
    rf"|\\{{2,8}}(?=[\w?.])|/(?=[^\s/<])|(?:%2f)(?=\w)|file:{_SLASH}{{1,3}})"
)
# One more word of a path that has spaces in it: a further level follows it, or an extension.
_SPACED = (
    rf"(?:(?!\s(?:~|[a-z]:)?[\\/])\s(?:[^{_STOP}/\\]{{1,40}}\s){{0,3}}[^{_STOP}/\\]{{0,60}}"
    rf"(?:[\\/][^{_STOP}]{{0,200}}|\.(?:{_EXTENSION})(?![^\W_])))"
)


def _path(match: re.Match[str]) -> str:
    """A path says no more than what kind of file it led to."""
    path = match["path"]
    end = "." if path.endswith(".") else ""
    return f"<path>{extension(path.partition('?')[0].rstrip('.'))}{end}"


def _url(match: re.Match[str]) -> str:
    """Of a URL that it is one; its host if that is made of ordinary words."""
    scheme, host = match["scheme"].replace("\\", ""), match["host"]
    if not host:
        return "<url>"
    labels = re.findall(r"[^\W\d_]+", host.lower())
    ordinary = host.startswith("<") or all(label in WORDS | _DOMAINS for label in labels)
    if not ordinary or any(each.isdigit() for each in host.partition("<")[0]):
        return f"{scheme}<host>/<path>"
    return f"{scheme}{host}{match['port']}/<path>"


def _secret(match: re.Match[str]) -> str:
    """What follows a secret's name is one; but ``the token was revoked`` says no token."""
    name, value = match[1], match["value"]
    if name.rstrip("'\"`\\ ")[-1:] not in ("=", ">") and value.strip(".,;:").lower() in WORDS:
        return match[0]
    return f"{name}<secret>"


_Said = str | Callable[[re.Match[str]], str]


def _compiled(*rules: tuple[str, _Said]) -> tuple[tuple[re.Pattern[str], _Said], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), said) for pattern, said in rules)


# What its own shape gives away, wherever it stands.
SHAPES = _compiled(
    (r"-----BEGIN [^-]{1,40}-----.*?(?:-----END [^-]{1,40}-----|\Z)", "<key>"),
    (r"\bjdbc:[^\s'\"<>]+", "jdbc:<url>"),
    (
        (
            r"\b(?P<scheme>[a-z][a-z0-9+.-]{1,20}:\\{0,4}/\\{0,4}/)(?:[^\s/?#'\"<>\\]*@)?"
            r"(?P<host>(?:<\w{1,8}>|[^\s/?#@'\"<>:\\])*)(?P<port>(?::\d+)?)[^\s'\"<>]*(?:<path>)?"
        ),
        _url,
    ),
    (
        (
            r"(?<![\w.+%-])[\w.+%-]{1,64}(?:@|%40|＠)"
            r"(?![v\d])[\w-]{1,63}(?:\.[\w-]{1,63})+"
        ),
        "<email>",
    ),
    (r"\"[^\"\n]{1,64}\"@[\w-]{1,63}(?:\.[\w-]{1,63})+", "<email>"),
    (r"(?<![\w-])eyJ[\w-]{4,}\.[\w-]+(?:\.[\w-]*)?", "<token>"),
    (_TOKEN, "<token>"),
)

# What the words around it give away.
CONTEXTS = _compiled(
    # The rest of a header, of a line of .netrc or .pgpass, of what pydantic was given.
    (
        (
            rf"\b((?:set-)?cookie2?|(?:proxy-)?authorization|x-[\w-]{{0,30}}(?:auth|token|key|secret)[\w-]{{0,20}})"
            rf"{_QUOTE}?(?:\s{{0,3}}[:=]\s{{0,3}}|,\s{{0,3}}b?(?=['\"]))(?:\"[^\"\n]*|'[^'\n]*|[^\"'\n][^\n]*)"
        ),
        r"\1: <secret>",
    ),
    (r"\b((?:basic|bearer|digest|negotiate|token|apikey)\s+)(?P<value>[\w.~+/=:-]{3,})", _secret),
    (
        (
            r"\bmachine\s+\S+(?:\s+(?:login|account|password)\s+\S+){1,3}|\bdefault\s+login\s+\S+\s+password\s+\S+"
            r"|\blogin\s+\S+\s+password\s+\S+"
        ),
        "<secret>",
    ),
    (
        r"(?<![^\s'\"(])[^\s:'\"@/]{1,100}:(?:\d{1,5}|\*):[^\s:'\"]{1,100}:[^\s:'\"]{1,100}:[^\s'\"]+",
        "<secret>",
    ),
    (r"input_value=.*?(?=, input_type=|\Z)", "input_value=<value>"),
    (r"\bkey \([^\n]*?\)=\([^\n]*?\)(?=[ .]|\Z)", "key (<value>)=(<value>)"),
    (
        (
            r"\b(?-i:SELECT\s[^\n]{1,200}?\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\s[^\n\]]*"
        ),
        "<value>",
    ),
    # On a command line.
    (
        r"(?<![^\s'\"(\[,])(-u|--user|--proxy-user)(?:[= ]|['\"], ['\"])[^\s'\",:]{1,100}:[^\s'\",]+",
        r"\1 <secret>",
    ),
    (r"(?<![^\s'\"(\[,])-p(?=[^\s'\",]{0,100}[\d!@#$%^&*A-Z])[^\s'\",]{3,}", "-p<secret>"),
    (
        (
            rf"((?<![\w-])--?(?:[\w-]{{0,40}}[_-])?{_SECRET}(?:[_-][\w-]{{0,40}})?(?:{_QUOTE}?\s?[\s,=:]\s?){_QUOTE}?)"
            r"(?P<value>(?![-<])[^\s'\",)\]]+)"
        ),
        _secret,
    ),
    (r"(?<![^\s'\"(<])[^\s:/@'\"<>]{1,100}:[^\s@'\"]{1,100}@(?=[\w.-])", "<secret>@"),
    # A name and its value.
    (
        (
            rf"((?<![^\W_])[\w.-]{{0,40}}?{_WIDE_SECRET}[\w.-]{{0,40}}(?:\s{{1,2}}(?:value|provided|given|received|used))?{_IS})"
            r"(?P<value>\\{0,8}\"(?:[^\"\\]|\\.)*\\{0,8}\"?|\\{0,8}'(?:[^'\\]|\\.)*\\{0,8}'?|(?![=>]|<\w{1,8}>)[^\s,;&)\]}]+)"
        ),
        _secret,
    ),
    # In quotes a path may hold spaces.
    (rf"(?<=')(?P<path>{_ROOT}[^'\n]*)(?=')", _path),
    (rf"(?<=\")(?P<path>{_ROOT}[^\"\n]*)(?=\")", _path),
    (rf"(?<![^{_STOP}=?])(?<!:(?=//))(?P<path>{_ROOT}[^{_STOP}]*{_SPACED}{{0,4}})", _path),
    # From the folder that one is in: a file's extension at its end, or backslashes.
    (
        (
            rf"(?<![^{_STOP}=?])(?P<path>(?!<)[^{_STOP}/\\?=]{{1,100}}(?:\\{{1,4}}(?=\w)[^{_STOP}]{{1,200}}{_SPACED}{{0,4}}"
            rf"|/[^{_STOP}]{{0,200}}\.(?:{_EXTENSION})(?![^\W_])(?:[?#][^{_STOP}]{{0,200}})?))"
        ),
        _path,
    ),
    (
        r"(?<![\w./@-])(?:[\w-]{1,63}\.){1,8}(?:com|net|org|edu|gov|example|internal|local|lan|corp|home|intranet|test|invalid)\b",
        "<host>",
    ),
    (r"[\w.+-]{1,64}@(?=<\w)", ""),
    (r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "<uuid>"),
    (r"(?<![\w.:])(?<!version )(?<!==)(?<!v)(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)", "<ip>"),
    (
        (
            r"(?<![\w:])(?=[0-9a-f:]{0,45}\d)(?:(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}"
            r"|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})(?![\w:])"
        ),
        "<ip>",
    ),
    (r"(?<![\w:])fe80::[0-9a-f:]{1,40}(?:%\w+)?", "<ip>"),
    (r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", "<mac>"),
    (r"\b(?=[0-9a-f]{0,40}\d)[0-9a-f]{16,}\b", "<hex>"),
)
