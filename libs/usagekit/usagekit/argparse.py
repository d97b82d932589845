"""argparse: which parser understood the command line, and whether it refused."""

import sys

from usagekit.standin import stand_in
from usagekit.tracker import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from usagekit.run import Watch
    from usagekit.standin import Begin, End

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
    # Of no public method can be learned what a parser takes for an option.
    steps: dict[str, Begin] = {"error": parsing.refuse, "_get_values": parsing.take}
    steps |= dict.fromkeys(("parse_args", "parse_known_args"), parsing.parse)
    for name, begin in steps.items():
        watch.replace(kind, name, stand_in(getattr(kind, name), begin))


class _Parsing:
    """The program's command line, and those who parse it: a parser, and within it those of its
    sub-commands. What a command parses afterwards for purposes of its own is no concern of ours.
    """

    def __init__(self, watch: "Watch") -> None:
        self._watch = watch
        self._at_work: list[_AtWork] = []
        self._known: list[Any] = []
        self._others = 0
        self._path: list[str] = []
        self._taken: list[tuple[Any, Any]] = []
        self._declared: list[_Declared] = []

    def parse(self, parser: "Any", *args: "Any", **kwargs: "Any") -> "End":
        """A parser begins."""
        outermost = not self._at_work
        # Somebody's own parser, at work within the command or before it.
        own = not outermost or self._are_own(*args, **kwargs)
        if self._watch.path or self._others or not own:
            self._others += 1  # it does what is not ours, with all that are within it
            return self._other_parsed
        if outermost:
            self._path, self._known, self._taken = [], [], []
        self._at_work.append(_AtWork(parser))
        self._watch.guard(lambda: self._enter(self._at_work[-1], *args, **kwargs))
        return self._outermost_parsed if outermost else self._inner_parsed

    def _other_parsed(self, _result: "Any", _error: BaseException | None) -> None:
        self._others -= 1

    def _inner_parsed(self, _result: "Any", _error: BaseException | None) -> None:
        self._at_work.pop()

    def _outermost_parsed(self, result: "Any", error: BaseException | None) -> None:
        self._at_work.pop()
        if isinstance(error, SystemExit):
            self._watch.guard(lambda: self._note_options(None))
            self._stopped(error)
        if error is not None:
            return
        self._watch.guard(lambda: self._watch.typed.append(_values(result, self._known)))
        self._watch.guard(lambda: self._note_options(result))
        # Of several that know no sub-command, the last is as good as the first.
        self._watch.path = self._path
        self._watch.stop_looking()
        self._watch.begin()

    def _are_own(self, args: "Any" = None, *_: object, **__: object) -> bool:
        """Whether these words are the program's command line, or what it has made of it."""
        found: list[bool] = []
        self._watch.guard(lambda: found.append(is_made_of(args, sys.argv[1:])))
        return found != [False]

    def take(self, parser: "Any", action: "Any", *_: object, **__: object) -> None:
        """A parser takes what belongs to an option, or to a positional. What stands behind a
        ``--``, or belongs to another program, is no option that it takes."""
        is_option = bool(getattr(action, "option_strings", ()))
        if is_option and self._at_work and self._at_work[-1].parser is parser:
            self._taken.append((parser, action))

    def _note_options(self, result: "Any") -> None:
        """Those that were taken, by their declared names. ``result``: of the parsing."""
        parsed = result[0] if isinstance(result, tuple) else result
        for parser, action in self._taken:
            name = self._declared_by(parser).option_of(action, parsed)
            if name is not None:
                self._watch.took(name, is_flag=action.nargs == 0)

    def refuse(self, parser: "Any", *_: object, **__: object) -> None:
        """A parser refuses; a program may have it do so, too, after the parsing."""
        if any(parser is known for known in self._known):
            self._watch.error = ArgumentError()

    def _enter(self, now: "_AtWork", args: "Any" = None, *_: object, **__: object) -> None:
        self._watch.understood = True
        self._known.append(now.parser)
        self._declared_by(now.parser)
        if len(self._at_work) > 1:
            self._note_way(self._at_work[-2], now)
        words = sys.argv[1:] if args is None else args
        # Anything else might be used up by looking.
        is_own = type(words) in (list, tuple) and list(words) == sys.argv[1:]
        if is_own and len(self._at_work) == 1:
            self._watch.declared_by(now.parser)

    def _note_way(self, outer: "_AtWork", now: "_AtWork") -> None:
        """From one parser to another within it. Beyond one that nobody declared, no name counts."""
        now.named = outer.named
        if outer.named and outer.parser is not now.parser:
            name = self._declared_by(outer.parser).name_of(now.parser)
            now.named = name is not None
            self._path += [] if name is None else [name]

    def _declared_by(self, parser: "Any") -> "_Declared":
        for known in self._declared:
            if known.parser is parser:
                return known
        self._declared.append(_Declared(parser))
        return self._declared[-1]

    def _stopped(self, ending: SystemExit) -> None:
        """Parsing ended the program: a refusal, or an answer such as ``--help``."""
        self._watch.path = self._path
        if getattr(ending, RAN, False):
            self._watch.invoked = True
        elif ending.code in (None, 0):
            self._watch.question = True
        else:
            self._watch.error = self._watch.error or ArgumentError()


