"""Totals: what Cin7 computes, what it checks, and which tax counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.twins.cin7.bench import Bench


def totals(document: Any) -> tuple[Any, Any, Any]:
    return document["TotalBeforeTax"], document["Tax"], document["Total"]


def taxed(bench: Bench, quantity: Any, price: Any, tax: Any, rule: str = "Tax on Sales") -> Any:
    return bench.line("APPLE", quantity, price, tax, TaxRule=rule)


def test_tax_is_added_to_exclusive_prices() -> None:
    bench = Bench()
    charge = bench.charge("5.00", Tax="0.41", TaxRule="Tax on Sales")
    body = bench.document(bench.sale(), taxed(bench, 3, "1.50", "0.37"), AdditionalCharges=[charge])
    assert totals(bench.ok("POST", "/sale/order", body)) == (9.5, 0.78, 10.28)


def test_tax_is_contained_in_inclusive_prices() -> None:
    bench = Bench()
    body = bench.document(bench.sale(TaxInclusive=True), taxed(bench, 3, "1.50", "0.41", "GST on Income"))
    order = bench.ok("POST", "/sale/order", body)
    assert totals(order) == (4.09, 0.41, 4.5)
    assert bench.whole(order["SaleID"])["TaxCalculation"] == "Inclusive"


def test_inclusive_is_also_understood_as_text() -> None:
    bench = Bench()
    assert bench.whole(bench.sale(TaxInclusive="false"))["TaxCalculation"] == "Exclusive"
    assert bench.whole(bench.sale(TaxInclusive="true"))["TaxCalculation"] == "Inclusive"


def test_prices_of_four_decimals_and_percent_discounts_round_on_the_line() -> None:
    bench = Bench()
    line = bench.line("APPLE", 3, "3.3333", Discount="12.5", Total="8.75")
    order = bench.ok("POST", "/sale/order", bench.document(bench.sale(), line))
    assert (order["Lines"][0]["Price"], order["Lines"][0]["Total"]) == (3.3333, 8.75)


@pytest.mark.parametrize(("sent", "status"), [("4.50", 200), ("4.51", 200), ("4.49", 200), ("4.52", 400), (None, 200)])
def test_a_line_total_may_be_one_cent_off(sent: str | None, status: int) -> None:
    bench = Bench()
    line = {**bench.line("APPLE", 3, "1.50"), "Total": sent}
    assert bench.call("POST", "/sale/order", bench.document(bench.sale(), line)).status == status


def test_the_tolerance_is_a_switch() -> None:
    bench = Bench()
    bench.twin.switches["total_tolerance"] = "0"
    line = {**bench.line("APPLE", 3, "1.50"), "Total": "4.51"}
    text = bench.refused("POST", "/sale/order", bench.document(bench.sale(), line))
    assert text == "Total is invalid. Expected 4.50, but 4.51 was provided."
    bench.twin.switches["total_tolerance"] = "0.50"
    order = bench.ok("POST", "/sale/order", bench.document(bench.sale(), line))
    assert order["Total"] == 4.51


def test_accepting_uses_the_tax_that_was_sent_even_if_it_is_wrong() -> None:
    bench = Bench()
    order = bench.ok("POST", "/sale/order", bench.document(bench.sale(), taxed(bench, 1, "100", "1.00")))
    assert totals(order) == (100, 1, 101)


@pytest.mark.parametrize(("tax", "status"), [("8.25", 200), ("8.26", 200), ("8.27", 400)])
def test_rejecting_refuses_more_than_a_cent_for_each_line(tax: str, status: int) -> None:
    bench = Bench()
    bench.twin.switches["tax_check"] = "reject"
    body = bench.document(bench.sale(), taxed(bench, 1, "100", tax))
    assert bench.call("POST", "/sale/order", body).status == status


@pytest.mark.parametrize(
    ("inclusive", "method", "tax", "total"),
    [
        (False, "Total", 0.02, 0.32),
        (False, "Line", 0.03, 0.33),
        (True, "Total", 0.04, 0.48),
        (True, "Line", 0.03, 0.48),
    ],
)
def test_recomputing_overrules_what_was_sent_and_differs_by_method(
    inclusive: bool, method: str, tax: float, total: float
) -> None:
    bench = Bench()
    bench.twin.switches |= {"tax_check": "recompute", "tax_calculation_method": method}
    price, rule = ("0.16", "GST on Income") if inclusive else ("0.10", "Tax on Sales")
    rows = [taxed(bench, 1, price, "0.09", rule)] * 3
    order = bench.ok("POST", "/sale/order", bench.document(bench.sale(TaxInclusive=inclusive), *rows))
    assert (order["Tax"], order["Total"]) == (tax, total)
    assert [line["Tax"] for line in order["Lines"]] == [0.01] * 3
    assert bench.ok("GET", "/me")["TaxCalculationMethod"] == {"Total": "Total", "Line": "Row Total"}[method]


@pytest.mark.parametrize(("method", "status"), [("Total", 200), ("Line", 400)])
@pytest.mark.parametrize(
    ("inclusive", "price", "rule", "taxes"),
    [(False, "0.10", "Tax on Sales", ("0.03", "0", "0")), (True, "0.16", "GST on Income", ("0.04", "0", "0"))],
)
def test_rejecting_checks_the_document_or_each_line(
    inclusive: bool, price: str, rule: str, taxes: tuple[str, ...], method: str, status: int
) -> None:
    bench = Bench()
    bench.twin.switches |= {"tax_check": "reject", "tax_calculation_method": method}
    rows = [taxed(bench, 1, price, tax, rule) for tax in taxes]
    body = bench.document(bench.sale(TaxInclusive=inclusive), *rows)
    assert bench.call("POST", "/sale/order", body).status == status


def test_recomputing_inclusive_prices_extracts_the_tax_from_them() -> None:
    bench = Bench()
    bench.twin.switches["tax_check"] = "recompute"
    body = bench.document(bench.sale(TaxInclusive=True), taxed(bench, 1, "110", "0", "GST on Income"))
    assert totals(bench.ok("POST", "/sale/order", body)) == (100, 10, 110)


@pytest.mark.parametrize("document", ["/sale/quote", "/sale/invoice", "/sale/creditnote"])
def test_every_document_is_checked_as_the_order_is(document: str) -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    bodies = {
        "/sale/quote": bench.document(bench.sale(SkipQuote=False)),
        "/sale/invoice": bench.invoice_body(sale),
        "/sale/creditnote": bench.credit_body(sale, invoice["InvoiceNumber"]),
    }
    bench.twin.switches["tax_check"] = "reject"
    wrong_tax = taxed(bench, 1, "100", "1.00")
    assert "Tax is invalid" in bench.refused("POST", document, {**bodies[document], "Lines": [wrong_tax]})
    wrong_total = {**bench.line(quantity=3), "Total": "4.60"}
    assert "Total is invalid" in bench.refused("POST", document, {**bodies[document], "Lines": [wrong_total]})


def test_charges_may_be_read_among_the_lines() -> None:
    bench = Bench()
    sale = bench.ordered(bench.line(), AdditionalCharges=[bench.charge()])
    apart = bench.ok("GET", "/sale/order", SaleID=sale)
    assert (len(apart["Lines"]), len(apart["AdditionalCharges"])) == (1, 1)
    combined = bench.ok("GET", "/sale/order", SaleID=sale, CombineAdditionalCharges="true")
    assert [line["SKU"] for line in combined["Lines"]] == ["APPLE", None]
    assert combined["AdditionalCharges"] == []


def test_money_stays_exact_inside() -> None:
    bench = Bench()
    sale = bench.ordered(*[bench.line("APPLE", 1, "0.10") for _ in range(3)])
    order = bench.twin.company.sales[sale].order
    assert order is not None
    assert order["Total"] == Decimal("0.30")
