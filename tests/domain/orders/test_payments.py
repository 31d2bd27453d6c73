"""Payments: which tenders are posted, under which reference and to which account."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.domain.builders import NOON, order, paid, policy
from tests.domain.sale_builders import sale_of, stopped_by
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.sale_policy import Depth


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "authorization"},
        {"event": "void"},
        {"succeeded": False},
        {"amount": Decimal(0)},
        {"currency": "EUR"},
    ],
)
def test_money_that_was_not_received_is_not_posted(changes: dict[str, Any]) -> None:
    unpaid = order(tenders=(replace(paid("33.50"), **changes),), payment_status="authorized")
    assert sale_of(unpaid).tenders == ()


def test_paid_offline_order_has_one_tender_under_the_order_number() -> None:
    offline = order(tenders=(), payment_status="paid", payment_method="Cheque")
    (tender,) = sale_of(offline).tenders
    assert (tender.reference, tender.amount, tender.account, tender.paid_at) == (
        "bc:abc123:order-1042",
        Decimal("33.50"),
        "090",
        NOON,
    )


def test_tender_without_an_account_is_held_for_finance_and_only_where_payments_are_posted() -> None:
    bartered = order(tenders=(paid("33.50", method="barter", gateway="Goats"),), payment_method="Barter")
    finding = stopped_by(bartered)
    assert (finding.kind, finding.field, finding.value) == (
        FindingKind.PAYMENT_UNMAPPED,
        "transactions[t-1]",
        "barter by Goats",
    )
    assert sale_of(bartered, policy=policy(depth=Depth.INVOICE)).tenders == ()


def test_account_is_found_by_method_then_gateway_then_payment_method_of_the_order() -> None:
    accounts = {"credit_card": "1", "stripe": "2", "credit card": "3"}
    by_method = order()
    by_gateway = order(tenders=(paid("33.50", method="other", gateway="Stripe"),))
    by_order = order(tenders=(paid("33.50", method="other", gateway="other"),), payment_method="Credit Card")
    codes = [
        sale_of(store_order, policy=policy(payment_accounts=accounts)).tenders[0].account
        for store_order in (by_method, by_gateway, by_order)
    ]
    assert codes == ["1", "2", "3"]


def test_order_that_was_paid_twice_is_held_for_finance() -> None:
    """Cin7 would refuse the second payment after the sale, its order and its invoice were posted."""
    finding = stopped_by(order(tenders=(paid("33.50"), paid("33.50", id="t-2"))))
    assert (finding.kind, finding.field, finding.value, finding.owner) == (
        FindingKind.PAYMENTS_DO_NOT_ADD_UP,
        "transactions",
        "67.00 received",
        Owner.FINANCE,
    )
    in_two_payments = order(tenders=(paid("13.50"), paid("20.00", id="t-2")))
    assert [tender.amount for tender in sale_of(in_two_payments).tenders] == [Decimal("13.50"), Decimal("20.00")]
