"""Repeated orders: one shopper, one basket, a few minutes apart. Who presses the button twice pays twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.orders.order import Order


def basket_of(order: Order) -> str:
    """What two orders have in common that may be one order sent twice: shopper, goods, money; empty where no shopper or
    no goods can be told."""
    shopper = order.billing.email.strip().lower() or (f"customer {order.customer_id}" if order.customer_id else "")
    goods = sorted(f"{line.quantity.normalize():f} of {line.sku or line.name}" for line in order.lines if line.quantity)
    if not (shopper and goods):
        return ""
    return f"basket of {shopper}: {', '.join(goods)} for {order.value.normalize():f} {order.currency}"


class Turn(StrEnum):
    """Whose turn it is when two orders have one basket."""

    FIRST = "first"
    """This one crosses; the other waits for a decision."""
    SECOND = "second"
    """This one waits."""
    OPEN = "open"
    """The other may be on its way across: ask again in a moment."""


def turn(own: int, other: int, *, other_crossed: bool, other_moves: bool) -> Turn:
    """Whose turn it is, so that never both cross and never both wait.

    Either made itself known before it asked. The one of the higher number waits as soon as it knows of the lower; the
    lower one asks until the higher, which may not have known of it, has crossed or waits.
    """
    if other_crossed or other < own:
        return Turn.SECOND
    return Turn.OPEN if other_moves else Turn.FIRST


def repeated(placed_at: datetime, other: int, other_placed_at: datetime, within: timedelta) -> Finding | None:
    """The finding that an order repeats `other`, None when they lie too far apart."""
    apart = abs(placed_at - other_placed_at)
    if apart > within:
        return None
    minutes = max(1, round(apart / timedelta(minutes=1)))
    expected = f"one order: the same basket of the same shopper came {minutes} minutes apart; cancel one, or release it"
    return hold(FindingKind.ORDER_REPEATED, "id", other, expected)
