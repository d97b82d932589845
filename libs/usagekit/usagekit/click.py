"""Click and Typer: which command ran, and what it raised, seen from outside.

Typer carries a Click of its own, so nothing here imports either: a command is what has
``make_context`` and ``invoke``, a group what has ``resolve_command`` too.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from usagekit.run import Watch

# Click, and the copy of it that Typer carries.
_CORES = ("click.core", "typer._click.core")
# An attribute of a command's function: its runs are no events.
UNTRACKED = "usagekit_untracked"


def expect(watch: "Watch", app: "Any") -> bool:
    """Watch the first command that is made of a Typer app, or that Click calls, and then no other.

    Returns whether ``app`` itself is a Typer app, so that nothing else need be expected.
    """
    typer: Any = sys.modules.get("typer.main")
    if typer is not None:
        # A Typer app builds its command anew at each call, in this function.
        get_command: Callable[[Any], Any] = typer.get_command

        def get_watched_command(app: "Any") -> "Any":
            watch.put_back()  # an app that a command runs is not ours
            command = get_command(app)
            watch.guard(lambda: watch_command(watch, command))
            return command

        watch.replace(typer, "get_command", get_watched_command)
        if isinstance(app, typer.Typer):
            return True
    for name in _CORES:
        core = sys.modules.get(name)
        if core is not None:
            _expect_context(watch, core.Command)
    return False


def _expect_context(watch: "Watch", kind: "Any") -> None:
    """The first command that is called, in a ``main`` of one's own, is the program's."""
    make_context = kind.make_context

    def make_watched_context(command: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        watch.put_back()
        watch.guard(lambda: watch_command(watch, command))
        return _noting(watch, make_context, (command, *args), kwargs)

    watch.replace(kind, "make_context", make_watched_context)


def watch_command(watch: "Watch", command: "Any") -> None:
    """Watch this command being parsed and invoked, and whatever it leads to if it is a group."""
    make_context, invoke = command.make_context, command.invoke
    is_group = hasattr(command, "resolve_command")

    def watched_make_context(*args: "Any", **kwargs: "Any") -> "Any":
        return _noting(watch, make_context, args, kwargs)

    def watched_invoke(*args: "Any", **kwargs: "Any") -> "Any":
        # A group by itself is no command yet, unless it says that it can be one.
        watch.invoked = not is_group or bool(getattr(command, "invoke_without_command", False))
        if getattr(getattr(command, "callback", None), UNTRACKED, False):
            watch.question = True
        watch.guard(lambda: _note_options(watch, args[0]))
        if watch.invoked and not watch.question:
            watch.begin()
        return _noting(watch, invoke, args, kwargs)

    watch.replace(command, "make_context", watched_make_context)
    watch.replace(command, "invoke", watched_invoke)
    if is_group:
        _follow(watch, command)


def _follow(watch: "Watch", group: "Any") -> None:
    resolve_command, depth = group.resolve_command, len(watch.path)

    def watched_resolve_command(*args: "Any", **kwargs: "Any") -> "Any":
        found = resolve_command(*args, **kwargs)
        watch.guard(lambda: follow(*found))
        return found

    def follow(name: "str | None", command: "Any", _rest: "Any") -> None:
        if command is None:
            return
        before = watch.path[depth:] if getattr(group, "chain", False) else []
        own = str(command.name or name)
        watch.path[depth:] = ["+".join([*before, own])]  # one of several that are chained
        watch.invoked = False
        watch_command(watch, command)

    watch.replace(group, "resolve_command", watched_resolve_command)


def _note_options(watch: "Watch", context: "Any") -> None:
    """The options that stood on the command line, by the names that the program gave them."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name)
        if parameter.param_type_name == "option" and source.name == "COMMANDLINE":
            watch.options.append(max(parameter.opts, key=len).lstrip("-"))


def _noting(watch: "Watch", step: "Callable[..., Any]", args: "Any", kwargs: "Any") -> "Any":
    try:
        return step(*args, **kwargs)
    except BaseException as error:
        if watch.error is None:
            watch.error = error
        raise
