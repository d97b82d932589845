"""Usage tracking for command-line programs: nobody waits, nothing leaks, off means off.

This package is the mechanism and knows no particular program. Importing it costs next to
nothing: each public name is loaded when it is first asked for.
"""

import sys

__version__ = "0.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from usagekit.config import Consent, UsageConfig, decide
    from usagekit.event import Event
    from usagekit.identity import UsageIdentity
    from usagekit.service import UsageService
    from usagekit.tracker import CommandTracker, Outcome
    from usagekit.usage import Usage

_HOME = {
    "CommandTracker": "usagekit.tracker",
    "Consent": "usagekit.config",
    "Event": "usagekit.event",
    "Outcome": "usagekit.tracker",
    "Usage": "usagekit.usage",
    "UsageConfig": "usagekit.config",
    "UsageIdentity": "usagekit.identity",
    "UsageService": "usagekit.service",
    "decide": "usagekit.config",
}

__all__ = [
    "CommandTracker",
    "Consent",
    "Event",
    "Outcome",
    "Usage",
    "UsageConfig",
    "UsageIdentity",
    "UsageService",
    "decide",
]


def __getattr__(name: str) -> object:
    module = _HOME.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    __import__(module)
    return getattr(sys.modules[module], name)
