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
    parsing = _Parsing(watch)
    kind = sys.modules["argparse"].ArgumentParser
    for name in ("parse_args", "parse_known_args"):
        watch.replace(kind, name, parsing.watched(getattr(kind, name)))
    refuse = kind.error

    def watched_error(parser: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        watch.error = ArgumentError()  # also if the program itself refuses what was parsed
        return refuse(parser, *args, **kwargs)

    watch.replace(kind, "error", watched_error)


class _Parsing:
    """The parsers that are at work: the outermost, and those of its sub-commands within it."""

    def __init__(self, watch: "Watch") -> None:
        self._watch = watch
        self._parsers: list[Any] = []
        self._path: list[str] = []

    def watched(self, parse: "Callable[..., Any]") -> "Callable[..., Any]":
        """This method of a parser, watched."""

        def watched_parse(parser: "Any", *args: "Any", **kwargs: "Any") -> "Any":
            outermost = not self._parsers
            if outermost:
                self._path = []
            self._watch.guard(lambda: self._enter(parser, *args, **kwargs))
            self._parsers.append(parser)
            try:
                result = parse(parser, *args, **kwargs)
            except SystemExit as ending:
                if outermost:
                    self._stopped(ending)
                raise
            finally:
                self._parsers.pop()
            if outermost:
                self._understood()
            return result

        return watched_parse

    def _enter(self, parser: "Any", args: "Any" = None, *_: object, **__: object) -> None:
        if self._parsers and self._parsers[-1] is not parser:
            self._path += _names(self._parsers[-1], parser)
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

    def _understood(self) -> None:
        """A command line was parsed; the program goes on. Of several, the one that says most."""
        if not self._watch.invoked or len(self._path) > len(self._watch.path):
            self._watch.path = self._path
            self._watch.begin()


def _names(outer: "Any", parser: "Any") -> list[str]:
    """The name under which a parser was declared in the one around it; not an alias of it."""
    for action in outer._actions:
        if isinstance(action.choices, dict):
            for name, known in action.choices.items():
                if known is parser:
                    return [str(name)]
    return []
