"""The history of one order or refund: what was received, decided and why, sent and answered, in plain sentences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from weighbridge.persistence.repositories import Repositories
from weighbridge.persistence.repositories.attempts import StoredAttempt
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.persistence.repositories.transfers import Transfer

OUTCOME_TEXTS = {
    "done": "",
    "linked": ", its sale was posted, and the order at the store names it",
    "stopped": ", and it has to wait",
}
"""How an attempt without a note ended; follows the text of the step."""


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One line of the history."""

    at: datetime
    text: str
    exchange_id: str = ""


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """Everything known of one order."""

    headline: str
    transfer: Transfer
    parcels: tuple[Transfer, ...]
    events: tuple[HistoryEvent, ...]

    def as_json(self) -> dict[str, Any]:
        """The history as JSON; timestamps in ISO 8601, UTC."""
        return {
            "headline": self.headline,
            "state": self.transfer.state,
            "reason": self.transfer.reason,
            "owner": self.transfer.owner,
            "sale_id": self.transfer.target_id,
            "sale_number": self.transfer.target_number,
            "design_version": self.transfer.design_version,
            "findings": list(self.transfer.findings),
            "events": [
                {"at": event.at.isoformat(), "text": event.text, "exchange_id": event.exchange_id}
                for event in self.events
            ],
        }


async def read_order_history(repositories: Repositories, connection: str, order_id: str) -> OrderHistory | None:
    """The history of an order; None when it has no transfer."""
    transfer = await repositories.transfers.find(connection, "orders", order_id)
    if transfer is None:
        return None
    parcels = []
    if transfer.target_id:
        fulfilment = await repositories.transfers.find(connection, "fulfilment", transfer.target_id)
        parcels = [fulfilment] if fulfilment else []
    events = await _events(repositories, f"Order {order_id} was received.", transfer, *parcels)
    return OrderHistory(headline(transfer), transfer, tuple(parcels), events)


async def read_refund_history(
    repositories: Repositories, connection: str, key: str
) -> tuple[str, Transfer, tuple[HistoryEvent, ...]] | None:
    """Headline, transfer and events of the refund under `key`; None when it has no transfer."""
    transfer = await repositories.transfers.find(connection, "refunds", key)
    if transfer is None:
        return None
    events = await _events(repositories, "The refund was received.", transfer)
    return refund_headline(transfer), transfer, events


async def _events(repositories: Repositories, first: str, *transfers: Transfer) -> tuple[HistoryEvent, ...]:
    """Every attempt and every call of these transfers, oldest first."""
    events = [HistoryEvent(transfers[0].created_at, first)]
    for transfer in transfers:
        events += [_attempt_event(attempt) for attempt in await repositories.attempts.of_transfer(transfer.id)]
        events += [_exchange_event(exchange) for exchange in await repositories.http_log.of_transfer(transfer.id)]
    return tuple(sorted(events, key=lambda event: event.at))


def headline(transfer: Transfer) -> str:
    """The status of an order in one sentence."""
    order = f"Order {transfer.key}"
    sale = f"sale {transfer.target_number}" if transfer.target_number else "its sale"
    amount = f" for {transfer.amount} {transfer.currency}" if transfer.amount is not None else ""
    texts = {
        "new": f"{order}{amount} is being evaluated.",
        "waiting": f"{order}{amount} waits and is retried automatically: {transfer.reason}.",
        "posted": f"{order}{amount} is posted as {sale}.",
        "held": f"{order}{amount} is held for {transfer.owner}: {transfer.reason}.",
        "rejected": f"{order} was rejected: {transfer.reason}.",
        "not_captured": f"{order}{amount} is not captured ({transfer.reason_kind.replace('_', ' ')}).",
        "cancelled": f"{order} was cancelled at the store; "
        + (f"{sale} was voided." if transfer.target_id else "it never had a sale."),
    }
    return texts[transfer.state]


def refund_headline(transfer: Transfer) -> str:
    """The status of a refund in one sentence."""
    order, _, number = transfer.key.partition(":")
    refund = f"Refund {number} of order {order}"
    amount = f" for {transfer.amount} {transfer.currency}".rstrip() if transfer.amount is not None else ""
    texts = {
        "new": f"{refund}{amount} is being evaluated.",
        "waiting": f"{refund}{amount} waits and is retried automatically: {transfer.reason}.",
        "posted": f"{refund}{amount} is credited by {transfer.target_number or 'a credit note'}.",
        "held": f"{refund}{amount} is held for {transfer.owner}: {transfer.reason}.",
        "rejected": f"{refund}{amount} was rejected: {transfer.reason}.",
        "not_captured": f"{refund}{amount} needs no credit note: {transfer.reason}.",
        "cancelled": f"{refund}{amount} was cancelled.",
    }
    return texts[transfer.state]


def _attempt_event(attempt: StoredAttempt) -> HistoryEvent:
    steps = {
        "order": "The order was evaluated",
        "parcels": "Parcels were reported to the store",
        "evaluate_refund": "The refund was evaluated",
        "post_refund": "The credit note was posted",
    }
    step = steps.get(attempt.step, attempt.step.replace("_", " ").capitalize())
    if attempt.finished_at is None:
        return HistoryEvent(attempt.started_at, f"{step}, and the process died during it.")
    if attempt.note:
        return HistoryEvent(attempt.started_at, f"{step}: {attempt.note}.")
    return HistoryEvent(attempt.started_at, f"{step}{OUTCOME_TEXTS.get(attempt.outcome, f': {attempt.outcome}')}.")


def _exchange_event(exchange: StoredExchange) -> HistoryEvent:
    platform = "BigCommerce" if exchange.platform == "bigcommerce" else "Cin7 Core"
    url = urlsplit(exchange.url)
    path = url.path + (f"?{url.query}" if url.query else "")
    answer = f"HTTP {exchange.status}" if exchange.status else exchange.outcome
    size = f"{len(exchange.request)} bytes out, {len(exchange.response)} bytes back"
    if exchange.are_bodies_removed:
        size = "bodies removed"
    return HistoryEvent(
        exchange.started_at,
        f"  {platform} {exchange.method} {path} -> {answer} in {exchange.duration_ms} ms ({size})",
        exchange.id,
    )
