"""The ``arcade`` command-line program."""

import os

__version__ = "1.0.0rc4"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def arcade_home(environ: "Mapping[str, str]" = os.environ) -> str:
    """Where Arcade keeps its files: ``$ARCADE_WORK_DIR/.arcade`` if that variable is set, else
    ``~/.arcade``. An absolute path. Creates nothing."""
    return _folder_in(environ.get("ARCADE_WORK_DIR") or _user_home(environ))


def is_at_home(environ: "Mapping[str, str]" = os.environ) -> bool:
    """Whether that is in the user's home. Any other folder may be a checkout, or an archive that
    was unpacked, and hold links that somebody else thought of."""
    work = environ.get("ARCADE_WORK_DIR")
    return not work or _folder_in(work) == _folder_in(_user_home(environ))


def _user_home(environ: "Mapping[str, str]") -> str:
    home = environ.get("HOME") or os.path.expanduser("~")
    # Whoever has none has none in the folder in which they happen to be: nothing is kept.
    return home if os.path.isabs(home) else os.devnull


def _folder_in(base: str) -> str:
    try:
        return os.path.abspath(f"{base}/.arcade")
    except OSError:  # a relative path, and the folder that it starts from was removed
        return f"{base}/.arcade"
