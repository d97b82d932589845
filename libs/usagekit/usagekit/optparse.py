"""optparse: the parser that read the command line, what it took, and whether it refused."""

import sys

from usagekit.argparse import ArgumentError, is_made_of
from usagekit.standin import stand_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from usagekit.run import Watch
    from usagekit.standin import End


def expect(watch: "Watch") -> None:
    """Watch the first parser that reads the command line, until the run is over."""
    module = sys.modules["optparse"]
    parsing = _Parsing(watch)
    parser, option = module.OptionParser, module.Option
    watch.replace(parser, "parse_args", stand_in(parser.parse_args, parsing.parse))
    watch.replace(parser, "error", stand_in(parser.error, parsing.refuse))
    watch.replace(option, "process", stand_in(option.process, parsing.take))


class _Parsing:
    """The program's command line, and the parser that reads it."""

    def __init__(self, watch: "Watch") -> None:
        self._watch = watch
        self._parser: Any = None
        self._names: dict[int, str] = {}
        self._is_over = False

    def parse(self, parser: "Any", args: "Any" = None, *_: object, **__: object) -> "End | None":
        """A parser begins; somebody's own may do so at any time, and is none of ours."""
        own: list[bool] = []
        self._watch.guard(lambda: own.append(is_made_of(args, sys.argv[1:])))
        if self._parser is not None or self._watch.path or own == [False]:
            return None
        self._parser = parser
        self._watch.guard(self._enter)
        return self._parsed

    def _enter(self) -> None:
        self._watch.understood = True
        # As they are declared now: a program may make more of what it finds.
        for place in (self._parser, *self._parser.option_groups):
            for one in place.option_list:
                self._names[id(one)] = max((*one._short_opts, *one._long_opts), key=len).lstrip("-")

    def _parsed(self, result: "Any", error: BaseException | None) -> None:
        self._is_over = True
        if isinstance(error, SystemExit):
            if error.code in (None, 0):
                self._watch.question = True
            else:
                self._watch.error = self._watch.error or ArgumentError()
        if error is None:
            self._watch.typed.extend((*vars(result[0]).values(), *result[1]))
            self._watch.stop_looking()
            self._watch.begin()

    def refuse(self, parser: "Any", *_: object, **__: object) -> None:
        """A parser refuses; a program may have it do so, too, after the parsing."""
        if parser is self._parser:
            self._watch.error = ArgumentError()

    def take(
        self, option: "Any", _opt: "Any", _value: "Any", _values: "Any", parser: "Any"
    ) -> None:
        """An option stood on the command line."""
        if parser is self._parser and not self._is_over and id(option) in self._names:
            self._watch.took(self._names[id(option)], is_flag=not option.takes_value())
