"""One request and its answer, as bytes, and the ways an exchange can end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent and what came back. Credentials are headers and never part of it."""

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
    """Keeps every exchange, failed ones too."""

    async def record(self, exchange: Exchange) -> None: ...


class PlatformError(Exception):
    """An exchange that did not give what was asked for."""

    def __init__(self, exchange: Exchange, message: str) -> None:
        super().__init__(f"{exchange.platform} {exchange.method} {exchange.url}: {message}")
        self.exchange = exchange

    @property
    def status(self) -> int | None:
        """The HTTP status; None when no answer came."""
        return self.exchange.status


class Refused(PlatformError):
    """The platform said no; nothing was written."""

    def __init__(self, exchange: Exchange, messages: tuple[str, ...]) -> None:
        super().__init__(exchange, f"HTTP {exchange.status}: {'; '.join(messages)}")
        self.messages = messages
        """What the platform gave as reasons, in its own words."""


class NotFound(Refused):
    """The object does not exist."""


class CredentialsRefused(Refused):
    """The credentials are wrong or lack a permission."""


class Throttled(PlatformError):
    """The quota is used up; nothing was written."""

    def __init__(self, exchange: Exchange, retry_after_seconds: float | None) -> None:
        super().__init__(exchange, f"HTTP {exchange.status}: throttled")
        self.retry_after_seconds = retry_after_seconds
        """How long the platform asks to wait; None where it does not say."""


class Unreachable(PlatformError):
    """The request never left: no connection, or permission to call had run out. Nothing was written."""


class AnswerLost(PlatformError):
    """The request left and no usable answer came: it may have been carried out."""


class Malformed(PlatformError):
    """The answer is JSON, but not what the platform documents."""

    def __init__(self, exchange: Exchange, problems: tuple[tuple[str, str, str], ...]) -> None:
        told = "; ".join(f"{field} is {value}, expected {expected}" for field, value, expected in problems)
        super().__init__(exchange, told)
        self.problems = problems
        """(field, value, expected) of each problem."""
