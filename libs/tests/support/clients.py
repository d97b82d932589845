"""Programs that use PostHog's SDKs as published, each in an environment that ``make test``
prepares; they are asked to make calls, and say what the calls returned."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.support.collector import Project
from tests.support.home import clean_environ

_ROOT = Path(__file__).parents[3]
_PROGRAMS = Path(__file__).parents[1] / "collector/clients"
# Looked up once: in a test, nothing of the environment is left.
_MAY_SKIP = "CI" not in os.environ

# What is wrong with a page that a browser shows, by WCAG 2.2 AA; it needs axe-core's script.
AXE = """axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
}).then((found) => found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]))"""

Call = tuple[str, Any]


class Made:
    """What a client's calls came to.

    Attributes:
        returned: what each call returned, in order.
        began, ended: between these times the client ran.
    """

    def __init__(self, returned: list[Any], began: datetime) -> None:
        self.returned = returned
        self.began = began
        self.ended = datetime.now(timezone.utc)


class Client:
    """A program, and the SDK that it finds.

    Args:
        command: that runs it.
        environ: what it needs beside a clean environment.
        version: of its SDK.
    """

    def __init__(self, command: Sequence[str], environ: dict[str, str], version: str) -> None:
        self.command = command
        self.environ = environ
        self.version = version

    def make(
        self, project: Project, calls: Sequence[Call], *, protocol: str = "", **options: Any
    ) -> Made:
        """Make calls, with these options of the SDK. It ends well, and stderr stays empty.

        Args:
            protocol: ``v1`` for the newer one, which an SDK speaks if it is told to.
        """
        script = {
            "token": project.token,
            "host": project.collector.url,
            "options": options,
            "calls": calls,
        }
        began = datetime.now(timezone.utc)
        ran = subprocess.run(
            self.command,
            input=json.dumps(script).encode(),
            env={
                **clean_environ(Path.cwd()),
                **self.environ,
                **({"POSTHOG_CAPTURE_MODE": protocol} if protocol else {}),
            },
            capture_output=True,
            timeout=60,
        )
        assert (ran.returncode, ran.stderr.decode()) == (0, ""), ran
        return Made(json.loads(ran.stdout), began)


def older_python(version: str) -> Client:
    """An SDK for Python of requirements/client-posthog-*.txt."""
    return _python(python_with_posthog(version), version)


def python_with_posthog(version: str) -> Path:
    """The interpreter of an environment that has this version of the SDK."""
    return _prepared(f".venv-posthog{version.partition('.')[0]}") / "bin/python"


def newest_python() -> Client:
    """The SDK for Python that usagekit sends with."""
    from posthog.version import VERSION

    return _python(Path(sys.executable), VERSION)


def node(package: str = "posthog-node") -> Client:
    """An SDK for Node of clients/package.json; with its major version, if it is an older one."""
    if not (shutil.which("node") and shutil.which("npm")):
        passed_over("there is no Node.js with npm on this machine")
    wanted = json.loads((_PROGRAMS / "package.json").read_bytes())["dependencies"][package]
    return Client(
        ["node", str(_PROGRAMS / "sdk.js"), package],
        {"NODE_PATH": str(modules())},
        wanted.rpartition("@")[2],
    )


def visit(*visits: dict[str, Any]) -> list[dict[str, Any]]:
    """Open pages in a real browser, one after the other (``clients/page.js``).

    Args:
        visits: each with its ``url``; its ``steps``, expressions that the page evaluates;
            ``error``, the milliseconds by which its clock is wrong; a ``script`` of a package that
            is run before; where a ``picture`` of it goes; what is waited for in the end, ``until``
            there is such an element; and all that Playwright's ``newContext`` knows.

    Returns for each what the steps ``returned``, what was ``asked`` for (method, address, status),
    and what the console ``said``, with all that failed.
    """
    program = shutil.which("chromium")
    if not (program and shutil.which("node") and shutil.which("npm")):
        passed_over("there is no Chromium, or no Node.js with npm, on this machine")
    script = {"program": program, "visits": visits}
    with tempfile.TemporaryDirectory() as home:
        ran = subprocess.run(
            ["node", str(_PROGRAMS / "page.js")],
            input=json.dumps(script).encode(),
            env={**clean_environ(Path(home)), "NODE_PATH": str(modules())},
            capture_output=True,
            timeout=100,
        )
    assert (ran.returncode, ran.stderr.decode()) == (0, ""), ran
    made: list[dict[str, Any]] = json.loads(ran.stdout)
    return made


def modules() -> Path:
    """The folder of the packages for Node."""
    return _prepared(".node-clients") / "node_modules"


def passed_over(why: str) -> None:
    """Skip a test for want of a program; in CI, where there must be one, fail it."""
    if _MAY_SKIP:
        pytest.skip(why)
    pytest.fail(why)


def _python(python: Path, version: str) -> Client:
    # Deprecated are calls that only the newer of the two has another way for.
    flags = ["-I", "-W", "ignore::DeprecationWarning"]
    return Client([str(python), *flags, str(_PROGRAMS / "sdk.py")], {}, version)


def _prepared(name: str) -> Path:
    folder = _ROOT / name
    assert (folder / "ready").exists(), f"prepare it first: make {name}/ready"
    return folder
