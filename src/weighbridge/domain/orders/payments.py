"""Payments: which tenders of an order are posted to Cin7 as received, and to which account."""

from __future__ import annotations

from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import Order, Tender
from weighbridge.domain.orders.sale import SaleTender
from weighbridge.domain.orders.sale_policy import Depth, SalePolicy
from weighbridge.domain.values.money import total

RECEIVED = frozenset({"purchase", "capture"})
"""Events that receive money; an authorisation alone does not. Source: Orders V3, transactions."""
PAID_STATUSES = frozenset({"paid", "captured", "partially refunded", "refunded"})
"""Refunded orders were paid before; a refund gets its own credit note."""
VOUCHERS = frozenset({"gift_certificate", "store_credit"})
"""Payment methods that the store manages itself."""


def tenders_of(order: Order, policy: SalePolicy) -> tuple[tuple[SaleTender, ...], tuple[Finding, ...]]:
    """The payments to post for `order`, and findings for tenders without an account in the design and for payments that
    exceed the order."""
    if policy.depth is not Depth.INVOICE_AND_PAYMENT:
        return (), ()
    tenders: list[SaleTender] = []
    findings: list[Finding] = []
    for tender in received(order):
        account = account_for(tender, order, policy)
        if account is None:
            expected = "a payment method that the design maps to an account"
            value = f"{tender.method} by {tender.gateway or order.payment_method}"
            findings.append(hold(FindingKind.PAYMENT_UNMAPPED, f"transactions[{tender.id}]", value, expected))
        else:
            reference = f"{policy.external_id_prefix}:{policy.store}:{tender.id}"
            tenders.append(SaleTender(reference, tender.amount, account, tender.created_at))
    paid = total(tender.amount for tender in tenders)
    if tenders and paid > order.value + policy.tolerance:
        expected = f"at most the order's {order.value}; Cin7 takes no payment above its invoice"
        findings.append(hold(FindingKind.PAYMENTS_DO_NOT_ADD_UP, "transactions", f"{paid} received", expected))
    return tuple(tenders), tuple(findings)


def received(order: Order) -> tuple[Tender, ...]:
    """The tenders that received money, in order currency.

    An order with a paid status may have no transaction, since offline methods need none. Its payment is then one tender
    under the order's own number. Source: platform notes, bigcommerce 3.1 and 10 (question 9).
    """
    tenders = _succeeded(order)
    rest = order.value - total(tender.amount for tender in tenders)
    if order.payment_status in PAID_STATUSES and not any(_is_money(tender) for tender in tenders) and rest > 0:
        offline = Tender(
            f"order-{order.id}", "purchase", "offline", "", rest, order.currency, True, False, order.modified_at
        )
        return (*tenders, offline)
    return tenders


def _is_money(tender: Tender) -> bool:
    return tender.method not in VOUCHERS


def _succeeded(order: Order) -> tuple[Tender, ...]:
    return tuple(
        tender
        for tender in order.tenders
        if tender.succeeded and tender.event in RECEIVED and tender.amount > 0 and tender.currency == order.currency
    )


def account_for(tender: Tender, order: Order, policy: SalePolicy) -> str | None:
    """The account code of a tender: the first match of its method, its gateway and the order's payment method."""
    for name in (tender.method, tender.gateway, order.payment_method):
        account = policy.payment_accounts.get(name.lower())
        if account is not None:
            return account
    return None
