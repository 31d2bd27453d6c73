"""Credit notes and their restock. Source: platform notes, cin7 2.8."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7 import stock
from weighbridge_twins.cin7.documents import checked_charges, checked_lines
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any, unknown_location
from weighbridge_twins.cin7.events import sale_event, stock_changed
from weighbridge_twins.cin7.fulfilment import by_product
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.paging import flag, given
from weighbridge_twins.cin7.request_parsing import body_of, date_of, missing, number, overlong, rows_of, truth
from weighbridge_twins.cin7.sale_header import find_sale, sale_of_task
from weighbridge_twins.cin7.sale_quote import render_document
from weighbridge_twins.cin7.state import NO_ID, ZERO, Company, Record, RowKey, Sale
from weighbridge_twins.cin7.totals import with_totals
from weighbridge_twins.http.call import Answer, Call

NEEDED = ("SaleID", "TaskID", "CreditNoteInvoiceNumber", "Status", "CreditNoteDate")


def post_credit_note(company: Company, call: Call) -> Answer:
    """Precondition 6: the invoice is authorised or paid. The all-zero task id creates a new credit note each time.

    `Refunds` in the body are ignored; `Restock` adds stock when the note is authorised. Source: POST /sale/creditnote.
    """
    body = body_of(call)
    refuse_any(missing(body, NEEDED) + overlong(body, {"Memo": 1024}))
    sale = find_sale(company, body["SaleID"])
    invoice = next((i for i in sale.invoices if i["InvoiceNumber"] == body["CreditNoteInvoiceNumber"]), None)
    if sale.voided or invoice is None or invoice["Status"] not in ("AUTHORISED", "PAID"):
        raise Refusal("Credit note can be created for an authorised invoice only")
    former = _existing(sale, str(body["TaskID"]).lower())
    if former is not None and former["Status"] not in ("DRAFT", "NOT AVAILABLE"):
        raise Refusal(f"Credit note status is {former['Status']}. Only DRAFT or NOT AVAILABLE ones can be changed")
    written = _written(company, sale, body)
    note = former if former is not None else _opened(company, sale)
    note.update(written)
    if note["Status"] == "AUTHORISED":
        for line in note["Restock"]:
            stock.put_back(company, _stock_row_key(company, line), line["Quantity"])
        sale.movements += [_movement(company, note, line) for line in note["Restock"]]
        more = {"CreditNoteNumber": note["CreditNoteNumber"], "TaskID": note["TaskID"].upper()}
        sale_event(company, "Sale/CreditNoteAuthorised", sale, **more)
    company.touch(sale)
    return _all(company, call, sale)


def get_credit_notes(company: Company, call: Call) -> Answer:
    """`IncludePaymentInfo` adds Payments and CreditNoteBalance. Source: GET /sale/creditnote."""
    return _all(company, call, find_sale(company, given(call, "SaleID")))


def delete_credit_note(company: Company, call: Call) -> Answer:
    """Voids or undoes a note without refunds; restocked units are removed again if they are still there.

    Source: DELETE /sale/creditnote.
    """
    task_id = given(call, "TaskID").lower()
    sale = sale_of_task(company, task_id)
    note = _existing(sale, task_id)
    if note is None or note["Status"] == "VOIDED":
        raise Refusal(f"Credit note task with ID {task_id} not found")
    if any(payment["TaskID"] == task_id and payment["Type"] == "Refund" for payment in sale.payments):
        raise Refusal("Credit note with refunds cannot be voided or undone")
    if note["Status"] == "AUTHORISED":
        back: dict[RowKey, Decimal] = {}
        for line in note["Restock"]:
            key = _stock_row_key(company, line)
            back[key] = back.get(key, ZERO) + line["Quantity"]
        for key, quantity in back.items():
            stock.check_on_hand(company, key, quantity)
        for line in note["Restock"]:
            company.row_at(_stock_row_key(company, line)).on_hand -= line["Quantity"]
            stock_changed(company, line["ProductID"])
        sale.movements = [movement for movement in sale.movements if movement["TaskID"] != task_id]
    note["Status"] = "VOIDED" if flag(call, "Void") else "DRAFT"
    company.touch(sale)
    return _all(company, call, sale)


def _existing(sale: Sale, task_id: str) -> Record | None:
    if task_id == NO_ID:
        return None
    note = next((note for note in sale.credit_notes if note["TaskID"] == task_id), None)
    if note is None:
        raise Refusal(f"Credit note task with ID {task_id} not found")
    return note


def _opened(company: Company, sale: Sale) -> Record:
    if sale.type == "Simple Sale" and sale.credit_notes:
        sale.type = "Advanced Sale"
    note: Record = {"TaskID": company.new_id(), "CreditNoteNumber": company.next_number("CR")}
    sale.credit_notes.append(note)
    company.sale_of_task[note["TaskID"]] = sale.id
    return note


def _written(company: Company, sale: Sale, body: Record) -> Record:
    problems: list[Problem] = []
    if body["Status"] not in ("DRAFT", "AUTHORISED"):
        problems.append("Status is invalid. Available values are DRAFT, AUTHORISED.")
    date = date_of(body["CreditNoteDate"], "CreditNoteDate", problems)
    problems += before_lock_date(company, date, "CreditNoteDate")
    account = sale.header["DefaultAccount"]
    document = {
        "CombineAdditionalCharges": truth(body.get("CombineAdditionalCharges")),
        "CreditNoteInvoiceNumber": body["CreditNoteInvoiceNumber"],
        "Memo": body.get("Memo") or "",
        "Status": body["Status"],
        "CreditNoteDate": date,
        "CreditNoteConversionRate": body.get("CreditNoteConversionRate") or sale.header["CurrencyRate"],
        "Lines": [{"Account": account, **line} for line in checked_lines(company, body, problems)],
        "AdditionalCharges": [{"Account": account, **charge} for charge in checked_charges(company, body, problems)],
        "Restock": [_restock_line(company, line, problems) for line in rows_of(body, "Restock", problems)],
    }
    full = with_totals(company, sale, document, problems)
    refuse_any(problems)
    _check_quantities(company, sale, full)
    return full


def _check_quantities(company: Company, sale: Sale, note: Record) -> None:
    """Checks credited and restocked quantities, by the readings of open question 14."""
    credited, restocked = by_product(note["Lines"]), by_product(note["Restock"])
    if company.switches["restock_beyond_credit"] == "reject":
        for product_id, quantity in restocked.items():
            if quantity > credited.get(product_id, ZERO):
                raise Refusal(f"Restock of {company.products[product_id]['SKU']} exceeds the credited quantity")
    if company.switches["credit_before_shipping"] == "reject":
        shipped = [
            task for task in sale.fulfilments if task["Ship"]["Status"] in ("AUTHORISED", "PARTIALLY AUTHORISED")
        ]
        shipped_units = by_product([line for task in shipped for line in task["Pick"]["Lines"]])
        for product_id, quantity in credited.items():
            goods = company.products[product_id]["Type"] != "Service"
            if goods and quantity > shipped_units.get(product_id, ZERO):
                raise Refusal(f"Credit of {company.products[product_id]['SKU']} exceeds the shipped quantity")


def _restock_line(company: Company, line: Record, problems: list[Problem]) -> Record:
    product = company.product_named(line.get("ProductID"), line.get("SKU"))
    problems += missing(line, ("SKU", "Quantity"))
    if line.get("SKU") and product is None:
        problems.append(f"Product '{line['SKU']}' was not found in Products reference book")
    location = _restock_location(company, line.get("Location"), line.get("LocationID"), problems)
    back = {name: line.get(name) for name in ("RestockLocation", "RestockLocationID") if line.get(name)}
    if back:
        own = _restock_location(company, back.get("RestockLocation"), back.get("RestockLocationID"), problems)
        back = {"RestockLocation": own["Name"], "RestockLocationID": own["ID"]}
    quantity = number(line.get("Quantity"), "Quantity", problems, ZERO)
    if quantity < 0:
        problems.append("Quantity is invalid")
    return {
        "ProductID": product["ID"] if product else None,
        "SKU": product["SKU"] if product else None,
        "Name": product["Name"] if product else None,
        "Location": location["Name"],
        "LocationID": location["ID"],
        "Quantity": quantity,
        "BatchSN": line.get("BatchSN"),
        "ExpiryDate": line.get("ExpiryDate"),
        **back,
    }


def _restock_location(company: Company, name: object, location_id: object, problems: list[Problem]) -> Record:
    by_id = company.location_with_id(location_id)
    plain, bin_name, _ = stock.stock_location(name, company) if name else ("", "", "")
    location = company.location_named(plain) if name else by_id
    if location is None:
        problems.append(unknown_location(name or location_id or ""))
        return {"Name": None, "ID": None}
    return {"Name": f"{plain}: {bin_name}" if bin_name else location["Name"], "ID": location["ID"]}


def _stock_row_key(company: Company, line: Record) -> RowKey:
    location_bin_batch = stock.stock_location(
        line.get("RestockLocation") or line["Location"], company, None, line["BatchSN"]
    )
    return (line["ProductID"], *location_bin_batch)


def _movement(company: Company, note: Record, line: Record) -> Record:
    cost: Decimal = company.row_at(_stock_row_key(company, line)).unit_cost
    return {
        "TaskID": note["TaskID"],
        "ProductID": line["ProductID"],
        "Date": company.today(),
        "COGS": -line["Quantity"] * cost,
    }


def _all(company: Company, call: Call, sale: Sale) -> Answer:
    rendered = [render_document(company, call, note) for note in sale.credit_notes]
    if flag(call, "IncludePaymentInfo"):
        rendered = [_with_payments(sale, note) for note in rendered]
    return Answer(200, {"SaleID": sale.id, "CreditNotes": rendered})


def _with_payments(sale: Sale, note: Record) -> Record:
    refunds = [
        payment for payment in sale.payments if payment["TaskID"] == note["TaskID"] and payment["Type"] == "Refund"
    ]
    refunded = sum((refund["Amount"] for refund in refunds), ZERO)
    payments = [
        {name: value for name, value in refund.items() if name not in ("SaleID", "TaskID")} for refund in refunds
    ]
    return {**note, "Payments": payments, "CreditNoteBalance": note["Total"] - refunded}
