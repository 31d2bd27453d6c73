"""Invoices. Source: platform notes, cin7 2.5."""

from __future__ import annotations

from weighbridge_twins.cin7.documents import checked_charges, checked_lines
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any
from weighbridge_twins.cin7.events import task_event
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.paging import flag, given
from weighbridge_twins.cin7.payment import settle, settle_prepayments
from weighbridge_twins.cin7.request_parsing import body_of, date_of, missing, number, overlong, truth
from weighbridge_twins.cin7.sale_header import find_sale, sale_of_task
from weighbridge_twins.cin7.sale_quote import render_document
from weighbridge_twins.cin7.state import NO_ID, Company, Record, Sale
from weighbridge_twins.cin7.totals import with_totals
from weighbridge_twins.http.call import Answer, Call

OPEN = ("DRAFT", "NOT AVAILABLE")
NEEDED = ("SaleID", "TaskID", "Status", "InvoiceDate", "InvoiceDueDate")
LONGEST = {"Memo": 1024, "BillingAddressLine1": 256, "BillingAddressLine2": 256}


def post_invoice(company: Company, call: Call) -> Answer:
    """Precondition 3: the order is authorised and the invoice open. The all-zero task id creates an invoice each time.

    A PUT keeps collections and members that the body omits. Source: POST and PUT /sale/invoice.
    """
    body = body_of(call)
    updates = call.method == "PUT"
    refuse_any(missing(body, ("SaleID", "TaskID") if updates else NEEDED) + overlong(body, LONGEST))
    sale = find_sale(company, body["SaleID"])
    task_id = str(body["TaskID"]).lower()
    if not sale.ordered and sale.type != "Service Sale":
        raise Refusal("Invoice cannot be created or changed: order is not authorised")
    former = _existing(company, sale, task_id)
    if updates and former is None:
        raise Refusal(f"Invoice task with ID {task_id} not found")
    if former is not None and former["Status"] not in OPEN:
        raise Refusal(f"Invoice status is {former['Status']}. Only DRAFT or NOT AVAILABLE invoices can be changed")
    written = _written(company, sale, {**former, **body} if updates and former else body)
    invoice = former if former is not None else _opened(company, sale)
    invoice.update(written)
    _link_and_settle(company, sale, invoice)
    return _all(company, call, sale)


def get_invoices(company: Company, call: Call) -> Answer:
    """Source: GET /sale/invoice."""
    return _all(company, call, find_sale(company, given(call, "SaleID")))


def delete_invoice(company: Company, call: Call) -> Answer:
    """Voids or undoes an invoice of an Advanced sale; refused for a Simple sale. Source: DELETE /sale/invoice."""
    task_id = given(call, "TaskID").lower()
    sale = sale_of_task(company, task_id)
    invoice = next((invoice for invoice in sale.invoices if invoice["TaskID"] == task_id), None)
    if invoice is None:
        raise Refusal(f"Invoice task with ID {task_id} not found")
    if sale.type != "Advanced Sale":
        raise Refusal("Invoice can be voided or undone for an Advanced Sale only")
    if any(payment["TaskID"] == task_id for payment in sale.payments):
        raise Refusal("Invoice with payments cannot be voided or undone")
    if any(
        note["CreditNoteInvoiceNumber"] == invoice["InvoiceNumber"] and note["Status"] == "AUTHORISED"
        for note in sale.credit_notes
    ):
        raise Refusal("Invoice with authorised credit notes cannot be voided or undone")
    invoice["Status"] = "VOIDED" if flag(call, "Void") else "DRAFT"
    company.touch(sale)
    return _all(company, call, sale)


