"""The detached sender of a program that has none of its own: ``python -m usagekit``."""

import json
import os
import sys

from usagekit import sender
from usagekit.usage import POLICY, Usage

if __name__ == "__main__":
    if POLICY not in os.environ:
        sys.exit("python -m usagekit is what a tracked program starts; there is nothing to do here")
    policy = json.loads(os.environ[POLICY])
    sender.main(Usage(**{**policy, "resolver": policy["resolver"] or None}).config())
