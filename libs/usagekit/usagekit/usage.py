"""Usage: one program's tracking, in three lines. The door for programs that are not arcade."""

import os
import sys
import time

from usagekit.config import UsageConfig, is_set
from usagekit.service import to_json
from usagekit.tracker import CommandTracker, Outcome, is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

# What the sender builds this program's policy from (``__main__.py``).
POLICY = "USAGEKIT_POLICY"
# What makes trackers; ``usagekit.testing`` puts one here that keeps events to itself.
make_tracker: "Callable[[UsageConfig], CommandTracker]" = CommandTracker


class Usage:
    """The usage tracking of one command-line program.

    Args:
        name: the program's name: a letter or digit, then letters, digits, ``.``, ``_``, ``-``.
        version: the program's version, sent as ``cli_version``.
        host: base URL of a PostHog-compatible receiver. ``{prefix}_HOST`` in the environment
            is stronger.
        project_api_key: the receiver's project token; ``{prefix}_PROJECT_KEY`` is stronger.
            Without a host or a token nothing ever leaves the machine.
        prefix: start of the program's variables; default: ``ACME_USAGE`` for ``acme``.
        folder: where the state is kept, an absolute path of which the last level need not exist;
            default: a folder of the program's name where the platform keeps such state.
        credentials: the file whose presence means that somebody is logged in, for programs
            with a ``resolver``.
        resolver: asks the program's service, in the background, whose the credentials are: a
            function of an installed module, or ``"module:function"``. It takes nothing and
            returns the account's ID, or None; it may block and raise. Without one, see
            ``identify``.
        notice: what a person is told before the first event, in place of general words.
        declare: tell the receiver once for each version what commands and options the program
            has, so that what nobody uses can be seen: names that the program declares, and
            nothing of its user's.

    Raises ValueError for what can be no name, host, folder or resolver.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str,
        host: str = "",
        project_api_key: str = "",
        prefix: str = "",
        folder: str = "",
        credentials: str = "",
        resolver: "Callable[[], str | None] | str | None" = None,
        notice: str = "",
        declare: bool = False,
    ) -> None:
        letters = name.replace(".", "").replace("_", "").replace("-", "")
        if not (name.isascii() and name[:1].isalnum() and letters.isalnum()):
            raise ValueError(f"not a name for a program: {name!r}")
        if host and not host.startswith(("http://", "https://")):
            raise ValueError(f"not the base URL of a receiver, with http:// or https://: {host!r}")
        if folder and not os.path.isabs(folder):
            raise ValueError(f"not an absolute path: {folder!r}")
        if bool(credentials) != (resolver is not None):
            raise ValueError("credentials and a resolver belong together")
        self._name = name
        self._version = str(version)
        self._host = host
        self._project_api_key = project_api_key
        self._prefix = prefix or "".join(c if c.isalnum() else "_" for c in name).upper() + "_USAGE"
        self._folder = folder
        self._credentials = os.path.abspath(os.path.expanduser(credentials)) if credentials else ""
        self._resolver = _path_of(resolver)
        self._notice = notice
        self._declare = declare
        self._group: Callable[[], str] | None = None
        self._tracker: CommandTracker | None = None
        if getattr(sys, "frozen", False):
            from usagekit.interpreters import be_sender

            be_sender(self.config)

    def config(self) -> UsageConfig:
        """The program's policy, as the environment has it now."""
        prefix = self._prefix
        folder, parents = (self._folder, ()) if self._folder else _state_folder(self._name)
        policy = {
            "name": self._name,
            "version": self._version,
            "prefix": prefix,
            "folder": folder,
            "credentials": self._credentials,
            "resolver": self._resolver,
        }
        return UsageConfig(
            program=self._name,
            version=self._version,
            sender_module="usagekit",
            home=folder,
            home_parents=parents,
            prefix=prefix,
            host=os.environ.get(f"{prefix}_HOST", "").strip() or self._host,
            project_api_key=(
                os.environ.get(f"{prefix}_PROJECT_KEY", "").strip() or self._project_api_key
            ),
            debug=is_set(os.environ, f"{prefix}_DEBUG"),
            credentials=self._credentials or f"{folder}/usage/principal",
            fetch_principal=self._fetch_principal,
            sender_environ={POLICY: to_json(policy)},
            notice=self._notice,
            group=self._mounted_as,
            declares=self._declare,
            enters_again=True,
        )

    @property
    def run(self) -> "Callable[[Callable[[], Any]], Any]":
        """``usage.run(app)`` runs the program in place of ``app()``, and records how it ended.

        ``app`` is a Typer app, a Click command or group, or a callable such as ``main``; a number
        that a callable returns counts as the exit code, as in ``sys.exit(main())``.

        It returns what the program returns, and raises what it raises: output, exit code and
        traceback are what they would be without. It is made for the line that asks for it, of
        which it then looks like a part: the program sees no frame of anybody else's on its stack.
        """
        from usagekit.run import begin
        from usagekit.standin import runner

        def begun(app: "Any") -> "Callable[[Any, BaseException | None], None]":
            before, self._tracker = self._tracker, make_tracker(self.config())
            end = begin(app, self._tracker)

            def ended(result: object, ending: BaseException | None) -> None:
                end(result, ending)
                self._tracker = before

            return ended

        return runner(begun, sys._getframe(1))

    def command(self, name: str) -> "_Command":
        """For what no framework runs: ``with usage.command("db.migrate"): ...`` is one event.

        Args:
            name: what it is called, groups first: a name of the program's own, never the user's.
                Words of letters, digits, ``_``, ``-`` and ``:``, joined by ``.`` or ``+``; up to
                100 characters.

        Raises ValueError for what can be no name, such as a path.
        """
        if not is_name(name):
            raise ValueError(f"not a name for a command, such as 'db.migrate': {name!r}")
        return _Command(self, name)

    def identify(self, principal_id: str) -> None:
        """Somebody has logged in: what this machine did so far, and does from now on, is theirs.

        May be called at each start as well; does no network, and never fails but for what can
        be no ID. The account is told to the receiver in the background.

        Args:
            principal_id: the account's ID. Not an e-mail address: it is sent.

        Raises ValueError for an empty ID, and for a program with a ``resolver``, which is asked.
        """
        if self._resolver:
            raise ValueError("whose the credentials are, the resolver is asked")
        if not principal_id.strip():
            raise ValueError("an account's ID is not empty")
        (self._tracker or make_tracker(self.config())).identify(principal_id)

    def logout(self) -> None:
        """Whoever was logged in has left: this command is still theirs, the next a stranger's."""
        (self._tracker or make_tracker(self.config())).logout()

    def declaration(self, app: "Any") -> "dict[str, Any]":
        """What commands and options the program has, as ``usagekit-collector declare`` reads it.

        Unlike ``declare=True`` it asks groups that make their commands late for all of them.

        Args:
            app: a Typer app, a Click command or group, or an argparse parser.

        Returns ``version``, ``commands`` and ``options``. Raises TypeError for anything else.
        """
        from usagekit.declaration import by_hand

        return by_hand(app, self._name, self._version)

    def mount(self, target: "Any", *, name: str = "usage") -> None:
        """Add the group of commands ``usage`` (status, on, off, show, log and so on) to a program.

        Args:
            target: a Typer app, a Click group, or what argparse's ``add_subparsers()`` returned. A
                Typer app of one command stays one, without the group, for it would be called in
                another way: ``@app.callback()`` makes a group of it.
            name: what the group is called.

        Raises TypeError for any other target, and ValueError for a name that is none, or is that
        of a command which the program has.
        """
        from usagekit.mount import mount

        self._group = mount(target, self.config, name)

    def _mounted_as(self) -> str:
        """What the usage commands are called in the program, perhaps since a moment ago."""
        return self._group() if self._group is not None else ""

    def _fetch_principal(self) -> str | None:
        if not self._resolver:
            from usagekit.stored import identified

            return identified(self.config())
        module, _, name = self._resolver.partition(":")
        __import__(module)
        found: str | None = getattr(sys.modules[module], name)()
        return found


