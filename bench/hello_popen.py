"""The same program as one would track it by hand: a detached process that sends one event."""

import subprocess
import sys
import time

import hello_bare

SEND = """
import os, sys
from posthog import Posthog
client = Posthog(os.environ["ARCADE_USAGE_PROJECT_KEY"], host=os.environ["ARCADE_USAGE_HOST"])
client.capture("command", distinct_id="made-up", properties={"duration": float(sys.argv[1])})
client.shutdown()
"""


def main() -> None:
    began = time.perf_counter()
    try:
        hello_bare.app()
    finally:
        subprocess.Popen(
            [sys.executable, "-c", SEND, str((time.perf_counter() - began) * 1000)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
