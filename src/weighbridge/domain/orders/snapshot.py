"""The order snapshot: the sale to post and the order lines as of the last evaluation, and how often it was posted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from weighbridge.domain.documents import WireForm, canonical_digest
from weighbridge.domain.orders.order import Address, OrderLine
from weighbridge.domain.orders.sale import Sale


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """The stored content of a captured order: the sale to post, and the order lines that parcels are matched with."""

    sale: Sale
    lines: tuple[OrderLine, ...]
    fingerprint: str
    """Of the sale as it was first mapped: distinguishes a change in the store from a rounding line added by us."""
    revision: int = 0
    """How often the order document was reverted and posted again."""
    rounding_revisions: int = 0
    """How many revisions since the last change of the order were for cents that Cin7 computed differently."""
    header_revision: int = 0
    """How often the sale's header was changed."""
    billing_revision: int = 0
    """How often invoice and payments were reverted and posted again."""
    void_invoices: tuple[str, ...] = ()
    """Task ids of the invoices that the invoice of `billing_revision` replaces."""
    remove_payments: tuple[str, ...] = ()
    """Ids of the payments that are posted again on that invoice."""
    seen_at: datetime | None = None
    """When the order had last changed in the store when it was read; None in documents of earlier versions."""
    parts_digest: str = ""
    """Of lines and shipping addresses, whose changes do not show in the order's own fields."""


TIMESTAMP_TOLERANCE = timedelta(seconds=2)
_SALE = WireForm(Sale)
_PARTS = WireForm(tuple[tuple[OrderLine, ...], tuple[Address, ...]])


def fingerprint(sale: Sale) -> str:
    """A digest that is equal for two sales with the same documents; payments and the note do not count."""
    return canonical_digest(_SALE.write(replace(sale, tenders=(), note="")))


def parts_digest(lines: tuple[OrderLine, ...], addresses: tuple[Address, ...]) -> str:
    """A digest of lines and shipping addresses. Shipped quantities do not count, since Weighbridge writes them."""
    unshipped = tuple(replace(line, quantity_shipped=line.quantity * 0) for line in lines)
    return canonical_digest(_PARTS.write((unshipped, addresses)))


def seen_until(modified_at: datetime, now: datetime) -> datetime:
    """The time up to which an order read now surely includes all changes; the store reports whole seconds."""
    return modified_at if now - modified_at > TIMESTAMP_TOLERANCE else modified_at - TIMESTAMP_TOLERANCE


def is_unchanged_since_read(snapshot: OrderSnapshot, modified_at: datetime) -> bool:
    """Whether the order is unchanged since it was read; True when it is not known when that was."""
    return snapshot.seen_at is None or modified_at <= snapshot.seen_at