def _existing(company: Company, sale: Sale, task_id: str) -> Record | None:
    """Returns the invoice with this task id; None when a new one is to be created."""
    if task_id != NO_ID:
        invoice = next((invoice for invoice in sale.invoices if invoice["TaskID"] == task_id), None)
        # The only invoice of a Simple sale may be addressed by the sale's id before it exists.
        if invoice is None and not (task_id == sale.id and not sale.invoices):
            raise Refusal(f"Invoice task with ID {task_id} not found")
        return invoice
    fills = company.switches["zero_guid_invoice_on_simple"] == "fills_first"
    return sale.invoices[0] if fills and sale.type == "Simple Sale" and sale.invoices else None


def _opened(company: Company, sale: Sale) -> Record:
    if sale.type == "Simple Sale" and sale.invoices:
        sale.type = "Advanced Sale"
    own = company.switches["task_id_is_sale_id"] and sale.type != "Advanced Sale"
    billing = sale.header.get("BillingAddress") or {}
    first = " ".join(str(billing[member]) for member in ("Line1", "Line2") if billing.get(member))
    second = " ".join(str(billing[member]) for member in ("City", "State", "Postcode") if billing.get(member))
    invoice: Record = {
        "TaskID": sale.id if own else company.new_id(),
        "CombineAdditionalCharges": False,
        "InvoiceNumber": company.next_number("INV"),
        "BillingAddressLine1": first,
        "BillingAddressLine2": second,
    }
    sale.invoices.append(invoice)
    company.sale_of_task[invoice["TaskID"]] = sale.id
    return invoice


def _written(company: Company, sale: Sale, body: Record) -> Record:
    problems: list[Problem] = []
    if body["Status"] not in ("DRAFT", "AUTHORISED"):
        problems.append("Status is invalid. Available values are DRAFT, AUTHORISED.")
    dates = {name: date_of(body.get(name), name, problems) for name in ("InvoiceDate", "InvoiceDueDate")}
    problems += before_lock_date(company, dates["InvoiceDate"], "InvoiceDate")
    number(body.get("CurrencyConversionRate"), "CurrencyConversionRate", problems, number(1, "", []))
    account = sale.header["DefaultAccount"]
    document = {
        "Memo": body.get("Memo") or "",
        "Status": body["Status"],
        **dates,
        "CurrencyConversionRate": body.get("CurrencyConversionRate") or sale.header["CurrencyRate"],
        "LinkedFulfillmentNumber": str(body.get("LinkedFulfillmentNumber") or ""),
        "CombineAdditionalCharges": truth(body.get("CombineAdditionalCharges")),
        "Lines": [{"Account": account, **line} for line in checked_lines(company, body, problems)],
        "AdditionalCharges": [{"Account": account, **charge} for charge in checked_charges(company, body, problems)],
    }
    for row in [*document["Lines"], *document["AdditionalCharges"]]:
        if company.account_coded(row["Account"]) is None:
            problems.append(f"Account '{row['Account']}' was not found in Chart of Accounts reference book")
    full = with_totals(company, sale, document, problems)
    refuse_any(problems)
    own = {name: body[name] for name in ("BillingAddressLine1", "BillingAddressLine2") if body.get(name)}
    return {**full, **own}


def _link_and_settle(company: Company, sale: Sale, invoice: Record) -> None:
    for task in sale.fulfilments:
        if str(task["FulfillmentNumber"]) == invoice["LinkedFulfillmentNumber"]:
            task["LinkedInvoiceNumber"] = invoice["InvoiceNumber"]
    company.touch(sale)
    if invoice["Status"] != "AUTHORISED":
        return
    task_event(company, "Sale/InvoiceAuthorised", sale, invoice["TaskID"], InvoiceNumber=invoice["InvoiceNumber"])
    if company.switches["prepayment_settles_invoice"]:
        settle_prepayments(company, sale, invoice)
    elif not invoice["Total"]:
        settle(company, sale, invoice)


def _all(company: Company, call: Call, sale: Sale) -> Answer:
    rendered = [render_document(company, call, invoice) for invoice in sale.invoices]
    return Answer(200, {"SaleID": sale.id, "Invoices": rendered})
