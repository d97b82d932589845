"""A program that uses the PostHog SDK, of whichever version is installed beside it.

It does the calls that stdin asks for, then shuts the SDK down, and prints what they returned.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from posthog import Posthog


def main() -> None:
    """A call is a method's name and its arguments; its ``timestamp`` is given as a datetime."""
    script = json.load(sys.stdin)
    client = Posthog(script["token"], host=script["host"], **script["options"])
    returned = [call(client, method, arguments) for method, arguments in script["calls"]]
    if "sync_mode" not in script["options"]:
        client.shutdown()
    print(json.dumps(returned))


def call(client: Posthog, method: str, arguments: dict[str, Any]) -> Any:
    """Call one of the SDK's methods, and say what it returned."""
    if "timestamp" in arguments:
        arguments["timestamp"] = datetime.fromisoformat(arguments["timestamp"])
    return getattr(client, method)(**arguments)


main()
