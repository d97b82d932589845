"""``make demo`` runs, and what it claims is so."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

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


def test_a_demo_that_is_kept_says_where_its_pages_are_until_it_is_ended(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.demo"],
        cwd=LIBS,
        env={**clean_environ(tmp_path), "KEEP": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as kept:
        assert kept.stdout is not None
        said = ""
        while "Ctrl-C" not in said:
            line = kept.stdout.readline()
            assert line, said
            said += line
        for address, command in zip(
            re.findall(r"http://\S+/\?project=\S+", said), ("deploy", "toolkit"), strict=True
        ):
            with urlopen(Request(address, headers={"Accept": "text/html"}), timeout=60) as answer:
                assert command in answer.read().decode()
        kept.send_signal(signal.SIGINT)
        rest = kept.stdout.read()
        assert "nothing is left running" in rest
    assert kept.returncode == 0
