"""Requests that a fuzzer makes up, from valid ones: only refusals come out."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.collector.test_decode import WRAPPINGS
from tests.support.collector import event
from tests.support.home import clean_environ

pytest.importorskip("atheris")
# As in fuzz_decoder.py, which only its own process can load.
PARAMETER, CHOICES = 3, 128
LIBS = Path(__file__).parents[2]
RUNS = 200_000


def valid_requests() -> list[Any]:
    """Of each shape, with everything in them that means something."""
    known: dict[str, Any] = {"command_name": "toolkit.run", "duration": 12.5, "exit_code": 1}
    changes: dict[str, Any] = {"$set": {"a": [1, None]}, "$set_once": {"b": True}}
    when = "2026-05-04T11:59:55.123456Z"
    whole = event("anon-é🙂", timestamp=when, offset=1500, **known, **changes)
    merged = event("user-1", "$create_alias", alias="anon-1")
    named = event("user-1", "$identify", properties={"$anon_distinct_id": "anon-2"})
    personless = {"$process_person_profile": False, "$ignore_sent_at": True, "token": "phc_1"}
    batch = {"api_key": "phc_1", "batch": [whole, merged], "sent_at": "2026-05-04T12:00:05Z"}
    return [
        {**whole, "token": "phc_1"},
        [{**named, "$token": "phc_1"}, event("anon-1", properties=personless)],
        {**batch, "historical_migration": True},
        {"event": "e", "$distinct_id": 7, "uuid": "", "properties": None, "timestamp": when[:10]},
    ]


def inputs() -> Iterator[bytes]:
    """As the program reads them: what it is, then the rest."""
    for request in valid_requests():
        for wrap in WRAPPINGS.values():
            body, query = wrap(json.dumps(request, ensure_ascii=False).encode())
            said = dict(parse_qsl(query))
            if "data" in said:
                yield bytes([PARAMETER]) + said.pop("data").encode()
            else:
                packing = said.get("compression", "").lower()
                yield bytes([1 if packing.startswith("lz") else 2 if packing else 0]) + body
    chance = random.Random(1)
    for _ in range(20):
        yield bytes([CHOICES]) + chance.randbytes(200)


@pytest.mark.torture
def test_a_fuzzer_finds_nothing_that_is_neither_taken_nor_refused(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, one in enumerate(inputs()):
        (corpus / f"{number:03}").write_bytes(one)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "tests.collector.fuzz_decoder", str(corpus)),
            *(f"-runs={RUNS}", "-seed=1", "-max_len=4096", f"-artifact_prefix={tmp_path}/"),
        ],
        cwd=LIBS,
        env=clean_environ(tmp_path),
        capture_output=True,
        text=True,
        errors="replace",
    )
    crashes = [one.read_bytes() for one in tmp_path.glob("*-*") if one.is_file()]
    assert run.returncode == 0, f"{crashes}\n{run.stderr[-3000:]}"
    assert f"Done {RUNS} runs" in run.stderr
