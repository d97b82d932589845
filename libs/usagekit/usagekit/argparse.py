"""argparse: which parser understood the command line, and whether it refused."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from usagekit.run import Watch

# An attribute of a SystemExit: a command did its work while it was parsed (``mount/argparse.py``).
RAN = "usagekit_ran"


class ArgumentError(Exception):
    """Stands for what a parser said to the user; this text is theirs, and left out."""

    is_usage_error = True


def expect(watch: "Watch") -> None:
    """Watch whatever parser parses the command line. It may be of a subclass, so it is the methods
    of the class itself that are replaced, until the run is over."""
    kind = sys.modules["argparse"].ArgumentParser
    parsing = _Parsing(watch)
    for name in ("parse_args", "parse_known_args"):
        watch.replace(kind, name, parsing.watched(getattr(kind, name)))
    watch.replace(kind, "error", parsing.watched_error(kind.error))


class _Parsing:
    """The program's command line, and those who parse it: a parser, and within it those of its
    sub-commands. What a command parses afterwards for purposes of its own is no concern of ours.
    """

    def __init__(self, watch: "Watch") -> None:
        self._watch = watch
        self._at_work: list[Any] = []
        self._known: list[Any] = []
        self._path: list[str] = []

    def watched(self, parse: "Callable[..., Any]") -> "Callable[..., Any]":
        """This method of a parser, watched."""

        def watched_parse(parser: "Any", *args: "Any", **kwargs: "Any") -> "Any":
            if self._watch.path:  # somebody's own parser, at work within the command
                return parse(parser, *args, **kwargs)
            outermost = not self._at_work
            if outermost:
                self._path, self._known = [], []
            self._watch.guard(lambda: self._enter(parser, *args, **kwargs))
            self._at_work.append(parser)
            try:
                result = parse(parser, *args, **kwargs)
            except SystemExit as ending:
                if outermost:
                    self._stopped(ending)
                raise
            finally:
                self._at_work.pop()
            if outermost:  # of several that know no sub-command, the last is as good as the first
                self._watch.path = self._path
                self._watch.begin()
            return result

        return watched_parse

    def watched_error(self, refuse: "Callable[..., Any]") -> "Callable[..., Any]":
        """The method by which a parser refuses; a program may call it too, after the parsing."""

        def watched_error(parser: "Any", *args: "Any", **kwargs: "Any") -> "Any":
            if any(parser is known for known in self._known):
                self._watch.error = ArgumentError()
            return refuse(parser, *args, **kwargs)

        return watched_error

    def _enter(self, parser: "Any", args: "Any" = None, *_: object, **__: object) -> None:
        if self._at_work and self._at_work[-1] is not parser:
            self._path += _names(self._at_work[-1], parser)
        self._known.append(parser)
        declared = parser._option_string_actions
        for word in sys.argv[1:] if args is None else args:
            action = declared.get(str(word).partition("=")[0])
            if action is not None:
                self._watch.options.append(max(action.option_strings, key=len).lstrip("-"))

    def _stopped(self, ending: SystemExit) -> None:
        """Parsing ended the program: a refusal, or an answer such as ``--help``."""
        self._watch.path = self._path
        if getattr(ending, RAN, False):
            self._watch.invoked = True
        elif ending.code in (None, 0):
            self._watch.question = True
        else:
            self._watch.error = self._watch.error or ArgumentError()


def _names(outer: "Any", parser: "Any") -> list[str]:
    """The name under which a parser was declared in the one around it; not an alias of it."""
    for action in outer._actions:
        if isinstance(action.choices, dict):
            for name, known in action.choices.items():
                if known is parser:
                    return [str(name)]
    return []
