"""The oldest SDK that we say is enough sends the same as the newest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import usagekit

from tests.support.clients import python_with_posthog
from tests.support.recorder import Recorder
from tests.support.senders import wait_for_senders

PROGRAM = """
import sys
from usagekit import Usage
usage = Usage("acme", version="1.2", host={host!r}, project_api_key="phc_made_up", declare=True)
def main():
    if sys.argv[1:] == ["login"]:
        usage.identify("account-1")
    if sys.argv[1:] == ["fail"]:
        raise ValueError("it broke")
usage.run(main)
"""


def told(python: str, home: Path, recorder: Recorder) -> list[dict[str, Any]]:
    """What a receiver is told of a small life, but for what differs from run to run."""
    for word in ("work", "fail", "login", "work"):
        subprocess.run(
            [python, "-c", PROGRAM.format(host=recorder.url), word],
            env={
                "HOME": str(home),
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(Path(usagekit.__file__).parents[1]),
            },
            capture_output=True,
            timeout=60,
        )
        wait_for_senders(home)
    recorder.wait_for(4)
    messages = [one.message for one in recorder.received]
    known: dict[str, str] = {}
    for one in messages:
        assert one.pop("uuid") != one.pop("timestamp")
        properties = one["properties"]
        assert properties.pop("$lib_version")
        properties.pop("duration", None)
        for place in (one, properties):
            for name in {"distinct_id", "alias"} & place.keys():
                if place[name] != "account-1":
                    place[name] = known.setdefault(place[name], f"anonymous {len(known)}")
    return messages


@pytest.mark.parametrize("version", ["6.7.6"])
def test_an_older_sdk_sends_the_same(tmp_path: Path, recorder: Recorder, version: str) -> None:
    homes = tmp_path / "newest", tmp_path / "older"
    for home in homes:
        home.mkdir()
    newest = told(sys.executable, homes[0], recorder)
    recorder.received.clear()
    older = told(str(python_with_posthog(version)), homes[1], recorder)
    assert older == newest
    assert [one["event"] for one in newest] == [
        "CLI execution succeeded",
        "CLI execution failed",
        "$create_alias",
        "CLI execution succeeded",
        "CLI execution succeeded",
    ]
