"""Double submits: the same shopper orders the same basket twice within minutes, and pays twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import Order


def basket_of(order: Order) -> str:
    """The shopper, goods and amount of an order, as one text that double submits have in common.

    Empty when the order names no shopper or has no goods.
    """
    shopper = order.billing.email.strip().lower() or (f"customer {order.customer_id}" if order.customer_id else "")
    goods = sorted(f"{line.quantity.normalize():f} of {line.sku or line.name}" for line in order.lines if line.quantity)
    if not (shopper and goods):
        return ""
    return f"basket of {shopper}: {', '.join(goods)} for {order.value.normalize():f} {order.currency}"


class DoubleSubmitDecision(StrEnum):
    """What happens to one of two orders with the same basket."""

    POST = "post"
    """This order is posted; the other waits for a decision."""
    HOLD = "hold"
    """This order waits for a decision."""
    RECHECK = "recheck"
    """The other order may be about to be posted: check again shortly."""


def double_submit_decision(
    own_id: int, other_id: int, *, is_other_posted: bool, is_other_in_progress: bool
) -> DoubleSubmitDecision:
    """Which of two orders is posted, so that never both are posted and never both wait.

    Each order is registered before it is checked. The order with the higher id is held as soon as it finds the lower
    one. The lower one is re-checked until the higher one, which may not have found it, is posted or held.
    """
    if is_other_posted or other_id < own_id:
        return DoubleSubmitDecision.HOLD
    return DoubleSubmitDecision.RECHECK if is_other_in_progress else DoubleSubmitDecision.POST


def double_submit_finding(
    placed_at: datetime, other_id: int, other_placed_at: datetime, within: timedelta
) -> Finding | None:
    """The finding that an order is a double submit of `other_id`; None when they are more than `within` apart."""
    apart = abs(placed_at - other_placed_at)
    if apart > within:
        return None
    minutes = max(1, round(apart / timedelta(minutes=1)))
    expected = f"one order: the shopper ordered this basket twice, {minutes} minutes apart; cancel one, or release it"
    return hold(FindingKind.DOUBLE_SUBMIT, "id", other_id, expected)
