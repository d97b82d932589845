"""What all commands have in common: their settings, and how they speak and write."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO

import click
import msgspec

from usagekit_collector.errors import StoreError
from usagekit_collector.ingest.times import parse_time
from usagekit_collector.settings import PREFIX, RENAMED, Settings, descriptions, load, renamed

_F = Callable[..., Any]
_METAVARS = {str: "TEXT", int: "NUMBER", float: "SECONDS"}
# A chain of links that is longer leads nowhere.
_MOST_LINKS = 40
# Of an error, whatever the engine has to say about it.
_LONGEST = 500


class WithSettings(click.Command):
    """A command whose options are the settings."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As ever; but a name of earlier versions is told from one that never was."""
        for name in RENAMED:
            flag = f"--{name.replace('_', '-')}"
            if any(one == flag or one.startswith(f"{flag}=") for one in args):
                raise click.UsageError(renamed(flag, name))
        return super().parse_args(ctx, args)

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Where else they can be said."""
        formatter.write_paragraph()
        formatter.write_text(
            f"All of these can be variables, such as {PREFIX}PORT, or names in the TOML file of "
            f"--config or {PREFIX}CONFIG. An option goes before a variable, a variable before the "
            "file."
        )


def moment(text: str) -> datetime:
    """A time of ISO 8601, in UTC where it does not say. Raises click.BadParameter."""
    found = parse_time(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no date. Say 2026-11-25, or 2026-11-25T13:00:00.")
    return found


def settings_options(*names: str) -> Callable[[_F], _F]:
    """The options of a command that are settings; and the file that holds the others."""
    said = _said()

    def decorate(command: _F) -> _F:
        for name in reversed(names):
            flag = f"--{name.replace('_', '-')}"
            if isinstance(getattr(Settings(), name), bool):
                flag = f"{flag}/--no-{flag[2:]}"
                command = click.option(flag, name, default=None, help=said[name])(command)
            else:
                kind = type(getattr(Settings(), name))
                command = click.option(
                    flag, name, type=kind, metavar=_METAVARS[kind], help=said[name]
                )(command)
        return click.option("--config", metavar="FILE", help="A TOML file of settings.")(command)

    return decorate


url_option = click.option(
    "--url", metavar="URL", help="Ask the collector that runs there, rather than open the store."
)


def _said() -> dict[str, str]:
    """What each setting is, and what it is where nobody says."""
    defaults = msgspec.structs.asdict(Settings())
    return {
        name: f"{said} Default: {defaults[name]}." if defaults[name] else said
        for name, said in descriptions().items()
    }


def settings_of(config: str | None, options: dict[str, Any]) -> Settings:
    """What the options, the environment and the file say. Raises SettingsError."""
    return load(options, os.environ, config, warn=lambda text: tell(f"usagekit-collector: {text}"))


def tell(text: str) -> None:
    """A line for whoever watches, where it is in nobody's way."""
    click.echo(text, err=True)


def tell_meanwhile(text: str) -> None:
    """A line in the place of the progress, which goes on below."""
    tell(f"\r{text}")


def tell_error(error: Exception) -> None:
    """What went wrong, in two lines at most."""
    said = "\n".join(line for line in str(error).splitlines()[:2] if line)
    if len(said) > _LONGEST:
        said = f"{said[:_LONGEST]} ..."
    tell(f"usagekit-collector: {said or type(error).__name__}")


def tell_progress(counts: Iterator[int], what: str) -> None:
    """Say how far it has come, and in the end how far it came."""
    count = 0
    try:
        for count in counts:
            click.echo(f"\r{count:,} events {what}", nl=False, err=True)
    finally:
        tell(f"\r{count:,} events {what}")


@contextmanager
def written(path: str) -> Iterator[BinaryIO]:
    """A file to write to, which is there once it is complete, for its owner alone; ``-`` is stdout.

    Raises StoreError if it cannot be written, BrokenPipeError if nobody reads it.
    """
    if path == "-":
        with _told_of("stdout"), open(sys.stdout.fileno(), "wb", closefd=False) as file:
            yield file
        return
    path = _target(path)
    with _told_of(path):
        device = _device(path)
        if device is not None:
            with open(device, "wb") as file:
                yield file
            return
        # By a name that nobody could have taken beforehand, in a folder that others may write.
        fd, part = tempfile.mkstemp(".part", f".{os.path.basename(path)}-", os.path.dirname(path))
        try:
            with open(fd, "wb") as file:
                yield file
            os.replace(part, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(part)
            raise


def _target(path: str) -> str:
    """Where a file is to be. A link leads there if this user made it, or root: anybody else's is
    but a name that is taken."""
    path = os.path.abspath(path)
    for _ in range(_MOST_LINKS):
        try:
            before = os.lstat(path)
            where = os.readlink(path)
            after = os.lstat(path)
        except OSError:  # no link
            return path
        same = (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)
        if not same or before.st_uid not in (0, os.geteuid()):
            return path
        path = os.path.normpath(os.path.join(os.path.dirname(path), where))
    return path


def _device(path: str) -> int | None:
    """A pipe or device of this user's, or root's, open for writing: it must not be replaced. None
    for anything else, which is not opened for more than a look."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    status = os.fstat(fd)
    if stat.S_ISREG(status.st_mode) or status.st_uid not in (0, os.geteuid()):
        os.close(fd)
        return None
    return fd


@contextmanager
def _told_of(path: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
