"""Programs whose ``sys.executable`` is not plainly Python: what runs their sender."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from usagekit.config import UsageConfig

# What a file is called that runs Python, before its version. Others have Python within them, and
# would do whatever it is that they do.
_INTERPRETERS = ("python", "pythonw", "pypy", "pypyw", "graalpy")
# The one argument by which a frozen program, its own interpreter, is told to be the sender.
AS_SENDER = "--usagekit-sender"
NO_INTERPRETER = "no Python interpreter to run the sender with"


def command_of(config: "UsageConfig", words: list[str]) -> list[str]:
    """The command that runs a program's sender. Raises OSError if there is none.

    Args:
        config: the program's policy.
        words: what an interpreter is told.
    """
    if getattr(sys, "frozen", False):
        # It would do what it is for, if it were not known to look for this word first.
        if config.enters_again and sys.executable:
            return [sys.executable, AS_SENDER]
    elif python := interpreter():
        return [python, *words]
    raise OSError(NO_INTERPRETER)


def interpreter() -> str:
    """The Python to run a sender with: this process's own, or where a program has Python within it,
    the one that belongs to it; empty if there is none."""
    name = os.path.basename(sys.executable or "").lower().removesuffix(".exe")
    if name.rstrip("0123456789.dt") in _INTERPRETERS:
        return sys.executable
    if sys.platform == "win32":
        beside = f"{sys.exec_prefix}\\python.exe"
    else:
        beside = "{}/bin/python{}.{}".format(sys.exec_prefix, *sys.version_info)
    return beside if os.access(beside, os.X_OK) else ""


def be_sender(config: "Callable[[], UsageConfig]") -> None:
    """Be the sender of a frozen program, and nothing else, if that is what it was started for."""
    if sys.argv[1:] != [AS_SENDER]:
        return
    policy = config()
    if policy.event_variable in os.environ:
        from usagekit import sender

        sender.main(policy)
