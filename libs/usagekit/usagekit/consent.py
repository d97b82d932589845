"""Whether this person is tracked, and who decided. One pure question; callers obey the answer."""

import os

from usagekit.config import OFF_WORDS, ON_WORDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from usagekit.config import UsageConfig


class Consent:
    """The answer: ``enabled``, and the ``reason`` in words that a person can act on."""

    __slots__ = ("enabled", "reason")

    def __init__(self, enabled: bool, reason: str) -> None:
        self.enabled: Final = enabled
        self.reason: Final = reason


def decide(environ: "Mapping[str, str]", config: "UsageConfig") -> Consent:
    """Decide from the outermost layer inwards; the first that has an opinion wins.

    A value that cannot be understood is taken for a "no": whoever touched the switch meant
    something by it, and the error that costs nobody their privacy is the one to make.
    """
    name = config.tracking_variable
    value = environ.get(name, "").strip().lower()
    if value in ON_WORDS:
        return Consent(True, f"{name}={value}")
    if value in OFF_WORDS:
        return Consent(False, f"{name}={value}")
    if value:
        return Consent(False, f"{name} is set to something that is neither on nor off")
    if environ.get("DO_NOT_TRACK", "").strip().lower() not in ("", "0", "false"):
        return Consent(False, "DO_NOT_TRACK is set")
    if os.path.lexists(config.machine_off):
        return Consent(False, f"switched off for this machine by {config.machine_off}")
    if not config.has_destination:
        return Consent(True, "no destination is configured: events stay on this machine")
    return Consent(True, "on by default")
