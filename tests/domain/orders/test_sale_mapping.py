"""The sale that an order becomes: lines, charges, certificates, tenders, and the reasons why it cannot be posted."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.domain.builders import (
    ADA,
    SALES_TAX,
    charge,
    line,
    order,
    paid,
    policy,
    product,
    reference_data,
    tax_row,
)
from tests.domain.sale_builders import sale_of, stopped_by
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import ChargeKind, LineKind, Order
from weighbridge.domain.orders.reference_data import TaxRule
from weighbridge.domain.orders.sale_policy import StoreRate


def test_ordinary_order_becomes_a_sale() -> None:
    sale = sale_of(order())
    assert (sale.external_id, sale.order_number, sale.customer_id) == ("bc:abc123:1042", "1042", "c-usd")
    assert [(line.sku, line.quantity, line.price, line.tax, line.tax_rule, line.line_total) for line in sale.lines] == [
        ("MUG", Decimal(2), Decimal("12.5000"), Decimal("2.50"), SALES_TAX, Decimal("25.00"))
    ]
    assert [(charge.product_name, charge.price, charge.tax_rule) for charge in sale.charges] == [
        ("Shipping", Decimal("6.00"), "Tax Exempt")
    ]
    assert [(tender.reference, tender.amount, tender.account) for tender in sale.tenders] == [
        ("bc:abc123:t-1", Decimal("33.50"), "091")
    ]
    assert sale.total == Decimal("33.50")


def test_line_of_two_prices_has_its_tax_on_both_in_proportion() -> None:
    many = line(quantity="999", inc="79.19")
    sale = sale_of(order(lines=(many,), taxes=(tax_row(1, "7.20"),)))
    assert [(line.quantity, line.line_total, line.tax) for line in sale.lines] == [
        (Decimal(379), Decimal("27.29"), Decimal("2.73")),
        (Decimal(620), Decimal("44.70"), Decimal("4.47")),
    ]
    assert sale.total == Decimal("85.19")


def test_tax_inclusive_order_keeps_its_prices_with_tax() -> None:
    sale = sale_of(order(tax_inclusive=True))
    assert (sale.lines[0].price, sale.lines[0].line_total, sale.lines[0].tax) == (
        Decimal("13.7500"),
        Decimal("27.50"),
        Decimal("2.50"),
    )
    assert sale.total == Decimal("33.50")


def test_free_line_is_mapped_at_zero_with_the_discount_in_the_comment() -> None:
    gift = line(2, "TEA", "1", "0.00", total_inc_tax=Decimal("4.00"))
    sale = sale_of(order(lines=(line(), gift)))
    assert (sale.lines[1].price, sale.lines[1].line_total) == (Decimal(0), Decimal("0.00"))
    assert sale.lines[1].comment == "Discount 4 included"


def test_free_order_is_mapped_without_a_payment() -> None:
    sale = sale_of(order(lines=(line(inc="0.00"),), charges=(), tenders=(), payment_status=""))
    assert (sale.total, sale.tenders) == (Decimal("0.00"), ())


def test_coupons_are_listed_in_the_note() -> None:
    assert "coupons SPRING, WELCOME" in sale_of(order(coupon_codes=("SPRING", "WELCOME"))).note
    assert len(sale_of(order(shopper_message="x" * 5000)).note) == 1024


def test_every_kind_of_charge_is_carried_by_its_service_product() -> None:
    charges = tuple(charge(kind, f"{number}.10", "0") for number, kind in enumerate(ChargeKind, 1))
    sale = sale_of(order(charges=charges))
    assert {(charge.product_name, charge.price) for charge in sale.charges} == {
        ("Shipping", Decimal("1.10")),
        ("Handling", Decimal("2.10")),
        ("Gift wrapping", Decimal("3.10")),
        ("Fee", Decimal("4.10")),
    }


def test_price_of_a_taxed_charge_excludes_tax() -> None:
    rows = (tax_row(1, "2.50"), tax_row(None, "0.55", applies_to="shipping"))
    sale = sale_of(order(taxes=rows, charges=(charge(inc="6.05", tax="0.55"),), lines=(line(),)))
    assert (sale.charges[0].price, sale.charges[0].tax, sale.charges[0].tax_rule) == (
        Decimal("5.50"),
        Decimal("0.55"),
        SALES_TAX,
    )
    assert sale.total == Decimal("33.55")


@pytest.mark.parametrize("mapped_to", ["", "Postage"], ids=["not named", "not in Cin7"])
def test_charge_without_a_service_product_is_held_for_finance(mapped_to: str) -> None:
    finding = stopped_by(order(), policy=policy(charge_products={ChargeKind.SHIPPING: mapped_to}))
    assert (finding.kind, finding.field, finding.owner) == (
        FindingKind.CHARGE_UNMAPPED,
        "charges.shipping",
        Owner.FINANCE,
    )
    assert finding.value == (mapped_to or "not mapped")


def test_sold_gift_certificate_is_money_owed_and_no_goods() -> None:
    sold = line(2, "", "1", "50.00", kind=LineKind.GIFT_CERTIFICATE)
    sale = sale_of(order(lines=(line(), sold)))
    assert [line.sku for line in sale.lines] == ["MUG"]
    assert ("Gift certificate", Decimal("50.00"), "Tax Exempt") in [
        (charge.product_name, charge.price, charge.tax_rule) for charge in sale.charges
    ]
    finding = stopped_by(order(lines=(line(), sold)), policy=policy(gift_certificate_product=""))
    assert (finding.kind, finding.field) == (FindingKind.CHARGE_UNMAPPED, "lines.giftcertificate")


def test_gift_certificate_product_that_cin7_lacks_is_held_like_any_charge() -> None:
    sold = line(2, "", "1", "50.00", kind=LineKind.GIFT_CERTIFICATE)
    finding = stopped_by(order(lines=(line(), sold)), policy=policy(gift_certificate_product="Voucher"))
    assert (finding.kind, finding.value) == (FindingKind.CHARGE_UNMAPPED, "Voucher")


def test_redeemed_gift_certificate_is_a_tender_and_no_discount() -> None:
    """Whether the store's total is before or after the certificate, the sale is the same."""
    certificate = paid("10.00", id="t-0", method="gift_certificate", gateway="")
    card = paid("23.50")
    before = order(gift_certificate_amount=Decimal("10.00"), tenders=(certificate, card))
    after = replace(before, total_inc_tax=Decimal("23.50"))
    for store_order in (before, after):
        sale = sale_of(store_order)
        assert sale.total == Decimal("33.50")
        assert [(tender.amount, tender.account) for tender in sale.tenders] == [
            (Decimal("10.00"), "093"),
            (Decimal("23.50"), "091"),
        ]


