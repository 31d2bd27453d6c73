"""Which orders cross at all: the capture rule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from weighbridge.domain.orders.order import Order, OrderStatus


class Crossing(StrEnum):
    """What the capture rule says about an order as it stands."""

    CAPTURE = "capture"
    """It becomes a sale."""
    NOT_YET = "not_yet"
    """The shopper or the payment is not there yet; a later change may capture it."""
    CANCELLED = "cancelled"
    """It will not be delivered: no sale, and a sale that exists is voided."""
    WAIT = "wait"
    """A person at the shop must decide (manual verification, dispute)."""
    DISPUTED = "disputed"
    """Its payment is contested after it became a sale."""
    OUT_OF_SCOPE = "out_of_scope"
    """Another channel's order, or a test."""


@dataclass(frozen=True, slots=True)
class CaptureRule:
    """The design's answer to "which orders cross". Status ids, not labels: merchants rename labels."""

    status_ids: frozenset[int]
    hold_status_ids: frozenset[int]
    channel_ids: frozenset[int] | None
    """None: all channels."""
    include_test_orders: bool


ENDED = frozenset({OrderStatus.CANCELLED, OrderStatus.DECLINED})
AFTER_CAPTURE = frozenset(
    {
        OrderStatus.SHIPPED,
        OrderStatus.PARTIALLY_SHIPPED,
        OrderStatus.COMPLETED,
        OrderStatus.PARTIALLY_REFUNDED,
    }
)
"""Stages a captured order goes through later; one first seen here has missed its capture and still needs its sale."""


def crossing(order: Order, rule: CaptureRule, *, already_captured: bool) -> Crossing:
    """What happens to `order` under `rule`.

    An order that already crossed is judged by cancellation and dispute alone; the labels between do not matter to it.
    Source: Orders V2, order statuses; any status may follow any other.
    """
    if order.status_id in ENDED:
        return Crossing.CANCELLED
    if already_captured:
        return Crossing.DISPUTED if order.status_id == OrderStatus.DISPUTED else Crossing.CAPTURE
    if rule.channel_ids is not None and order.channel_id not in rule.channel_ids:
        return Crossing.OUT_OF_SCOPE
    if order.is_test and not rule.include_test_orders:
        return Crossing.OUT_OF_SCOPE
    if order.status_id in rule.hold_status_ids:
        return Crossing.WAIT
    if order.status_id in rule.status_ids or order.status_id in AFTER_CAPTURE:
        return Crossing.CAPTURE
    return Crossing.NOT_YET
