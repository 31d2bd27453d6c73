"""The gate of returns: refunds are credited only once what they rest on was found in the books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from weighbridge.domain.findings.finding import Finding, FindingKind, hold
from weighbridge.domain.orders.order import ChargeKind
from weighbridge.domain.orders.reference_data import Books
from weighbridge.domain.orders.sale_policy import Depth, SalePolicy
from weighbridge.domain.returns.refund import RefundPolicy


def missing_for_returns(
    books: Books, policy: SalePolicy, refunds: RefundPolicy, payment_accounts: frozenset[str], locations: frozenset[str]
) -> tuple[Finding, ...]:
    """What credit notes would rest on and the books do not have; empty when the gate is open.

    `payment_accounts` are the codes of accounts that take payments, `locations` the names of all locations.
    """
    rules: Mapping[str, str] = {**policy.tax_rules, "untaxed": policy.untaxed_rule}
    usable = {name for name, rule in books.tax_rules.items() if rule.usable_for_sales}
    services = {
        "sale.rounding_product": policy.rounding_product,
        "sale.shipping_product": policy.charge_products.get(ChargeKind.SHIPPING, ""),
        "refunds.goodwill_product": refunds.goodwill_product,
    }
    places = {refunds.restock.location, *refunds.restock.by_reason.values()} - {""}
    return (
        *_missing("tax.rules", rules, usable, "an active Cin7 tax rule for sales"),
        *_missing("design", services, books.products.keys(), "a Service product in Cin7"),
        *_missing(
            "payments.accounts",
            policy.payment_accounts if policy.depth is Depth.INVOICE_AND_PAYMENT else {},
            payment_accounts,
            "an active Cin7 account that takes payments",
        ),
        *_missing("refunds.restock", {place: place for place in sorted(places)}, locations, "a Cin7 location"),
    )


def _missing(field: str, wanted: Mapping[str, str], there: Iterable[str], expected: str) -> list[Finding]:
    known = set(there)
    return [
        hold(FindingKind.RETURNS_NOT_VERIFIED, f"{field}[{name}]", value or "empty", expected)
        for name, value in wanted.items()
        if value not in known
    ]
