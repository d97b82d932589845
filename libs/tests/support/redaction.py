"""How well messages are redacted, measured on the corpus through the real path: an exception raised
in a file of a program, what the foreground leaves of its text, and what is sent of that.

``python -m tests.support.redaction`` prints ``docs/privacy.md``, in which the numbers stand; with
any argument it prints what went wrong.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from usagekit.event import Event
from usagekit.extensions import EXTENSIONS
from usagekit.outcome import outcome_of
from usagekit.redact import Redactor
from usagekit.schema import page
from usagekit.vocabulary import PLACEHOLDERS
from usagekit.wire import to_wire

CORPUS = Path(__file__).parents[1] / "usagekit" / "corpus"
# One that knows nobody of this machine, so that the numbers are the same on each.
NOBODY = Redactor()
_MARKED = re.compile("⟦([^⟧]*)⟧")
_WORD = re.compile(r"[^\W_]+")
_PLACEHOLDER = re.compile(rf"{PLACEHOLDERS.pattern}(?:\.\w+)?")
# Of a secret that is a sentence, these are no part that anybody could recognise.
_NO_PART = set(
    re.findall(
        r"\w+", "a an and at for from how i in is me my not of on the to us was with you your"
    )
)
_HEAD = """import ast, asyncio, base64, concurrent.futures, configparser, copy, csv, dataclasses
import datetime, decimal, enum, fractions, functools, gzip, http.client, importlib
import importlib.metadata, io, ipaddress, json, locale, math, operator, os, pickle, queue, random
import re, select, shlex
import shutil, signal, socket, sqlite3, ssl, statistics, string, struct, subprocess, tarfile
import threading, urllib.parse, urllib.request, uuid, zipfile, zlib
import httpx, jinja2, jwt, msgpack, numpy, packaging.requirements, packaging.version
import platformdirs, pydantic, requests, sqlite_utils, urllib3, werkzeug.exceptions, yaml
try:
    from tomllib import loads as tomllib_loads
except ImportError:
    from tomli import loads as tomllib_loads


class MadeUpError(Exception):
    pass


def from_elsewhere(text):
    raise MadeUpError(text)
"""


class Row(NamedTuple):
    """A message: what is literal in it, and the values between; ``literals`` is one longer."""

    literals: list[str]
    values: list[str]

    @property
    def text(self) -> str:
        """The message as a person would read it."""
        pairs = zip(self.literals, [*self.values, ""], strict=True)
        return "".join(literal + value for literal, value in pairs)


class Count(NamedTuple):
    """How many of how many."""

    bad: int
    of: int

    def __str__(self) -> str:
        return f"{self.bad / self.of:.1%} ({self.bad} of {self.of})"


def rows(name: str) -> list[Row]:
    """The rows of one of the files: ``secrets`` or ``harmless``, whose values stand in ⟦ ⟧."""
    found = []
    for line in (CORPUS / f"{name}.txt").read_text("utf-8").splitlines():
        text = re.sub(r"\\u(001b|0007|20\w\w)", lambda code: chr(int(code[1], 16)), line)
        parts = _MARKED.split(text)
        found.append(Row(parts[::2], parts[1::2]))
    return found


def provocations() -> list[tuple[str, str]]:
    """Code that fails, and the values in its message that may go."""
    lines = (CORPUS / "provoked.txt").read_text("utf-8").splitlines()
    return [(line.partition("\t")[0], line.partition("\t")[2]) for line in lines]


def sent(fails: Callable[[], object]) -> tuple[str, str]:
    """The text of what this raises, and what is sent of it."""
    try:
        fails()
    except Exception as error:  # noqa: BLE001 (whatever it is)
        outcome = outcome_of(error, error)
        event = Event(
            event_name="CLI execution failed",
            distinct_id="made-up",
            is_anon=False,
            properties={"error_message": outcome.error_message},
            uuid="00000000-0000-4000-8000-000000000000",
            timestamp="2026-11-23T09:30:00.000000Z",
        )
        return str(error), str(to_wire(event, NOBODY)["properties"]["error_message"])
    raise AssertionError(f"it did not fail: {fails}")


def leaked(row: Row, said: str) -> list[str]:
    """The parts of its values that somebody could recognise in what was sent."""
    public = _words(" ".join(row.literals))
    left = _PLACEHOLDER.sub(" ", said).casefold()
    words = set(_words(left))
    parts = {word for value in row.values for word in _words(_without_extension(value))}
    shown = " ".join(row.literals).casefold()
    whole = [value for value in row.values if len(_squashed(value)) > 2]  # however it is spaced
    return sorted(
        part
        for part in parts - {*public, *_NO_PART}
        if part not in shown and _stands(part, words, left)
    ) + [value for value in whole if _squashed(value) in _squashed(left)]


def _squashed(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


def _stands(part: str, words: set[str], left: str) -> bool:
    shortest = 4 if part.isascii() else 2
    return (len(part) > 1 and part in words) or (len(part) >= shortest and part in left)


def lost(useful: str, said: str) -> list[str]:
    """The words of a text that are not in what was sent."""
    return sorted(
        (Counter(_words(useful)) - Counter(_words(_PLACEHOLDER.sub(" ", said)))).elements()
    )


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _without_extension(value: str) -> str:
    """A value without its end that says of which kind it is, or a URL's beginning."""
    value = value.partition("://")[2] or value
    name, dot, end = value.rpartition(".")
    return name if dot and end.lower() in EXTENSIONS else value


