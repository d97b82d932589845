"""Made-up use of a made-up program, for pages that have something to show. Pure; no I/O.

The same seed and days give the same events. In it: releases, of which one is a regression; an error
that comes, goes, and comes back; a command that is taken up, and one that is given up; people, CI
and AI agents; logins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from usagekit_collector.queries.declared import EVENT

PROGRAM = "skyctl"
_SPACE = UUID("7d1c7a56-3d2b-5d0b-9d0e-6f3a1f5f0b11")
_PERSONS = 320
# When each version came, as a part of the time.
_RELEASES = {"1.0.0": 0.0, "1.1.0": 0.22, "1.2.0": 0.45, "1.2.1": 0.56, "1.3.0": 0.75}
_PYTHONS = {"3.10.14": 2, "3.11.9": 4, "3.12.4": 6, "3.13.1": 3}
_SYSTEMS = {"Darwin": 9, "Linux": 8, "Windows": 3}
_NEVER_USED = ["config reset", "legacy import"]
_OPTIONS = ["json", "verbose", "region", "dry-run", "force"]


class Command(NamedTuple):
    """What a command is like.

    Attributes:
        name: of the command.
        weight: how often it is run.
        ms: its usual duration.
        failures: how often each way to fail is met, by error_type and failure_kind.
        since, until: when it is run, as a part of the time.
    """

    name: str
    weight: float
    ms: float
    failures: dict[tuple[str, str], float]
    since: float = 0.0
    until: float = 1.0


_USAGE = {("", "usage_error"): 0.02}
_COMMANDS = [
    Command("status", 10, 180, {("", "interrupted"): 0.01}),
    Command("deploy", 6, 9_000, {("QuotaError", "exception"): 0.03, **_USAGE}),
    Command("logs", 5, 700, {("", "interrupted"): 0.12}),
    Command("config set", 2, 60, _USAGE),
    Command("build", 4, 22_000, {("BuildError", "exception"): 0.09}),
    Command("login", 1, 2_500, {("AuthError", "exception"): 0.08}),
    Command("legacy sync", 1.5, 1_500, {("OSError", "exception"): 0.05}, until=0.6),
    Command("preview", 4, 3_000, {("OSError", "exception"): 0.04}, since=0.75),
]


# What each way to fail says, redacted as a sender does it.
_MESSAGES = {
    "AuthError": "the token of <email> has expired",
    "BuildError": "the build ended with exit code 2: see <path>",
    "KeyError": "<redacted>",
    "OSError": "[Errno 13] Permission denied: <path>",
    "QuotaError": "no more than 5 deployments at once",
    "TimeoutError": "no answer from <host> within 30 s",
}


class _Person(NamedTuple):
    distinct_id: str
    user: str
    version_lag: float
    came: float
    went: float
    daily: float
    python: str
    system: str
    ci: str
    agent: str


def events(seed: int, until: datetime, days: int) -> Iterator[bytes]:
    """Lines of JSON, as ``export`` writes them, in the order of their times.

    Args:
        seed: of all that is random.
        until: when the last of them happened at the latest, in UTC.
        days: over how many days.
    """
    random = Random(seed)  # noqa: S311 - nothing is secret in it
    start = until - timedelta(days=days)
    found = [_declaration(start, days)]
    for nth in range(_PERSONS):
        person = _person(random, nth)
        found += _life(random, person, start, days)
    found.sort(key=lambda one: one[0])
    for nth, (moment, event) in enumerate(found):
        event["uuid"] = str(uuid5(_SPACE, f"{seed} {nth}"))
        event["timestamp"] = moment.isoformat().replace("+00:00", "Z")
        yield msgspec.json.encode(event)


def _declaration(start: datetime, days: int) -> tuple[datetime, dict[str, Any]]:
    """What the last version says that it has: of that, some was never used."""
    version = list(_RELEASES)[-1]
    said = {
        "cli_version": version,
        "declared_commands": [one.name for one in _COMMANDS] + _NEVER_USED,
        "declared_options": [*_OPTIONS, "no-color"],
        "$process_person_profile": False,
    }
    moment = start + timedelta(days=days * _RELEASES[version])
    return moment, {"event": EVENT, "distinct_id": f"{PROGRAM} {version}", "properties": said}


def _person(random: Random, nth: int) -> _Person:
    luck = random.random()
    ci = random.choice(["github", "gitlab"]) if luck < 0.12 else ""
    agent = "claude-code" if 0.12 <= luck < 0.22 else ""
    came = random.choice([0.0, random.random() * 0.95])
    stays = random.random() < 0.55
    return _Person(
        distinct_id=str(uuid5(_SPACE, f"anon {nth}")),
        user=f"user-{nth}" if random.random() < 0.3 and not ci else "",
        version_lag=random.expovariate(12.0),
        came=came,
        went=1.0 if stays else min(1.0, came + random.expovariate(4.0)),
        daily=random.expovariate(1.0) * (4 if ci else 1.6),
        python=_pick(random, _PYTHONS),
        system="Linux" if ci else _pick(random, _SYSTEMS),
        ci=ci,
        agent=agent,
    )


def _life(
    random: Random, person: _Person, start: datetime, days: int
) -> Iterator[tuple[datetime, dict[str, Any]]]:
    is_known = False
    for day in range(days):
        part = (day + 0.5) / days
        is_weekend = (start + timedelta(days=day)).weekday() >= 5
        if not person.came <= part <= person.went or (is_weekend and random.random() < 0.75):
            continue
        moment = start + timedelta(days=day, hours=7 + 9 * random.random())
        for _ in range(min(40, int(random.expovariate(1.0) * person.daily + 0.5))):
            moment += timedelta(seconds=random.expovariate(1 / 240))
            if moment >= start + timedelta(days=days):
                return
            command = random.choices(_COMMANDS, [one.weight for one in _COMMANDS])[0]
            if not command.since <= part <= command.until:
                continue
            owner = person.user if is_known else person.distinct_id
            run = _run(random, person, command, part)
            is_fine = run["event"] == "CLI execution succeeded"
            yield moment, {"distinct_id": owner, **run}
            if command.name == "login" and is_fine and person.user and not is_known:
                is_known = True
                said = {"event": "$create_alias", "distinct_id": person.user}
                yield moment, {**said, "properties": {"alias": person.distinct_id}}


def _run(random: Random, person: _Person, command: Command, part: float) -> dict[str, Any]:
    came = [one for one, when in _RELEASES.items() if when <= max(0.0, part - person.version_lag)]
    version = came[-1]
    failures = dict(command.failures)
    slow = 1.0
    if command.name == "deploy":
        # It times out, until that is mended in 1.2.0; which breaks something else, and is slower.
        # 1.3.0 brings it back.
        failures[("TimeoutError", "exception")] = 0.0 if version.startswith("1.2") else 0.06
        if version == "1.2.0":
            failures[("KeyError", "exception")] = 0.35
            slow = 1.8
    elif command.name == "build" and version == "1.2.0":
        failures[("BuildError", "exception")] = 0.25
    luck, ending = random.random(), ("", "")
    for way, share in failures.items():
        if 0 <= luck < share:
            ending = way
        luck -= share
    properties: dict[str, Any] = {
        "command_name": command.name,
        "cli_version": version,
        "python_version": person.python,
        "os_type": person.system,
        "duration": round(command.ms * slow * random.lognormvariate(0, 0.6), 2),
        "exit_code": int(ending != ("", "")),
        "interactive": not (person.ci or person.agent),
        "options": sorted(random.sample(_OPTIONS, random.choice([0, 0, 1, 1, 2]))),
    }
    properties |= {"ci": person.ci} if person.ci else {}
    properties |= {"agent": person.agent} if person.agent else {}
    if ending != ("", ""):
        properties |= {"error_type": ending[0]} if ending[0] else {}
        properties |= {"failure_kind": ending[1]}
        properties |= {"error_message": _MESSAGES.get(ending[0], "")}
    name = "CLI execution failed" if ending != ("", "") else "CLI execution succeeded"
    return {"event": name, "properties": properties}


def _pick(random: Random, weights: dict[str, int]) -> str:
    return random.choices(list(weights), list(weights.values()))[0]
