"""usagekit as others get it: the built wheel, in an environment of its own, without the source."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.recorder import Recorder
from tests.support.senders import wait_for_senders

SOURCE = Path(__file__).parents[2] / "usagekit"
PROGRAM = """
import sys
from usagekit import Usage
usage = Usage("acme", version="1.2.0")
def main():
    print(usage.__class__.__module__, "posthog" in sys.modules)
usage.run(main)
"""
WORDS_OF_MYPY = """
from typing import assert_type
from usagekit import Event, Usage, UsageConfig
from usagekit.testing import captured

usage = Usage("acme", version="1.2.0", host="https://usage.acme.dev", project_api_key="phc_made_up")
assert_type(usage.config(), UsageConfig)
assert_type(usage.identify("account-1"), None)
with captured() as events, usage.command("db.migrate"):
    assert_type(events, list[Event])

Usage("acme")  # wrong
Usage("acme", version=1)  # wrong
usage.run("acme")  # wrong
usage.identify(None)  # wrong
usage.command()  # wrong
"""


def build(folder: Path) -> Path:
    """Build the wheel from a copy of the source, with files as old as the copy is."""
    copy = folder / "source"
    shutil.copytree(SOURCE, copy, copy_function=shutil.copyfile)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder, copy),
        ],
        check=True,
        timeout=60,
    )
    (wheel,) = folder.glob("usagekit-*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and nothing else in it."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
            *("--disable-pip-version-check", "--no-index", wheel),
        ],
        check=True,
        timeout=60,
    )
    return python


def acme(python: Path, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [python, "-c", PROGRAM],
        env={"HOME": str(home), "PATH": os.environ["PATH"], **environ},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
    )
    wait_for_senders(home)
    return ran


def test_two_builds_are_the_same_byte_for_byte(wheel: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (wheel, again)}
    assert len(digests) == 1


def test_the_wheel_holds_every_module_and_no_test_and_asks_for_nothing(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.startswith("usagekit-")}
        (metadata,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        text = archive.read(metadata).decode()
    package = SOURCE / "usagekit"
    sources = {path.relative_to(SOURCE).as_posix() for path in package.rglob("*.py")}
    assert names == sources | {"usagekit/py.typed"}
    requirements = re.findall(r"^Requires-Dist: (.*)$", text, re.MULTILINE)
    assert [one for one in requirements if "extra ==" not in one] == []


def test_a_program_runs_without_any_dependency_and_its_events_wait_for_the_sdk(
    python: Path, tmp_path: Path, recorder: Recorder
) -> None:
    there = {"ACME_USAGE_HOST": recorder.url, "ACME_USAGE_PROJECT_KEY": "phc_made_up"}
    ran = acme(python, tmp_path, CI="1", **there)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "usagekit.usage False\n", "")
    state = tmp_path / ".local/state/acme/usage"
    assert len(list((state / "spool").glob("*.json"))) == 1
    assert "pip install 'usagekit[posthog]'" in (state / "breaker").read_text()
    # Where the SDK is, the same program delivers what waited.
    acme(Path(sys.executable), tmp_path, CI="1", **there)
    assert len(recorder.wait_for(2)) == 2


def test_the_api_is_typed(python: Path, tmp_path: Path) -> None:
    program = tmp_path / "typed.py"
    program.write_text(WORDS_OF_MYPY)
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable", python, program],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
    )
    complained = {int(line) for line in re.findall(r"typed\.py:(\d+): error", ran.stdout)}
    wrong = {
        number
        for number, line in enumerate(WORDS_OF_MYPY.splitlines(), start=1)
        if line.endswith("# wrong")
    }
    assert complained == wrong, ran.stdout
