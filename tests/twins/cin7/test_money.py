"""Invoices, payments, refunds and their ledger entries."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest

from tests.twins.cin7.bench import ZERO_ID, Bench


def balances(bench: Bench, **query: object) -> dict[str, Decimal]:
    """Returns debits less credits of each account."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in bench.ok("GET", "/transactions", Page=1, Limit=1000, **query)["Transactions"]:
        amount = Decimal(str(row["Amount"]))
        sums[row["DebitAccountCode"]] += amount
        sums[row["CreditAccountCode"]] -= amount
    return {account: amount for account, amount in sums.items() if amount}


def test_an_invoice_has_a_number_dates_of_days_and_the_billing_address() -> None:
    bench = Bench()
    sale = bench.ordered()
    body = bench.invoice_body(sale, InvoiceDate="2026-03-02T15:30:00.123", Memo="m" * 1024)
    invoice = bench.ok("POST", "/sale/invoice", body)["Invoices"][0]
    assert (invoice["InvoiceNumber"], invoice["InvoiceDate"]) == ("INV-00001", "2026-03-02T00:00:00")
    assert invoice["BillingAddressLine2"] == "Austin TX 78701"
    assert invoice["Lines"][0]["Account"] == "200"
    assert "Memo length" in bench.refused("POST", "/sale/invoice", {**body, "Memo": "m" * 1025})


def test_payments_come_as_a_bare_array_with_long_timestamps() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    bench.clock.pass_time(microseconds=123456)
    paid = bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"], "4.50", "PAYMENT"))
    assert paid["DateCreated"] == "2026-03-02T09:00:00.1234560Z"
    payments = bench.ok("GET", "/sale/payment", SaleID=sale)
    assert isinstance(payments, list)
    assert [(row["Type"], row["Amount"], row["InvoiceNumber"]) for row in payments] == [("Payment", 4.5, "INV-00001")]


def test_the_same_payment_twice_is_recorded_twice() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    for _ in range(2):
        bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    assert bench.row(sale)["PaidAmount"] == 9


def test_by_the_other_reading_no_more_is_paid_or_refunded_than_is_open() -> None:
    bench = Bench()
    bench.twin.switches["overpayment"] = "reject"
    sale, invoice = bench.invoiced()
    bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"], "4.00"))
    text = bench.refused("POST", "/sale/payment", bench.payment_body(invoice["TaskID"], "0.51"))
    assert text == "Amount 0.51 exceeds the open balance 0.50"
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001"))["CreditNotes"][0]
    assert "exceeds" in bench.refused("POST", "/sale/payment", bench.payment_body(note["TaskID"], "5", "Refund"))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"Type": "Gift"}, "Type is invalid"),
        ({"Amount": None}, "Required attribute Amount"),
        ({"Amount": "1.005"}, "Amount is invalid"),
        ({"Amount": 0}, "Amount is invalid"),
        ({"DatePaid": None}, "Required attribute DatePaid"),
        ({"Account": "200"}, "Account '200' was not found in Chart of Accounts reference book"),
        ({"Account": None}, "Required attribute Account"),
        ({"CurrencyRate": None}, "Required attribute CurrencyRate"),
        ({"TaskID": "11111111-2222-3333-4444-555555555555"}, "not found"),
        ({"TaskID": None}, "Required attribute TaskID"),
    ],
)
def test_payments_that_are_refused(fields: dict[str, Any], text: str) -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    assert text in bench.refused("POST", "/sale/payment", bench.payment_body(invoice["TaskID"], **fields))
    assert bench.ok("GET", "/sale/payment", SaleID=sale) == []


def test_a_payment_is_changed_and_deleted_by_id() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    paid = bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    bench.ok("PUT", "/sale/payment", {"ID": paid["ID"], "Amount": "2.00", "Reference": "half"})
    assert bench.row(sale)["CombinedPaymentStatus"] == "PARTIALLY PAID"
    assert bench.ok("DELETE", "/sale/payment", ID=paid["ID"].upper()) == {"Success": True}
    assert bench.row(sale)["CombinedPaymentStatus"] == "UNPAID"
    assert "not found" in bench.refused("DELETE", "/sale/payment", ID=paid["ID"])


