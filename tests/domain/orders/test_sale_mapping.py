"""What becomes of an order in the books: lines, charges, certificates, tenders, and the reasons why it cannot cross."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.domain.builders import (
    ADA,
    NOON,
    SALES_TAX,
    books,
    charge,
    line,
    order,
    paid,
    policy,
    product,
    tax_row,
)
from weighbridge.domain.findings.finding import Finding, FindingKind, Owner
from weighbridge.domain.orders.order import ChargeKind, LineKind, Order
from weighbridge.domain.orders.reference_data import TaxRule
from weighbridge.domain.orders.sale import Sale
from weighbridge.domain.orders.sale_mapping import Mapped, Stopped, map_order, with_rounding
from weighbridge.domain.orders.sale_policy import Depth, ShopRate


def _sale(wanted: Order, **changes: Any) -> Sale:
    found = map_order(wanted, changes.get("books", books()), changes.get("policy", policy()))
    assert isinstance(found, Mapped), found
    return found.sale


def _stopped(wanted: Order, **changes: Any) -> Finding:
    found = map_order(wanted, changes.get("books", books()), changes.get("policy", policy()))
    assert isinstance(found, Stopped)
    (finding,) = found.findings
    return finding


def test_ordinary_order_becomes_its_sale() -> None:
    sale = _sale(order())
    assert (sale.external_id, sale.order_number, sale.customer_id) == ("bc:abc123:1042", "1042", "c-usd")
    assert [(one.sku, one.quantity, one.price, one.tax, one.tax_rule, one.line_total) for one in sale.lines] == [
        ("MUG", Decimal(2), Decimal("12.5000"), Decimal("2.50"), SALES_TAX, Decimal("25.00"))
    ]
    assert [(one.product_name, one.price, one.tax_rule) for one in sale.charges] == [
        ("Shipping", Decimal("6.00"), "Tax Exempt")
    ]
    assert [(one.reference, one.amount, one.account) for one in sale.tenders] == [
        ("bc:abc123:t-1", Decimal("33.50"), "091")
    ]
    assert sale.total == Decimal("33.50")


def test_line_of_two_prices_has_its_tax_on_both_in_proportion() -> None:
    many = line(quantity="999", inc="79.19")
    sale = _sale(order(lines=(many,), taxes=(tax_row(1, "7.20"),)))
    assert [(one.quantity, one.line_total, one.tax) for one in sale.lines] == [
        (Decimal(379), Decimal("27.29"), Decimal("2.73")),
        (Decimal(620), Decimal("44.70"), Decimal("4.47")),
    ]
    assert sale.total == Decimal("85.19")


def test_tax_inclusive_order_keeps_its_prices_with_tax() -> None:
    sale = _sale(order(tax_inclusive=True))
    assert (sale.lines[0].price, sale.lines[0].line_total, sale.lines[0].tax) == (
        Decimal("13.7500"),
        Decimal("27.50"),
        Decimal("2.50"),
    )
    assert sale.total == Decimal("33.50")


def test_free_line_crosses_at_zero_and_says_what_was_saved() -> None:
    gift = line(2, "TEA", "1", "0.00", total_inc_tax=Decimal("4.00"))
    sale = _sale(order(lines=(line(), gift)))
    assert (sale.lines[1].price, sale.lines[1].line_total) == (Decimal(0), Decimal("0.00"))
    assert sale.lines[1].comment == "Discount 4 included"


def test_order_that_costs_nothing_crosses_without_a_payment() -> None:
    sale = _sale(order(lines=(line(inc="0.00"),), charges=(), tenders=(), payment_status=""))
    assert (sale.total, sale.tenders) == (Decimal("0.00"), ())


def test_coupons_stand_in_the_note() -> None:
    assert "coupons SPRING, WELCOME" in _sale(order(coupon_codes=("SPRING", "WELCOME"))).note
    assert len(_sale(order(shopper_message="x" * 5000)).note) == 1024


def test_every_kind_of_charge_is_carried_by_its_service_product() -> None:
    charges = tuple(charge(kind, f"{number}.10", "0") for number, kind in enumerate(ChargeKind, 1))
    sale = _sale(order(charges=charges))
    assert {(one.product_name, one.price) for one in sale.charges} == {
        ("Shipping", Decimal("1.10")),
        ("Handling", Decimal("2.10")),
        ("Gift wrapping", Decimal("3.10")),
        ("Fee", Decimal("4.10")),
    }


def test_taxed_charge_has_its_tax_taken_out() -> None:
    rows = (tax_row(1, "2.50"), tax_row(None, "0.55", applies_to="shipping"))
    sale = _sale(order(taxes=rows, charges=(charge(inc="6.05", tax="0.55"),), lines=(line(),)))
    assert (sale.charges[0].price, sale.charges[0].tax, sale.charges[0].tax_rule) == (
        Decimal("5.50"),
        Decimal("0.55"),
        SALES_TAX,
    )
    assert sale.total == Decimal("33.55")


@pytest.mark.parametrize("mapped_to", ["", "Postage"], ids=["not named", "not in Cin7"])
def test_charge_without_its_product_is_held_for_finance(mapped_to: str) -> None:
    finding = _stopped(order(), policy=policy(charge_products={ChargeKind.SHIPPING: mapped_to}))
    assert (finding.kind, finding.field, finding.owner) == (
        FindingKind.CHARGE_UNMAPPED,
        "charges.shipping",
        Owner.FINANCE,
    )
    assert finding.value == (mapped_to or "not mapped")


def test_sold_gift_certificate_is_money_owed_and_no_goods() -> None:
    sold = line(2, "", "1", "50.00", kind=LineKind.GIFT_CERTIFICATE)
    sale = _sale(order(lines=(line(), sold)))
    assert [one.sku for one in sale.lines] == ["MUG"]
    assert ("Gift certificate", Decimal("50.00"), "Tax Exempt") in [
        (one.product_name, one.price, one.tax_rule) for one in sale.charges
    ]
    finding = _stopped(order(lines=(line(), sold)), policy=policy(gift_certificate_product=""))
    assert (finding.kind, finding.field) == (FindingKind.CHARGE_UNMAPPED, "lines.giftcertificate")


def test_gift_certificate_product_that_cin7_lacks_is_held_like_any_charge() -> None:
    sold = line(2, "", "1", "50.00", kind=LineKind.GIFT_CERTIFICATE)
    finding = _stopped(order(lines=(line(), sold)), policy=policy(gift_certificate_product="Voucher"))
    assert (finding.kind, finding.value) == (FindingKind.CHARGE_UNMAPPED, "Voucher")


def test_redeemed_gift_certificate_is_a_tender_and_no_discount() -> None:
    """Either reading of the shop's total: before or after what the certificate paid."""
    certificate = paid("10.00", id="t-0", method="gift_certificate", gateway="")
    card = paid("23.50")
    before = order(gift_certificate_amount=Decimal("10.00"), tenders=(certificate, card))
    after = replace(before, total_inc_tax=Decimal("23.50"))
    for wanted in (before, after):
        sale = _sale(wanted)
        assert sale.total == Decimal("33.50")
        assert [(one.amount, one.account) for one in sale.tenders] == [
            (Decimal("10.00"), "093"),
            (Decimal("23.50"), "091"),
        ]


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
    wanted = order(tenders=(replace(paid("33.50"), **changes),), payment_status="authorized")
    assert _sale(wanted).tenders == ()


