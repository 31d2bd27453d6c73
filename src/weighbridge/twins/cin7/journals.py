"""Journals, the ledger read, stock adjustments and assembly tasks."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7 import stock
from weighbridge.twins.cin7.errors import Refusal, not_in_book, required
from weighbridge.twins.cin7.paging import given, page_of, parse_moment
from weighbridge.twins.cin7.state import Company, Record


def post_journal(company: Company, call: Call) -> Answer:
    """Each line is a debit and a credit, so a line always balances. Source: /journal."""
    body = _body(call)
    for line in body.get("Lines") or []:
        missing = [
            required(name) for name in ("Debit", "Credit", "Amount", "BaseAmount") if line.get(name) in (None, "")
        ]
        if missing:
            raise Refusal(*missing)
    task_id = str(body.get("TaskID") or "").lower() or company.new_id()
    journal = {
        "TaskID": task_id,
        "JournalNumber": company.journals.get(task_id, {}).get("JournalNumber") or company.next_number("JE"),
        "Status": "DRAFT",
        **{name: value for name, value in body.items() if name != "TaskID"},
    }
    company.journals[task_id] = journal
    return Answer(200, {"Journals": [journal]})


def list_journals(company: Company, call: Call) -> Answer:
    status, wanted = given(call, "Status"), given(call, "TaskID").lower()
    found = [
        one
        for one in company.journals.values()
        if (not status or one["Status"] == status) and (not wanted or one["TaskID"] == wanted)
    ]
    return page_of(company, call, "Journals", found)


def delete_journal(company: Company, call: Call) -> Answer:
    journal = company.journals.get(given(call, "ID").lower())
    if journal is None:
        raise Refusal("Journal not found")
    journal["Status"] = "VOIDED" if given(call, "Void").lower() == "true" else "DRAFT"
    return Answer(200, {"Journals": [journal]})


def list_transactions(company: Company, call: Call) -> Answer:
    """The ledger: what invoices, payments, credit notes and journals posted. Source: GET /transactions."""
    since, until = parse_moment(given(call, "FromDate")), parse_moment(given(call, "ToDate"))
    account = given(call, "Account")
    found = [
        row
        for row in _ledger(company)
        if (not account or account in (row["DebitAccountCode"], row["CreditAccountCode"]))
        and (since is None or (at := parse_moment(row["EffectiveDate"])) is None or at >= since)
        and (until is None or (to := parse_moment(row["EffectiveDate"])) is None or to <= until)
    ]
    return page_of(company, call, "Transactions", found)


def _ledger(company: Company) -> Iterator[Record]:
    for sale in company.sales.values():
        for invoice in sale.invoices:
            if invoice["Status"] in ("AUTHORISED", "PAID"):
                yield _entry(
                    invoice["TaskID"],
                    "610",
                    "200",
                    invoice["TotalBeforeTax"],
                    invoice["InvoiceDate"],
                    invoice["InvoiceNumber"],
                )
                if invoice["Tax"]:
                    yield _entry(
                        invoice["TaskID"],
                        "610",
                        "820",
                        invoice["Tax"],
                        invoice["InvoiceDate"],
                        invoice["InvoiceNumber"],
                    )
        for note in sale.credit_notes:
            if note["Status"] == "AUTHORISED":
                yield _entry(
                    note["TaskID"], "200", "610", note["Total"], note["CreditNoteDate"], note["CreditNoteNumber"]
                )
        for payment in sale.payments:
            debit, credit = (payment["Account"], "610") if payment["Type"] != "Refund" else ("610", payment["Account"])
            yield _entry(payment["TaskID"], debit, credit, payment["Amount"], payment["DatePaid"], payment["Reference"])
    for journal in company.journals.values():
        if journal["Status"] != "DRAFT":
            for line in journal.get("Lines") or []:
                yield _entry(
                    journal["TaskID"],
                    line["Debit"],
                    line["Credit"],
                    line["Amount"],
                    journal.get("EffectiveDate"),
                    journal["JournalNumber"],
                )


def _entry(task_id: str, debit: str, credit: str, amount: object, date: object, reference: str) -> Record:
    return {
        "TaskID": task_id,
        "DebitAccountCode": debit,
        "CreditAccountCode": credit,
        "Amount": amount,
        "EffectiveDate": str(date or "")[:19],
        "Reference": reference,
        "Transaction": reference,
        "Type": "Sale",
    }


def post_adjustment(company: Company, call: Call) -> Answer:
    """Quantities are new absolute levels on hand, not differences. Source: /stockadjustment."""
    body = _body(call)
    existing: list[Record] = []
    for line in body.get("Lines") or []:
        product = company.products.get(str(line.get("ProductID") or "").lower()) or company.product_by_sku(
            str(line.get("SKU") or "")
        )
        if product is None:
            raise Refusal(not_in_book("Product", line.get("SKU") or line.get("ProductID"), "Products"))
        location = line.get("Location") or next(
            (one["Name"] for one in company.locations if one["ID"] == str(line.get("LocationID") or "").lower()), ""
        )
        if not company.has_name(company.locations, location):
            raise Refusal(f"Location '{location}' was not found in Locations reference book", code=404)
        row = company.row(product["ID"], location, None, line.get("BatchSN"))
        new_level = Decimal(str(line.get("Quantity") or 0))
        existing.append(
            {
                "ProductID": product["ID"],
                "SKU": product["SKU"],
                "ProductName": product["Name"],
                "Location": location,
                "QuantityOnHand": row.on_hand,
                "Available": row.available,
                "Adjustment": new_level,
                "UnitCost": line.get("UnitCost"),
            }
        )
        if body.get("Status") == "COMPLETED":
            row.on_hand = new_level
            stock.fill_backorders(company, product["ID"])
            stock.stock_changed(company, product["ID"])
    task = {
        "TaskID": company.new_id(),
        "StocktakeNumber": body.get("StocktakeNumber") or company.next_number("ST"),
        "EffectiveDate": body.get("EffectiveDate"),
        "Status": body.get("Status", "DRAFT"),
        "Account": body.get("Account"),
        "Reference": body.get("Reference"),
        "ExistingStockLines": existing,
        "NewStockLines": [],
    }
    company.adjustments[task["TaskID"]] = task
    return Answer(200, task)


def get_adjustment(company: Company, call: Call) -> Answer:
    found = company.adjustments.get(given(call, "TaskID").lower())
    if found is None:
        raise Refusal("Stock adjustment not found")
    return Answer(200, found)


def list_adjustments(company: Company, call: Call) -> Answer:
    return page_of(company, call, "StockAdjustmentList", list(company.adjustments.values()))


def list_finished_goods(company: Company, call: Call) -> Answer:
    """Assembly tasks; those a sale started carry its id. Source: GET /finishedGoodsList."""
    sale_id, status = given(call, "SaleID").lower(), given(call, "Status")
    found = [
        one
        for one in company.finished_goods.values()
        if (not sale_id or one["SaleID"] == sale_id) and (not status or one["Status"] == status)
    ]
    return page_of(company, call, "FinishedGoods", found)


def get_finished_goods(company: Company, call: Call) -> Answer:
    found = company.finished_goods.get(given(call, "TaskID").lower())
    if found is None:
        raise Refusal("Finished goods task not found")
    return Answer(200, found)


def _body(call: Call) -> Record:
    if not isinstance(call.body, dict):
        raise Refusal("Request body is not provided")
    return call.body