def test_a_customers_credit_pays_until_it_is_used_up() -> None:
    bench = Bench()
    bench.twin.seed(credits=[{"customer": "Web", "amount": "3.00"}])
    credit = bench.ok("GET", "/ref/customer/credits")["CustomerCredits"][0]["CreditID"]
    _, invoice = bench.invoiced()
    body = {**bench.payment_body(invoice["TaskID"], "3.00"), "CreditID": credit, "Account": None}
    bench.ok("POST", "/sale/payment", body)
    assert "remaining credit" in bench.refused("POST", "/sale/payment", {**body, "Amount": "0.01"})
    assert bench.ok("GET", "/ref/customer/credits")["CustomerCredits"] == []
    used = bench.ok("GET", "/ref/customer/credits", ShowUsedCredits="true")
    assert used["CustomerCredits"][0]["RemainingAmount"] == 0
    assert "Total" not in used


@pytest.mark.parametrize(("settles", "status"), [(False, "UNPAID"), (True, "PAID")])
def test_whether_a_prepayment_is_applied_to_the_invoice_is_a_matter_of_reading(settles: bool, status: str) -> None:
    bench = Bench()
    bench.twin.switches["prepayment_settles_invoice"] = settles
    sale = bench.sale(SkipQuote=False)
    bench.ok("POST", "/sale/quote", bench.document(sale))
    bench.ok("POST", "/sale/payment", bench.payment_body(sale, "4.50", "PREPAYMENT"))
    assert bench.whole(sale)["Quote"]["Prepayments"][0]["Amount"] == 4.5
    bench.ok("POST", "/sale/order", bench.document(sale))
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))
    assert bench.row(sale)["CombinedPaymentStatus"] == status


def test_an_invoice_of_an_advanced_sale_is_voided_and_one_of_a_simple_sale_is_not() -> None:
    bench = Bench()
    _, invoice = bench.invoiced()
    assert "Advanced Sale only" in bench.refused("DELETE", "/sale/invoice", TaskID=invoice["TaskID"], Void="true")
    sale = bench.ordered(header={"SaleType": "Advanced"})
    task = bench.ok("POST", "/sale/invoice", bench.invoice_body(sale))["Invoices"][0]["TaskID"]
    bench.ok("DELETE", "/sale/invoice", TaskID=task, Void="true")
    assert (bench.row(sale)["CombinedInvoiceStatus"], bench.row(sale)["InvoiceAmount"]) == ("NOT INVOICED", 0)


def test_the_ledger_ties_to_the_documents() -> None:
    bench = Bench()
    line = bench.line("APPLE", 3, "1.50", "0.37", TaxRule="Tax on Sales")
    charge = bench.charge("5.00", Tax="0.41", TaxRule="Tax on Sales", Account="260")
    sale = bench.ordered(line, AdditionalCharges=[charge])
    bench.twin.pick_pack_ship(sale)
    body = {**bench.invoice_body(sale, line), "AdditionalCharges": [charge]}
    invoice = bench.ok("POST", "/sale/invoice", body)["Invoices"][0]
    expected = {"610": "10.28", "200": "-4.50", "260": "-5.00", "820": "-0.78", "310": "1.50", "630": "-1.50"}
    assert balances(bench) == {account: Decimal(amount) for account, amount in expected.items()}
    bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"], "10.28"))
    assert "610" not in balances(bench)
    assert balances(bench)["091"] == Decimal("10.28")


def test_a_credit_note_with_refund_and_restock_reverts_the_sale() -> None:
    bench = Bench()
    sale, invoice = bench.invoiced()
    bench.twin.pick_pack_ship(sale)
    bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    back = [{"SKU": "APPLE", "Quantity": 3, "Location": "Main Warehouse"}]
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, "INV-00001", restock=back))["CreditNotes"][0]
    bench.ok("POST", "/sale/payment", bench.payment_body(note["TaskID"], kind="Refund"))
    assert balances(bench) == {}


def test_inclusive_and_foreign_documents_post_net_amounts_in_base_currency() -> None:
    bench = Bench()
    sale = bench.sale(Customer="Web EUR", CurrencyRate="2", TaxInclusive=True)
    line = bench.line("APPLE", 1, "110", "10", TaxRule="GST on Income")
    bench.ok("POST", "/sale/order", bench.document(sale, line))
    bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, line))
    assert balances(bench) == {"610": Decimal(220), "200": Decimal(-200), "820": Decimal(-20)}


