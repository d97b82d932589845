"""Events as usagekit's sender puts them on the wire, by its own code and the official SDK's."""

import gzip
import json
import random
from datetime import datetime, timezone
from uuid import UUID

from usagekit.config import UsageConfig
from usagekit.delivery import PostHogDelivery
from usagekit.event import Event
from usagekit.wire import to_wire

TOKEN = "phc_made_up_bench"
# So many anonymous IDs, and so many accounts.
PEOPLE = 1_000
COMMANDS = ("login", "logout", "toolkit.run", "toolkit.list", "show", "usage.status", "whoami")
CHANCE = random.Random()


def messages():
    """Events without end, no two the same; half of them of accounts, one in eight a failure."""
    models = [_model(anon, failed) for anon in (True, False) for failed in (False,) * 7 + (True,)]
    who = {anon: [_uuid() for _ in range(PEOPLE)] for anon in (True, False)}
    while True:
        yield _another(CHANCE.choice(models), who)


def body(some):
    """One request of the SDK, compressed as usagekit has it do that."""
    message = {
        "batch": some,
        "historical_migration": False,
        "sent_at": datetime.now(timezone.utc).isoformat(),
        "api_key": TOKEN,
    }
    return gzip.compress(json.dumps(message).encode())


def _another(model, who):
    is_anon = "$process_person_profile" in model["properties"]
    return {
        **model,
        "uuid": _uuid(),
        "timestamp": datetime.now(timezone.utc).isoformat(),
        "distinct_id": CHANCE.choice(who[is_anon]),
        "properties": {
            **model["properties"],
            "command_name": CHANCE.choice(COMMANDS),
            "duration": round(CHANCE.lognormvariate(6, 1), 2),
        },
    }


def _uuid():
    return str(UUID(int=CHANCE.getrandbits(128), version=4))


def _model(is_anon, failed):
    """An event of the SDK's making."""
    properties = {
        "command_name": "show",
        "cli_version": "1.2.3",
        "python_version": "3.11.7",
        "os_type": "Linux",
        "os_release": "6.8.0-45-generic",
        "duration": 1.0,
        "exit_code": int(failed),
        "options": ["json"],
        "interactive": True,
        "ci": "github",
    }
    if failed:
        properties |= {
            "failure_kind": "exception",
            "error_type": "FileNotFoundError",
            "error_message": "[Errno 2] No such file or directory: <path>",
        }
    event = Event(
        event_name=f"CLI execution {'failed' if failed else 'succeeded'}",
        distinct_id=_uuid(),
        is_anon=is_anon,
        properties=properties,
        uuid=_uuid(),
        timestamp=datetime.now(timezone.utc).isoformat(),
    )
    config = UsageConfig(
        program="bench",
        version="1.2.3",
        sender_module="bench",
        home="/nonexistent",
        prefix="BENCH_USAGE",
        host="http://127.0.0.1",
        project_api_key=TOKEN,
    )
    return PostHogDelivery(config).build([to_wire(event)])[0]
