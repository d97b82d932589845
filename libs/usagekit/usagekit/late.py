"""Frameworks that a program loads while its ``main`` runs: watched as soon as they are there."""

import sys

from usagekit.standin import stand_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from usagekit.run import Watch


def spec_of(watch: "Watch", name: str, path: "Any", target: "Any") -> "Any":
    """What the other finders find of a framework, to be watched once it has been loaded."""
    for finder in sys.meta_path:
        find: Any = None if finder is watch else getattr(finder, "find_spec", None)
        spec = find(name, path, target) if find is not None else None
        if spec is not None:
            _follow(watch, name, spec.loader)
            return spec
    return None


def _follow(watch: "Watch", name: str, loader: "Any") -> None:
    """Say so once this loader has loaded the module of that name, if none other."""

    def begin(module: "Any") -> "Any":
        if module.__name__ != name:
            return None
        del loader.exec_module
        return lambda _, error: None if error is not None else _watch(watch, name)

    def follow() -> None:
        loader.exec_module = stand_in(loader.exec_module, begin)

    if hasattr(loader, "exec_module"):
        watch.guard(follow)


def _watch(watch: "Watch", name: str) -> None:
    """The program has loaded a framework; of one that it does not use, nothing is seen."""
    if name == "argparse":
        from usagekit import argparse

        watch.guard(lambda: argparse.expect(watch))
    elif name == "optparse":
        from usagekit import optparse

        watch.guard(lambda: optparse.expect(watch))
    else:
        from usagekit import click

        watch.guard(lambda: click.expect_of(watch, name))
