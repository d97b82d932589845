"""Click and Typer: which command ran, and how it ended, seen from outside.

Typer carries a Click of its own, so nothing here imports either: a command is what has
``make_context`` and ``invoke``, a group what has ``resolve_command`` too.
"""

import sys
import time

from usagekit.tracker import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from usagekit.tracker import CommandTracker


# An attribute of a command's function: its runs are no events.
UNTRACKED = "usagekit_untracked"


def run(app: "Callable[[], Any]", tracker: "CommandTracker") -> "Any":
    """Run a Typer app or a Click command as its program would, and record how it ended.

    Returns what it returns and raises what it raises, SystemExit as a rule.
    """
    watch = _Watch(tracker)
    ending: BaseException | None = None
    start = time.perf_counter()
    try:
        tracker.guard(lambda: watch.attach(app))
        return app()
    except BaseException as error:
        ending = error
        if not isinstance(error, SystemExit):
            _hide_own_frames()
        raise
    finally:
        duration = (time.perf_counter() - start) * 1000
        tracker.guard(lambda: _record(tracker, watch, ending, duration))


def _record(
    tracker: "CommandTracker", watch: "_Watch", ending: BaseException | None, duration: float
) -> None:
    watch.detach()
    if not watch.saw_command:
        tracker.forget()
        return
    outcome = Outcome()
    if watch.error is not None or not _exits_well(ending):
        from usagekit.outcome import outcome_of  # an ordinary end needs no judge

        outcome = outcome_of(ending, watch.error, watch.name.split("."))
    tracker.track_command_execution(watch.name, outcome, duration, watch.options)


class _Watch:
    """What is seen of one run: the way to the command, and what the command raised."""

    def __init__(self, tracker: "CommandTracker") -> None:
        self._tracker = tracker
        self.error: BaseException | None = None
        self._path: list[str] = []
        self.options: list[str] = []
        self._invoked = False
        self._replaced: list[tuple[Any, str, Any]] = []

    @property
    def name(self) -> str:
        """The declared names on the way to the command, never what the user typed; the
        program's, if it has but one command."""
        return ".".join(self._path) or self._tracker.program

    @property
    def saw_command(self) -> bool:
        """Whether this was a command at all, and not ``--help``, ``--version``, completion, or
        a group that printed its help for want of one."""
        if self.error is None:
            return self._invoked
        if type(self.error).__name__ == "NoArgsIsHelpError":
            return False
        return self._invoked or not _exits_well(self.error)

    def attach(self, app: "Any") -> None:
        """Watch the command that this app is, or that it builds when it is called."""
        typer: Any = sys.modules.get("typer.main")
        if hasattr(app, "make_context"):
            self._watch(app)
        elif typer is not None:
            # A Typer app builds its command anew at each call, in this function.
            get_command: Callable[[Any], Any] = typer.get_command

            def get_watched_command(app: "Any") -> "Any":
                typer.get_command = get_command  # an app that a command runs is not ours
                return self._watch(get_command(app))

            self._replace(typer, "get_command", get_watched_command)

    def detach(self) -> None:
        """Leave every object as it was."""
        for owner, name, previous in reversed(self._replaced):
            if previous is None:
                delattr(owner, name)
            else:
                setattr(owner, name, previous)
        self._replaced.clear()

    def _replace(self, owner: "Any", name: str, replacement: "Callable[..., Any]") -> None:
        self._replaced.append((owner, name, vars(owner).get(name)))
        setattr(owner, name, replacement)

    def _watch(self, command: "Any") -> "Any":
        make_context, invoke = command.make_context, command.invoke
        is_group = hasattr(command, "resolve_command")

        def watched_make_context(*args: "Any", **kwargs: "Any") -> "Any":
            return self._noting(make_context, args, kwargs)

        def watched_invoke(*args: "Any", **kwargs: "Any") -> "Any":
            # A group by itself is no command yet, unless it says that it can be one.
            self._invoked = not is_group or bool(getattr(command, "invoke_without_command", False))
            if getattr(getattr(command, "callback", None), UNTRACKED, False):
                self._invoked = False
            self._tracker.guard(lambda: self._note_options(args[0]))
            if self._invoked:
                self._tracker.begin(self.name)
            return self._noting(invoke, args, kwargs)

        self._replace(command, "make_context", watched_make_context)
        self._replace(command, "invoke", watched_invoke)
        if is_group:
            self._follow(command)
        return command

    def _note_options(self, context: "Any") -> None:
        """The options that stood on the command line, by the names that the program gave them."""
        for parameter in context.command.params:
            source = context.get_parameter_source(parameter.name)
            if parameter.param_type_name == "option" and source.name == "COMMANDLINE":
                self.options.append(max(parameter.opts, key=len).lstrip("-"))

    def _follow(self, group: "Any") -> None:
        resolve_command = group.resolve_command

        def watched_resolve_command(*args: "Any", **kwargs: "Any") -> "Any":
            name, command, rest = resolve_command(*args, **kwargs)
            if command is not None:
                self._path.append(str(command.name or name))
                self._invoked = False
                self._watch(command)
            return name, command, rest

        self._replace(group, "resolve_command", watched_resolve_command)

    def _noting(self, step: "Callable[..., Any]", args: "Any", kwargs: "Any") -> "Any":
        try:
            return step(*args, **kwargs)
        except BaseException as error:
            if self.error is None:
                self.error = error
            raise


def _exits_well(ending: BaseException | None) -> bool:
    """Whether this is a return, or an exit with code 0: Click's kind or Python's."""
    if ending is None or isinstance(ending, SystemExit):
        return getattr(ending, "code", None) in (None, 0)
    return getattr(ending, "exit_code", None) == 0


def _hide_own_frames() -> None:
    """Keep this package out of the traceback that the user sees if the program crashes."""
    show = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, _: "TracebackType | None") -> None:
        for one in _chain(error):
            one.__traceback__ = _without_own_frames(one.__traceback__)
        show(kind, error, error.__traceback__)

    sys.excepthook = hook


def _chain(error: BaseException) -> list[BaseException]:
    """An exception, and all that it was raised from or amid."""
    found = [error]
    for one in found:
        for other in (one.__cause__, one.__context__):
            if other is not None and not any(other is known for known in found):
                found.append(other)
    return found


def _without_own_frames(trace: "TracebackType | None") -> "TracebackType | None":
    kept = []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename != __file__:
            kept.append(trace)
        trace = trace.tb_next
    for inner, outer in zip([*kept[1:], None], kept, strict=True):
        outer.tb_next = inner
    return kept[0] if kept else None
