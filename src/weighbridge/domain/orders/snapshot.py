"""What is kept of a captured order: the sale to post, and how often it was posted anew."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from weighbridge.domain.orders.order import Address, OrderLine
from weighbridge.domain.orders.sale import Sale


@dataclass(frozen=True, slots=True)
class Captured:
    """What is kept of a captured order: the sale to post, and the order lines that parcels are laid on."""

    sale: Sale
    lines: tuple[OrderLine, ...]
    fingerprint: str
    """Of the sale as it was first mapped: tells a change at the shop from our own rounding line."""
    revision: int = 0
    """How often the order document was taken back and posted again."""
    roundings: int = 0
    """How many of these revisions were for cents that Cin7 counted otherwise, since the order last changed."""
    header: int = 0
    """How often the sale's header was changed."""
    bill: int = 0
    """How often invoice and payments were taken back and made again."""
    void_invoices: tuple[str, ...] = ()
    """Tasks of the invoices that bill number `bill` takes the place of."""
    remove_payments: tuple[str, ...] = ()
    """Payments that are made again on that bill."""
    seen_at: datetime | None = None
    """When the order had last changed at the shop as its parts were read; None in content of earlier versions."""
    parts: str = ""
    """Of lines and shipping addresses, which the order's own fields do not tell of."""


SETTLED = timedelta(seconds=2)
CAPTURED = TypeAdapter(Captured)
GOODS = TypeAdapter(Sale)
PARTS = TypeAdapter(tuple[tuple[OrderLine, ...], tuple[Address, ...]])


def fingerprint(sale: Sale) -> str:
    """Tells whether two mappings of an order ask for the same documents; payments may still be added."""
    goods = GOODS.dump_json(replace(sale, tenders=(), note=""))
    return hashlib.sha256(goods).hexdigest()


def parts_digest(lines: tuple[OrderLine, ...], addresses: tuple[Address, ...]) -> str:
    """Tells whether lines or shipping addresses changed. What was shipped of a line is left out: we wrote it."""
    from_shop = tuple(replace(line, quantity_shipped=line.quantity * 0) for line in lines)
    return hashlib.sha256(PARTS.dump_json((from_shop, addresses))).hexdigest()


def seen_until(modified_at: datetime, now: datetime) -> datetime:
    """Up to when an order's changes are surely in what was read of it: the shop tells the time in whole seconds."""
    return modified_at if now - modified_at > SETTLED else modified_at - SETTLED


def not_seen_since(content: Any, modified_at: datetime) -> bool:
    """Whether nothing was written to the order since its parts were read; True where nobody noted when that was."""
    seen_at = content.get("seen_at") if content else None
    return seen_at is None or modified_at <= datetime.fromisoformat(seen_at)


def stored(captured: Captured) -> Any:
    """`captured` as JSON for the journal."""
    return CAPTURED.dump_python(captured, mode="json")
