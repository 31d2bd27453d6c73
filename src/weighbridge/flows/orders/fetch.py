"""Fetching: reads an order of the store with all its parts, and compares it with the order that was posted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from weighbridge.domain.documents import WireDocument
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.capture_rule import NOT_SOLD_YET, may_become_sale
from weighbridge.domain.orders.order import Order, OrderStatus
from weighbridge.domain.orders.payments import tenders_of
from weighbridge.domain.orders.sale import (
    is_unchanged_since_read,
    parts_digest,
    seen_until,
)
from weighbridge.flows.context import ConnectionContext
from weighbridge.persistence.documents import ORDER_SNAPSHOT
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.models.orders import OrderHeader, OrderProduct, PostalAddress
from weighbridge.platforms.bigcommerce.read import (
    included_addresses,
    included_products,
    order_version,
    read_order,
    read_parts,
)
from weighbridge.platforms.http_exchange import PlatformError


async def read_posted(ctx: ConnectionContext, transfer: Transfer) -> OrderHeader | None:
    """A posted order as the store shows it now; None when it cannot be read, which its evaluation then reports."""
    try:
        return await ctx.bigcommerce.order(int(transfer.key), lane=Lane.ORDERS)
    except PlatformError:
        return None


async def is_unchanged(ctx: ConnectionContext, transfer: Transfer, header: OrderHeader) -> bool:
    """Whether a posted order did not change since. Most webhooks echo our own writes and end here."""
    if order_version(header, ctx.capture_rule, already_captured=True) != transfer.source_version:
        return False
    return is_unchanged_since_read(transfer.read(ORDER_SNAPSHOT), header.date_modified) or await _has_same_parts(
        ctx, transfer, header
    )


async def _has_same_parts(ctx: ConnectionContext, transfer: Transfer, header: OrderHeader) -> bool:
    """Whether an order that was written to since it was posted has the same lines and shipping addresses."""
    snapshot = transfer.read(ORDER_SNAPSHOT)
    if parts_digest(*read_parts(header, *await _fetch_parts(ctx, header))) != snapshot.parts_digest:
        return False
    refreshed = replace(snapshot, seen_at=seen_until(header.date_modified, ctx.clock.now()))
    await ctx.repositories.transfers.change(transfer.id, content=ORDER_SNAPSHOT.write(refreshed))
    return True


def seen_now(ctx: ConnectionContext, transfer: Transfer, header: OrderHeader) -> WireDocument | None:
    """The content of the transfer, marked as read now; None while there is none."""
    if transfer.content is None:
        return None
    snapshot = transfer.read(ORDER_SNAPSHOT)
    return ORDER_SNAPSHOT.write(replace(snapshot, seen_at=seen_until(header.date_modified, ctx.clock.now())))


def only_refunded(ctx: ConnectionContext, transfer: Transfer, order: Order, fetched: Order) -> bool:
    """Whether refunds are the only change to a posted order. Some stores lower its totals by them; its lines stay.

    Source: platform notes, bigcommerce 3.3 (order and tax records are updated unless staff typed the amounts).
    """
    if order.status_id != OrderStatus.PARTIALLY_REFUNDED or transfer.content is None:
        return order.status_id == OrderStatus.REFUNDED
    posted = transfer.read(ORDER_SNAPSHOT)
    return (
        parts_digest(fetched.lines, fetched.shipping) == posted.parts_digest
        and order.billing == posted.sale.billing
        and order.value <= posted.sale.value
        and tenders_of(order, ctx.sale_policy)[0] == posted.sale.tenders
    )


async def fetch_order(ctx: ConnectionContext, header: OrderHeader, *, already_captured: bool) -> Order:
    """The order with all its parts; those that its answer does not include are fetched concurrently.

    Taxes are fetched only for an order that may become a sale, and payments not before the checkout is complete.
    """
    store, order_id = ctx.bigcommerce, header.id
    is_mapped = may_become_sale(header.status_id, ctx.capture_rule, already_captured=already_captured)
    is_sold = is_mapped or header.status_id not in NOT_SOLD_YET
    (products, addresses), taxes, transactions, coupons = await asyncio.gather(
        _fetch_parts(ctx, header),
        store.taxes(order_id, lane=Lane.ORDERS) if is_mapped else _nothing(),
        store.transactions(order_id, lane=Lane.ORDERS) if is_sold else _nothing(),
        store.coupons(order_id, lane=Lane.ORDERS) if is_mapped and header.coupon_discount else _nothing(),
    )
    return read_order(header, products, addresses, taxes, transactions, coupons)


async def _fetch_parts(
    ctx: ConnectionContext, header: OrderHeader
) -> tuple[Sequence[OrderProduct], Sequence[PostalAddress]]:
    """Lines and shipping addresses as the order's answer includes them; fetched where it may not name all of them."""
    products, addresses = await asyncio.gather(_fetch_products(ctx, header), _fetch_addresses(ctx, header))
    return products, addresses


async def _fetch_products(ctx: ConnectionContext, header: OrderHeader) -> Sequence[OrderProduct]:
    included = included_products(header)
    return await ctx.bigcommerce.order_products(header.id, lane=Lane.ORDERS) if included is None else included


async def _fetch_addresses(ctx: ConnectionContext, header: OrderHeader) -> Sequence[PostalAddress]:
    included = included_addresses(header)
    return await ctx.bigcommerce.shipping_addresses(header.id, lane=Lane.ORDERS) if included is None else included


async def _nothing() -> list[Any]:
    return []
