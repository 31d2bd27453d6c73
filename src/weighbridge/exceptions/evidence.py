"""The evidence of an exception: the request that caused it and its response, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.http_log import StoredExchange

ANSWERED = "answered"
MAX_TEXT_LENGTH = 4000
REMOVED = "(body removed: the exception was closed and the retention has passed)"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One HTTP exchange; its bodies as text, cut to a readable length."""

    exchange_id: str
    platform: str
    call: str
    """Method and URL."""
    answer: str
    """HTTP status, or how the request failed."""
    request: str
    response: str
    at: datetime


async def evidence_of(repositories: Repositories, transfer_id: str) -> Evidence | None:
    """The last failed exchange of a transfer, or its last exchange if none failed; None without any exchange."""
    exchanges = await repositories.http_log.of_transfer(transfer_id)
    if not exchanges:
        return None
    failed = [exchange for exchange in exchanges if exchange.outcome != ANSWERED]
    return _to_evidence((failed or exchanges)[-1])


def _to_evidence(exchange: StoredExchange) -> Evidence:
    return Evidence(
        exchange_id=exchange.id,
        platform=exchange.platform,
        call=f"{exchange.method} {exchange.url}",
        answer=f"HTTP {exchange.status}" if exchange.status else exchange.outcome,
        request=REMOVED if exchange.are_bodies_removed else _text(exchange.request),
        response=REMOVED if exchange.are_bodies_removed else _text(exchange.response),
        at=exchange.started_at,
    )


def _text(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace")
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[:MAX_TEXT_LENGTH]}... ({len(text)} characters)"
