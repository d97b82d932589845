"""The log, on stderr: lines of JSON for machines, plain ones at a terminal."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timezone

import msgspec

# Seconds between two words of what the system has too little of.
_SELDOM = 60.0


class _Seldom(logging.Filter):
    """What others say again and again, as often as anybody wishes, is said now and then."""

    _SAID: Mapping[str, str] = {
        "out of system resource": "no more connections can be taken: too many open files",
        "Invalid HTTP request": "what came is no HTTP",
        "Unsupported upgrade request": "an upgrade was asked for, of which there is none",
        "No supported WebSocket": "an upgrade was asked for, of which there is none",
    }

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name not in ("asyncio", "uvicorn.error"):
            return True
        text = record.getMessage()
        for known, said in self._SAID.items():
            if known in text:
                if time.monotonic() < self._next.get(known, 0):
                    return False
                self._next[known] = time.monotonic() + _SELDOM
                record.msg, record.args, record.exc_info = said, (), None
        return True


class _Json(logging.Formatter):
    """A line of JSON for each record."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        fields = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(fields).decode()


class _Plain(logging.Formatter):
    """A line for a person."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created).astimezone()
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        # One line, whatever was sent: what is no letter is shown as what it is.
        text = "".join(
            one if one.isprintable() else ascii(one)[1:-1] for one in record.getMessage()
        )
        error = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{moment:%H:%M:%S}  {level}{text}{error}"


def log_to_stderr(level: str, form: str) -> bool:
    """Have all that is said be written to stderr.

    Args:
        level: the least that is said.
        form: ``json``, ``text``, or ``auto``, which is text at a terminal alone.

    Returns whether it is text.
    """
    is_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Plain() if is_text else _Json())
    handler.addFilter(_Seldom())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("clickhouse_connect").setLevel(logging.ERROR)
    return is_text
