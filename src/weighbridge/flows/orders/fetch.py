"""Orders as the shop shows them: fetched whole, and compared with what was posted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.order import Order, OrderStatus
from weighbridge.domain.orders.payments import tenders_of
from weighbridge.domain.orders.snapshot import (
    CAPTURED,
    not_seen_since,
    parts_digest,
    seen_until,
    stored,
)
from weighbridge.flows.context import Site, running
from weighbridge.persistence.repositories.transfers import Transfer
from weighbridge.platforms.bigcommerce.models.orders import OrderCoupon, OrderHeader
from weighbridge.platforms.bigcommerce.read import order_version, read_order, read_parts
from weighbridge.platforms.http_exchange import PlatformError


async def unchanged(site: Site, transfer: Transfer) -> bool:
    """Whether a posted order is still what was posted: most hooks echo our own writes, and end here."""
    try:
        header = await site.shop.order(int(transfer.key), lane=Lane.ORDERS)
    except PlatformError:
        return False
    if order_version(header, site.capture_rule, already_captured=True) != transfer.source_version:
        return False
    return not_seen_since(transfer.content, header.date_modified) or await _parts_unchanged(site, transfer, header)


async def _parts_unchanged(site: Site, transfer: Transfer, header: OrderHeader) -> bool:
    """Whether lines and shipping addresses are what was posted, of an order that was written to since."""
    captured = CAPTURED.validate_python(transfer.content)
    products, addresses = await asyncio.gather(
        site.shop.order_products(header.id, lane=Lane.ORDERS), site.shop.shipping_addresses(header.id, lane=Lane.ORDERS)
    )
    if parts_digest(*read_parts(header, products, addresses)) != captured.parts:
        return False
    seen = replace(captured, seen_at=seen_until(header.date_modified, running().clock.now()))
    await running().journal.transfers.change(transfer.id, content=stored(seen))
    return True


def seen_now(transfer: Transfer, header: OrderHeader) -> Any:
    """What is kept of the order, as read now."""
    if transfer.content is None:
        return None
    captured = CAPTURED.validate_python(transfer.content)
    return stored(replace(captured, seen_at=seen_until(header.date_modified, running().clock.now())))


def only_refunded(site: Site, transfer: Transfer, order: Order, came: Order) -> bool:
    """Whether refunds alone happened to a posted order; some shops lower its totals by them, its lines stay.

    Source: platform notes, bigcommerce 3.3 (order and tax records are updated unless staff typed the figures).
    """
    if order.status_id != OrderStatus.PARTIALLY_REFUNDED or transfer.content is None:
        return order.status_id == OrderStatus.REFUNDED
    posted = CAPTURED.validate_python(transfer.content)
    return (
        parts_digest(came.lines, came.shipping) == posted.parts
        and order.billing == posted.sale.billing
        and order.value <= posted.sale.value
        and tenders_of(order, site.sale_policy)[0] == posted.sale.tenders
    )


async def fetch_order(site: Site, header: OrderHeader) -> Order:
    """The whole order: its parts are fetched side by side and put together."""
    shop, order_id = site.shop, header.id
    products, addresses, taxes, transactions, coupons = await asyncio.gather(
        shop.order_products(order_id, lane=Lane.ORDERS),
        shop.shipping_addresses(order_id, lane=Lane.ORDERS),
        shop.taxes(order_id, lane=Lane.ORDERS),
        shop.transactions(order_id, lane=Lane.ORDERS),
        shop.coupons(order_id, lane=Lane.ORDERS) if header.coupon_discount else _nothing(),
    )
    return read_order(header, products, addresses, taxes, transactions, coupons)


async def _nothing() -> list[OrderCoupon]:
    return []
