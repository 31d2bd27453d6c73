"""One request and its answer as bytes, and the errors that an exchange can end with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. Credentials are headers and never part of it."""

    platform: str
    connection: str
    method: str
    url: str
    request: bytes
    status: int | None
    response: bytes
    started_at: datetime
    duration_ms: int
    outcome: str


class Recorder(Protocol):
    """Records every exchange, failed ones included."""

    async def record(self, exchange: Exchange) -> None: ...


class PlatformError(Exception):
    """An exchange without a usable answer."""

    def __init__(self, exchange: Exchange, message: str) -> None:
        super().__init__(f"{exchange.platform} {exchange.method} {exchange.url}: {message}")
        self.exchange = exchange

    @property
    def status(self) -> int | None:
        """The HTTP status; None when no answer came."""
        return self.exchange.status


class Refused(PlatformError):
    """The platform refused the request; nothing was written."""

    def __init__(self, exchange: Exchange, messages: tuple[str, ...]) -> None:
        super().__init__(exchange, f"HTTP {exchange.status}: {'; '.join(messages)}")
        self.messages = messages
        """The platform's own messages."""


class NotFound(Refused):
    """The object does not exist."""


class CredentialsRefused(Refused):
    """The credentials are wrong or lack a permission."""


class Throttled(PlatformError):
    """The quota is used up; nothing was written."""

    def __init__(self, exchange: Exchange, retry_after_seconds: float | None) -> None:
        super().__init__(exchange, f"HTTP {exchange.status}: throttled")
        self.retry_after_seconds = retry_after_seconds
        """How long to wait according to the platform; None where it does not say."""


class Unreachable(PlatformError):
    """The request was never sent: no connection, or its call slot had expired. Nothing was written."""


class AnswerLost(PlatformError):
    """The request was sent and no usable answer came: it may have been carried out."""


class Malformed(PlatformError):
    """The answer is JSON, but does not match the platform's documentation."""

    def __init__(self, exchange: Exchange, problems: tuple[tuple[str, str, str], ...]) -> None:
        text = "; ".join(f"{field} is {value}, expected {expected}" for field, value, expected in problems)
        super().__init__(exchange, text)
        self.problems = problems
        """(field, value, expected) of each problem."""
