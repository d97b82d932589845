"""``make compat``: every ending, with both ends of each range of versions that is promised.

Interpreters that this machine does not have are passed over; the last lines say which.
"""

import nox

nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.10", "3.11", "3.12", "3.13", "3.14"]
# Typer brings its own Click from 0.26 on.
VERSIONS = {
    "oldest": ["typer==0.12.0", "click==8.1.0", "rich-click==1.8.0"],
    "last Typer on Click": ["typer==0.25.1", "click==8.3.3", "rich-click==1.9.0"],
    "first Typer on its own": ["typer==0.26.0", "click==8.2.0", "rich-click==1.9.0"],
    "newest": ["typer", "click", "rich-click"],
}
# Each Python at both ends of the range, one of them in between too.
PAIRS = [(python, name) for python in PYTHONS for name in ("oldest", "newest")]
PAIRS += [("3.11", name) for name in VERSIONS if name not in ("oldest", "newest")]
RUNNER = ["pytest", "pytest-timeout", "pytest-xdist", "hypothesis"]
TESTS = ["test_endings.py", "test_signals.py", "test_usage.py"]


@nox.session
@nox.parametrize("python,versions", [nox.param(*pair, id=", ".join(pair)) for pair in PAIRS])
def compat(session: nox.Session, versions: str) -> None:
    """The integration tests, against usagekit's wheel and these versions of the frameworks."""
    session.install("--quiet", *VERSIONS[versions])
    session.install("--quiet", "./libs/usagekit[posthog]", *RUNNER)
    session.run("python", "-c", _SAY_VERSIONS)
    session.run(
        *("python", "-m", "pytest", "--quiet", "-o", "addopts=", "-p", "no:cacheprovider"),
        *("-n", "auto"),
        *("-o", "pythonpath=libs libs/arcade-cli"),
        *(f"libs/tests/adoption/{name}" for name in TESTS),
        *session.posargs,
    )


_SAY_VERSIONS = """
import sys
from importlib.metadata import version
names = ("usagekit", "typer", "click", "rich-click", "posthog")
print("Python", sys.version.split()[0], *(f"{name} {version(name)}" for name in names))
"""
