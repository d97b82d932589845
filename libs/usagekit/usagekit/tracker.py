"""What happens when a command has ended. The one door at which every fault of tracking stops."""

import os
import sys

from usagekit.config import Consent, decide
from usagekit.facts import facts, in_ci
from usagekit.service import UsageService, minted
from usagekit.snapshot import (
    credentials_stamp,
    read_identity,
    read_text,
    unresolved_credentials,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Final

    from usagekit.config import UsageConfig
    from usagekit.declaration import Declaration
    from usagekit.snapshot import Identity

SUCCEEDED = "CLI execution succeeded"
FAILED = "CLI execution failed"
# Characters of a command's name.
_LONGEST_NAME = 100


def is_name(text: object) -> bool:
    """Whether this has the shape of a command's name: words of letters, digits, ``_``, ``-`` and
    ``:``, joined by ``.`` or ``+``. A path or a sentence has not."""
    if not isinstance(text, str) or len(text) > _LONGEST_NAME:
        return False
    words = [word.replace("-", "").replace(":", "") for word in text.replace("+", ".").split(".")]
    return all(word and f"_{word}".isidentifier() for word in words)


class Outcome:
    """How one command ended; ``outcome.outcome_of`` decides it.

    Attributes:
        exit_code: what the shell sees, 0 to 255.
        failure_kind: None for a success, else ``exception``, ``exit``, ``usage_error`` or
            ``interrupted``; ``terminated`` and ``killed`` are what a sender finds out
            (``killed.py``).
        error_type: name of the exception's class, if there was one.
        error_message: its text, not yet redacted; never what the user typed wrong.
    """

    __slots__ = ("error_message", "error_type", "exit_code", "failure_kind")

    def __init__(
        self,
        exit_code: int = 0,
        failure_kind: str | None = None,
        error_type: str | None = None,
        error_message: str | None = None,
    ) -> None:
        self.exit_code: Final = exit_code
        self.failure_kind: Final = failure_kind
        self.error_type: Final = error_type
        self.error_message: Final = error_message


class CommandTracker:
    """Records how commands end. No fault of it changes what a command prints or returns.

    Args:
        config: the program's policy.
        environ: the environment that consent is read from and the sender's is chosen from.
    """

    def __init__(self, config: "UsageConfig", environ: "Mapping[str, str]" = os.environ) -> None:
        self._config = config
        self._environ = environ
        self._consent = decide(environ, config)
        if config.event_variable in environ:
            # Whatever a sender became: what it would start, would start the next.
            self._consent = Consent(False, "this is a sender")
        self._service = UsageService(config, environ)
        self._process = os.getpid()
        # Before the command: a logout takes them away.
        self._stamp = credentials_stamp(config) if self._consent.enabled else None
        self._facts: dict[str, object] | None = None
        # Whose this command is, if they leave while it runs.
        self._leaver: dict[str, Any] | None = None

    @property
    def program(self) -> str:
        """The program's name: that of its command, where it has but one."""
        return self._config.program

    def begin(self, command_name: str) -> None:
        """Note down that this command runs now, so that it is counted should it be killed.

        May be called again when its name is better known. Never raises.
        """
        self.guard(self._give_notice)
        if not self._config.debug and sys.platform != "win32":
            self.guard(lambda: self._service.begin(self.event(command_name, Outcome(), 0)))

    def declares(self) -> bool:
        """Whether it is to be told what commands the program has. Never raises.

        Once for each version and home: not in CI, where each job has a home of its own.
        """
        config = self._config
        if not (config.declares and self._consent.enabled and config.has_destination):
            return False
        if config.debug or in_ci(self._environ):
            return False
        return read_text(config.paths, config.paths.declared) != config.version

    def declare(self, names: "Declaration") -> None:
        """Tell what commands the program has. Never raises."""

        def tell() -> None:
            from usagekit.declaration import declare

            author = self._author(self._stamp)
            if decide(self._environ, self._config).enabled and not author.pop("one_off"):
                declare(self._config, names, author)

        self.guard(tell)

    def forget(self) -> None:
        """Take back what was noted down: this was no command. Never raises."""
        self.guard(self._service.forget)

    def track_command_execution(
        self, command_name: str, outcome: Outcome, duration: float, options: "Sequence[str]" = ()
    ) -> None:
        """Record one command. Never raises; waits for the network at a login only.

        Args:
            command_name: its declared name, groups first: ``toolkit.run``.
            outcome: how it ended.
            duration: milliseconds.
            options: the declared names of the options that were used.
        """
        if self._consent.enabled and not decide(self._environ, self._config).enabled:
            self.forget()  # switched off while the command ran, or by it
            return
        self.guard(lambda: self._track(command_name, outcome, duration, options))

    def identify(self, principal_id: str) -> None:
        """Note down who has logged in; the sender does the rest. Never raises."""

        def note() -> None:
            from usagekit.stored import identify

            identify(self._config, principal_id)

        self.guard(note)

    def logout(self) -> None:
        """Part with who is logged in; this command is still theirs. Never raises."""

        def leave() -> None:
            from usagekit.stored import forget_principal

            self._leaver = self._leaver or self._author(self._stamp)
            try:
                forget_principal(self._config)
            finally:  # a stranger in any case
                self._leave()

        self.guard(leave)

    def guard(self, step: "Callable[[], object]") -> None:
        """Do something for the tracker's sake, if tracking is on. Never raises.

        This is the door: no fault of a step, and no Ctrl-C that meets it, is the command's. A
        process that the command forked, and that comes by here at its end, is not the command.
        """
        if not self._consent.enabled or os.getpid() != self._process:
            return
        try:
            step()
        except BaseException:  # noqa: BLE001
            return

    def event(
        self, command_name: str, outcome: Outcome, duration: float, options: "Sequence[str]" = ()
    ) -> "dict[str, Any]":
        """The event that this command's end would be, for the person who is here now.

        Returns the fields of ``usagekit.event.Event`` but for those minted at its capture.
        """
        config = self._config
        # The event of a logout is that of who was there when it began.
        leaving = command_name == config.logout_command
        stamp = self._stamp if leaving else credentials_stamp(config)
        author = dict(self._leaver or self._author(stamp))
        properties = _properties(config.version, command_name, outcome, duration)
        if self._facts is None:
            self._facts = facts(self._environ)
        properties |= self._facts
        if options:
            properties["options"] = sorted(set(options))
        if author.pop("one_off"):
            properties["one_off_id"] = True
        return {
            "event_name": SUCCEEDED if outcome.failure_kind is None else FAILED,
            "properties": properties,
            **author,
        }

    def _author(self, stamp: str | None) -> "dict[str, Any]":
        """Whose an event is, by what is known here: the fields of an event that say so."""
        config = self._config
        identity = read_identity(config) or _first_identity(config)
        credentials, superseded = unresolved_credentials(config, identity, stamp)
        known = identity.linked_principal_id if credentials is None else None
        return {
            "distinct_id": known or identity.anon_id,
            "is_anon": known is None,
            "credentials": credentials,
            "superseded": superseded,
            "one_off": identity.one_off,
        }

    def _track(
        self, command_name: str, outcome: Outcome, duration: float, options: "Sequence[str]"
    ) -> None:
        self._give_notice()
        ended_well = outcome.failure_kind is None
        if ended_well and command_name == self._config.login_command:
            self.guard(self._link)
        try:
            self._record(self.event(command_name, outcome, duration, options))
        finally:  # whatever became of the event: who logged out is a stranger
            if ended_well and command_name == self._config.logout_command:
                self._leave()

    def _record(self, event: "dict[str, Any]") -> None:
        if self._config.debug:
            _print(event)
        else:
            self._service.capture(event)

    def _give_notice(self) -> None:
        """Say once what is recorded, unless nothing leaves, or nobody is there to read it."""
        config = self._config
        if os.path.exists(config.paths.notice) or config.debug or not config.has_destination:
            return
        if not in_ci(self._environ):
            from usagekit.notice import give_notice

            give_notice(config)

    def _leave(self) -> None:
        """Part with who logged out; if nobody was logged in, there is nobody to part with."""
        from usagekit.identity import UsageIdentity

        identity = UsageIdentity(self._config)
        if self._stamp is not None or identity.load_or_create().linked_principal_id is not None:
            identity.reset_to_anonymous()

    def _link(self) -> None:
        """Alias and link before the login's own event, which is to carry the account's ID.

        Not in CI: each job would burn an alias for a home that nobody will see again.
        """
        wanted = self._config.has_destination and not self._config.debug
        if wanted and not in_ci(self._environ):
            from usagekit.identity import UsageIdentity
            from usagekit.link import link

            link(UsageIdentity(self._config), self._service.alias)


def _first_identity(config: "UsageConfig") -> "Identity":
    from usagekit.identity import UsageIdentity

    return UsageIdentity(config).load_or_create()


def _print(event: "dict[str, Any]") -> None:
    """Show on stderr, if there is one, what would have been sent."""
    import json

    from usagekit.event import Event
    from usagekit.wire import to_wire

    if sys.stderr is not None:
        print(json.dumps(to_wire(Event.of(minted(event)))), file=sys.stderr)


def _properties(
    version: str, command_name: str, outcome: Outcome, duration: float
) -> dict[str, object]:
    system, release = _operating_system()
    properties: dict[str, object] = {
        "command_name": command_name,
        "cli_version": version,
        "python_version": "{}.{}.{}".format(*sys.version_info),
        "os_type": system,
        "os_release": release,
        "duration": round(duration, 2),
        "exit_code": outcome.exit_code,
    }
    if outcome.failure_kind is not None:
        properties["failure_kind"] = outcome.failure_kind
        from usagekit.outcome import cut

        properties["error_message"] = cut(outcome.error_message or "")
    if outcome.error_type is not None:
        properties["error_type"] = outcome.error_type
    return properties


def _operating_system() -> tuple[str, str]:
    """Name and release, as ``platform`` has them, without importing it where that is dear."""
    if sys.platform == "win32":
        import platform

        return platform.system(), platform.release()
    system, _, release, _, _ = os.uname()
    return system, release
