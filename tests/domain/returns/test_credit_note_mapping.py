"""A refund becomes a credit note: each kind of item with its tax, equal to the cent, or a reason why not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.domain.builders import NOON, charge, line, order, policy, reference_data, tax_row
from tests.domain.refund_builders import POLICY, bought, credited, invoiced, item, note_of, refund
from weighbridge.domain.exceptions.owners import Owner
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.orders.order import ChargeKind, LineKind
from weighbridge.domain.orders.sale_mapping import Stopped
from weighbridge.domain.returns.credit_note import CreditNote
from weighbridge.domain.returns.credit_note_mapping import Credited, credit_note_of
from weighbridge.domain.returns.refund import Refund, RefundPayment, account_of

D = Decimal


def rows(credit: CreditNote) -> list[tuple[str, str, str, str]]:
    """(SKU or product, amount, tax, tax rule) of each line and charge; the amount has tax if the note is inclusive."""
    goods = [(line.sku, str(line.line_total), str(line.tax), line.tax_rule) for line in credit.lines]
    return goods + [
        (charge.product_name, str(charge.price), str(charge.tax), charge.tax_rule) for charge in credit.charges
    ]


def stopped(outcome: object) -> tuple[FindingKind, Owner]:
    assert isinstance(outcome, Stopped)
    return outcome.findings[0].kind, outcome.findings[0].owner


def test_one_mug_is_credited_with_its_price_and_its_tax() -> None:
    credit = note_of(refund("13.75", "1.25", item()))
    assert rows(credit) == [("MUG", "12.50", "1.25", "Sales Tax")]
    assert (credit.total, credit.lines[0].quantity, credit.lines[0].price) == (D("13.75"), 1, D("12.5000"))
    assert credit.reference == "bc:abc123:1042:refund-7"


def test_whole_order_is_credited_as_it_was_invoiced() -> None:
    everything = [item(quantity="2"), item(item_id=2, quantity="10"), item("SHIPPING", 1, amount="6.00")]
    credit = note_of(refund("60.50", "4.95", *everything))
    assert rows(credit) == [
        ("MUG", "25.00", "2.50", "Sales Tax"),
        ("TEA", "24.55", "2.45", "Sales Tax"),
        ("Shipping", "6.00", "0", "Tax Exempt"),
    ]


def test_tax_inclusive_prices_stay_inclusive() -> None:
    credit = note_of(refund("13.75", "1.25", item()), bought(tax_inclusive=True))
    assert rows(credit) == [("MUG", "13.75", "1.25", "Sales Tax")]
    assert credit.total == D("13.75")


@pytest.mark.parametrize(
    ("kind", "charged", "product"),
    [
        ("SHIPPING", ChargeKind.SHIPPING, "Shipping"),
        ("HANDLING", ChargeKind.HANDLING, "Handling"),
        ("FEE", ChargeKind.FEE, "Fee"),
    ],
)
def test_part_of_a_charge_is_credited_with_its_share_of_tax(kind: str, charged: ChargeKind, product: str) -> None:
    applies = {"SHIPPING": "shipping", "HANDLING": "handling", "FEE": "fee"}[kind]
    taxed = order(
        lines=(line(),),
        taxes=(tax_row(1, "2.50"), tax_row(None, "0.60", applies_to=applies)),
        charges=(charge(charged, "6.60", "0.60"),),
    )
    assert rows(note_of(refund("3.30", "0.30", item(kind, 99, amount="3.30")), taxed)) == [
        (product, "3.00", "0.30", "Sales Tax")
    ]


def test_gift_wrapping_is_credited_by_the_wrapped_units() -> None:
    wrapped = order(
        lines=(line(wrapping_inc_tax=D("5.00")),),
        taxes=(tax_row(1, "2.50"),),
        charges=(charge(ChargeKind.WRAPPING, "5.00"),),
    )
    assert rows(note_of(refund("2.50", "0", item("GIFT_WRAPPING", 1)), wrapped)) == [
        ("Gift wrapping", "2.50", "0", "Tax Exempt")
    ]


def test_goodwill_on_the_order_carries_no_tax() -> None:
    credit = note_of(refund("5.00", "0", item("ORDER", 1042, amount="5.00", reason="Late")))
    assert rows(credit) == [("Goodwill", "5.00", "0", "Tax Exempt")]
    assert credit.charges[0].comment == "Goodwill: Late"


def test_deduction_is_kept_back_without_tax() -> None:
    """Two mugs are returned and 2.00 are kept for restocking: the tax is that of two mugs."""
    credit = note_of(refund("25.50", "2.50", item(quantity="2", deducted=D("2.00"))))
    assert rows(credit) == [("MUG", "25.00", "2.50", "Sales Tax"), ("Goodwill", "-2.00", "0", "Tax Exempt")]


@pytest.mark.parametrize(("inclusive", "price"), [(False, "0"), (True, "1.00")])
def test_tax_alone_is_credited_under_the_rule_it_was_invoiced_with(inclusive: bool, price: str) -> None:
    credit = note_of(refund("1.00", "1.00"), bought(tax_inclusive=inclusive))
    assert rows(credit) == [("Goodwill", price, "1.00", "Sales Tax")]
    assert (credit.total, credit.tax) == (D("1.00"), D("1.00"))


def test_tax_alone_never_exceeds_what_earlier_notes_left_of_it() -> None:
    first = note_of(refund("4.00", "4.00"))
    assert stopped(credited(refund("0.96", "0.96", id="8"), before=(first,))) == (
        FindingKind.REFUND_EXCEEDS_SALE,
        Owner.FINANCE,
    )
    second = note_of(refund("0.95", "0.95", id="8"), before=(first,))
    assert first.tax + second.tax == D("4.95")


def test_goods_follow_with_the_tax_that_was_not_refunded_before() -> None:
    """After 4.00 of 4.95 tax were refunded alone, the refund of all goods has the remaining 0.95."""
    first = note_of(refund("4.00", "4.00"))
    goods = refund("54.50", "4.95", item(quantity="2"), item(item_id=2, quantity="10"), id="8")
    second = credited(goods, before=(first,))
    assert isinstance(second, Credited)
    assert (second.credit_note.total, first.tax + second.credit_note.tax) == (D("54.50"), D("4.95"))
    assert [finding.kind for finding in second.notes] == [FindingKind.REFUND_TAX_DIFFERS]


def test_sold_gift_certificate_is_credited_on_the_gift_certificate_product() -> None:
    certificate = line(3, "", "1", "50.00", kind=LineKind.GIFT_CERTIFICATE)
    with_one = order(lines=(line(), certificate), taxes=(tax_row(1, "2.50"),))
    assert rows(note_of(refund("50.00", "0", item(item_id=3)), with_one)) == [
        ("Gift certificate", "50.00", "0", "Tax Exempt")
    ]


def test_stacked_taxes_keep_the_combined_rule() -> None:
    stacked = order(
        lines=(line(inc="27.50"),),
        taxes=(tax_row(1, "1.50"), tax_row(1, "1.00", "City Tax", priority=1)),
        charges=(),
    )
    assert rows(note_of(refund("13.75", "1.25", item()), stacked)) == [("MUG", "12.50", "1.25", "Sales Tax + City Tax")]


def test_thirds_of_a_line_are_credited_as_the_store_refunded_them() -> None:
    """Three units for 10.00: the store refunds 3.33 each time, and the last cent is never refunded."""
    third = order(lines=(line(quantity="3", inc="10.00"),), taxes=(), charges=())
    before: tuple[CreditNote, ...] = ()
    for number in range(3):
        before = (*before, note_of(refund("3.33", "0", item(), id=str(number)), third, before))
    assert [credit_note.total for credit_note in before] == [D("3.33")] * 3
    assert all(not credit_note.charges for credit_note in before)


def test_last_unit_of_a_line_is_credited_to_the_cent_where_the_store_does_so() -> None:
    third = order(lines=(line(quantity="3", inc="10.00"),), taxes=(), charges=())
    first = note_of(refund("6.67", "0", item(quantity="2")), third)
    last = note_of(refund("3.33", "0", item(), id="8"), third, (first,))
    assert rows(last) == [("MUG", "3.33", "0", "Tax Exempt")]
    assert first.total + last.total == 10


def test_cents_between_parts_and_total_are_one_named_line() -> None:
    credit = note_of(refund("13.77", "1.25", item()))
    assert rows(credit) == [("MUG", "12.50", "1.25", "Sales Tax"), ("Rounding", "0.02", "0", "Tax Exempt")]


def test_cent_that_the_store_rounded_otherwise_stays_on_the_line() -> None:
    third = order(lines=(line(quantity="3", inc="10.00"),), taxes=(), charges=())
    assert rows(note_of(refund("3.34", "0", item()), third)) == [("MUG", "3.34", "0", "Tax Exempt")]


def test_line_named_twice_is_credited_once() -> None:
    credit = note_of(refund("27.50", "2.50", item(), item()))
    assert [(line.sku, line.quantity, line.line_total) for line in credit.lines] == [("MUG", 2, D("25.00"))]


def test_merchant_override_amounts_are_spread_over_the_refunded_items() -> None:
    typed = refund("20.00", "2.00", item(), item(item_id=2, quantity="5"), uses_merchant_override=True)
    credit = note_of(typed)
    assert (credit.total, credit.tax) == (D("20.00"), D("2.00"))
    assert [line.sku for line in credit.lines] == ["MUG", "TEA"]
    assert not credit.charges


def test_refund_tax_above_the_invoiced_tax_is_noted() -> None:
    outcome = credited(refund("13.75", "9.00", item()))
    assert isinstance(outcome, Credited)
    assert outcome.credit_note.tax == D("2.50"), "exactly the tax that the mugs were invoiced with"
    assert [finding.kind for finding in outcome.notes] == [FindingKind.REFUND_TAX_DIFFERS]


@pytest.mark.parametrize(
    ("store_refund", "kind"),
    [
        (refund("60.51", "4.95", item()), FindingKind.REFUND_EXCEEDS_SALE),
        (refund("41.25", "3.75", item(quantity="3")), FindingKind.REFUND_EXCEEDS_SALE),
        (refund("13.75", "1.25", item(item_id=77)), FindingKind.REFUND_ITEM_UNKNOWN),
        (refund("5.00", "0", item("HANDLING", 1, amount="5.00")), FindingKind.REFUND_ITEM_UNKNOWN),
        (refund("5.00", "0", item("SURPRISE", 1, amount="5.00")), FindingKind.REFUND_ITEM_UNKNOWN),
        (refund("20.00", "1.25", item()), FindingKind.REFUND_DOES_NOT_ADD_UP),
        (refund("7.00", "0", item("SHIPPING", 1, amount="7.00")), FindingKind.REFUND_DOES_NOT_ADD_UP),
    ],
)
def test_refund_that_does_not_fit_the_invoice_is_held_for_finance(store_refund: Refund, kind: FindingKind) -> None:
    assert stopped(credited(store_refund)) == (kind, Owner.FINANCE)


def test_second_refund_of_the_same_unit_waits() -> None:
    first = note_of(refund("27.50", "2.50", item(quantity="2")))
    assert stopped(credited(refund("13.75", "1.25", item(), id="8"), before=(first,)))[0] is (
        FindingKind.REFUND_EXCEEDS_SALE
    )


def test_goodwill_without_a_service_product_is_held() -> None:
    goodwill = refund("5.00", "0", item("ORDER", 1042, amount="5.00"))
    outcome = credited(goodwill)
    assert isinstance(outcome, Credited)
    without = credit_note_of(goodwill, invoiced(bought()), bought().lines, (), reference_data(), policy(), POLICY)
    assert stopped(without) == (FindingKind.CHARGE_UNMAPPED, Owner.FINANCE)


def test_same_unit_twice_in_one_refund_waits() -> None:
    assert stopped(credited(refund("41.25", "3.75", item(quantity="2"), item())))[0] is FindingKind.REFUND_EXCEEDS_SALE


def test_yen_have_no_cents() -> None:
    yen = order(currency="JPY", lines=(line(quantity="3", inc="1000"),), taxes=(tax_row(1, "91"),), charges=())
    credit = note_of(refund("333", "30", item()), yen)
    assert (credit.total, credit.tax) == (333, 30)


@pytest.mark.parametrize(
    ("payment", "account"),
    [
        (RefundPayment("1", "stripe", D(1)), "091"),
        (RefundPayment("1", "storecredit", D(1)), "094"),
        (RefundPayment("1", "giftcertificate", D(1)), "093"),
        (RefundPayment("1", "custom", D(1), offline=True), "090"),
        (RefundPayment("1", "unknown-gateway", D(1)), None),
    ],
)
def test_refund_is_paid_from_the_account_that_received_the_tender(payment: RefundPayment, account: str | None) -> None:
    accounts = {"credit_card": "091", "offline": "090", "gift_certificate": "093", "store_credit": "094"}
    assert account_of(payment, {"stripe": "credit_card"}, "Bank transfer", accounts) == account


def test_declined_payments_moved_nothing() -> None:
    declined = RefundPayment("1", "stripe", D("13.75"), declined=True)
    assert not refund("13.75", "1.25", item(), payments=(declined,)).moved_money
    half = refund("13.75", "1.25", item(), payments=(declined, replace(declined, declined=False, amount=D(1))))
    assert (half.moved_money, half.paid_back) == (True, 1)


def test_credit_note_is_dated_on_the_day_of_the_refund() -> None:
    credit = note_of(refund("13.75", "1.25", item()))
    assert credit.dated_at == NOON
