"""acme, as Click programs are written; with ACME_RICH, as those with rich-click are."""

from __future__ import annotations

import os

from endings import COMMANDS
from tracking import start, usage

if "ACME_RICH" in os.environ:
    import rich_click as click
else:
    import click  # type: ignore[no-redef]


@click.group()
@click.version_option("1.2.0")
@click.option("--loud", is_flag=True)
def acme(loud: bool) -> None: ...


for name, ending in COMMANDS.items():
    acme.command(name)(lambda ending=ending: ending())


@acme.command()
@click.argument("code", type=int)
@click.pass_context
def leave(context: click.Context, code: int) -> None:
    context.exit(code)


@acme.command()
def abort() -> None:
    raise click.Abort


@acme.command()
def refuse() -> None:
    raise click.UsageError("made-up refusal")


@acme.command()
def complain() -> None:
    raise click.ClickException("made-up complaint")


@acme.group()
def group() -> None: ...


@group.command()
@click.option("--size", type=int)
def nested(size: int | None) -> None:
    print("nested", size)


@acme.group(chain=True)
def steps() -> None: ...


@steps.command()
def one() -> None:
    print("one")


@steps.command()
def two() -> None:
    print("two")


@acme.group()
def bad_callback() -> None:
    raise LookupError("in a callback")


bad_callback.command("inner")(lambda: print("never"))


@acme.group()
def bad_result() -> None: ...


@bad_result.result_callback()
def process_result(_result: object) -> None:
    raise LookupError("in a result callback")


bad_result.command("inner")(lambda: print("before"))


class LazyGroup(click.Group):  # type: ignore[misc, name-defined]
    """Knows its commands when it is asked for them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["later"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "later":
            return None
        return click.Command("later", callback=lambda: print("later"))


acme.add_command(LazyGroup("lazy"))
usage.mount(acme)


def main() -> None:
    """Somebody's own main, around the command."""
    acme()


if __name__ == "__main__":
    start(main if "ACME_MAIN" in os.environ else acme)
