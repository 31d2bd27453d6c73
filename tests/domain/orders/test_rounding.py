"""The rounding line: residual cents become one named line within the tolerance, and a hold beyond it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.domain.builders import order, policy
from tests.domain.sale_builders import sale_of, stopped_by
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.rounding import with_rounding


@pytest.mark.parametrize("residual", ["0.05", "-0.05"])
def test_residual_within_the_tolerance_becomes_one_untaxed_line(residual: str) -> None:
    store_order = replace(order(), total_inc_tax=Decimal("33.50") + Decimal(residual), tenders=())
    sale = sale_of(store_order)
    line = sale.charges[-1]
    assert (line.product_name, line.price, line.tax, line.tax_rule) == ("Rounding", Decimal(residual), 0, "Tax Exempt")
    assert sale.total == store_order.total_inc_tax


def test_residual_beyond_the_tolerance_is_held_for_finance() -> None:
    finding = stopped_by(replace(order(), total_inc_tax=Decimal("33.56"), tenders=()))
    assert (finding.kind, finding.owner) == (FindingKind.TOTALS_DO_NOT_ADD_UP, Owner.FINANCE)


def test_rounding_line_is_one_however_often_it_is_adjusted() -> None:
    sale = sale_of(order())
    once = with_rounding(sale, Decimal("0.02"), policy())
    twice = with_rounding(once, Decimal("-0.05"), policy())
    assert [charge.price for charge in twice.charges if charge.product_name == "Rounding"] == [Decimal("-0.03")]
    assert with_rounding(once, Decimal("-0.02"), policy()) == sale, "a rounding line of 0 is removed"


def test_cents_without_a_rounding_product_are_held_before_anything_is_sent() -> None:
    without_product = policy(rounding_product="Cents")
    finding = stopped_by(replace(order(), total_inc_tax=Decimal("33.52")), policy=without_product)
    assert (finding.kind, finding.field, finding.value) == (FindingKind.CHARGE_UNMAPPED, "rounding", "Cents")
    assert sale_of(order(), policy=without_product).total == Decimal("33.50"), (
        "the product is needed only for a residual"
    )
