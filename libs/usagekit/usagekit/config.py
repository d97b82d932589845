"""What is decided before anything happens: by the program, its policy; by the person, consent."""

import os
import sys

from usagekit.snapshot import system

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Final

OFF_WORDS = frozenset({"0", "false", "no", "off"})
ON_WORDS = frozenset({"1", "true", "yes", "on"})
# By these a test runner makes itself known to what it runs.
TEST_RUNNERS = {
    "PYTEST_CURRENT_TEST": "pytest",
    "PYTEST_VERSION": "pytest",
    "TOX_ENV_NAME": "tox",
    "NOX_CURRENT_SESSION": "nox",
}


class UsagePaths:
    """Where the tracker keeps its files. Creates nothing.

    ``usage.json`` holds the identity and nothing else; all other state lives in ``usage/``.
    """

    def __init__(self, home: str, parents: "tuple[str, ...]" = (), by_link: bool = True) -> None:
        # A link that ends in a slash is followed, whoever made it.
        home = home.rstrip("/") or "/"
        self.home: Final = home
        # What may have to be made before it can be, outermost first.
        self.parents: Final = tuple(path.rstrip("/") or "/" for path in parents)
        # Whether the user may have moved it elsewhere, and left a link.
        self.by_link: Final = by_link
        self.identity: Final = f"{home}/usage.json"
        self.folder: Final = f"{home}/usage"
        self.principal: Final = f"{self.folder}/principal"
        self.identity_lock: Final = f"{self.folder}/identity.lock"
        self.choice: Final = f"{self.folder}/choice"
        self.notice: Final = f"{self.folder}/notice"
        self.declared: Final = f"{self.folder}/declared"
        self.link: Final = f"{self.folder}/link"
        self.running: Final = f"{self.folder}/running"
        self.spool: Final = f"{self.folder}/spool"
        self.dropped: Final = f"{self.folder}/dropped.json"
        self.breaker: Final = f"{self.folder}/breaker"
        self.sender_lock: Final = f"{self.folder}/sender.lock"
        self.settle_lock: Final = f"{self.folder}/settle.lock"
        self.log: Final = f"{self.folder}/log.jsonl"


class UsageConfig:
    """One program's policy, read once and never changed.

    A plain class, because the foreground path pays for it at every command: a frozen dataclass
    of this size takes a millisecond to define, half of all that tracking may cost.

    Args:
        program: the program's name.
        version: the program's version, sent as ``cli_version``.
        sender_module: what ``python -m`` runs in the background; it calls ``sender.main``.
        home: the state folder. Only its last level is ever created, and ``home_parents``.
        home_parents: folders above it that may be created too, outermost first.
        home_by_link: whether it may be a link of the user's own: not where it lies in a folder
            that somebody else may have filled, as a checkout is.
        prefix: start of the program's variables, for example ``ACME_USAGE``.
        host: base URL of a PostHog-compatible receiver.
        project_api_key: the receiver's project token. Empty: nothing ever leaves the machine.
        debug: print each event on stderr and send nothing.
        credentials: the file whose presence means that somebody is logged in, if there is one.
        fetch_principal: asks the program's service who the credentials belong to. Returns None
            if they belong to nobody, and may raise what it likes if there is no answer. May
            block: it is called in the background or at login, under ``identity_timeout``.
        sender_environ: further variables that the sender needs to build this same policy. It
            runs in another folder: paths must be absolute.
        login_command: the command after which the user may have become somebody.
        logout_command: the command after which the user is a stranger again.
        notice: what a person is told before the first event: what is recorded, why, and how to
            stop it or read more. Empty: in general words.
        group: says what the program calls the group of ``usage`` commands that those words speak
            of, or nothing if it has none; default: ``usage``.
        enters_again: whether the program, frozen into one file, becomes its sender when it is
            started with ``interpreters.AS_SENDER``.
        declares: whether it is told, once for each version, what commands the program has.
        machine_off: a file by which an administrator switches tracking off for all users.
    """

    # Seconds; each is a deadline on the whole operation, not on one read of a socket.
    identity_timeout: "Final" = 2.0
    alias_timeout: "Final" = 2.0
    send_timeout: "Final" = 5.0
    sender_lifetime: "Final" = 10.0
    # How long a reader of the identity waits for its lock before it reads without, and how long
    # somebody who changes it waits: where a user is waiting too, and in the background.
    read_lock_wait: "Final" = 0.05
    change_lock_wait: "Final" = 0.25
    background_lock_wait: "Final" = 2.0
    # What waits for delivery: at most so many events, so many bytes, for so many seconds.
    spool_events: "Final" = 1_000
    spool_bytes: "Final" = 1_048_576
    spool_age: "Final" = 30 * 86_400.0
    # After repeated failure: seconds until the next try; doubled by each failure, up to the last.
    breaker_first_wait: "Final" = 60.0
    breaker_last_wait: "Final" = 3_600.0
    # The longest wait that a host may ask for.
    retry_after_limit: "Final" = 86_400.0

    def __init__(
        self,
        *,
        program: str,
        version: str,
        sender_module: str,
        home: str,
        home_parents: "tuple[str, ...]" = (),
        home_by_link: bool = True,
        prefix: str,
        host: str,
        project_api_key: str,
        debug: bool = False,
        credentials: str | None = None,
        fetch_principal: "Callable[[], str | None] | None" = None,
        sender_environ: "Mapping[str, str] | None" = None,
        login_command: str | None = None,
        logout_command: str | None = None,
        notice: str = "",
        group: "Callable[[], str] | None" = None,
        declares: bool = False,
        enters_again: bool = False,
        machine_off: str = "/etc/usagekit/off",
    ) -> None:
        self.program: Final = program
        self.version: Final = version
        self.sender_module: Final = sender_module
        self.paths: Final = UsagePaths(home, home_parents, home_by_link)
        self.prefix: Final = prefix
        self.host: Final = host
        self.project_api_key: Final = project_api_key
        self.debug: Final = debug
        self.credentials: Final = credentials
        self.fetch_principal: Final = fetch_principal
        self.login_command: Final = login_command
        self.logout_command: Final = logout_command
        self.notice: Final = notice
        self.group: Final = group
        self.declares: Final = declares
        self.enters_again: Final = enters_again
        self.machine_off: Final = machine_off
        self.tracking_variable: Final = f"{prefix}_TRACKING"
        self.event_variable: Final = f"{prefix}_EVENT_DATA"
        self.sender_environ: Final = {
            f"{prefix}_HOST": host,
            f"{prefix}_PROJECT_KEY": project_api_key,
            **(sender_environ or {}),
        }

    @property
    def usage_command(self) -> str:
        """How a person calls the ``usage`` commands of the program; empty if it has none."""
        group = "usage" if self.group is None else self.group()
        return f"{self.program} {group}" if group else ""

    @property
    def has_destination(self) -> bool:
        """Whether events may leave this machine at all."""
        return bool(self.host and self.project_api_key)


