"""Click and Typer: which command ran, and what it raised, seen from outside.

Typer carries a Click of its own, so nothing here imports either: a command is what has
``make_context`` and ``invoke``, a group what has ``resolve_command`` too.
"""

import sys
from functools import partial

from usagekit.standin import stand_in
from usagekit.tracker import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from usagekit.run import Watch
    from usagekit.standin import Begin, End

# Click, the copy of it that Typer carries, and the one whose commands are coroutines.
_CORES = ("click.core", "typer._click.core", "asyncclick.core")
# An attribute of a command's function: its runs are no events.
UNTRACKED = "usagekit_untracked"
# Whose classes have no names of the program's; and where a group of the program's may have them.
_LIBRARIES = ("builtins", "click.", "typer.", "asyncclick.", "rich_click.")
_LISTING = ("list_commands", "get_command")
# A container that holds more is not read to the end.
_MOST_NAMES = 10_000


def expect(watch: "Watch", app: "Any") -> bool:
    """Watch the first command that is made of a Typer app, or that Click calls, and then no other.

    Returns whether ``app`` itself is a Typer app, so that nothing else need be expected.
    """
    typer: Any = sys.modules.get("typer.main")
    if typer is not None:
        expect_of(watch, "typer.main")
        if issubclass(type(app), typer.Typer):
            return True
    for name in _CORES:
        if name in sys.modules:
            expect_of(watch, name)
    return False


def expect_of(watch: "Watch", name: str) -> None:
    """Watch the first command that is made, or called, by one of the modules that do so."""
    module: Any = sys.modules[name]
    if name in _CORES:
        _expect_context(watch, module.Command)
        return

    # A Typer app builds its command anew at each call, in this function.
    def begin(_app: "Any") -> "Any":
        watch.put_back()  # an app that a command runs is not ours
        watch.invoked = False
        return lambda command, error: None if error else watch_command(watch, command)

    watch.replace(module, "get_command", stand_in(module.get_command, _guarded(watch, begin)))


def _expect_context(watch: "Watch", kind: "Any") -> None:
    """The first command that is called, in a ``main`` of one's own, is the program's."""

    def begin(command: "Any", *_: object, **__: object) -> "Any":
        watch.put_back()
        watch.invoked = False
        return watch_command(watch, command)

    make_context = stand_in(kind.make_context, _guarded(watch, begin))
    watch.replace(kind, "make_context", make_context)


def _guarded(watch: "Watch", begin: "Begin") -> "Begin":
    """The same, of which no fault is the program's."""

    def begun(*args: "Any", **kwargs: "Any") -> "End":
        ends: list[Any] = []
        watch.guard(lambda: ends.append(begin(*args, **kwargs)))

        def end(result: "Any", error: BaseException | None) -> None:
            for one in ends:
                if one is not None:
                    watch.guard(partial(one, result, error))

        return end

    return begun


def watch_command(watch: "Watch", command: "Any", *, named: bool = True) -> "End | None":
    """Watch this command being parsed and left, and whatever it leads to if it is a group.

    Nothing of this is on the stack while the command runs: it begins when its context has been
    made, and what ends it is seen when its context is left.

    Args:
        watch: is told.
        command: which.
        named: whether the way to it is in the path; beyond a name that no group lists, nothing is.

    Returns what is to be called when its context was made, if that has begun already.
    """
    watch.understood = True
    if not watch.path:
        watch.guard(lambda: watch.declared_by(command))
    is_group = hasattr(type(command), "resolve_command")
    # Before it sees the command line, whose words it may make options of.
    declared = vars(command).get("params")
    options = list(declared) if type(declared) is list else []

    def begin(*_: object, **__: object) -> "End":
        around = sys.exc_info()[1]

        def end(context: "Any", error: BaseException | None) -> None:
            if error is not None:
                _note_error(watch, error)
            elif not context.resilient_parsing:  # else it is asked how a word may end
                _note_begin(watch, command, context, options, is_group=is_group)
                context.call_on_close(lambda: watch.guard(lambda: _note_ending(watch, around)))

        return end

    step = _guarded(watch, begin)
    watch.replace(command, "make_context", stand_in(command.make_context, step))
    if is_group:
        _follow(watch, command, named)
    return step()


def _note_begin(
    watch: "Watch", command: "Any", context: "Any", options: "list[Any]", *, is_group: bool
) -> None:
    """A command has understood its words, and runs next."""
    # A group by itself is no command yet, unless it says that it can be one.
    watch.invoked = not is_group or bool(getattr(command, "invoke_without_command", False))
    if _is_untracked(command):
        watch.question = True
    watch.guard(lambda: _note_options(watch, context, options))
    if watch.invoked and not watch.question:
        watch.begin()