class Judged(NamedTuple):
    """One message, what was sent of it, and what is wrong with that."""

    text: str
    said: str
    wrong: list[str]


@functools.cache  # it takes seconds, and the numbers are on a page too
def judge() -> dict[str, list[Judged]]:
    """What becomes of every message of the corpus."""
    before, sys.argv = sys.argv, ["program"]
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = _program(Path(folder))
            return {
                "secret, in a template": list(_in_templates(program, "secrets", leaked)),
                "secret, from elsewhere": list(_from_elsewhere(program, "secrets", leaked)),
                "harmless, own": list(_in_templates(program, "harmless", _damage)),
                "harmless, provoked": list(_provoked(program)),
                "harmless, from elsewhere": list(_from_elsewhere(program, "harmless", _damage)),
            }
    finally:
        sys.argv = before


def _damage(row: Row, said: str) -> list[str]:
    return lost(" ".join(row.literals), said)


def _in_templates(
    program: ModuleType, name: str, wrong: Callable[[Row, str], list[str]]
) -> Iterator[Judged]:
    for number, row in enumerate(rows(name)):
        _, said = sent(lambda: getattr(program, f"{name}_{number}")(row.values))  # noqa: B023
        yield Judged(row.text, said, wrong(row, said))


def _from_elsewhere(
    program: ModuleType, name: str, wrong: Callable[[Row, str], list[str]]
) -> Iterator[Judged]:
    for row in rows(name):
        _, said = sent(lambda: program.from_elsewhere(row.text))  # noqa: B023
        yield Judged(row.text, said, wrong(row, said))


def _provoked(program: ModuleType) -> Iterator[Judged]:
    for number, (_, values) in enumerate(provocations()):
        text, said = sent(getattr(program, f"provoked_{number}"))
        useful = _words(re.sub(r"0x[0-9a-f]{6,}", "", text))  # where an object lies
        for word in _words(values):
            useful = [each for each in useful if each != word]
        yield Judged(text, said, lost(" ".join(useful), said))


def _program(folder: Path) -> ModuleType:
    """A program with a function for each message, as a file of its own."""
    lines = [_HEAD]
    for name in ("secrets", "harmless"):
        for number, row in enumerate(rows(name)):
            lines += [f"def {name}_{number}(given):", f"    raise MadeUpError({_template(row)})"]
    for number, (code, _) in enumerate(provocations()):
        lines += [f"def provoked_{number}():", f"    {code}"]
    path = folder / "made_up_program.py"
    path.write_text("\n".join(lines), "utf-8")
    spec = importlib.util.spec_from_file_location("made_up_program", path)
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    return program


def _template(row: Row) -> str:
    """The source of the message: an f-string in every other row, else an older kind."""
    if len(row.text) % 3 == 0:
        text = "%s".join(literal.replace("%", "%%") for literal in row.literals)
        return f"{text!r} % tuple(given)"
    if len(row.text) % 3 == 1:
        text = "{}".join(re.sub("([{}])", r"\1\1", literal) for literal in row.literals)
        return f"{text!r}.format(*given)"
    text = ""
    for number, literal in enumerate(row.literals):
        text += re.sub("([{}])", r"\1\1", literal)
        text += f"{{given[{number}]}}" if number < len(row.values) else ""
    return f"f{text!r}"


def counts(judged: dict[str, list[Judged]]) -> dict[str, Count]:
    """How many of each kind went wrong."""
    return {
        kind: Count(sum(bool(one.wrong) for one in ones), len(ones))
        for kind, ones in judged.items()
    }


def privacy_page() -> str:
    """``docs/privacy.md``: every field, and how well a message is redacted."""
    numbers = counts(judge())
    secrets, own, provoked = (
        numbers[kind] for kind in ("secret, in a template", "harmless, own", "harmless, provoked")
    )
    harmless = Count(own.bad + provoked.bad, own.of + provoked.of)
    return page() + _SECTION.format(
        secrets=secrets,
        harmless=harmless,
        leaked_elsewhere=numbers["secret, from elsewhere"],
        damaged_elsewhere=numbers["harmless, from elsewhere"],
    )


_SECTION = """

## How well `error_message` is redacted

What stands in the program's own source is kept, and what was put into it goes. Of a text that no
source in sight explains, such as a server's answer, the words that programs use are kept, and the
rest goes ([why](adr/0010-what-the-program-wrote.md)). Measured by `make docs` on the messages in
`libs/tests/usagekit/corpus`, each raised as an exception, redacted by the command and the sender:

| | secrets of which a part was left | harmless messages that lost a word |
|---|---|---|
| messages of the program, of Python and of libraries | {secrets} | {harmless} |
| the same texts, when they come whole from elsewhere | {leaked_elsewhere} | {damaged_elsewhere} |

The secrets are names, addresses, paths, keys, tokens, numbers and sentences, in several languages.
"""

if __name__ == "__main__":
    if sys.argv[1:]:
        for kind, ones in judge().items():
            for one in ones:
                if one.wrong:
                    print(f"{kind}: {one.text!r}\n    {one.said}\n    {one.wrong}")
    else:
        print(privacy_page(), end="")
