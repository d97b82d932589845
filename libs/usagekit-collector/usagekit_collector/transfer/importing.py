"""Events from files into a store that no collector has open."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future

from usagekit_collector.errors import Busy, StoreError
from usagekit_collector.ingest.capture import Captured, token_of
from usagekit_collector.ingest.decode import RawBatch
from usagekit_collector.intake.seam import Intake
from usagekit_collector.metrics import Metrics
from usagekit_collector.settings import Settings
from usagekit_collector.store.engine import Engine
from usagekit_collector.store.opening import opened_store
from usagekit_collector.store.projects import Projects, UnknownProject, create_token
from usagekit_collector.store.storer import Storer, storing
from usagekit_collector.transfer.history import Message, batches

# Seconds between two looks whether there is room in the intake.
_PAUSE = 0.05
# Events that wait at most, so that what is said to be taken in is soon stored.
_AHEAD = 50_000


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
        with storing(engine, settings, Metrics(), patience=float("inf")) as (intake, storer):
            count = 0
            for batch in batches(found):
                _put(intake, storer, project, [one.event for one in batch]).result()
                count += len(batch)
                yield count
            storer.reach(intake.position).result()
            _check(storer)


def _put(intake: Intake, storer: Storer, project: int, events: list[Captured]) -> Future[int]:
    """Put events into the intake, once there is room. Raises StoreError."""
    while True:
        _check(storer)
        if storer.behind < _AHEAD:
            try:
                return intake.append(project, events)
            except Busy as error:
                if not storer.behind:
                    raise StoreError(f"the events cannot be taken in: {error}") from error
        time.sleep(_PAUSE)


def _check(storer: Storer) -> None:
    if storer.is_failing:
        raise StoreError(
            f"the events cannot be stored: {storer.why}. What was taken in is kept: the next "
            "start of the collector stores it."
        )


def _project(engine: Engine, token: str, *, may_make: bool) -> int:
    known = Projects(engine).known(token)
    if known is None and not may_make:
        raise UnknownProject('no project has this token: make one by "token create"')
    return known if known is not None else create_token(engine.writer, token, token).project
