"""The returns preflight: everything that credit notes refer to must exist in Cin7; each missing thing is named."""

from __future__ import annotations

from dataclasses import replace

from tests.domain.builders import policy, reference_data
from tests.domain.refund_builders import POLICY, with_goodwill
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.reference_data import TaxRule
from weighbridge.domain.orders.sale_policy import Depth
from weighbridge.domain.returns.preflight import missing_for_returns
from weighbridge.domain.returns.restock import RestockPolicy

ACCOUNTS = frozenset({"090", "091", "093", "094"})
LOCATIONS = frozenset({"Main Warehouse", "Returns Cage"})


def test_verified_mapping_passes_the_preflight() -> None:
    assert missing_for_returns(with_goodwill(), policy(), POLICY, ACCOUNTS, LOCATIONS) == ()


def test_everything_missing_is_named_at_once() -> None:
    rules = dict(with_goodwill().tax_rules) | {
        "City Tax": TaxRule("City Tax", reference_data().tax_rules["City Tax"].percent, False)
    }
    restock = RestockPolicy("Main Warehouse", {"damaged": "Attic"})
    findings = missing_for_returns(
        reference_data(tax_rules=rules), policy(), replace(POLICY, restock=restock), ACCOUNTS - {"093"}, LOCATIONS
    )
    assert {finding.kind for finding in findings} == {FindingKind.RETURNS_NOT_VERIFIED}
    assert {finding.owner for finding in findings} == {Owner.FINANCE}
    assert [(finding.field, finding.value) for finding in findings] == [
        ("tax.rules[City Tax]", "City Tax"),
        ("design[refunds.goodwill_product]", "Goodwill"),
        ("payments.accounts[gift_certificate]", "093"),
        ("refunds.restock[Attic]", "Attic"),
    ]


def test_accounts_do_not_matter_where_no_payment_is_posted() -> None:
    assert missing_for_returns(with_goodwill(), policy(depth=Depth.INVOICE), POLICY, frozenset(), LOCATIONS) == ()