class Consent:
    """The answer: ``enabled``, and the ``reason`` in words that a person can act on."""

    __slots__ = ("enabled", "reason")

    def __init__(self, enabled: bool, reason: str) -> None:
        self.enabled: Final = enabled
        self.reason: Final = reason


def decide(environ: "Mapping[str, str]", config: UsageConfig) -> Consent:
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
    chosen = stored_choice(config.paths)
    if chosen is not None:
        return Consent(*chosen)
    switched_off = _switched_off(config.machine_off)
    if switched_off:
        return Consent(False, switched_off)
    runner = _test_runner(environ)
    if runner and config.has_destination and not is_loopback(config.host):
        return Consent(False, f"under {runner} nothing goes to another machine unless {name}=1")
    if not config.has_destination:
        return Consent(True, "no destination is configured: events stay on this machine")
    return Consent(True, "on by default")


def stored_choice(paths: UsagePaths) -> "tuple[bool, str] | None":
    """What the person chose for good, and the reason to give; None if they never did.

    A choice that cannot be read is a "no": there is one, and nobody can tell what it was.
    """
    try:
        # A link that leads nowhere would pass for no choice.
        flags = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
        fd = os.open(paths.choice, os.O_RDONLY | flags)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return False, f"the choice stored in {paths.choice} cannot be read"
    try:
        word, status = os.read(fd, 100).strip(), os.fstat(fd)
    except OSError:
        word, status = b"", None
    finally:
        os.close(fd)
    if word == b"on" and not (status and system.is_own(status)):
        return False, f"the choice stored in {paths.choice} may be somebody else's"
    if word in (b"on", b"off"):
        return word == b"on", f"switched {word.decode()} by you, for good"
    return False, f"the choice stored in {paths.choice} cannot be read"


def _switched_off(path: str) -> str:
    """Why tracking is off for all users of this machine, or nothing.

    Only where there is certainly no such file is it not: whoever may not look cannot tell.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError):
        return f"whether {path} switches it off for this machine cannot be seen"
    return f"switched off for this machine by {path}"


def _test_runner(environ: "Mapping[str, str]") -> str:
    """The test runner that this process runs under, or nothing."""
    for name, runner in TEST_RUNNERS.items():
        if name in environ:
            return runner
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return "unittest" if getattr(spec, "name", "") == "unittest.__main__" else ""


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine, by its name alone."""
    place = url.partition("://")[2].lower()
    for end in "/?#\\":  # whatever may end a host: what stands after it is none
        place = place.partition(end)[0]
    place = place.rpartition("@")[2]
    if place.startswith("["):
        address, _, port = place[1:].partition("]")
        return address in ("::1", "0:0:0:0:0:0:0:1") and port[:1] in ("", ":")
    name = place.partition(":")[0]
    first, *rest = name.split(".")
    numbers = name.isascii() and 1 <= len(rest) <= 3 and all(part.isdigit() for part in rest)
    return name == "localhost" or (first == "127" and numbers)


def is_set(environ: "Mapping[str, str]", name: str) -> bool:
    """Whether a switch such as ``ACME_USAGE_DEBUG`` is on: set, and to no word for "off"."""
    value = environ.get(name, "").strip().lower()
    return value != "" and value not in OFF_WORDS
