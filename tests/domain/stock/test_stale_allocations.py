"""Stale allocations: which old sales have them, in the order in which a person should handle them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.stock.stale_allocations import EXPECTED, StoreOrderStatus, UnshippedSale, find_stale_allocations

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


def _sale(
    number: str, days: int, order_status: StoreOrderStatus = StoreOrderStatus.OPEN, **units: int
) -> UnshippedSale:
    held = {sku: Decimal(count) for sku, count in units.items()}
    return UnshippedSale(number, number, "", NOON - timedelta(days=days), held, Decimal("214"), "USD", order_status)


def test_allocations_that_block_sales_come_first_then_the_oldest() -> None:
    sales = [_sale("SO-1", 90, TEA=2), _sale("SO-2", 31, MUG=1), _sale("SO-3", 40, MUG=3, TEA=1)]
    stale = find_stale_allocations(sales, {"MUG": 0, "TEA": 7}, NOON, MONTH)
    assert [allocation.sale.number for allocation in stale] == ["SO-3", "SO-2", "SO-1"]
    assert [dict(allocation.suppressed) for allocation in stale] == [{"MUG": 3}, {"MUG": 1}, {}]


def test_recent_sales_and_sales_without_allocated_units_are_not_stale() -> None:
    assert (
        find_stale_allocations([_sale("SO-1", 29, MUG=1), _sale("SO-2", 99, MUG=0), _sale("SO-3", 99)], {}, NOON, MONTH)
        == ()
    )


@pytest.mark.parametrize("order_status", StoreOrderStatus)
def test_each_order_status_has_an_expected_outcome(order_status: StoreOrderStatus) -> None:
    (allocation,) = find_stale_allocations([_sale("SO-9", 45, order_status, MUG=12)], {"MUG": 0}, NOON, MONTH)
    finding = allocation.finding()
    assert finding.kind is FindingKind.STALE_ALLOCATION
    assert finding.value == "45 days old, worth 214.00 USD, holds 12 of MUG; the store shows 0 of MUG"
    assert finding.expected == EXPECTED[order_status]
