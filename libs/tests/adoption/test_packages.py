"""The three packages as they are built: what is in them, and what they say that they need."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[3]
LICENSE = (ROOT / "LICENSE").read_bytes()
# Where each is built, and its source.
PACKAGES = {
    "arcade_mcp": (ROOT, "libs/arcade-cli/arcade_cli"),
    "usagekit": (ROOT / "libs/usagekit", "usagekit"),
    "usagekit_collector": (ROOT / "libs/usagekit-collector", "usagekit_collector"),
}
# By what name another distribution is imported.
IMPORTED_AS = {"pyyaml": "yaml", "arcade-mcp": "arcade_cli", "backports-zstd": "backports"}
# What a later Python than the one that runs this has of its own.
NEWER = {"compression", "tomllib"}
# The program brings these, whichever it uses.
FRAMEWORKS = {"usagekit": {"click", "typer"}}


class Built:
    """A package, built: its wheel and its source."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.place, source = PACKAGES[name]
        self.source = self.place / source
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
        subprocess.run(command, cwd=self.place, check=True, capture_output=True, timeout=60)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as file:
            self.wheel = {one: file.read(one) for one in file.namelist()}
        (sdist,) = folder.glob("*.tar.gz")
        with tarfile.open(sdist) as tar:
            names = (PurePosixPath(one.name).parts[1:] for one in tar.getmembers())
            self.sdist = {"/".join(parts) for parts in names}

    @property
    def metadata(self) -> Message:
        (text,) = (text for name, text in self.wheel.items() if name.endswith("/METADATA"))
        return message_from_bytes(text)


@pytest.fixture(scope="module", params=PACKAGES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(request.param, tmp_path_factory.mktemp(request.param))


def imports(folder: Path) -> Iterator[str]:
    """What the source imports of others, wherever in it."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (one.name.partition(".")[0] for one in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield node.module.partition(".")[0]


def test_a_wheel_carries_its_license(built: Built) -> None:
    texts = [text for name, text in built.wheel.items() if "licenses/" in name]
    assert texts == [LICENSE]
    assert built.metadata["License-Expression"] == "MIT"


def test_a_wheel_carries_its_source_and_nothing_else(built: Built) -> None:
    source = {
        f"{built.source.name}/{path.relative_to(built.source)}"
        for path in built.source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in built.wheel if ".dist-info/" not in name} == source


def test_what_is_imported_is_declared(built: Built) -> None:
    said = built.metadata.get_all("Requires-Dist", [])
    declared = {re.split(r"[^\w.-]", one, maxsplit=1)[0].lower() for one in said}
    names = {IMPORTED_AS.get(one, one.replace("-", "_")) for one in declared}
    own = sys.stdlib_module_names | NEWER | {built.source.name}
    others = set(imports(built.source)) - own
    assert others - names - FRAMEWORKS.get(built.name, set()) == set()


def test_an_sdist_carries_what_is_built_of_it_and_no_more(built: Built) -> None:
    about = {"LICENSE", "PKG-INFO", "README.md", "pyproject.toml", ".gitignore"}
    source = built.source.relative_to(built.place).as_posix()
    others = {one for one in built.sdist if not one.startswith(f"{source}/")}
    assert about - {".gitignore"} <= others <= about
    assert f"{source}/__init__.py" in built.sdist
