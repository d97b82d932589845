"""One run of a program: watched from outside, recorded when it ends, changed in nothing."""

import sys
import time

from usagekit.standin import runner
from usagekit.tracker import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from usagekit.declaration import Declaration
    from usagekit.standin import End
    from usagekit.tracker import CommandTracker

# Where the commands of the frameworks come from, as soon as anybody has loaded them.
_CLICKS = ("click.core", "typer._click.core", "asyncclick.core", "typer.main")
_FRAMEWORKS = (*_CLICKS, "argparse", "optparse")
_CRASH = "usagekit.crash"
# What asks a program what there is, of whichever framework, or of none.
_QUESTIONS = ("--help", "-h", "--version")


def run(app: "Callable[[], Any]", tracker: "CommandTracker") -> "Any":
    """Run a program as it would run by itself, and record how it ended.

    Args:
        app: a Typer app, a Click command or group, or a callable, such as the ``main`` of an
            argparse program. A number that a plain callable returns counts as its exit code.
        tracker: records the command.

    Returns what it returns and raises what it raises, SystemExit as a rule.
    """
    return runner(lambda app: begin(app, tracker), sys._getframe(1))(app)


def begin(app: "Any", tracker: "CommandTracker") -> "End":
    """Watch a program that begins now, until what is returned is called."""
    if _CRASH in sys.modules:  # what was raised in the run before has been caught by somebody
        from usagekit.crash import put_back

        put_back()
    watch = Watch(tracker)
    tracker.guard(lambda: watch.attach(app))
    start = time.perf_counter()

    def end(result: object, ending: BaseException | None) -> None:
        duration = (time.perf_counter() - start) * 1000
        if not (ending is None or isinstance(ending, SystemExit)):
            from usagekit.crash import hide_own_frames

            hide_own_frames()
        tracker.guard(lambda: watch.record(ending, result, duration))

    return end


