"""The capture rule: every status before and after capture, other channels and test payments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.domain.builders import order, paid
from weighbridge.domain.orders.capture_rule import CaptureDecision, CaptureRule, capture_decision
from weighbridge.domain.orders.order import OrderStatus as S

RULE = CaptureRule(frozenset({11, 9, 8}), frozenset({12, 13}), None, include_test_orders=False)

FIRST_SEEN = {
    S.INCOMPLETE: CaptureDecision.NOT_YET,
    S.PENDING: CaptureDecision.NOT_YET,
    S.SHIPPED: CaptureDecision.CAPTURE,
    S.PARTIALLY_SHIPPED: CaptureDecision.CAPTURE,
    S.REFUNDED: CaptureDecision.NOT_YET,
    S.CANCELLED: CaptureDecision.CANCELLED,
    S.DECLINED: CaptureDecision.CANCELLED,
    S.AWAITING_PAYMENT: CaptureDecision.NOT_YET,
    S.AWAITING_PICKUP: CaptureDecision.CAPTURE,
    S.AWAITING_SHIPMENT: CaptureDecision.CAPTURE,
    S.COMPLETED: CaptureDecision.CAPTURE,
    S.AWAITING_FULFILMENT: CaptureDecision.CAPTURE,
    S.MANUAL_VERIFICATION: CaptureDecision.WAIT,
    S.DISPUTED: CaptureDecision.WAIT,
    S.PARTIALLY_REFUNDED: CaptureDecision.CAPTURE,
}


@pytest.mark.parametrize(("status", "expected"), FIRST_SEEN.items())
def test_order_first_seen_in_a_status(status: int, expected: CaptureDecision) -> None:
    assert capture_decision(order(status_id=status), RULE, already_captured=False) is expected


@pytest.mark.parametrize("status", sorted(FIRST_SEEN))
def test_captured_order_stays_captured_until_it_ends(status: int) -> None:
    """Statuses may change back and forth; only cancelled and declined end a sale, and a dispute is reported."""
    ends = {
        S.CANCELLED: CaptureDecision.CANCELLED,
        S.DECLINED: CaptureDecision.CANCELLED,
        S.DISPUTED: CaptureDecision.DISPUTED,
    }
    expected = ends.get(status, CaptureDecision.CAPTURE)
    assert capture_decision(order(status_id=status), RULE, already_captured=True) is expected


def test_status_that_the_vendor_never_named_waits_for_a_known_one() -> None:
    assert capture_decision(order(status_id=99), RULE, already_captured=False) is CaptureDecision.NOT_YET


def test_other_channel_is_out_of_scope_before_capture_only() -> None:
    only_second = replace(RULE, channel_ids=frozenset({2}))
    assert capture_decision(order(channel_id=1), only_second, already_captured=False) is CaptureDecision.OUT_OF_SCOPE
    assert capture_decision(order(channel_id=2), only_second, already_captured=False) is CaptureDecision.CAPTURE
    assert capture_decision(order(channel_id=1), only_second, already_captured=True) is CaptureDecision.CAPTURE


def test_test_order_is_captured_only_where_the_design_says_so() -> None:
    tried = order(tenders=(replace(paid("33.50"), is_test=True),))
    assert capture_decision(tried, RULE, already_captured=False) is CaptureDecision.OUT_OF_SCOPE
    assert (
        capture_decision(tried, replace(RULE, include_test_orders=True), already_captured=False)
        is CaptureDecision.CAPTURE
    )
    half = order(tenders=(replace(paid("3.50"), is_test=True), paid("30.00", id="t-2")))
    assert capture_decision(half, RULE, already_captured=False) is CaptureDecision.CAPTURE, (
        "a real payment was received too"
    )
    assert capture_decision(order(tenders=()), RULE, already_captured=False) is CaptureDecision.CAPTURE


def test_cancelled_order_of_another_channel_is_cancelled() -> None:
    only_second = replace(RULE, channel_ids=frozenset({2}))
    assert (
        capture_decision(order(channel_id=1, status_id=5), only_second, already_captured=False)
        is CaptureDecision.CANCELLED
    )
