"""Click and Typer: which command ran, and what it raised, seen from outside.

Typer carries a Click of its own, so nothing here imports either: a command is what has
``make_context`` and ``invoke``, a group what has ``resolve_command`` too.
"""

import sys

from usagekit.tracker import is_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from usagekit.run import Watch

# Click, and the copy of it that Typer carries.
_CORES = ("click.core", "typer._click.core")
# An attribute of a command's function: its runs are no events.
UNTRACKED = "usagekit_untracked"
# Whose classes have no names of the program's; and where a group of the program's may have them.
_LIBRARIES = ("builtins", "click.", "typer.", "rich_click.")
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
    get_command: Callable[[Any], Any] = module.get_command

    def get_watched_command(app: "Any") -> "Any":
        watch.put_back()  # an app that a command runs is not ours
        watch.invoked = False
        command = get_command(app)
        watch.guard(lambda: watch_command(watch, command))
        return command

    watch.replace(module, "get_command", get_watched_command)


def _expect_context(watch: "Watch", kind: "Any") -> None:
    """The first command that is called, in a ``main`` of one's own, is the program's."""
    make_context = kind.make_context

    def make_watched_context(command: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        watch.put_back()
        watch.invoked = False
        watch.guard(lambda: watch_command(watch, command))
        return _noting(watch, make_context, (command, *args), kwargs)

    watch.replace(kind, "make_context", make_watched_context)


def watch_command(watch: "Watch", command: "Any", *, named: bool = True) -> None:
    """Watch this command being parsed and invoked, and whatever it leads to if it is a group.

    ``named``: whether the way to it is in the path; beyond a name that no group lists, nothing is.
    """
    watch.understood = True
    if not watch.path:
        watch.guard(lambda: watch.declared_by(command))
    make_context, invoke = command.make_context, command.invoke
    is_group = hasattr(type(command), "resolve_command")
    # Before it sees the command line, whose words it may make options of.
    declared = vars(command).get("params")
    options = list(declared) if type(declared) is list else []

    def watched_make_context(*args: "Any", **kwargs: "Any") -> "Any":
        return _noting(watch, make_context, args, kwargs)

    def watched_invoke(*args: "Any", **kwargs: "Any") -> "Any":
        # A group by itself is no command yet, unless it says that it can be one.
        watch.invoked = not is_group or bool(getattr(command, "invoke_without_command", False))
        if _is_untracked(command):
            watch.question = True
        watch.guard(lambda: _note_options(watch, args[0], options))
        if watch.invoked and not watch.question:
            watch.begin()
        return _noting(watch, invoke, args, kwargs)

    watch.replace(command, "make_context", watched_make_context)
    watch.replace(command, "invoke", watched_invoke)
    if is_group:
        _follow(watch, command, named)


def _follow(watch: "Watch", group: "Any", named: bool) -> None:
    resolve_command, depth = group.resolve_command, len(watch.path)
    names = _Names(group)

    def watched_resolve_command(*args: "Any", **kwargs: "Any") -> "Any":
        found = resolve_command(*args, **kwargs)
        watch.guard(lambda: follow(*found))
        return found

    def follow(typed: "str | None", command: "Any", _rest: "Any") -> None:
        if command is None:
            return
        own = names.of(command, typed) if named else None
        before = watch.path[depth:] if getattr(group, "chain", False) else []
        parts = before if own is None else [*before, own]
        watch.path[depth:] = ["+".join(parts)] if parts else []  # one of several that are chained
        watch.invoked = False
        watch_command(watch, command, named=own is not None)

    watch.replace(group, "resolve_command", watched_resolve_command)


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
            watch.options.append(max(forms, key=len).lstrip("-"))


def _noting(watch: "Watch", step: "Callable[..., Any]", args: "Any", kwargs: "Any") -> "Any":
    try:
        return step(*args, **kwargs)
    except BaseException as error:
        if watch.error is None:
            watch.error = error
        raise
