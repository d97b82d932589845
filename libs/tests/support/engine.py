"""Imported by the ancestor of collectors: loads the embedded engine's library, which takes a
quarter of their start, and starts none of its threads, which would not survive a fork."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

_found = importlib.util.find_spec("chdb")
if _found is not None and _found.origin is not None and sys.platform == "linux":
    _library = Path(_found.origin).with_name("_chdb.abi3.so")
    # As the engine's own package does, which finds it loaded then.
    ctypes.CDLL(str(_library), sys.getdlopenflags() | os.RTLD_DEEPBIND)
