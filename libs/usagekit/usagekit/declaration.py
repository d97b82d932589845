"""What a program has: the names of all its commands and options, told once for each version.

Its maintainer sees by them what nobody uses. They are read before the program sees the command
line, of which it might make commands, and nothing that could run code of the program's is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from usagekit import files
from usagekit.argparse import choices_of
from usagekit.click import added_to
from usagekit.config import UsageConfig
from usagekit.event import DECLARED
from usagekit.record import Record, spool_name
from usagekit.service import minted, to_json
from usagekit.tracker import is_name

# What is asked by an option is no command, and so never used: actions of argparse's, and options
# that Typer adds.
_QUESTIONS = ("_HelpAction", "_VersionAction")
_COMPLETION = ("install-completion", "show-completion")
# So many commands, and so many options; so many groups in one another; characters of an option.
_MOST, _DEEPEST, _LONGEST_OPTION = 1_000, 20, 100


class Declaration(NamedTuple):
    """The names of a program's commands, groups first, and of its options, without dashes."""

    commands: list[str]
    options: list[str]


def declaration_of(root: Any, program: str, *, asks: bool = False) -> Declaration:
    """What a Click command or an argparse parser declares, and all that is below it.

    Args:
        root: the program's outermost command or parser.
        program: its name, which is that of its command if it has but one.
        asks: ask groups what they have, too: they may import, and make commands for it.
    """
    nodes = _of_parser(root) if hasattr(root, "_actions") else _of_command(root, asks=asks)
    commands: set[str] = set()
    options: set[str] = set()
    for path, own in nodes:
        options.update(own)
        if path is not None:
            commands.add(".".join(path) or program)
        if len(commands) >= _MOST:
            break
    return Declaration(sorted(commands)[:_MOST], sorted(options)[:_MOST])


def by_hand(app: Any, program: str, version: str) -> dict[str, Any]:
    """See ``Usage.declaration``."""
    typer: Any = sys.modules.get("typer.main")
    root = typer.get_command(app) if typer and isinstance(app, typer.Typer) else app
    if not (hasattr(root, "make_context") or hasattr(root, "parse_known_args")):
        raise TypeError(f"no Typer app, Click command or argparse parser: {app!r}")
    commands, options = declaration_of(root, program, asks=True)
    return {"version": version, "commands": commands, "options": options}


def declare(config: UsageConfig, names: Declaration, author: dict[str, Any]) -> None:
    """Put what the program has into the spool, for the sender of this command's own event; and
    remember that first, so that it is never told at each command. Raises OSError.

    Args:
        config: the program's policy.
        names: what it has.
        author: the fields of an event that say whose it is.
    """
    paths = config.paths
    files.make_private(paths, paths.folder)
    files.replace_whole(paths, paths.declared, config.version)
    properties = {
        "cli_version": config.version,
        "declared_commands": names.commands,
        "declared_options": names.options,
    }
    event = minted({"event_name": DECLARED, "properties": properties, **author})
    uuid = str(event["uuid"])
    record = Record(paths, uuid)
    try:
        record.finish(spool_name(str(event["timestamp"]), uuid), to_json(event))
    finally:
        record.close()


# A command by the way to it, or None where there is none at that place; and its options.
_Node = tuple[list[str] | None, list[str]]


def _of_command(command: Any, path: tuple[str, ...] = (), *, asks: bool) -> Iterator[_Node]:
    is_group = hasattr(type(command), "resolve_command")
    runs = not is_group or bool(getattr(command, "invoke_without_command", False))
    params = vars(command).get("params")
    options = [
        name
        for one in (params if type(params) is list else ())
        # Those that are looked at before all others are questions, such as --version.
        if getattr(one, "param_type_name", "") == "option" and not one.is_eager
        for name in _option(one.opts, one.secondary_opts, one.default)
    ]
    yield [*path] if runs else None, options
    if not is_group or len(path) == _DEEPEST:
        return
    known = dict(added_to(command))
    if asks:
        known |= _asked(command)
    for name, inner in known.items():
        if is_name(name) and inner is not None and not _is_ours(inner):
            yield from _of_command(inner, (*path, str(name)), asks=asks)


def _asked(group: Any) -> dict[object, object]:
    context = group.context_class(group, info_name=group.name)
    return {name: group.get_command(context, name) for name in group.list_commands(context)}


def _of_parser(parser: Any, path: tuple[str, ...] = ()) -> Iterator[_Node]:
    inner: dict[int, tuple[str, Any]] = {}
    options: list[str] = []
    for action in parser._actions:
        if action.option_strings:
            if type(action).__name__ not in _QUESTIONS:
                off = [one for one in action.option_strings if one.startswith("--no-")]
                on = [one for one in action.option_strings if one not in off]
                options += _option(on, off, action.default)
            continue
        for name, known in choices_of(action):
            # Whatever else may be chosen is no command; another name of the same is none.
            if hasattr(known, "_actions") and is_name(name) and not _is_ours(known):
                inner.setdefault(id(known), (name, known))
    yield [*path] if not inner else None, options
    if len(path) < _DEEPEST:
        for name, known in inner.values():
            yield from _of_parser(known, (*path, name))


def _option(on: list[str], off: list[str], default: Any) -> list[str]:
    """An option by the longest of its forms, if that is a name: of one that can be switched on and
    off, that by which anything changes."""
    if on and off and isinstance(default, bool):
        on, off = ([], off) if default else (on, [])
    names = [max(forms, key=len).lstrip("-") for forms in (on, off) if forms]
    return [
        name
        for name in names
        if 0 < len(name) <= _LONGEST_OPTION
        and not any(map(str.isspace, name))
        and name not in _COMPLETION
    ]


def _is_ours(known: Any) -> bool:
    return type(known).__module__.startswith("usagekit.")