def _note_ending(watch: "Watch", around: BaseException | None) -> None:
    """A context is left: by an error, if there is one now that was not there around it."""
    error = sys.exc_info()[1]
    if error is None or error is around or getattr(error, "exit_code", None) == 0:
        return  # also where it is left by the exit with which every command ends
    _note_error(watch, error)


def _note_error(watch: "Watch", error: BaseException) -> None:
    if watch.error is None:
        watch.error = error


def _follow(watch: "Watch", group: "Any", named: bool) -> None:
    depth, names = len(watch.path), _Names(group)

    def begin(*_: object, **__: object) -> "End":
        return lambda found, error: None if error is not None else follow(*found)

    def follow(typed: "str | None", command: "Any", _rest: "Any") -> None:
        if command is None:
            return
        own = names.of(command, typed) if named else None
        before = watch.path[depth:] if getattr(group, "chain", False) else []
        parts = before if own is None else [*before, own]
        watch.path[depth:] = ["+".join(parts)] if parts else []  # one of several that are chained
        watch.invoked = False
        watch_command(watch, command, named=own is not None)

    step = stand_in(group.resolve_command, _guarded(watch, begin))
    watch.replace(group, "resolve_command", step)


class _Names:
    """The names that a group has said: what was added to it, and for groups that make their
    commands late, what stands in the containers that it has, and in its own ``list_commands``.

    All is read before it sees a word of the command line, for it may make a command of any, and
    have it among its own from then on. And it is only read: a ``list_commands`` may import, print,
    take its time, or expect to be asked once.
    """

    def __init__(self, group: "Any") -> None:
        self._kept = added_to(group)
        self._said: set[str] = set()
        own = [kind for kind in type(group).__mro__ if not kind.__module__.startswith(_LIBRARIES)]
        for place in (group, *own):
            for name, held in vars(place).items():
                if name not in ("commands", "params"):
                    written = _constants(held) if name in _LISTING else held
                    self._said.update(_words_in(written))

    def of(self, command: "Any", typed: "str | None") -> "str | None":
        """The name of the command that was found: its own rather than an alias. None if the
        group had not said it."""
        likely = (command.name, typed)
        same = [name for name in (*likely, *self._kept) if self._kept.get(name) is command]
        for name in (*same, *likely):
            if is_name(name) and (name in self._kept or name in self._said):
                return str(name)
        return None


def added_to(group: "Any") -> "dict[object, object]":
    """The commands that were added to a group, or to the groups that it is a collection of."""
    added: dict[object, object] = {}
    sources = vars(group).get("sources")
    for place in (group, *(sources if type(sources) is list else ())):
        commands = vars(place).get("commands")
        # What a kind of dictionary of the program's own really holds, whatever it says.
        added |= dict.copy(commands) if issubclass(type(commands), dict) else {}
    return added


def _constants(function: "Any") -> "list[object]":
    """The constants of a function, and what those hold that are tuples."""
    if type(function) is not type(expect):
        return []
    found: list[object] = []
    for constant in function.__code__.co_consts:
        found += constant if type(constant) in (tuple, frozenset) else [constant]
    return found


def _words_in(held: "Any") -> "list[str]":
    """The texts in a container, of a dictionary the keys; none in anything else."""
    if issubclass(type(held), dict):
        items: Any = dict.keys(held)
    elif type(held) in (list, tuple, set, frozenset):
        items = held
    else:
        return []
    return [item for _, item in zip(range(_MOST_NAMES), items, strict=False) if type(item) is str]


def _is_untracked(command: "Any") -> bool:
    callback = getattr(command, "callback", None)
    # Any other callable may have an answer to whatever it is asked.
    return type(callback) is type(expect) and vars(callback).get(UNTRACKED) is True


def _note_options(watch: "Watch", context: "Any", declared: "list[Any]") -> None:
    """The options that stood on the command line, by the names that the program gave them."""
    for parameter in declared:
        source = context.get_parameter_source(parameter.name)
        if source.name not in ("DEFAULT", "DEFAULT_MAP"):  # typed, or asked for
            watch.typed.append(context.params.get(parameter.name))
        if parameter.param_type_name == "option" and source.name == "COMMANDLINE":
            is_off = parameter.secondary_opts and context.params.get(parameter.name) is False
            forms = parameter.secondary_opts if is_off else parameter.opts
            watch.took(max(forms, key=len).lstrip("-"), is_flag=parameter.is_flag)