def test_paid_offline_order_has_one_tender_under_its_own_number() -> None:
    wanted = order(tenders=(), payment_status="paid", payment_method="Cheque")
    (tender,) = _sale(wanted).tenders
    assert (tender.reference, tender.amount, tender.account, tender.at) == (
        "bc:abc123:order-1042",
        Decimal("33.50"),
        "090",
        NOON,
    )


def test_tender_without_an_account_is_held_for_finance_and_only_where_payments_are_posted() -> None:
    strange = order(tenders=(paid("33.50", method="barter", gateway="Goats"),), payment_method="Barter")
    finding = _stopped(strange)
    assert (finding.kind, finding.field, finding.value) == (
        FindingKind.PAYMENT_UNMAPPED,
        "transactions[t-1]",
        "barter by Goats",
    )
    assert _sale(strange, policy=policy(depth=Depth.INVOICE)).tenders == ()


def test_account_is_found_by_method_then_gateway_then_the_orders_own_words() -> None:
    accounts = {"credit_card": "1", "stripe": "2", "credit card": "3"}
    by_method = order()
    by_gateway = order(tenders=(paid("33.50", method="other", gateway="Stripe"),))
    by_words = order(tenders=(paid("33.50", method="other", gateway="other"),), payment_method="Credit Card")
    found = [
        _sale(one, policy=policy(payment_accounts=accounts)).tenders[0].account
        for one in (by_method, by_gateway, by_words)
    ]
    assert found == ["1", "2", "3"]


