"""The story of one order or refund: what came, what was decided and why, what was sent and answered, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from weighbridge.persistence.repositories import Journal
from weighbridge.persistence.repositories.attempts import StoredAttempt
from weighbridge.persistence.repositories.http_log import StoredExchange
from weighbridge.persistence.repositories.transfers import Transfer

ENDINGS = {
    "done": "",
    "link": "",
    "post": ", and nothing stood against posting it",
    "stopped": ", and it has to wait",
}
"""How a try without a note ended, behind what was tried."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story."""

    at: datetime
    text: str
    exchange_id: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything known of one order."""

    headline: str
    transfer: Transfer
    parcels: tuple[Transfer, ...]
    events: tuple[Event, ...]

    def as_json(self) -> dict[str, Any]:
        """The story for machines; moments in ISO 8601, UTC."""
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


async def tell_order(journal: Journal, connection: str, order_id: str) -> Story | None:
    """The story of an order, None when it was never seen."""
    transfer = await journal.transfers.find(connection, "orders", order_id)
    if transfer is None:
        return None
    parcels = []
    if transfer.target_id:
        found = await journal.transfers.find(connection, "fulfilment", transfer.target_id)
        parcels = [found] if found else []
    events = await _events(journal, f"Order {order_id} was first heard of.", transfer, *parcels)
    return Story(headline(transfer), transfer, tuple(parcels), events)


async def tell_refund(journal: Journal, connection: str, key: str) -> tuple[str, Transfer, tuple[Event, ...]] | None:
    """Headline, transfer and events of the refund under `key`; None when it was never seen."""
    transfer = await journal.transfers.find(connection, "refunds", key)
    if transfer is None:
        return None
    events = await _events(journal, "The refund was first heard of.", transfer)
    return refund_headline(transfer), transfer, events


async def _events(journal: Journal, first: str, *told: Transfer) -> tuple[Event, ...]:
    """Every try and every call of these transfers, oldest first."""
    events = [Event(told[0].created_at, first)]
    for one in told:
        events += [_attempt_event(attempt) for attempt in await journal.attempts.of_transfer(one.id)]
        events += [_exchange_event(exchange) for exchange in await journal.exchanges.of_transfer(one.id)]
    return tuple(sorted(events, key=lambda event: event.at))


def headline(transfer: Transfer) -> str:
    """Where an order stands, in one sentence."""
    order = f"Order {transfer.key}"
    sale = f"sale {transfer.target_number}" if transfer.target_number else "its sale"
    amount = f" over {transfer.amount} {transfer.currency}" if transfer.amount is not None else ""
    words = {
        "new": f"{order}{amount} is being weighed.",
        "waiting": f"{order}{amount} waits and is tried again by itself: {transfer.reason}.",
        "posted": f"{order}{amount} is posted as {sale}.",
        "held": f"{order}{amount} is held for {transfer.owner}: {transfer.reason}.",
        "rejected": f"{order} was rejected: {transfer.reason}.",
        "not_captured": f"{order}{amount} is not captured ({transfer.reason_kind.replace('_', ' ')}).",
        "cancelled": f"{order} was cancelled at the shop; "
        + (f"{sale} was voided." if transfer.target_id else "it never had a sale."),
    }
    return words[transfer.state]


def refund_headline(transfer: Transfer) -> str:
    """Where a refund stands, in one sentence."""
    order, _, number = transfer.key.partition(":")
    refund = f"Refund {number} of order {order}"
    amount = f" over {transfer.amount} {transfer.currency}".rstrip() if transfer.amount is not None else ""
    words = {
        "new": f"{refund}{amount} is being weighed.",
        "waiting": f"{refund}{amount} waits and is tried again by itself: {transfer.reason}.",
        "posted": f"{refund}{amount} is credited by {transfer.target_number or 'a credit note'}.",
        "held": f"{refund}{amount} is held for {transfer.owner}: {transfer.reason}.",
        "rejected": f"{refund}{amount} was rejected: {transfer.reason}.",
        "not_captured": f"{refund}{amount} needs no credit note: {transfer.reason}.",
        "cancelled": f"{refund}{amount} was cancelled.",
    }
    return words[transfer.state]


def _attempt_event(attempt: StoredAttempt) -> Event:
    steps = {
        "weigh": "The order was weighed",
        "post": "The sale was posted",
        "link": "The sale was linked back to the order",
        "parcels": "Parcels were reported to the shop",
        "weigh_refund": "The refund was weighed",
        "post_refund": "The credit note was posted",
    }
    what = steps.get(attempt.step, attempt.step.replace("_", " ").capitalize())
    if attempt.ended_at is None:
        return Event(attempt.started_at, f"{what}; the process died during it.")
    if attempt.note:
        return Event(attempt.started_at, f"{what}: {attempt.note}.")
    return Event(attempt.started_at, f"{what}{ENDINGS.get(attempt.outcome, f': {attempt.outcome}')}.")


def _exchange_event(exchange: StoredExchange) -> Event:
    who = "BigCommerce" if exchange.platform == "bigcommerce" else "Cin7 Core"
    parts = urlsplit(exchange.url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    answer = f"HTTP {exchange.status}" if exchange.status else exchange.outcome
    size = f"{len(exchange.request)} bytes out, {len(exchange.response)} bytes back"
    return Event(
        exchange.started_at,
        f"  {who} {exchange.method} {path} -> {answer} in {exchange.duration_ms} ms ({size})",
        exchange.id,
    )
