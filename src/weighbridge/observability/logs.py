"""Logs: one event with fields per decision, on standard error, in one form; never secrets or personal data.

Events of libraries take the same form. Every event has its time (UTC), its level and, while a job or a request of a
connection is handled, that connection.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
OWN_LOGGER = "weighbridge"
LIBRARIES_WITH_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "asyncio")
TRACEBACK_AGAIN_WALL_SECONDS = 600.0
MOST_TRACEBACKS = 1000


def configure_logs(level: str = "info", log_format: str = "json", worker: str = "") -> None:
    """Sets up logging for this process.

    `level` is the lowest level that is written, of libraries at least "warning". `log_format` is "json" or "console".
    `worker` is added to every event unless it is empty.
    """
    # A full disk must not stop the work because a line of the log cannot be written.
    logging.raiseExceptions = False
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Worker(worker),
        FirstTraceback(),
    ]
    handler = _handler(shared, log_format)
    _install(logging.getLogger(), handler, logging.WARNING)
    logging.getLogger(OWN_LOGGER).setLevel(LEVELS[level])
    for name in LIBRARIES_WITH_HANDLERS:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=lambda *_: logging.getLogger(OWN_LOGGER),
        cache_logger_on_first_use=False,
    )


class FirstTraceback:
    """Keeps the traceback of the first event of a cause; later ones within ten minutes have the number instead."""

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        error = _error_of(event.get("exc_info"))
        if error is None:
            return event
        frames = traceback.extract_tb(error.__traceback__)
        origin = (frames[-1].filename, frames[-1].lineno) if frames else ()
        cause = (event.get("event"), type(error), *origin)
        written_at, repeats = self._seen.get(cause, (0.0, 0))
        now = time.monotonic()
        if repeats and now - written_at < TRACEBACK_AGAIN_WALL_SECONDS:
            self._seen[cause] = (written_at, repeats + 1)
            del event["exc_info"]
            event.update(error=type(error).__name__, traceback_repeats=repeats)
            return event
        if len(self._seen) >= MOST_TRACEBACKS:
            self._seen.clear()
        self._seen[cause] = (now, 1)
        return event


class _Worker:
    """Adds the worker's name."""

    def __init__(self, worker: str) -> None:
        self._worker = worker

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        if self._worker:
            event.setdefault("worker", self._worker)
        return event


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to the standard error of the moment of writing."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _handler(shared: list[Processor], log_format: str) -> logging.Handler:
    if log_format == "console":
        rendering: list[Processor] = [
            _printable,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    else:
        rendering = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]
    handler = _Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    return handler


def _install(root: logging.Logger, handler: logging.Handler, level: int) -> None:
    """Replaces our handler of an earlier call; handlers of others stay."""
    for earlier in [present for present in root.handlers if isinstance(present, _Handler)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)


def _library(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Names the library that wrote an event."""
    record: logging.LogRecord = event["_record"]
    event["event"] = str(event["event"]).strip()
    event["logger"] = record.name
    return event


def _printable(_logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escapes control characters: a text from outside must not start a line or steer a terminal."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable():
            event[name] = json.dumps(value)
    return event


def _error_of(exc_info: object) -> BaseException | None:
    """The error of an event, in any form that structlog and logging know."""
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if len(exc_info) == 3 and isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None
