"""Two users of one machine: who runs ``arcade``, and a neighbour who means them no good.

Only root can be two others, so elsewhere what needs it is passed over (``needs_root``).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.forks import ancestor
from tests.support.home import Home

# User and group IDs that nobody has.
USER, NEIGHBOUR = 64_801, 64_802

needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root can be two other users"
)


def run_as(uid: int, script: str, *words: str) -> str:
    """What a script in Python prints that runs for a user; it must not fail."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(script)
        file.flush()
        os.chmod(file.name, 0o644)
        modules = ancestor("glob", "http.client", "encodings.idna")
        ran = modules.run(file.name, *words, environ={}, cwd="/", user=uid)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.decode()


@contextmanager
def user_home(cloud: str | None) -> Iterator[Home]:
    """A home of ``USER``, where the neighbour can come as far as its files let them."""
    folder = Path(tempfile.mkdtemp(prefix="arcade-two-users-"))
    home = folder / "home"
    home.mkdir()
    folder.chmod(0o755)
    home.chmod(0o755)
    os.chown(home, USER, USER)
    user = Home(home, cloud=cloud)
    user.environ["ARCADE_USAGE_TRACKING"] = "0"
    try:
        yield user
    finally:
        shutil.rmtree(folder)
