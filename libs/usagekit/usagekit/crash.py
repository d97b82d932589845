"""What nobody caught is shown as it would be without us. Loaded when something is raised."""

import sys

from usagekit.standin import is_stand_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any


def hide_own_frames() -> None:
    """Keep this package out of the traceback that the user sees if the program crashes."""
    if not isinstance(sys.excepthook, _Hook):
        sys.excepthook = _Hook(sys.excepthook)


def put_back() -> None:
    """What was raised in the run before has been caught by somebody."""
    if isinstance(sys.excepthook, _Hook):
        sys.excepthook = sys.excepthook.show


class _Hook:
    """Shows what nobody caught as it would be shown without us."""

    def __init__(self, show: "Callable[..., Any]") -> None:
        self.show = show

    def __call__(
        self, kind: type[BaseException], error: BaseException, _: "TracebackType | None"
    ) -> None:
        for one in _chain(error):
            one.__traceback__ = _without_own_frames(one.__traceback__)
        self.show(kind, error, error.__traceback__)


def _chain(error: BaseException) -> list[BaseException]:
    """An exception, and all that it was raised from or amid."""
    found = [error]
    for one in found:
        for other in (one.__cause__, one.__context__):
            if other is not None and not any(other is known for known in found):
                found.append(other)
    return found


def _without_own_frames(trace: "TracebackType | None") -> "TracebackType | None":
    own = __file__.rpartition("crash.py")[0]
    kept = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if not is_stand_in(code) and not code.co_filename.startswith(own):
            kept.append(trace)
        trace = trace.tb_next
    for inner, outer in zip([*kept[1:], None], kept, strict=True):
        outer.tb_next = inner
    return kept[0] if kept else None
