"""The returns preflight: no refund is credited before everything that credit notes refer to exists in Cin7."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import ChargeKind
from weighbridge.domain.orders.reference_data import ReferenceData
from weighbridge.domain.orders.sale_policy import Depth, SalePolicy
from weighbridge.domain.returns.refund import RefundPolicy


def missing_for_returns(
    reference_data: ReferenceData,
    policy: SalePolicy,
    refund_policy: RefundPolicy,
    payment_accounts: frozenset[str],
    locations: frozenset[str],
) -> tuple[Finding, ...]:
    """Everything that credit notes refer to and Cin7 does not have; empty when refunds can be credited.

    `payment_accounts` are the codes of accounts that take payments, `locations` the names of all locations.
    """
    rules: Mapping[str, str] = {**policy.tax_rules, "untaxed": policy.untaxed_rule}
    usable = {name for name, rule in reference_data.tax_rules.items() if rule.usable_for_sales}
    services = {
        "sale.rounding_product": policy.rounding_product,
        "sale.shipping_product": policy.charge_products.get(ChargeKind.SHIPPING, ""),
        "refunds.goodwill_product": refund_policy.goodwill_product,
    }
    restock_locations = {refund_policy.restock.location, *refund_policy.restock.by_reason.values()} - {""}
    return (
        *_missing("tax.rules", rules, usable, "an active Cin7 tax rule for sales"),
        *_missing("design", services, reference_data.products.keys(), "a Service product in Cin7"),
        *_missing(
            "payments.accounts",
            policy.payment_accounts if policy.depth is Depth.INVOICE_AND_PAYMENT else {},
            payment_accounts,
            "an active Cin7 account that takes payments",
        ),
        *_missing("refunds.restock", {name: name for name in sorted(restock_locations)}, locations, "a Cin7 location"),
    )


def _missing(field: str, required: Mapping[str, str], available: Iterable[str], expected: str) -> list[Finding]:
    known = set(available)
    return [
        hold(FindingKind.RETURNS_NOT_VERIFIED, f"{field}[{name}]", value or "empty", expected)
        for name, value in required.items()
        if value not in known
    ]