def test_stacked_taxes_are_one_rule_in_the_order_of_their_priority() -> None:
    rows = (tax_row(1, "0.50", "City Tax", priority=1), tax_row(1, "2.00", SALES_TAX, priority=0))
    assert _sale(order(taxes=rows, lines=(line(),))).lines[0].tax_rule == "Sales Tax + City Tax"


def test_tax_of_rate_zero_keeps_its_name_and_no_tax_at_all_is_exempt() -> None:
    rows = (tax_row(1, "0", "Zero Rate"),)
    sale = _sale(order(lines=(line(), line(2, "TEA", "1", "4.00")), taxes=rows))
    assert [one.tax_rule for one in sale.lines] == ["Zero Rate", "Tax Exempt"]


def test_unmapped_tax_and_missing_rule_are_held_for_finance_with_both_names() -> None:
    strange = order(lines=(line(),), taxes=(tax_row(1, "2.50", "Moon Tax"),))
    unmapped = _stopped(strange)
    assert (unmapped.kind, unmapped.field, unmapped.value, unmapped.owner) == (
        FindingKind.TAX_UNMAPPED,
        "lines[0].tax",
        "Moon Tax",
        Owner.FINANCE,
    )
    missing = _stopped(strange, policy=policy(tax_rules={"Moon Tax": "Lunar"}))
    assert (missing.kind, missing.value) == (FindingKind.TAX_RULE_MISSING, "Lunar")
    retired = books(tax_rules={"Lunar": TaxRule("Lunar", Decimal(10), usable_for_sales=False)})
    again = _stopped(
        order(lines=(line(),), taxes=(tax_row(1, "2.50", "Moon Tax"),), charges=()),
        policy=policy(tax_rules={"Moon Tax": "Lunar"}),
        books=replace(retired, products=books().products),
    )
    assert again.kind is FindingKind.TAX_RULE_MISSING


def test_tax_rows_that_do_not_come_to_the_total_are_held() -> None:
    finding = _stopped(replace(order(), total_tax=Decimal("3.50")))
    assert (finding.kind, finding.owner) == (FindingKind.TAX_DOES_NOT_ADD_UP, Owner.FINANCE)
    assert "2.50" in finding.value
    assert "3.50" in finding.expected


def _in_yen(**changes: Any) -> Order:
    plain = order(
        currency="JPY", lines=(line(inc="2750"),), taxes=(), charges=(), tenders=(paid("2750", currency="JPY"),)
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("reading", "stated"), [(ShopRate.STORE_PER_ORDER, "0.00625"), (ShopRate.ORDER_PER_STORE, "160")]
)
def test_customer_of_the_currency_is_billed_and_the_rate_follows_the_design(reading: ShopRate, stated: str) -> None:
    sale = _sale(_in_yen(exchange_rate=Decimal(stated)), policy=policy(shop_rate=reading))
    assert (sale.customer_id, sale.currency_rate) == ("c-jpy", Decimal("0.00625"))


