"""Logs: one JSON object a line on standard error, of known members only.

Personal data cannot slip in by a new argument: what `MEMBERS` does not name is dropped, an error is its type and the
places it passed, never its message, and what libraries say is reduced to who said it and how loud.
"""

import logging
import sys
import threading
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO

import structlog

MEMBERS = frozenset({
    "agency", "area", "batch", "code", "corrupt", "count", "data", "desk", "digest", "duration_ms", "engine", "error", "event",
    "host", "kind", "level", "logger", "method", "origin", "policy", "port", "position", "purpose", "receipt", "route",
    "seconds", "seq", "size", "stage", "status", "timestamp", "topic", "where",
})  # fmt: skip
"""Every member that a log line may have."""

MAX_LETTERS = 200

Event = MutableMapping[str, Any]


def allow_only(_logger: Any, _method: str, event: Event) -> Event:
    """Drop what is not in `MEMBERS`, and any value that is not a plain one; cut long texts."""
    return {name: _cut(value) for name, value in event.items() if name in MEMBERS and _is_plain(value)}


def name_error(_logger: Any, _method: str, event: Event) -> Event:
    """In place of an exception: its type, and the places in our own code that it came through."""
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else sys.exc_info()[1] if info else None
    if error is not None:
        event["error"], event["where"] = type(error).__name__, places(error.__traceback__)
    return event


def places(trace: TracebackType | None) -> str:
    """``module:line`` of our own frames, the innermost last. No values, no text of source lines."""
    frames = traceback.extract_tb(trace)
    ours = [frame for frame in frames if "sightline" in frame.filename] or frames
    return " ".join(f"{frame.filename.rpartition('sightline/')[2]}:{frame.lineno}" for frame in ours[-6:])


class Lines:
    """Writes log lines, one at a time. A reader of the log that went away stops nothing: the hub's work goes on."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """One line."""
        with self._lock, suppress(OSError, ValueError):
            self._out.write(line + "\n")
            self._out.flush()

    debug = info = warning = error = exception = critical = write


class LibraryHandler(logging.Handler):
    """What other libraries log, among our own lines."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines
        self.setFormatter(LibraryFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self._lines.write(self.format(record))


class LibraryFormatter(logging.Formatter):
    """What other libraries log: who and how loud. Their messages may repeat what was sent, so they are left out."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        event: Event = {"event": "a library spoke", "logger": record.name, "level": record.levelname.lower()}
        if record.exc_info:
            event["exc_info"] = record.exc_info[1]
        return str(_RENDER(None, "", allow_only(None, "", _stamp(None, "", name_error(None, "", event)))))


def configure(*, level: str = "info", stream: TextIO | None = None) -> None:
    """Send our logs, and those of libraries from warnings up, to `stream` (default: standard error)."""
    out = Lines(stream or sys.stderr)
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, name_error, allow_only, _RENDER],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: out,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[LibraryHandler(out)], level=logging.WARNING, force=True)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _cut(value: Any) -> Any:
    return value[:MAX_LETTERS] if isinstance(value, str) and len(value) > MAX_LETTERS else value


_stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
_RENDER = structlog.processors.JSONRenderer(sort_keys=True)
