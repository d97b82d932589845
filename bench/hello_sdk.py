"""The same program with the PostHog SDK in it, which sends before the program ends."""

import os
import time

import hello_bare
from posthog import Posthog


def main() -> None:
    client = Posthog(os.environ["ARCADE_USAGE_PROJECT_KEY"], host=os.environ["ARCADE_USAGE_HOST"])
    began = time.perf_counter()
    try:
        hello_bare.app()
    finally:
        duration = (time.perf_counter() - began) * 1000
        client.capture("command", distinct_id="made-up", properties={"duration": duration})
        client.shutdown()