def test_base_currency_needs_no_rate() -> None:
    assert _sale(order(exchange_rate=Decimal("1.3"))).currency_rate == Decimal(1)


@pytest.mark.parametrize("rate", ["0", "-1"])
def test_foreign_order_without_a_usable_rate_is_held_for_finance(rate: str) -> None:
    finding = _stopped(_in_yen(exchange_rate=Decimal(rate)))
    assert (finding.kind, finding.value, finding.owner) == (FindingKind.CURRENCY_UNKNOWN, rate, Owner.FINANCE)


def test_rate_to_another_currency_than_the_books_is_held() -> None:
    finding = _stopped(_in_yen(store_currency="EUR"))
    assert (finding.field, finding.value) == ("store_default_currency_code", "EUR")


def test_download_without_an_address_goes_to_the_payer() -> None:
    sale = _sale(order(lines=(line(kind=LineKind.DIGITAL),), shipping=()))
    assert sale.shipping == ADA


def test_rounding_line_is_one_however_often_it_is_adjusted() -> None:
    sale = _sale(order())
    once = with_rounding(sale, Decimal("0.02"), policy())
    twice = with_rounding(once, Decimal("-0.05"), policy())
    assert [one.price for one in twice.charges if one.product_name == "Rounding"] == [Decimal("-0.03")]
    assert with_rounding(once, Decimal("-0.02"), policy()) == sale, "nothing is left of a line of zero"


def test_service_product_sold_as_goods_crosses_as_a_line() -> None:
    known = books(products={**books().products, "ENGRAVE": product("ENGRAVE", is_service=True)})
    assert _sale(order(lines=(line(sku="ENGRAVE"),)), books=known).lines[0].sku == "ENGRAVE"


def test_cents_without_a_rounding_product_are_held_before_anything_is_sent() -> None:
    wanted = replace(order(), total_inc_tax=Decimal("33.52"))
    finding = _stopped(wanted, policy=policy(rounding_product="Cents"))
    assert (finding.kind, finding.field, finding.value) == (FindingKind.CHARGE_UNMAPPED, "rounding", "Cents")
    assert _sale(order(), policy=policy(rounding_product="Cents")).total == Decimal("33.50"), "needed only for cents"


def test_order_that_was_paid_twice_is_held_for_finance() -> None:
    """Cin7 would refuse the second payment after the sale, its order and its invoice were posted."""
    finding = _stopped(order(tenders=(paid("33.50"), paid("33.50", id="t-2"))))
    assert (finding.kind, finding.field, finding.value, finding.owner) == (
        FindingKind.PAYMENTS_DO_NOT_ADD_UP,
        "transactions",
        "67.00 received",
        Owner.FINANCE,
    )
    part = order(tenders=(paid("13.50"), paid("20.00", id="t-2")))
    assert [one.amount for one in _sale(part).tenders] == [Decimal("13.50"), Decimal("20.00")]


def test_lines_for_several_addresses_say_where_they_go() -> None:
    """A sale has one shipping address: the first one's."""
    elsewhere = replace(ADA, id=2, first_name="Ben", street_1="5 Elm St", city="Dallas", postcode="75001")
    lines = (line(), line(2, "TEA", "1", "4.00", total_inc_tax=Decimal("5.00"), address_id=2))
    sale = _sale(order(lines=lines, taxes=(tax_row(1, "2.50"),), shipping=(ADA, elsewhere)))
    assert sale.shipping == ADA
    assert [one.comment for one in sale.lines] == [
        "To Ada Barlow, 12 Mill St, 78701, Austin, US",
        "Discount 1 included; To Ben Barlow, 5 Elm St, 75001, Dallas, US",
    ]
