"""The rounding line: the cents that remain after mapping are posted as one named line, within the design's tolerance.

A remainder beyond the tolerance is an error in the order and never becomes a rounding line. Credit notes follow the
same rule.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.reference_data import ReferenceData
from weighbridge.domain.orders.sale import Sale, SaleCharge
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.values.money import ZERO, total

COMMENT = "Cents from rounding"
"""The comment of every rounding line."""
MAX_ROUNDING_REVISIONS = 2
"""How often a sale is posted again for cents that Cin7 computed differently, before finance decides."""


def settle_residual(sale: Sale, reference_data: ReferenceData, policy: SalePolicy) -> Sale | Finding:
    """`sale` with its residual, the cents between the order's value and the sale's total, as a rounding line.

    A Finding when the residual exceeds the tolerance, or when Cin7 lacks the Service product for the rounding line.
    """
    residual = sale.value - sale.total
    if not is_within_tolerance(residual, policy):
        return hold(
            FindingKind.TOTALS_DO_NOT_ADD_UP,
            "total_inc_tax",
            f"{sale.value} {sale.currency}",
            f"{sale.total}, the sum of lines, charges and tax, to within {policy.tolerance}",
        )
    if not residual:
        return sale
    return missing_rounding_product(reference_data, policy) or with_rounding(sale, residual, policy)


def is_within_tolerance(residual: Decimal, policy: SalePolicy) -> bool:
    """Whether a rounding line may carry `residual`; `policy.tolerance` is in order currency."""
    return abs(residual) <= policy.tolerance


def missing_rounding_product(reference_data: ReferenceData, policy: SalePolicy) -> Finding | None:
    """The finding that Cin7 lacks the Service product that the design names for rounding lines; None when it exists."""
    if policy.rounding_product in reference_data.products:
        return None
    expected = "a Service product in Cin7 that the design names as sale.rounding_product"
    return hold(FindingKind.CHARGE_UNMAPPED, "rounding", policy.rounding_product or "not mapped", expected)


def rounding_line(residual: Decimal, policy: SalePolicy) -> SaleCharge:
    """The named, untaxed line that carries `residual`; negative when the document was too high."""
    return SaleCharge(policy.rounding_product, residual, ZERO, policy.untaxed_rule, COMMENT)


def with_rounding(sale: Sale, residual: Decimal, policy: SalePolicy) -> Sale:
    """`sale` with `residual` (positive: the sale was too low) added to its one rounding line."""
    before = total(charge.price for charge in sale.charges if charge.product_name == policy.rounding_product)
    others = tuple(charge for charge in sale.charges if charge.product_name != policy.rounding_product)
    line = rounding_line(before + residual, policy)
    return replace(sale, charges=(*others, line) if line.price else others)
