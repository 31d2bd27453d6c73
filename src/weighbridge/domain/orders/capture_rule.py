"""The capture rule: which orders become a sale in Cin7, by status, channel and payment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from weighbridge.domain.orders.order import Order, OrderStatus


class CaptureDecision(StrEnum):
    """What the capture rule decides about an order."""

    CAPTURE = "capture"
    """The order becomes a sale."""
    NOT_YET = "not_yet"
    """The order is not complete or not paid yet; a later status may capture it."""
    CANCELLED = "cancelled"
    """The order was cancelled or declined: it gets no sale, and an existing sale is voided."""
    WAIT = "wait"
    """A person must decide in the store (manual verification, dispute)."""
    DISPUTED = "disputed"
    """The payment is disputed after the order became a sale."""
    OUT_OF_SCOPE = "out_of_scope"
    """The order is from another channel, or is a test order."""


@dataclass(frozen=True, slots=True)
class CaptureRule:
    """Which orders the design captures. Uses status ids, since merchants rename the labels."""

    status_ids: frozenset[int]
    hold_status_ids: frozenset[int]
    channel_ids: frozenset[int] | None
    """None: all channels."""
    include_test_orders: bool


CAPTURED = (OrderStatus.AWAITING_FULFILMENT, OrderStatus.AWAITING_SHIPMENT, OrderStatus.AWAITING_PICKUP)
"""Statuses that make an order a sale, unless the design names others."""
ON_HOLD = (OrderStatus.MANUAL_VERIFICATION, OrderStatus.DISPUTED)
"""Statuses that hold an order, unless the design names others."""
ENDED = frozenset({OrderStatus.CANCELLED, OrderStatus.DECLINED})
"""Statuses that end an order: no sale, and an existing sale is voided."""
NOT_SOLD_YET = frozenset({OrderStatus.INCOMPLETE, OrderStatus.PENDING})
"""Statuses before the checkout is complete: the store has sold nothing yet."""
AFTER_CAPTURE = frozenset(
    {
        OrderStatus.SHIPPED,
        OrderStatus.PARTIALLY_SHIPPED,
        OrderStatus.COMPLETED,
        OrderStatus.PARTIALLY_REFUNDED,
    }
)
"""Statuses after capture; an order that is first read in one of them was missed and still needs its sale."""


def may_become_sale(status_id: int, rule: CaptureRule, *, already_captured: bool) -> bool:
    """Whether an order of this status may be mapped to a sale. Its channel, payments and people's decisions decide
    whether it is."""
    captured = rule.status_ids | rule.hold_status_ids | AFTER_CAPTURE
    return status_id not in ENDED and (already_captured or status_id in captured)


def capture_decision(order: Order, rule: CaptureRule, *, already_captured: bool) -> CaptureDecision:
    """What happens to `order` under `rule`.

    For an order that is already captured, only cancellation and dispute count; other statuses change nothing.
    Source: Orders V2, order statuses; any status may follow any other.
    """
    if order.status_id in ENDED:
        return CaptureDecision.CANCELLED
    if already_captured:
        return CaptureDecision.DISPUTED if order.status_id == OrderStatus.DISPUTED else CaptureDecision.CAPTURE
    if rule.channel_ids is not None and order.channel_id not in rule.channel_ids:
        return CaptureDecision.OUT_OF_SCOPE
    if order.is_test and not rule.include_test_orders:
        return CaptureDecision.OUT_OF_SCOPE
    if order.status_id in rule.hold_status_ids:
        return CaptureDecision.WAIT
    if order.status_id in rule.status_ids or order.status_id in AFTER_CAPTURE:
        return CaptureDecision.CAPTURE
    return CaptureDecision.NOT_YET
