"""Evidence: the call and the answer that an exception rests on, as they went over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.http_log import StoredExchange

WENT_WELL = "answered"
LONGEST_SHOWN = 4000


@dataclass(frozen=True, slots=True)
class Evidence:
    """One exchange, its bodies as text and cut to what people read."""

    exchange_id: str
    platform: str
    call: str
    """Method and address."""
    answer: str
    """Status, or how it failed."""
    request: str
    response: str
    at: datetime


async def evidence_of(journal: Journal, transfer_id: str) -> Evidence | None:
    """The last exchange of a transfer that went wrong, or its last one at all; None when nothing was exchanged."""
    exchanges = await journal.exchanges.of_transfer(transfer_id)
    if not exchanges:
        return None
    wrong = [one for one in exchanges if one.outcome != WENT_WELL]
    return _told((wrong or exchanges)[-1])


def _told(exchange: StoredExchange) -> Evidence:
    return Evidence(
        exchange_id=exchange.id,
        platform=exchange.platform,
        call=f"{exchange.method} {exchange.url}",
        answer=f"HTTP {exchange.status}" if exchange.status else exchange.outcome,
        request=_text(exchange.request),
        response=_text(exchange.response),
        at=exchange.started_at,
    )


def _text(body: bytes) -> str:
    text = body.decode("utf-8", errors="replace")
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}... ({len(text)} characters)"
