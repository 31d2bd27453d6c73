"""Which orders cross: every status before and after capture, and what a channel or a test payment changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.domain.builders import order, paid
from weighbridge.domain.orders.capture_rule import CaptureRule, Crossing, crossing
from weighbridge.domain.orders.order import OrderStatus as S

RULE = CaptureRule(frozenset({11, 9, 8}), frozenset({12, 13}), None, include_test_orders=False)

FIRST_SEEN = {
    S.INCOMPLETE: Crossing.NOT_YET,
    S.PENDING: Crossing.NOT_YET,
    S.SHIPPED: Crossing.CAPTURE,
    S.PARTIALLY_SHIPPED: Crossing.CAPTURE,
    S.REFUNDED: Crossing.NOT_YET,
    S.CANCELLED: Crossing.CANCELLED,
    S.DECLINED: Crossing.CANCELLED,
    S.AWAITING_PAYMENT: Crossing.NOT_YET,
    S.AWAITING_PICKUP: Crossing.CAPTURE,
    S.AWAITING_SHIPMENT: Crossing.CAPTURE,
    S.COMPLETED: Crossing.CAPTURE,
    S.AWAITING_FULFILMENT: Crossing.CAPTURE,
    S.MANUAL_VERIFICATION: Crossing.WAIT,
    S.DISPUTED: Crossing.WAIT,
    S.PARTIALLY_REFUNDED: Crossing.CAPTURE,
}


@pytest.mark.parametrize(("status", "expected"), FIRST_SEEN.items())
def test_order_first_seen_in_a_status(status: int, expected: Crossing) -> None:
    assert crossing(order(status_id=status), RULE, already_captured=False) is expected


@pytest.mark.parametrize("status", sorted(FIRST_SEEN))
def test_captured_order_stays_captured_until_it_ends(status: int) -> None:
    """Merchants move labels back and forth; only cancelled and declined undo a sale, and a dispute is told of."""
    ends = {S.CANCELLED: Crossing.CANCELLED, S.DECLINED: Crossing.CANCELLED, S.DISPUTED: Crossing.DISPUTED}
    expected = ends.get(status, Crossing.CAPTURE)
    assert crossing(order(status_id=status), RULE, already_captured=True) is expected


def test_status_that_the_vendor_never_named_waits_for_a_known_one() -> None:
    assert crossing(order(status_id=99), RULE, already_captured=False) is Crossing.NOT_YET


def test_other_channel_is_out_of_scope_before_capture_only() -> None:
    only_second = replace(RULE, channel_ids=frozenset({2}))
    assert crossing(order(channel_id=1), only_second, already_captured=False) is Crossing.OUT_OF_SCOPE
    assert crossing(order(channel_id=2), only_second, already_captured=False) is Crossing.CAPTURE
    assert crossing(order(channel_id=1), only_second, already_captured=True) is Crossing.CAPTURE


def test_test_order_crosses_only_where_the_design_says_so() -> None:
    tried = order(tenders=(replace(paid("33.50"), is_test=True),))
    assert crossing(tried, RULE, already_captured=False) is Crossing.OUT_OF_SCOPE
    assert crossing(tried, replace(RULE, include_test_orders=True), already_captured=False) is Crossing.CAPTURE
    half = order(tenders=(replace(paid("3.50"), is_test=True), paid("30.00", id="t-2")))
    assert crossing(half, RULE, already_captured=False) is Crossing.CAPTURE, "real money came too"
    assert crossing(order(tenders=()), RULE, already_captured=False) is Crossing.CAPTURE


def test_cancelled_order_of_another_channel_is_cancelled() -> None:
    only_second = replace(RULE, channel_ids=frozenset({2}))
    assert crossing(order(channel_id=1, status_id=5), only_second, already_captured=False) is Crossing.CANCELLED
