"""Events from files into a store that no collector has open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from usagekit_collector.capture import token_of
from usagekit_collector.decode import RawBatch
from usagekit_collector.engine import Engine, opened_store
from usagekit_collector.history import Message, batches
from usagekit_collector.metrics import Metrics
from usagekit_collector.projects import Projects, UnknownProject, create_token
from usagekit_collector.settings import Settings
from usagekit_collector.writer import Writer


def take_in(settings: Settings, found: Iterable[Message], token: str) -> Iterator[int]:
    """Store events in their order, each once.

    Args:
        settings: which store.
        found: the events.
        token: of the project that they go into; it is made if there is none, and no password.

    Yields how many so far. Raises StoreError, Refused, UnknownProject, BadLine.
    """
    token = token_of(RawBatch([], token))
    with opened_store(settings, writes=True) as engine:
        project = _project(engine, token, may_make=not settings.password)
        writer = Writer(engine, settings, Metrics())
        writer.start()
        try:
            count = 0
            for batch in batches(found):
                writer.submit(project, [one.event for one in batch]).result()
                count += len(batch)
                yield count
        finally:
            writer.stop()


def _project(engine: Engine, token: str, *, may_make: bool) -> int:
    known = Projects(engine).known(token)
    if known is None and not may_make:
        raise UnknownProject('no project has this token: make one by "token create"')
    return known if known is not None else create_token(engine.writer, token, token).project