def test_stacked_taxes_are_one_rule_in_the_order_of_their_priority() -> None:
    rows = (tax_row(1, "0.50", "City Tax", priority=1), tax_row(1, "2.00", SALES_TAX, priority=0))
    assert sale_of(order(taxes=rows, lines=(line(),))).lines[0].tax_rule == "Sales Tax + City Tax"


def test_tax_of_rate_zero_keeps_its_name_and_no_tax_at_all_is_exempt() -> None:
    rows = (tax_row(1, "0", "Zero Rate"),)
    sale = sale_of(order(lines=(line(), line(2, "TEA", "1", "4.00")), taxes=rows))
    assert [line.tax_rule for line in sale.lines] == ["Zero Rate", "Tax Exempt"]


def test_unmapped_tax_and_missing_rule_are_held_for_finance_with_both_names() -> None:
    moon_taxed = order(lines=(line(),), taxes=(tax_row(1, "2.50", "Moon Tax"),))
    unmapped = stopped_by(moon_taxed)
    assert (unmapped.kind, unmapped.field, unmapped.value, unmapped.owner) == (
        FindingKind.TAX_UNMAPPED,
        "lines[0].tax",
        "Moon Tax",
        Owner.FINANCE,
    )
    missing = stopped_by(moon_taxed, policy=policy(tax_rules={"Moon Tax": "Lunar"}))
    assert (missing.kind, missing.value) == (FindingKind.TAX_RULE_MISSING, "Lunar")
    retired = reference_data(tax_rules={"Lunar": TaxRule("Lunar", Decimal(10), usable_for_sales=False)})
    again = stopped_by(
        order(lines=(line(),), taxes=(tax_row(1, "2.50", "Moon Tax"),), charges=()),
        policy=policy(tax_rules={"Moon Tax": "Lunar"}),
        reference_data=replace(retired, products=reference_data().products),
    )
    assert again.kind is FindingKind.TAX_RULE_MISSING