class _Command:
    """One command that no framework runs."""

    def __init__(self, usage: Usage, name: str) -> None:
        self._usage = usage
        self._name = name
        self._tracker = make_tracker(usage.config())
        self._around: CommandTracker | None = None
        self._start = 0.0

    def __enter__(self) -> None:
        self._around, self._usage._tracker = self._usage._tracker, self._tracker
        self._tracker.begin(self._name)
        self._start = time.perf_counter()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: "TracebackType | None",
    ) -> None:
        duration = (time.perf_counter() - self._start) * 1000
        self._usage._tracker = self._around

        def track() -> None:
            outcome = Outcome()
            if error is not None:
                from usagekit.outcome import outcome_of  # an ordinary end needs no judge

                outcome = outcome_of(error, error, self._name.split("."))
            self._tracker.track_command_execution(self._name, outcome, duration)

        self._tracker.guard(track)


def _path_of(resolver: "Callable[[], str | None] | str | None") -> str:
    """Where the sender finds it: ``module:function``."""
    if resolver is None:
        return ""
    if isinstance(resolver, str):
        path = resolver
    else:
        path = f"{resolver.__module__}:{resolver.__qualname__}"
    module, _, name = path.partition(":")
    if module in ("", "__main__") or not name.isidentifier():
        raise ValueError(f"not a function of a module that can be imported: {path!r}")
    return path


def _state_folder(name: str) -> tuple[str, tuple[str, ...]]:
    """Where this platform keeps the state of a program, and the folders above it that it may
    have to be the first to make."""
    home = os.path.expanduser("~")
    if not os.path.isabs(home):  # nobody has one, or each folder would be another
        return f"{os.devnull}/{name}", ()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or f"{home}\\AppData\\Local"
        return f"{base}\\{name}", ()
    if sys.platform == "darwin":
        return f"{home}/Library/Application Support/{name}", ()
    wished = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(wished):
        return f"{wished}/{name}", (wished,)
    return f"{home}/.local/state/{name}", (f"{home}/.local", f"{home}/.local/state")
