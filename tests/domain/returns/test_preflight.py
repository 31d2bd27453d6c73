"""Refunds are credited only once their mapping was found in the books; the refusal names each thing that is missing."""

from __future__ import annotations

from dataclasses import replace

from tests.domain.builders import books, policy
from tests.domain.refund_builders import POLICY, with_goodwill
from weighbridge.domain.findings.finding import FindingKind, Owner
from weighbridge.domain.orders.reference_data import TaxRule
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.domain.returns.preflight import missing_for_returns
from weighbridge.domain.returns.restock import RestockPolicy

ACCOUNTS = frozenset({"090", "091", "093", "094"})
PLACES = frozenset({"Main Warehouse", "Returns Cage"})


def test_verified_mapping_opens_the_gate() -> None:
    assert missing_for_returns(with_goodwill(), policy(), POLICY, ACCOUNTS, PLACES) == ()


def test_everything_missing_is_named_at_once() -> None:
    rules = dict(with_goodwill().tax_rules) | {
        "City Tax": TaxRule("City Tax", books().tax_rules["City Tax"].percent, False)
    }
    restock = RestockPolicy("Main Warehouse", {"damaged": "Attic"})
    found = missing_for_returns(
        books(tax_rules=rules), policy(), replace(POLICY, restock=restock), ACCOUNTS - {"093"}, PLACES
    )
    assert {one.kind for one in found} == {FindingKind.RETURNS_NOT_VERIFIED}
    assert {one.owner for one in found} == {Owner.FINANCE}
    assert [(one.field, one.value) for one in found] == [
        ("tax.rules[City Tax]", "City Tax"),
        ("design[refunds.goodwill_product]", "Goodwill"),
        ("payments.accounts[gift_certificate]", "093"),
        ("refunds.restock[Attic]", "Attic"),
    ]


def test_accounts_do_not_matter_where_no_payment_is_posted() -> None:
    assert missing_for_returns(with_goodwill(), policy(depth=Depth.INVOICE), POLICY, frozenset(), PLACES) == ()
