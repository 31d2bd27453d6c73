"""Logs the calls of a twin: in memory for tests, and in a traffic file to check against the vendors' specs."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from threading import Lock
from typing import Any

from weighbridge_twins.http.call import Json

MAX_LOGGED_CALLS = 200_000
"""Older calls are dropped; a month of baskets makes about 60,000 calls."""

_LONG = "\x00decimal:"
"""Prefix of a Decimal with more digits than a double holds, while it passes through the JSON encoder."""

_LONG_OPEN = json.dumps(_LONG)[:-1]
_DOUBLE_DIGITS = 15


def _number(value: Any) -> Any:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} of type {type(value).__name__} cannot be written as JSON")
    if value == value.to_integral_value():
        return int(value)
    if len(value.as_tuple().digits) <= _DOUBLE_DIGITS:
        return float(value)
    return f"{_LONG}{value:f}"


_to_text = json.JSONEncoder(default=_number, ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_to_ascii = json.JSONEncoder(default=_number, ensure_ascii=True, separators=(",", ":"), check_circular=False).encode


def render(body: Json) -> bytes:
    """Renders `body` as JSON in UTF-8; each Decimal becomes a JSON number of exactly its value. Raises TypeError."""
    text = _to_text(body)
    if _LONG_OPEN in text:
        head, *pieces = text.split(_LONG_OPEN)
        text = head + "".join(piece.replace('"', "", 1) for piece in pieces)
    try:
        return text.encode()
    except UnicodeEncodeError:
        # JSON may hold an escaped surrogate without its pair; UTF-8 cannot encode one.
        return _to_ascii(body).encode()


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One exchange: `seconds` is wall time, `fault` names the faults that fired, separated by commas."""

    n: int
    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    status: int | None
    """None when the connection was closed without an answer."""
    seconds: float
    fault: str | None

    def as_json(self) -> Json:
        """Returns the row of GET /_twin/calls."""
        return {
            "n": self.n,
            "at": self.at.isoformat(),
            "method": self.method,
            "path": self.path,
            "query": dict(self.query),
            "status": self.status,
            "seconds": round(self.seconds, 6),
            "fault": self.fault,
        }


class CallsLog:
    """The calls of one twin in the order of their answers, numbered from 1."""

    def __init__(self, max_calls: int = MAX_LOGGED_CALLS) -> None:
        self._calls: deque[LoggedCall] = deque(maxlen=max_calls)
        self._n = 0

    def add(
        self,
        at: datetime,
        method: str,
        path: str,
        query: Mapping[str, str],
        status: int | None,
        seconds: float,
        fault: str | None,
    ) -> None:
        """Adds one exchange."""
        self._n += 1
        self._calls.append(LoggedCall(self._n, at, method, path, query, status, seconds, fault))

    def since(self, n: int = 0, path: str = "") -> list[LoggedCall]:
        """Returns the calls with a number above `n` whose path contains `path`, ignoring case."""
        lower_path = path.casefold()
        return [call for call in self._calls if call.n > n and lower_path in call.path.casefold()]

    @property
    def last(self) -> int:
        """The number of the newest call; 0 before the first."""
        return self._n

    def clear(self) -> None:
        """Drops all calls; numbering continues."""
        self._calls.clear()


class Recorder:
    """Writes every exchange as a line of JSON: platform, at, method, url, request, status, response, text.

    Lines stay in memory until `flush`, so a call never waits for the disk.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab")
        self._lines: list[bytes] = []
        self._lock = Lock()

    def add(
        self, platform: str, at: datetime, method: str, url: str, request: bytes, status: int | None, response: bytes
    ) -> None:
        """Adds one exchange; a body that is not JSON is kept as text."""
        head = render({"platform": platform, "at": at.isoformat(), "method": method, "url": url, "status": status})
        line = head[:-1] + b',"request":' + _as_json(request) + b',"response":' + _as_json(response) + b"}\n"
        with self._lock:
            self._lines.append(line)

    def flush(self) -> None:
        """Writes the buffered lines."""
        with self._lock:
            lines, self._lines = self._lines, []
            if lines:
                self._file.write(b"".join(lines))
                self._file.flush()

    def close(self) -> None:
        """Writes the buffered lines and closes the file."""
        self.flush()
        self._file.close()


def _as_json(raw: bytes) -> bytes:
    if not raw.strip():
        return b"null"
    try:
        parsed = json.loads(raw, parse_float=Decimal)
    except ValueError:
        return render(raw.decode("utf-8", "replace"))
    # Keep the exact bytes when they fit on one line: rendering them again would change how numbers are written.
    return raw if b"\n" not in raw and b"\r" not in raw else render(parsed)
