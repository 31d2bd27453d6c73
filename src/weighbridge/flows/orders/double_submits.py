"""Repeated orders at work: an order that looks like another one sent twice waits for a decision before it crosses."""

from __future__ import annotations

from datetime import timedelta

from weighbridge.domain.findings.finding import Finding, FindingKind
from weighbridge.domain.lanes import Lane
from weighbridge.domain.orders.capture_rule import ENDED
from weighbridge.domain.orders.double_submits import Turn, basket_of, repeated, turn
from weighbridge.domain.orders.order import Order, OrderStatus
from weighbridge.flows.context import Site, running
from weighbridge.flows.idempotent_write import Later
from weighbridge.persistence.repositories.transfers import State, Transfer
from weighbridge.platforms.bigcommerce.models.orders import OrderHeader
from weighbridge.platforms.http_exchange import Malformed, NotFound

NOT_STANDING = ENDED | {OrderStatus.INCOMPLETE, OrderStatus.REFUNDED}
MOVING = (State.NEW, State.WAITING)
A_MOMENT = timedelta(seconds=5)


async def repetition(site: Site, transfer: Transfer, order: Order) -> Finding | None:
    """What keeps `order` from crossing because it may be another one sent twice; None for every other order.

    The shop is asked for the other one only where the baskets are the same, which is rare. Raises Later while it is not
    certain which of two comes first.
    """
    within, basket = site.connection.design.capture.repeats_within, basket_of(order)
    if transfer.target_id or not within or not basket:
        return None
    for other in await running().journal.transfers.alike(transfer.id, basket):
        number = int(other.key)
        whose = turn(order.id, number, other_crossed=bool(other.target_id), other_moves=other.state in MOVING)
        if whose is Turn.FIRST:
            continue
        header = await _standing(site, number)
        found = repeated(order.placed_at, number, header.date_created, within) if header is not None else None
        if found is None or await _is_released(transfer, found):
            continue
        if whose is Turn.OPEN:
            at = running().clock.now() + A_MOMENT
            raise Later("order_repeated", f"the same basket as order {number}, which is on its way", at)
        return found
    return None


async def _standing(site: Site, number: int) -> OrderHeader | None:
    """The other order as the shop shows it, None where it ended or cannot be read: it repeats nothing then."""
    try:
        header = await site.shop.order(number, lane=Lane.ORDERS)
    except (NotFound, Malformed):
        return None
    return None if header.status_id in NOT_STANDING else header


async def _is_released(transfer: Transfer, found: Finding) -> bool:
    return await running().journal.words.is_released(transfer.id, FindingKind.ORDER_REPEATED, found.value)