class Watch:
    """What is seen of one run: the way to the command, its options, what it raised.

    The watchers of the frameworks (``click.py``, ``argparse.py``) fill it in.

    Attributes:
        path: the declared names on the way to the command, groups first.
        options: the declared names of the options that were used.
        typed: the values that were made of what the user typed; never recorded.
        error: what left the command before its framework made an exit of it.
        invoked: whether a command has been found and begun.
        question: whether this was ``--help``, ``--version`` or completion: no command at all.
        asked: whether an option was taken that asks what there is, and that the program answers
            itself.
        understood: whether a framework that is known here has read the command line.
    """

    def __init__(self, tracker: "CommandTracker") -> None:
        self._tracker = tracker
        self._replaced: list[tuple[Any, str, Any]] = []
        self._is_plain = False
        self._words: list[str] = []
        self._loaded: list[str] = []
        self._names: Declaration | None = None
        self.path: list[str] = []
        self.options: list[str] = []
        self.typed: list[object] = []
        self.error: BaseException | None = None
        self.invoked = False
        self.question = False
        self.asked = False
        self.understood = False

    @property
    def name(self) -> str:
        """The command's name, never what the user typed; the program's, if it has but one."""
        return ".".join(self.path) or self._tracker.program

    def attach(self, app: "Any") -> None:
        """Watch the command that this app is, or the one that it will make or parse."""
        if hasattr(type(app), "make_context"):  # the app itself might make what it is asked for
            from usagekit import click

            click.watch_command(self, app)
            return
        if any(name in sys.modules for name in _CLICKS):
            from usagekit import click

            if click.expect(self, app):
                return
        self._is_plain = True
        self._words = sys.argv[1:]
        if "argparse" in sys.modules:
            from usagekit import argparse

            argparse.expect(self)
        if "optparse" in sys.modules:
            from usagekit import optparse

            optparse.expect(self)
        if not (self._replaced or self._asks()):
            self.begin()  # nothing may ever tell what it is called, nor when it starts
        self._loaded = [name for name in _FRAMEWORKS if name in sys.modules]
        sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        """Among the finders of modules, one that finds none: it says when a framework is loaded, as
        programs do that load theirs in ``main``."""
        if name not in _FRAMEWORKS or name in self._loaded:
            return None
        from usagekit.late import spec_of

        self._loaded.append(name)
        return spec_of(self, name, path, target)

    def _asks(self) -> bool:
        """Whether the words of the command line, as far as they are the program's, ask what there
        is: where nobody saw who understood them."""
        words = self._words
        own = words[: words.index("--")] if "--" in words else words
        return any(one in _QUESTIONS for one in (*own[:1], *own[-1:]))

    def took(self, name: str, *, is_flag: bool) -> None:
        """An option stood on the command line, of this declared name."""
        self.options.append(name)
        if is_flag and f"--{name}" in _QUESTIONS:
            self.asked = True

    def declared_by(self, root: "Any") -> None:
        """The program's outermost command or parser, before it has seen the command line."""
        if self._names is None and self._tracker.declares():
            from usagekit.declaration import declaration_of

            self._names = declaration_of(root, self._tracker.program)

    def begin(self) -> None:
        """The command is known, and runs from now on; again, if it is known better."""
        self.invoked = True
        self._tracker.begin(self.name)

    def replace(self, owner: "Any", name: str, replacement: "Callable[..., Any]") -> None:
        """Put something in the place of an attribute until the run is over."""
        self._replaced.append((owner, name, vars(owner).get(name)))
        setattr(owner, name, replacement)

    def put_back(self) -> None:
        """Leave every object as it was: the run is over, or something better was found to watch."""
        self.stop_looking()
        for owner, name, previous in reversed(self._replaced):
            if previous is None:
                delattr(owner, name)
            else:
                setattr(owner, name, previous)
        self._replaced.clear()

    def stop_looking(self) -> None:
        """What the program loads from now on is not what it reads its command line by."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def guard(self, step: "Callable[[], object]") -> None:
        """Look at something; whatever goes wrong with that is not the command's."""
        self._tracker.guard(step)

    def record(self, ending: BaseException | None, result: object, duration: float) -> None:
        """The run is over: hand over what was seen."""
        self.put_back()
        asked = self.asked or (self._is_plain and not self.understood and self._asks())
        if (asked and exits_well(ending)) or not self._saw_command():
            self._tracker.forget()
            return
        ending = self._in_the_end(ending, result)
        outcome = Outcome()
        if self.error is not None or not exits_well(ending):
            from usagekit.outcome import outcome_of  # an ordinary end needs no judge

            outcome = outcome_of(ending, self.error, self.name.split("."), self.typed)
        if self._names is not None:
            self._tracker.declare(self._names)
        self._tracker.track_command_execution(self.name, outcome, duration, self.options)

    def _saw_command(self) -> bool:
        """Whether this was a command at all, and not a question, or a group that printed its
        help for want of one."""
        if self.question or type(self.error).__name__ == "NoArgsIsHelpError":
            return False
        if self.invoked:
            return True
        if self.error is None:
            return self._is_plain  # it ended before it came to its command, if it has any
        return not exits_well(self.error)

    def _in_the_end(self, ending: BaseException | None, result: object) -> BaseException | None:
        """What becomes of an ending in the interpreter's hands: a number that ``main`` returned is
        the exit code, and where the reader has gone away, the last words go nowhere."""
        if ending is None and self._is_plain and issubclass(type(result), int):
            return SystemExit(result)
        try:
            if exits_well(ending) and sys.stdout is not None:
                sys.stdout.flush()  # as the interpreter would, in a moment
        except BrokenPipeError as error:
            self.error = error
            return SystemExit(120)  # what the interpreter will say
        except (OSError, ValueError, AttributeError):  # somebody's own idea of a standard output
            return ending
        return ending


def exits_well(ending: BaseException | None) -> bool:
    """Whether this is a return, or an exit with code 0: Click's kind or Python's."""
    if ending is None or isinstance(ending, SystemExit):
        return getattr(ending, "code", None) in (None, 0)
    return getattr(ending, "exit_code", None) == 0
