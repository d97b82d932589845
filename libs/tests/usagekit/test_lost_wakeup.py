"""The gap between a drainer's last look and its letting go: nobody's event falls into it.

One process drains (D) while another's command ends (C). C has two steps: its event is in the
spool; it tries the lock, and starts a sender only if that is free. Every way in which these can
fall between the steps of D is played through, with the real spool, lock, sender and drain.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from usagekit.drain import Drain
from usagekit.sender import Sender
from usagekit.service import UsageService, minted, to_json
from usagekit.snapshot import FileLock
from usagekit.spool import Spool

from tests.support.policy import policy

MOMENTS = ["start", "locked", "listed", "delivered", "before release", "released", "looked"]
PAIRS = [(put, tried) for put in MOMENTS for tried in MOMENTS[MOMENTS.index(put) :]]


def around(
    monkeypatch: pytest.MonkeyPatch,
    at: Callable[[str], None],
    owner: type,
    name: str,
    before: str | None,
    after: str,
) -> None:
    """Have a method tell when it is entered and left."""
    original: Callable[..., object] = getattr(owner, name)

    def watched(*args: object, **options: object) -> object:
        if isinstance(args[0], FileLock) and not args[0]._path.endswith("sender.lock"):
            return original(*args, **options)
        if before:
            at(before)
        result = original(*args, **options)
        at(after)
        return result

    monkeypatch.setattr(owner, name, watched)


@pytest.mark.parametrize(("put_at", "try_at"), PAIRS)
def test_an_event_is_delivered_once_whenever_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put_at: str, try_at: str
) -> None:
    config = policy(tmp_path / "state", project_api_key="")  # delivery is to the local log
    service, passed, started = UsageService(config, {}), list[str](), list[bool]()
    fields: dict[str, object] = {
        "event_name": "CLI execution succeeded",
        "distinct_id": "00000000-0000-4000-8000-000000000001",
        "is_anon": True,
    }

    def spooled(name: str) -> bool:
        event = minted({**fields, "properties": {"command_name": name}})
        return service._spooled(event, to_json(event))

    def at(moment: str) -> None:
        """D has come this far for the first time: C does what falls here, all in one go."""
        if moment in passed:
            return
        passed.append(moment)
        if moment == put_at:
            assert spooled("late")
        if moment == try_at:
            started.append(not service._sender_at_work())
            if started[0]:
                Sender(config).drain()

    assert spooled("early")
    around(monkeypatch, at, FileLock, "acquire", None, "locked")
    around(monkeypatch, at, Drain, "waiting", None, "listed")
    around(monkeypatch, at, Drain, "all", None, "delivered")
    around(monkeypatch, at, FileLock, "release", "before release", "released")
    at("start")
    Sender(config).drain()
    at("looked")

    delivered = [json.loads(line) for line in Path(config.paths.log).read_text().splitlines()]
    names = sorted(line["properties"]["command_name"] for line in delivered)
    assert (names, Spool(config).names()) == (["early", "late"], [])
    assert len(started) == 1
    # Once D holds the lock, and until it lets go of it, nobody else starts.
    assert started[0] is (try_at in ("start", "released", "looked"))
