"""The ledger: entries of invoices, credit notes, payments, shipped goods and journals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from weighbridge_twins.cin7.paging import given, page_of
from weighbridge_twins.cin7.request_parsing import timestamp_of
from weighbridge_twins.cin7.state import ZERO, Company, Record, Sale
from weighbridge_twins.http.call import Answer, Call

COST_OF_GOODS, INVENTORY = "310", "630"


def list_transactions(company: Company, call: Call) -> Answer:
    """Lists ledger entries; the date filters are inclusive and use EffectiveDate. Source: GET /transactions."""
    since, until, account = (
        timestamp_of(given(call, "FromDate")),
        timestamp_of(given(call, "ToDate")),
        given(call, "Account"),
    )
    first = since.strftime("%Y-%m-%d") if since else ""
    last = until.strftime("%Y-%m-%d") if until else "9999"
    entries = [
        row
        for row in _ledger(company)
        if first <= row["EffectiveDate"][:10] <= last
        and (not account or account in (row["DebitAccountCode"], row["CreditAccountCode"]))
    ]
    return page_of(company, call, "Transactions", entries)


def entries_of_sale(company: Company, sale: Sale) -> Iterator[Record]:
    """Returns a sale's ledger entries, which GET /sale shows on request."""
    for row in _of_sale(company, sale):
        yield {
            "TaskID": row["TaskID"],
            "Debit": row["DebitAccountCode"],
            "Credit": row["CreditAccountCode"],
            "Amount": row["Amount"],
            "EffectiveDate": row["EffectiveDate"],
        }


def _ledger(company: Company) -> Iterator[Record]:
    for sale in company.sales.values():
        yield from _of_sale(company, sale)
    for journal in company.journals.values():
        if journal["Status"] != "COMPLETED":
            continue
        for line in journal["Lines"]:
            number = journal["JournalNumber"]
            yield _entry(
                journal["TaskID"], line["Debit"], line["Credit"], line["BaseAmount"], journal["EffectiveDate"],
                line["Reference"] or number, f"{journal['Narration']} {number}".strip(), "Journal",
            )  # fmt: skip


def _of_sale(company: Company, sale: Sale) -> Iterator[Record]:
    """Returns a sale's entries in base currency, at the rate of each document."""
    debtors, customer = company.system_account("DEBTORS"), sale.header["Customer"]
    for invoice in sale.invoices:
        if invoice["Status"] in ("AUTHORISED", "PAID"):
            rate, number = Decimal(str(invoice["CurrencyConversionRate"])), invoice["InvoiceNumber"]
            for account, amount in _postings(company, sale, invoice):
                yield _entry(
                    invoice["TaskID"], debtors, account, amount * rate, invoice["InvoiceDate"], number,
                    f"{customer} - {number}", "Sale",
                )  # fmt: skip
    for note in sale.credit_notes:
        if note["Status"] == "AUTHORISED":
            rate, number = Decimal(str(note["CreditNoteConversionRate"])), note["CreditNoteNumber"]
            for account, amount in _postings(company, sale, note):
                yield _entry(
                    note["TaskID"], account, debtors, amount * rate, note["CreditNoteDate"], number,
                    f"{customer} - {number}", "Sale",
                )  # fmt: skip
    for payment in sale.payments:
        bank = payment["Account"] or debtors
        sides: tuple[str, str] = (debtors, bank) if payment["Type"] == "Refund" else (bank, debtors)
        number = payment["InvoiceNumber"] or payment["CreditNoteNumber"] or sale.number
        amount = payment["Amount"] * Decimal(str(payment["CurrencyRate"]))
        reference = payment["Reference"] or number
        text = f"{customer} - {number}"
        yield _entry(payment["TaskID"], *sides, amount, payment["DatePaid"], reference, text, "Sale")
    for move in sale.movements:
        sides = (COST_OF_GOODS, INVENTORY) if move["COGS"] >= 0 else (INVENTORY, COST_OF_GOODS)
        yield _entry(
            move["TaskID"], *sides, abs(move["COGS"]), move["Date"], sale.number, f"{customer} - {sale.number}", "Sale"
        )
    if sale.manual_journal and sale.manual_journal["Status"] == "AUTHORISED":
        for line in sale.manual_journal["Lines"]:
            yield _entry(
                sale.id, line["Debit"], line["Credit"], line["Amount"], line["Date"], line["Reference"] or sale.number,
                f"{customer} - {sale.number}", "Sale",
            )  # fmt: skip


def _postings(company: Company, sale: Sale, document: Record) -> Iterator[tuple[str, Decimal]]:
    """Returns revenue by account and tax by the rule's account; they add up to the document's total to the cent."""
    amounts: dict[str, Decimal] = {}
    taxes: dict[str, Decimal] = {}
    for row in [*document["Lines"], *document["AdditionalCharges"]]:
        net = row["Total"] - row["Tax"] if sale.tax_inclusive else row["Total"]
        amounts[row["Account"]] = amounts.get(row["Account"], ZERO) + net
        rule = company.tax_rule(row["TaxRule"])
        account = str(rule["Account"]) if rule else "820"
        taxes[account] = taxes.get(account, ZERO) + row["Tax"]
    for parts, total in ((amounts, document["TotalBeforeTax"]), (taxes, document["Tax"])):
        left = total
        for position, (account, amount) in enumerate(parts.items(), 1):
            share = left if position == len(parts) else round(amount, 2)
            left -= share
            if share:
                yield account, share


def _entry(
    task_id: str, debit: str, credit: str, amount: Decimal, date: str, reference: str, text: str, kind: str
) -> Record:
    negative = amount < 0
    return {
        "TaskID": task_id,
        "DebitAccountCode": credit if negative else debit,
        "CreditAccountCode": debit if negative else credit,
        "Amount": round(abs(amount), 2),
        "EffectiveDate": date,
        "Reference": reference,
        "Transaction": text,
        "Type": kind,
    }
