"""A machine to throw away: a home folder, a clean environment, and real ``arcade`` processes."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from arcade_cli.usage import NOTICE
from typing_extensions import Self

from tests.support.forks import Forked, ancestor
from tests.support.senders import senders, wait_for_senders

# The token of the project that homes send to.
PROJECT_KEY = "phc_made_up_project"
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")
ARCADE = str(Path(sys.executable).parent / "arcade")
PROGRAM = str(Path(__file__).with_name("program.py"))
# Of what is installed, Typer loads more when an app runs.
TYPER = ("typer", "typer.rich_utils", "rich.traceback", "pydantic.types", "importlib.metadata")
# What arcade imports of others, sooner or later.
_ARCADE_IMPORTS = (
    *TYPER,
    *("arcade_core.catalog", "arcade_core.executor", "arcade_core.toolkit", "asyncio"),
    *("http.server", "urllib.request", "webbrowser", "yaml", "encodings.idna"),
    *("html", "ipaddress", "json", "secrets", "shlex", "tempfile", "unicodedata"),
)


def clean_environ(home: Path) -> dict[str, str]:
    """An environment in which nothing of the developer's is left but what programs need."""
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**environ, "HOME": str(home), "USER": "made-up-user", "COLUMNS": "100"}


@contextmanager
def the_machine(*, alone: bool) -> Iterator[None]:
    """A share of this machine, or all of it: a crowd of processes starves a neighbour's sender,
    which gives way to everybody and has ten seconds to live.

    Whoever waits at the gate for all of it lets nobody else past.
    """
    folder = Path(tempfile.gettempdir())
    with open(folder / "arcade-tests-machine.lock", "w") as machine:
        with open(folder / "arcade-tests-gate.lock", "w") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(machine, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


_LOGINS = threading.RLock()
_holders: list[object] = []


@contextmanager
def the_login_port() -> Iterator[None]:
    """Logins take turns, whoever runs them: the service sends browsers to one port only.

    Who holds it may take it again: a whole test, and the logins in it.
    """
    with _LOGINS, open(Path(tempfile.gettempdir()) / "arcade-tests-login.lock", "w") as lock:
        if not _holders:
            fcntl.flock(lock, fcntl.LOCK_EX)
        _holders.append(lock)
        try:
            yield
        finally:
            _holders.pop()


class Home:
    """One user's home on one machine.

    Args:
        folder: an empty folder.
        host: URL of the receiver; None: no project key either, so nothing may leave.
        cloud: URL of the Arcade Cloud stand-in that ``login`` goes to.
    """

    def __init__(self, folder: Path, host: str | None = None, cloud: str | None = None) -> None:
        self.folder = folder
        self.state = folder / ".arcade"
        self.cloud = cloud
        self.environ = clean_environ(folder)
        if host is not None:
            self.environ["ARCADE_USAGE_HOST"] = host
            self.environ["ARCADE_USAGE_PROJECT_KEY"] = PROJECT_KEY
        # A browser without a screen: it follows the redirect and shows nothing.
        browser = Path(__file__).with_name("browser.py")
        self.environ["BROWSER"] = f"{sys.executable} {browser} %s"

    def measured(self, *, senders: bool = False) -> Self:
        """Measure the coverage of this home's commands, which makes them twice as slow; of their
        senders, with their clean environment, too (see a0_coverage.pth)."""
        config = os.environ.get("COVERAGE_PROCESS_CONFIG", "")
        if config and senders:
            (self.folder / ".coverage-of-tests").write_text(config)
        elif config:
            self.environ["COVERAGE_PROCESS_CONFIG"] = config
        return self

    def start(
        self, *words: str | bytes, environ: Mapping[str, str] | None = None, **options: Any
    ) -> Forked:
        """Start ``arcade`` with these words (``forks.Ancestor.start``)."""
        environ = {**self.environ, **(environ or {})}
        options = {"cwd": self.folder, "quick": True, **options}
        return ancestor(*_ARCADE_IMPORTS).start(ARCADE, *words, environ=environ, **options)

    def exec(
        self, *words: str | bytes, environ: Mapping[str, str] | None = None, **options: Any
    ) -> Ran:
        """Run ``arcade`` by an interpreter of its own, to its end."""
        files = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        options = {"cwd": self.folder, **files, **options}
        environ = {**self.environ, **(environ or {})}
        ran = subprocess.run([ARCADE, *words], env=environ, timeout=60, **options)
        out, err = ran.stdout or b"", without_notice(ran.stderr)
        return Ran(ran.returncode, out.decode(), err.decode())

    def start_program(
        self,
        *words: str | bytes,
        environ: Mapping[str, str] | None = None,
        script: str = PROGRAM,
        **options: Any,
    ) -> Forked:
        """Start a command of the program in program.py, or of another that imports no more."""
        environ = {**self.environ, **(environ or {})}
        options = {"cwd": self.folder, "quick": True, **options}
        return ancestor(*TYPER).start(script, *words, environ=environ, **options)

    def start_plain(self, command: str, ending: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command of the program in plain.py, which takes a fifth of arcade's time."""
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
        program = str(Path(__file__).with_name("plain.py"))
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, program, command, ending], env=self.environ, **options
        )
        return process

    def run(
        self, *words: str | bytes, environ: Mapping[str, str] | None = None, **options: Any
    ) -> Ran:
        """Run ``arcade`` with these words to its end."""
        process = self.start(*words, environ=environ, **options)
        out, err = process.communicate(timeout=60)
        assert process.returncode is not None
        return Ran(process.returncode, out.decode(), without_notice(err).decode())

    def login(self, **options: Any) -> Ran:
        """Log in at the stand-in, through a real redirect."""
        assert self.cloud is not None
        with the_login_port():
            return self.run("login", "--host", self.cloud, "--timeout", "20", **options)

    def write_credentials(
        self, key: str, *, token: bool = False, email: str = "by@hand.example"
    ) -> None:
        """What somebody does who logs in by another way than ``arcade login``."""
        secret = {"auth": {"access_token": key}} if token else {"api": {"key": key}}
        self.state.mkdir(mode=0o700, exist_ok=True)
        cloud = {**secret, "user": {"email": email}, "coordinator_url": self.cloud}
        (self.state / "credentials.yaml").write_text(json.dumps({"cloud": cloud}))

    @property
    def usage_json(self) -> dict[str, Any]:
        """The identity file, parsed."""
        content: dict[str, Any] = json.loads((self.state / "usage.json").read_text())
        return content

    def senders(self) -> list[int]:
        """The senders of this home that are alive."""
        return senders(self.folder)

    def wait_for_senders(self, seconds: float = 15) -> None:
        """Wait until no sender of this home is left; AssertionError if one stays."""
        wait_for_senders(self.folder, seconds)

    def waiting(self) -> list[dict[str, Any]]:
        """The events in the spool, oldest first."""
        return [
            json.loads(path.read_text())
            for path in sorted((self.state / "usage/spool").glob("*.json"))
        ]

    def log(self) -> list[dict[str, Any]]:
        """The local log of what became of events, oldest first."""
        path = self.state / "usage/log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def without_notice(err: bytes) -> bytes:
    """What a program printed on stderr, but for the notice of the first run."""
    return err.replace(f"{NOTICE}\n".encode(), b"", 1)


class Ran:
    """What a process left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    def refused_in_one_message(self, *words: str) -> None:
        """Assert that it failed as a person may expect: exit code 1 and one line that says why."""
        assert self.code == 1, self
        assert self.err.startswith("Error: "), self
        assert self.err.count("\n") == 1, self
        for word in words:
            assert word in self.err, self

    def __repr__(self) -> str:
        return f"Ran({self.code}, {self.out!r}, {self.err!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ran) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]