def test_the_ledger_is_read_by_day_and_account() -> None:
    bench = Bench()
    bench.invoiced()
    assert balances(bench, FromDate="2026-03-03") == {}
    assert balances(bench, FromDate="2026-03-02", ToDate="2026-03-02T23:00:00") != {}
    assert balances(bench, Account="091") == {}
    sale = next(iter(bench.twin.company.sales))
    entries = bench.ok("GET", "/sale", ID=sale, IncludeTransactions="true")["Transactions"]
    assert [(row["Debit"], row["Credit"], row["Amount"]) for row in entries] == [("610", "200", 4.5)]
    assert bench.whole(sale)["Transactions"] == []


def test_a_journal_is_drafted_completed_and_voided() -> None:
    bench = Bench()
    body = {
        "Status": "DRAFT", "Currency": "USD", "CurrencyConversionRate": 1, "EffectiveDate": "2026-03-02",
        "Narration": "month end", "Lines": [{"Debit": "860", "Credit": "091", "Amount": "0.03", "BaseAmount": "0.03"}],
    }  # fmt: skip
    assert "DRAFT" in bench.refused("POST", "/journal", {**body, "Status": "COMPLETED"})
    made = bench.ok("POST", "/journal", body)["Journals"][0]
    assert made["JournalNumber"] == "JR-00001"
    assert balances(bench) == {}
    bench.ok("PUT", "/journal", {"TaskID": made["TaskID"], "Status": "COMPLETED"})
    assert balances(bench) == {"860": Decimal("0.03"), "091": Decimal("-0.03")}
    assert bench.ok("GET", "/journal", Search="MONTH")["Total"] == 1
    bench.ok("DELETE", "/journal", ID=made["TaskID"], Void="true")
    assert balances(bench) == {}
    bench.twin.switches["journal_completed_on_post"] = "accept"
    assert bench.ok("POST", "/journal", {**body, "Status": "COMPLETED"})["Journals"][0]["Status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ({"Debit": "860", "Amount": 1, "BaseAmount": 1}, "Required attribute Credit"),
        ({"Debit": "860", "Credit": "999", "Amount": 1, "BaseAmount": 1}, "Account '999'"),
        ({"Debit": "860", "Credit": "091", "Amount": 1}, "Required attribute BaseAmount"),
    ],
)
def test_journal_lines_that_are_refused(line: dict[str, Any], text: str) -> None:
    head = {"Status": "DRAFT", "Currency": "USD", "CurrencyConversionRate": 1, "EffectiveDate": "2026-03-02"}
    assert text in Bench().refused("POST", "/journal", {**head, "Lines": [line]})


def test_a_manual_journal_of_a_sale_posts_in_base_currency() -> None:
    bench = Bench()
    sale = bench.ordered()
    line = {"Reference": "Rounding", "Amount": "0.01", "Date": "2026-03-02", "Debit": "860", "Credit": "610"}
    bench.ok("POST", "/sale/manualJournal", {"SaleID": sale, "Status": "AUTHORISED", "Lines": [line]})
    assert balances(bench) == {"860": Decimal("0.01"), "610": Decimal("-0.01")}
    assert bench.ok("GET", "/sale/manualJournal", SaleID=sale)["Status"] == "AUTHORISED"
    again = {"SaleID": sale, "Status": "DRAFT", "Lines": [line]}
    assert "already authorised" in bench.refused("POST", "/sale/manualJournal", again)
    wrong = {"SaleID": bench.sale(), "Status": "DRAFT", "Lines": [{**line, "Amount": "0.011", "Reference": "Tips"}]}
    text = bench.refused("POST", "/sale/manualJournal", wrong)
    assert "Amount is invalid" in text
    assert "Product 'Tips'" in text


