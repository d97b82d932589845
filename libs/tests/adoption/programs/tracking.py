"""The three lines, and what a program does without them, on the same line of its source: so that
tracebacks can be compared byte by byte."""

from __future__ import annotations

import operator
import os

from usagekit import Usage

usage = Usage("acme", version="1.2.0", project_api_key="phc_made_up_project")

# Calls its argument, and leaves no frame in a traceback.
start = operator.methodcaller("__call__") if "ACME_BARE" in os.environ else usage.run
