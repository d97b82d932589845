"""The ``arcade`` command-line program."""

import os

__version__ = "1.0.0rc4"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def arcade_home(environ: "Mapping[str, str]" = os.environ) -> str:
    """Where Arcade keeps its files: ``$ARCADE_WORK_DIR/.arcade`` if that variable is set, else
    ``~/.arcade``. An absolute path. Creates nothing."""
    base = environ.get("ARCADE_WORK_DIR") or environ.get("HOME") or os.path.expanduser("~")
    try:
        return os.path.abspath(f"{base}/.arcade")
    except OSError:  # a relative path, and the folder that it starts from was removed
        return f"{base}/.arcade"


def is_at_home(environ: "Mapping[str, str]" = os.environ) -> bool:
    """Whether that is in the user's home. Any other folder may be a checkout, or an archive that
    was unpacked, and hold links that somebody else thought of."""
    return arcade_home(environ) == arcade_home({**environ, "ARCADE_WORK_DIR": ""})
