"""Which old sales are ghosts, and in which order a person should look at them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.stock.stale_allocations import REMEDIES, ShopState, StandingSale, ghosts

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


def _sale(number: str, days: int, shop: ShopState = ShopState.OPEN, **units: int) -> StandingSale:
    held = {sku: Decimal(count) for sku, count in units.items()}
    return StandingSale(number, number, "", NOON - timedelta(days=days), held, Decimal("214"), "USD", shop)


def test_what_keeps_the_shop_from_selling_comes_first_then_the_oldest() -> None:
    sales = [_sale("SO-1", 90, TEA=2), _sale("SO-2", 31, MUG=1), _sale("SO-3", 40, MUG=3, TEA=1)]
    found = ghosts(sales, {"MUG": 0, "TEA": 7}, NOON, MONTH)
    assert [one.sale.number for one in found] == ["SO-3", "SO-2", "SO-1"]
    assert [dict(one.suppressed) for one in found] == [{"MUG": 3}, {"MUG": 1}, {}]


def test_young_sales_and_sales_that_hold_nothing_are_no_ghosts() -> None:
    assert ghosts([_sale("SO-1", 29, MUG=1), _sale("SO-2", 99, MUG=0), _sale("SO-3", 99)], {}, NOON, MONTH) == ()


@pytest.mark.parametrize("shop", ShopState)
def test_each_state_of_the_order_has_its_remedy(shop: ShopState) -> None:
    (ghost,) = ghosts([_sale("SO-9", 45, shop, MUG=12)], {"MUG": 0}, NOON, MONTH)
    finding = ghost.finding()
    assert finding.kind is FindingKind.GHOST_ALLOCATION
    assert finding.value == "45 days old, worth 214.00 USD, holds 12 of MUG; the shop shows 0 of MUG"
    assert finding.expected == REMEDIES[shop]
