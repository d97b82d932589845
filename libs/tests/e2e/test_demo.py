"""``make demo`` runs, and what it claims is so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.home import clean_environ

LIBS = Path(__file__).parents[2]


def test_the_demo_shows_persons_and_insights_and_every_claim_holds(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.support.demo"],
        cwd=LIBS,
        env=clean_environ(tmp_path),
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
    assert ran.stdout.count("✓ ") >= 7
    for page in ("persons", "insights/commands", "insights/failures", "insights/funnel"):
        assert f"/api/{page}" in ran.stdout