def is_made_of(args: "Any", own: list[str]) -> bool:
    """Whether words are those of a command line, with some in addition, or without some that the
    program has understood itself. Nothing but a list is read, which might be used up by it."""
    if type(args) not in (list, tuple):
        return True
    few, many = (own, args) if len(own) < len(args) else (args, own)
    if not few:
        return not many
    rest = iter(many)
    return all(any(word == other for other in rest) for word in few)


class _AtWork:
    """A parser that parses now, and whether the way to it is in the path."""

    def __init__(self, parser: "Any") -> None:
        self.parser = parser
        self.named = True


class _Declared:
    """What a parser had declared before it saw the command line: a program may declare more by
    what it finds there, and its look-up tables may know whatever they are asked for. So they are
    not asked; it is the actions that are read."""

    def __init__(self, parser: "Any") -> None:
        self.parser = parser
        self._options: list[tuple[Any, tuple[str, ...]]] = []
        self._commands: set[str] = set()
        for action in parser._actions:
            if action.option_strings:
                self._options.append((action, tuple(action.option_strings)))
            else:
                self._commands.update(name for name, _ in choices_of(action))

    def option_of(self, action: "Any", parsed: "Any") -> "str | None":
        """The declared name of an option that was taken: of one that can be switched off by a
        ``--no-`` of its own, that which ``parsed`` says was used last. None if it was not there."""
        forms = next((forms for known, forms in self._options if known is action), None)
        if forms is None:
            return None
        off = [form for form in forms if form.startswith("--no-")]
        if type(action).__name__ == "BooleanOptionalAction" and len(off) < len(forms):
            is_off = vars(parsed).get(action.dest) is False if parsed is not None else False
            forms = tuple(form for form in forms if (form in off) is is_off)
        return max(forms, key=len).lstrip("-")

    def name_of(self, parser: "Any") -> "str | None":
        """The name under which another parser was declared in this one; not an alias of it."""
        for action in self.parser._actions:
            for name, known in choices_of(action):
                if known is parser and name in self._commands and is_name(name):
                    return name
        return None


def choices_of(action: "Any") -> "list[tuple[str, Any]]":
    """The sub-commands of an action, if it has any, with their parsers. A mapping of the
    program's own that makes them when it is asked is read as the plain dictionary that it is."""
    fields, found = vars(action), []
    for choices in (fields.get("choices"), fields.get("_name_parser_map")):
        if issubclass(type(choices), dict):  # isinstance would ask what it says that it is
            found += [(name, known) for name, known in dict.items(choices) if type(name) is str]
    return found


def _values(parsed: "Any", parsers: "list[Any]") -> list[object]:
    """The values in a namespace, but for defaults, and what was left over if that was asked for."""
    namespace, *rest = parsed if isinstance(parsed, tuple) else (parsed,)
    defaults = [action.default for parser in parsers for action in parser._actions]
    values = vars(namespace).values()
    return [*(value for value in values if not any(value is one for one in defaults)), *rest]
