"""Frameworks that a program loads while its ``main`` runs: watched as soon as they are there."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from usagekit.run import Watch


def spec_of(watch: "Watch", name: str, path: "Any", target: "Any") -> "Any":
    """What the other finders find of a framework, to be watched once it has been loaded."""
    for finder in sys.meta_path:
        find: Any = None if finder is watch else getattr(finder, "find_spec", None)
        spec = find(name, path, target) if find is not None else None
        if spec is not None:
            if hasattr(spec.loader, "exec_module"):
                spec.loader = _Loader(spec.loader, lambda: _watch(watch, name))
            return spec
    return None


def _watch(watch: "Watch", name: str) -> None:
    """The program has loaded a framework; of one that it does not use, nothing is seen."""
    if name == "argparse":
        from usagekit import argparse

        watch.guard(lambda: argparse.expect(watch))
    else:
        from usagekit import click

        watch.guard(lambda: click.expect_of(watch, name))


class _Loader:
    """Loads a module as its own loader does, which it is said to be of, and says so."""

    def __init__(self, loader: "Any", loaded: "Callable[[], None]") -> None:
        self._loader = loader
        self._loaded = loaded

    def create_module(self, spec: "Any") -> "Any":
        return self._loader.create_module(spec)

    def exec_module(self, module: "Any") -> None:
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._loaded()