def test_a_paid_or_credited_invoice_cannot_be_voided_or_undone() -> None:
    bench = Bench()
    lines = [bench.line(quantity=3)]
    sale = bench.ordered(*lines, header={"SaleType": "Advanced"})
    invoice = bench.ok("POST", "/sale/invoice", bench.invoice_body(sale, *lines))["Invoices"][0]
    note = bench.ok("POST", "/sale/creditnote", bench.credit_body(sale, invoice["InvoiceNumber"]))["CreditNotes"][0]
    assert "credit notes" in bench.refused("DELETE", "/sale/invoice", TaskID=invoice["TaskID"])
    bench.ok("DELETE", "/sale/creditnote", TaskID=note["TaskID"], Void="true")
    paid = bench.ok("POST", "/sale/payment", bench.payment_body(invoice["TaskID"]))
    assert "payments" in bench.refused("DELETE", "/sale/invoice", TaskID=invoice["TaskID"])
    bench.ok("DELETE", "/sale/payment", ID=paid["ID"])
    undone = bench.ok("DELETE", "/sale/invoice", TaskID=invoice["TaskID"])["Invoices"][0]
    assert undone["Status"] == "DRAFT"
    assert bench.row(sale)["CombinedInvoiceStatus"] == "NOT INVOICED"


def test_a_put_of_an_invoice_keeps_omitted_members() -> None:
    bench = Bench()
    sale = bench.ordered()
    body = bench.invoice_body(sale, status="DRAFT", Memo="two cartons", AdditionalCharges=[bench.charge()])
    task = bench.ok("POST", "/sale/invoice", body)["Invoices"][0]["TaskID"]
    updated = bench.ok("PUT", "/sale/invoice", {"SaleID": sale, "TaskID": task, "Status": "DRAFT"})["Invoices"][0]
    assert (updated["Memo"], updated["Total"], len(updated["Lines"])) == ("two cartons", 9.5, 1)
    emptied = bench.ok("PUT", "/sale/invoice", {"SaleID": sale, "TaskID": task, "AdditionalCharges": []})["Invoices"][0]
    assert (emptied["Total"], emptied["AdditionalCharges"]) == (4.5, [])
    nobody = {"SaleID": sale, "TaskID": ZERO_ID, "Status": "DRAFT"}
    assert "not found" in bench.refused("PUT", "/sale/invoice", nobody)


def test_a_prepayment_is_not_changed_and_a_credit_gets_back_what_it_paid() -> None:
    bench = Bench()
    bench.twin.seed(credits=[{"customer": "Web", "amount": 10}])
    quoted = bench.sale(SkipQuote=False)
    bench.ok("POST", "/sale/quote", bench.document(quoted))
    early = bench.ok("POST", "/sale/payment", bench.payment_body(quoted, "1.00", "PREPAYMENT"))
    change = {"ID": early["ID"], "Amount": "2.00"}
    assert "Prepayment cannot be changed" in bench.refused("PUT", "/sale/payment", change)
    _, invoice = bench.invoiced()
    credit = bench.ok("GET", "/ref/customer/credits")["CustomerCredits"][0]
    body = {**bench.payment_body(invoice["TaskID"], "4.00"), "Account": None, "CreditID": credit["CreditID"]}
    paid = bench.ok("POST", "/sale/payment", body)
    assert bench.ok("GET", "/ref/customer/credits")["CustomerCredits"][0]["RemainingAmount"] == 6
    assert "from a credit" in bench.refused("PUT", "/sale/payment", {"ID": paid["ID"], "Amount": "3.00"})
    bench.ok("DELETE", "/sale/payment", ID=paid["ID"])
    assert bench.ok("GET", "/ref/customer/credits")["CustomerCredits"][0]["RemainingAmount"] == 10
    stranger = {**body, "CreditID": ZERO_ID}
    assert "CreditID is invalid" in bench.refused("POST", "/sale/payment", stranger)


def test_a_completed_journal_cannot_be_changed_and_a_voided_one_cannot_be_voided_twice() -> None:
    bench = Bench()
    line = {"Debit": "860", "Credit": "091", "Reference": "", "Amount": 1, "BaseAmount": 1}
    body = {"Status": "DRAFT", "Currency": "USD", "CurrencyConversionRate": 1, "EffectiveDate": "2026-03-02"}
    task = bench.ok("POST", "/journal", {**body, "Lines": [line]})["Journals"][0]["TaskID"]
    bench.ok("PUT", "/journal", {"TaskID": task, "Status": "COMPLETED"})
    assert "COMPLETED" in bench.refused("PUT", "/journal", {"TaskID": task, "Status": "DRAFT"})
    bench.ok("DELETE", "/journal", ID=task, Void="true")
    assert "voided" in bench.refused("DELETE", "/journal", ID=task, Void="true")
