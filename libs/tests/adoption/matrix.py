"""Programs of the registry, as they are and wrapped by the three lines: what they print, how they
end, and what is recorded of it. ``make programs`` asks each, in an environment of its own.

    python matrix.py NAME FILE      one program, as a line of JSON in that file
    python matrix.py --table FILE   those lines, as a table
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SCRIPT = """
import os, sys
sys.path.pop(0)
from importlib.metadata import entry_points
(found,) = entry_points(group="console_scripts", name={name!r})
main = found.load()
bare = os.environ.pop("MATRIX_BARE", "")
if not bare:
    from usagekit import Usage
    usage = Usage({name!r}, version="1")
sys.exit(main() if bare else usage.run(main))
"""
FILES = {
    "good.py": 'made = "up"\n',
    "bad.py": "made up = (\n",
    "site_of_ours.py": ("from flask import Flask\napp = Flask(__name__)\n"),
    "asgi.py": "async def app(scope, receive, send):\n    raise NotImplementedError\n",
    "wsgi.py": "def app(environ, start_response):\n    raise NotImplementedError\n",
    "tasks.py": (
        "from invoke import task\n\n@task\ndef good(c):\n    print('good')\n\n"
        "@task\ndef bad(c):\n    raise ValueError('made up')\n"
    ),
    "tox.ini": "[tox]\nskipsdist = true\n[testenv]\nskip_install = true\n",
    "noxfile.py": (
        "import nox\n\n@nox.session(venv_backend='none')\ndef good(s):\n    pass\n\n"
        "@nox.session(venv_backend='none')\ndef bad(s):\n    s.error('made up')\n"
    ),
    "table.csv": "a,b\n1,2\n",
    "tpl/cookiecutter.json": '{"made": "up"}',
    "tpl/{{cookiecutter.made}}/a.txt": "made up",
    "good.yaml": "---\nmade: up\n",
    "bad.yaml": "made: [up\n",
    "mkdocs.yml": "site_name: made up\n",
    "docs/index.md": "# Made up\n",
    "requirements.in": "",
    "good.sql": "SELECT 1\n",
    "conf.py": "project = 'made up'\n",
    "index.rst": "Made up\n=======\n",
}
# How an event calls a success.
NONE = ""


class Program(NamedTuple):
    """What to ask of a program, and how an event is to call that; see ``matrix.toml``."""

    package: str
    framework: str
    words: list[str]
    names: list[str]
    kinds: list[str]
    goes_on: str = ""


PROGRAMS = {
    name: Program(**said)
    for name, said in tomllib.loads(Path(__file__).with_suffix(".toml").read_text()).items()
}


class Ended(NamedTuple):
    """How a run ended, as its caller sees it; and what was recorded of it: name, kind, options."""

    code: int
    out: str
    err: str
    events: tuple[tuple[str, str, tuple[str, ...]], ...]


class Place:
    """A folder to work in, and a home, the same for each run."""

    def __init__(self, folder: Path, name: str) -> None:
        self.work, self.home = folder / "work", folder / "home"
        self.script = folder / "bin" / name
        self.script.parent.mkdir()
        self.script.write_text(SCRIPT.format(name=name))

    def run(self, words: list[str], how: str, *, bare: bool) -> Ended:
        """``how``: ``whole``, or read by ``head``, or ended by a signal once it goes on."""
        for one in (self.work, self.home):
            shutil.rmtree(one, ignore_errors=True)
            one.mkdir()
        for name, text in FILES.items():
            path = self.work / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        environ = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "NO_PROXY": "*",
            **({"MATRIX_BARE": "1"} if bare else {}),
        }
        out_of: int = subprocess.PIPE
        if how == "head":  # that has seen enough before the program has written anything
            read, out_of = os.pipe()
            os.close(read)
        process = subprocess.Popen(
            [sys.executable, str(self.script), *words],
            env=environ,
            cwd=self.work,
            stdin=subprocess.DEVNULL,
            stdout=out_of,
            stderr=subprocess.PIPE,
        )
        if out_of != subprocess.PIPE:
            os.close(out_of)
        if how in ("SIGINT", "SIGTERM"):
            time.sleep(4)
            process.send_signal(getattr(signal, how))
        try:
            out, err = process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += b"MATRIX: did not end"
        ended = [self._masked(one or b"") for one in (out, err)]
        events = () if bare else self._events()
        return Ended(process.returncode, ended[0], ended[1], events)

    def _masked(self, text: bytes) -> str:
        found = text.decode(errors="replace").replace(str(self.work), "WORK")
        found = re.sub(r"/tmp/[\w./-]+", "TMP", re.sub(r"0x[0-9a-f]+", "0x", found))
        # Times; and under a line of a traceback, what of it was at work: two calls are on ours.
        return re.sub(r"(?m)^[ ^~]+\n", "", re.sub(r"\d+(\.\d+)?", "#", found))

    def _events(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        state = next(iter(self.home.glob(".local/state/*/usage")), None)
        if state is None:
            return ()
        deadline = time.monotonic() + 12
        log = state / "log.jsonl"
        while not log.exists() and time.monotonic() < deadline:
            if not any(
                (state / one).is_dir() and any((state / one).iterdir())
                for one in ("spool", "running")
            ):
                time.sleep(0.3)
                break
            if not any((state / "spool").glob("*")) and time.monotonic() > deadline - 9:
                # Only a marker: its command was killed, and a sender has to look.
                subprocess.run(
                    [sys.executable, "-c", COLLECT.format(name=self.script.name)],
                    env={"HOME": str(self.home)},
                    check=False,
                )
            time.sleep(0.1)
        lines = log.read_text().splitlines() if log.exists() else []
        found = [json.loads(line)["properties"] for line in lines]
        return tuple(
            (one["command_name"], one.get("failure_kind") or NONE, tuple(one.get("options", ())))
            for one in found
        )


COLLECT = """
from usagekit import Usage
from usagekit.flush import flush
flush(Usage({name!r}, version="1").config(), 5)
"""


def asked(name: str) -> dict[str, Any]:
    """All that is asked of a program, and what differs."""
    program = PROGRAMS[name]
    good, bad, wrong = program.words
    kinds = zip(program.names, [NONE, *program.kinds], strict=True)
    cases: dict[str, tuple[str, str]] = {
        "help": ("--help", "whole"),
        "version": ("--version", "whole"),
        "good": (good, "whole"),
        "bad": (bad, "whole"),
        "unknown": (wrong, "whole"),
        "| head": ("--help", "head"),
    }
    expected = dict(zip(("good", "bad", "unknown"), kinds, strict=True))
    if not good:
        del cases["good"]
    if program.goes_on:
        cases |= {name: (program.goes_on, name) for name in ("SIGINT", "SIGTERM")}
    row: dict[str, Any] = {"name": name, "framework": program.framework, "cases": {}}
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder), name)
        for case, (words, how) in cases.items():
            bare = [place.run(words.split(), how, bare=True) for _ in range(2)]
            tracked = place.run(words.split(), how, bare=False)
            same = any(tracked[:3] == one[:3] for one in bare)
            row["cases"][case] = {
                "code": tracked.code,
                "bare_code": bare[0].code,
                "same": same,
                "events": tracked.events,
                "expected": expected.get(case),
                "differs": [] if same else [*bare[0][1:3], *tracked[1:3]],
                "itself": bare[0][:3] == bare[1][:3],
            }
    return row


def wrong(row: dict[str, Any]) -> list[str]:
    """What is not as it should be, in words."""
    found = []
    for case, one in row["cases"].items():
        events = [tuple(event[:2]) for event in one["events"]]
        wanted = [tuple(one["expected"])] if one["expected"] else []
        if not one["same"]:
            found.append(f"{case}: other output or exit code")
        if case in ("help", "version", "| head") and one["code"]:
            continue  # not every program knows both, nor what to do with a pipe that is closed
        if case in ("SIGINT", "SIGTERM"):
            if len(events) != 1:
                found.append(f"{case}: {len(events)} events")
        elif events != wanted:
            found.append(f"{case}: recorded {events}, not {wanted}")
    return found


def table(rows: list[dict[str, Any]]) -> str:
    """What was found, for docs/compatibility.md."""
    heads = ["program", "reads its words by", "cases, the same", "a good run", "a failing one"]
    heads.append("a word that there is not")
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for row in rows:
        same = sum(one["same"] for one in row["cases"].values())
        cells = [f"`{row['name']}` {row['version']}", row["framework"]]
        cells.append(f"{len(row['cases'])}, {same}")
        for case in ("good", "bad", "unknown"):
            if case not in row["cases"]:
                cells.append("")
                continue
            said = [
                f"`{name}` {kind or 'ok'}" + (f" ({', '.join(options)})" if options else "")
                for name, kind, options in row["cases"][case]["events"]
            ]
            cells.append("; ".join(said) or "no event")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(words: list[str]) -> int:
    """One program, whose row is added to a file; or the table of that file."""
    if words[0] == "--table":
        rows = [json.loads(line) for line in Path(words[1]).read_text().splitlines()]
        print(table(rows))
        return sum(len(wrong(row)) for row in rows)
    # A shell has its background jobs ignore it, and these would have theirs.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    name, file = words
    row = asked(name)
    row["version"] = version(PROGRAMS[name].package)
    with Path(file).open("a") as found:
        found.write(json.dumps(row) + "\n")
    for one in wrong(row):
        print(f"{name}: {one}")
    return len(wrong(row))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
