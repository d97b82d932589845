"""``make compat``: every ending, with both ends of each range of versions that is promised;
``make suites``: the frameworks' own tests, with every command tracked; ``make programs``: programs
of the registry, as they are and tracked.

Interpreters that this machine does not have are passed over; the last lines say which.
"""

import re
import tarfile
from pathlib import Path

import nox

nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["compat"]

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
# Packages whose own tests are run tracked, and what those need besides.
SUITES: dict[str, list[str]] = {
    "click": [],
    "typer": [],
    "cloup": [],
    "sqlite-utils": ["hypothesis", "black", "cogapp"],
}
# Each program of the registry, with the package that it is in.
PROGRAMS = dict(
    re.findall(
        r'(?m)^\[(.+)\]\npackage = "(.+)"$', Path("libs/tests/adoption/matrix.toml").read_text()
    )
)
RUNNER = ["asyncclick", "anyio", "pytest", "pytest-timeout", "pytest-xdist", "hypothesis"]
TESTS = ["test_endings.py", "test_signals.py", "test_stack.py", "test_usage.py"]


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


@nox.session(python="3.11")
@nox.parametrize("program", [nox.param(name, id=name) for name in PROGRAMS])
def programs(session: nox.Session, program: str) -> None:
    """A program of the registry, as it is and wrapped: the same output, and right events. Its row
    is added to ``programs.jsonl``, which ``matrix.py --table`` prints."""
    session.install("--quiet", PROGRAMS[program], "./libs/usagekit")
    file = Path(session.cache_dir).absolute() / "programs.jsonl"
    session.run("python", "libs/tests/adoption/matrix.py", program, str(file))


@nox.session(python="3.11")
@nox.parametrize("framework", [nox.param(name, id=name) for name in SUITES])
def suites(session: nox.Session, framework: str) -> None:
    """A package's own tests, from its source distribution, twice: the same ones must pass."""
    folder = Path(session.create_tmp()).absolute()
    session.install("--quiet", "typer", "click", "rich", "shellingham", "./libs/usagekit")
    session.install(
        "--quiet", "pytest", "pytest-xdist", "pytest-sugar", "pytest-timeout", "pytest-cov"
    )
    session.install("--quiet", framework, *SUITES[framework])
    session.run("python", "-c", _SAY_VERSIONS)
    version = session.run("python", "-c", _VERSION, framework, silent=True).split()[-1]
    session.run(
        *("python", "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"),
        *("--dest", str(folder), f"{framework}=={version}"),
    )
    (found,) = folder.glob(f"*-{version}.tar.gz")
    with tarfile.open(found) as archive:
        archive.extractall(folder, filter="data")
    source = folder / found.name.removesuffix(".tar.gz")
    instrument = str(Path("libs/tests/adoption/suites").absolute())
    state = folder / "state"
    state.mkdir(exist_ok=True)
    (state / "events").write_text("")
    with session.chdir(source):
        path = {"PYTHONPATH": f"{instrument}:."}
        bare = _outcomes(session, path)
        tracked = _outcomes(session, {**path, "SUITE_STATE": str(state)})
    different = {test for test in bare | tracked if bare.get(test) != tracked.get(test)}
    events = (state / "events").stat().st_size
    session.log(f"bare: {_counts(bare)}; tracked: {_counts(tracked)}; {events} events")
    for test in sorted(different):
        session.log(f"{test}: {bare.get(test)} without, {tracked.get(test)} with")
    if different or not tracked:
        session.error(f"{len(different)} tests end differently")


def _outcomes(session: nox.Session, environ: dict[str, str]) -> dict[str, str]:
    """What became of each test of the suite in this folder."""
    said = session.run(
        *("python", "-m", "pytest", "-rA", "-q", "-n", "auto", "-p", "no:sugar", "--color=no"),
        *("-p", "no:cacheprovider", "tests"),
        env=environ,
        silent=True,
        success_codes=[0, 1],
    )
    return {
        test: outcome for outcome, test in re.findall(r"(?m)^([A-Z]+) (tests/\S.*?)(?: - |$)", said)
    }


def _counts(outcomes: dict[str, str]) -> str:
    names = sorted(set(outcomes.values()))
    return ", ".join(f"{list(outcomes.values()).count(name)} {name.lower()}" for name in names)


_VERSION = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
_SAY_VERSIONS = """
import sys
from importlib.metadata import version
found = [f"{name} {version(name)}" for name in ("usagekit", "typer", "click")]
print("Python", sys.version.split()[0], *found)
"""
