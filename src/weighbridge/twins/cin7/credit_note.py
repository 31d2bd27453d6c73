"""Credit notes and what they put back on the shelf; journals of a sale."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7 import stock
from weighbridge.twins.cin7.documents import checked_charges, checked_lines, with_totals
from weighbridge.twins.cin7.errors import Refusal, not_in_book, required
from weighbridge.twins.cin7.events import sale_event
from weighbridge.twins.cin7.paging import flag, given
from weighbridge.twins.cin7.sale_header import find_sale
from weighbridge.twins.cin7.state import NO_ID, ZERO, Company, Record, Sale


def post_credit_note(company: Company, call: Call) -> Answer:
    """Gate 6: the invoice is authorised or paid. The all-zero task id makes a new credit note each time."""
    body = call.body
    if not isinstance(body, dict):
        raise Refusal("Request body is not provided")
    wanted = ("SaleID", "TaskID", "CreditNoteInvoiceNumber", "Status", "CreditNoteDate")
    missing = [required(name) for name in wanted if not body.get(name)]
    if missing:
        raise Refusal(*missing)
    sale = find_sale(company, body["SaleID"])
    invoice = next((i for i in sale.invoices if i["InvoiceNumber"] == body["CreditNoteInvoiceNumber"]), None)
    if invoice is None or invoice["Status"] not in ("AUTHORISED", "PAID"):
        raise Refusal("Credit note can be created for an authorised invoice only")
    note = _note_for(company, sale, str(body["TaskID"]).lower())
    if note["Status"] not in ("DRAFT", "NOT AVAILABLE"):
        raise Refusal(f"Credit note status is {note['Status']}")
    document = {
        **note,
        "Memo": body.get("Memo", ""),
        "Status": body["Status"],
        "CreditNoteDate": body["CreditNoteDate"],
        "CreditNoteInvoiceNumber": invoice["InvoiceNumber"],
        "CreditNoteConversionRate": body.get("CreditNoteConversionRate", 1),
        "Lines": checked_lines(company, body),
        "AdditionalCharges": checked_charges(company, body),
        "Restock": [_restock_line(company, line) for line in body.get("Restock") or []],
    }
    note.update(with_totals(company, sale, document))
    if note not in sale.credit_notes:
        sale.credit_notes.append(note)
        company.sale_of_task[note["TaskID"]] = sale.id
    if note["Status"] == "AUTHORISED":
        for line in note["Restock"]:
            where = line.get("RestockLocation") or line["Location"]
            stock.receive(company, line["ProductID"], where, line["Quantity"])
        more = {"CreditNoteNumber": note["CreditNoteNumber"], "TaskID": note["TaskID"].upper()}
        sale_event(company, "Sale/CreditNoteAuthorised", sale, **more)
    company.touch(sale)
    return Answer(200, {"SaleID": sale.id, "CreditNotes": sale.credit_notes})


def get_credit_notes(company: Company, call: Call) -> Answer:
    sale = find_sale(company, given(call, "SaleID"))
    if not flag(call, "IncludePaymentInfo"):
        return Answer(200, {"SaleID": sale.id, "CreditNotes": sale.credit_notes})
    return Answer(200, {"SaleID": sale.id, "CreditNotes": [_with_payments(sale, note) for note in sale.credit_notes]})


def delete_credit_note(company: Company, call: Call) -> Answer:
    task_id = given(call, "TaskID").lower()
    sale = find_sale(company, company.sale_of_task.get(task_id))
    for note in sale.credit_notes:
        if note["TaskID"] == task_id:
            note["Status"] = "VOIDED" if given(call, "Void").lower() == "true" else "DRAFT"
    company.touch(sale)
    return Answer(200, {"SaleID": sale.id, "CreditNotes": sale.credit_notes})


def _with_payments(sale: Sale, note: Record) -> Record:
    refunds = [payment for payment in sale.payments if payment["TaskID"] == note["TaskID"]]
    refunded = sum((payment["Amount"] for payment in refunds), ZERO)
    return {**note, "Payments": refunds, "CreditNoteBalance": note["Total"] - refunded}


def _note_for(company: Company, sale: Sale, task_id: str) -> Record:
    if task_id != NO_ID:
        found = next((one for one in sale.credit_notes if one["TaskID"] == task_id), None)
        if found is None:
            raise Refusal(f"Credit note task with ID {task_id} not found")
        return found
    return {
        "TaskID": company.new_id(),
        "CombineAdditionalCharges": False,
        "CreditNoteNumber": company.next_number("CR"),
        "Status": "NOT AVAILABLE",
        "Lines": [],
        "AdditionalCharges": [],
        "Restock": [],
    }


def _restock_line(company: Company, line: Record) -> Record:
    product = company.product_by_sku(str(line.get("SKU") or ""))
    if product is None:
        raise Refusal(required("SKU") if not line.get("SKU") else not_in_book("Product", line["SKU"], "Products"))
    location = line.get("Location") or _name_of(company, line.get("LocationID"))
    if not company.has_name(company.locations, location):
        raise Refusal(f"Location '{location}' was not found in Locations reference book", code=404)
    return {
        **line,
        "ProductID": product["ID"],
        "SKU": product["SKU"],
        "Name": product["Name"],
        "Location": location,
        "Quantity": Decimal(str(line.get("Quantity") or 0)),
    }


def _name_of(company: Company, location_id: object) -> str:
    return next((one["Name"] for one in company.locations if one["ID"] == str(location_id or "").lower()), "")


def post_manual_journal(company: Company, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    sale = find_sale(company, body.get("SaleID"))
    for line in body.get("Lines") or []:
        missing = [required(name) for name in ("Amount", "Date", "Debit", "Credit") if not line.get(name)]
        if missing:
            raise Refusal(*missing)
    sale.manual_journal = {"Status": body.get("Status", "DRAFT"), "Lines": body.get("Lines") or []}
    company.touch(sale)
    return Answer(200, {"SaleID": sale.id, **sale.manual_journal})


def get_manual_journal(company: Company, call: Call) -> Answer:
    sale = find_sale(company, given(call, "SaleID"))
    return Answer(200, {"SaleID": sale.id, **(sale.manual_journal or {"Status": "NOT AVAILABLE", "Lines": []})})