def test_tax_rows_that_do_not_come_to_the_total_are_held() -> None:
    finding = stopped_by(replace(order(), total_tax=Decimal("3.50")))
    assert (finding.kind, finding.owner) == (FindingKind.TAX_DOES_NOT_ADD_UP, Owner.FINANCE)
    assert "2.50" in finding.value
    assert "3.50" in finding.expected


def _in_yen(**changes: Any) -> Order:
    plain = order(
        currency="JPY", lines=(line(inc="2750"),), taxes=(), charges=(), tenders=(paid("2750", currency="JPY"),)
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("reading", "stated"), [(StoreRate.STORE_PER_ORDER, "0.00625"), (StoreRate.ORDER_PER_STORE, "160")]
)
def test_customer_of_the_currency_is_billed_and_the_rate_follows_the_design(reading: StoreRate, stated: str) -> None:
    sale = sale_of(_in_yen(exchange_rate=Decimal(stated)), policy=policy(store_rate=reading))
    assert (sale.customer_id, sale.currency_rate) == ("c-jpy", Decimal("0.00625"))


def test_base_currency_needs_no_rate() -> None:
    assert sale_of(order(exchange_rate=Decimal("1.3"))).currency_rate == Decimal(1)


@pytest.mark.parametrize("rate", ["0", "-1"])
def test_foreign_order_without_a_usable_rate_is_held_for_finance(rate: str) -> None:
    finding = stopped_by(_in_yen(exchange_rate=Decimal(rate)))
    assert (finding.kind, finding.value, finding.owner) == (FindingKind.CURRENCY_UNKNOWN, rate, Owner.FINANCE)


def test_rate_to_a_currency_other_than_the_cin7_base_currency_is_held() -> None:
    finding = stopped_by(_in_yen(store_currency="EUR"))
    assert (finding.field, finding.value) == ("store_default_currency_code", "EUR")


def test_download_without_an_address_goes_to_the_payer() -> None:
    sale = sale_of(order(lines=(line(kind=LineKind.DIGITAL),), shipping=()))
    assert sale.shipping == ADA


def test_service_product_sold_as_goods_is_mapped_as_a_line() -> None:
    known = reference_data(products={**reference_data().products, "ENGRAVE": product("ENGRAVE", is_service=True)})
    assert sale_of(order(lines=(line(sku="ENGRAVE"),)), reference_data=known).lines[0].sku == "ENGRAVE"


def test_lines_for_several_addresses_say_where_they_go() -> None:
    """A sale has one shipping address, the first one of the order."""
    elsewhere = replace(ADA, id=2, first_name="Ben", street_1="5 Elm St", city="Dallas", postcode="75001")
    lines = (line(), line(2, "TEA", "1", "4.00", total_inc_tax=Decimal("5.00"), address_id=2))
    sale = sale_of(order(lines=lines, taxes=(tax_row(1, "2.50"),), shipping=(ADA, elsewhere)))
    assert sale.shipping == ADA
    assert [line.comment for line in sale.lines] == [
        "To Ada Barlow, 12 Mill St, 78701, Austin, US",
        "Discount 1 included; To Ben Barlow, 5 Elm St, 75001, Dallas, US",
    ]
