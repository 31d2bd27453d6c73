"""Invoices and payments."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7.documents import checked_charges, checked_lines, with_totals
from weighbridge.twins.cin7.errors import Refusal, required
from weighbridge.twins.cin7.events import emit, sale_event
from weighbridge.twins.cin7.paging import given, parse_moment
from weighbridge.twins.cin7.sale_header import find_sale
from weighbridge.twins.cin7.state import NO_ID, ZERO, Company, Record, Sale

OPEN = ("DRAFT", "NOT AVAILABLE")
COUNTING = ("AUTHORISED", "PAID")
KINDS = {"PAYMENT": "Payment", "REFUND": "Refund", "PREPAYMENT": "Prepayment"}


def post_invoice(company: Company, call: Call) -> Answer:
    """Gate 3: the order is authorised and the invoice still open. The all-zero task id makes a new invoice each time."""
    body = call.body
    if not isinstance(body, dict):
        raise Refusal("Request body is not provided")
    missing = [required(n) for n in ("SaleID", "TaskID", "Status", "InvoiceDate", "InvoiceDueDate") if not body.get(n)]
    if missing:
        raise Refusal(*missing)
    sale = find_sale(company, body["SaleID"])
    if sale.voided or sale.order is None or sale.order["Status"] != "AUTHORISED":
        raise Refusal("Invoice cannot be created: order is not authorised")
    _check_lock_date(company, body["InvoiceDate"])
    invoice = _invoice_for(company, sale, str(body["TaskID"]).lower())
    if invoice["Status"] not in OPEN:
        raise Refusal(f"Invoice status is {invoice['Status']}. Only DRAFT or NOT AVAILABLE invoices can be changed")
    if len(str(body.get("Memo") or "")) > 1024:
        raise Refusal("Memo is longer than 1024 characters")
    keep = call.method == "PUT"
    document = {
        **invoice,
        "Memo": body.get("Memo", ""),
        "Status": body["Status"],
        "InvoiceDate": body["InvoiceDate"],
        "InvoiceDueDate": body["InvoiceDueDate"],
        "CurrencyConversionRate": body.get("CurrencyConversionRate", 1),
        "Lines": invoice["Lines"] if keep and "Lines" not in body else checked_lines(company, body),
        "AdditionalCharges": invoice["AdditionalCharges"]
        if keep and "AdditionalCharges" not in body
        else checked_charges(company, body),
    }
    invoice.update(with_totals(company, sale, document))
    if invoice not in sale.invoices:
        sale.invoices.append(invoice)
        company.sale_of_task[invoice["TaskID"]] = sale.id
    company.touch(sale)
    if invoice["Status"] == "AUTHORISED":
        payload = {
            "SaleTaskID": invoice["TaskID"].upper(),
            "TenantID": 1,
            "OrderNumber": sale.number,
            "InvoiceNumber": invoice["InvoiceNumber"],
            "EventType": "Sale/InvoiceAuthorised",
        }
        emit(company, "Sale/InvoiceAuthorised", payload)
    return Answer(200, {"SaleID": sale.id, "Invoices": sale.invoices})


def get_invoices(company: Company, call: Call) -> Answer:
    sale = find_sale(company, given(call, "SaleID"))
    return Answer(200, {"SaleID": sale.id, "Invoices": sale.invoices})


def delete_invoice(company: Company, call: Call) -> Answer:
    task_id = given(call, "TaskID").lower()
    sale = _sale_of_task(company, task_id)
    invoice = next((one for one in sale.invoices if one["TaskID"] == task_id), None)
    if invoice is None or sale.type != "Advanced Sale":
        raise Refusal("Invoice cannot be voided")
    if any(payment["TaskID"] == task_id for payment in sale.payments):
        raise Refusal("Invoice with payments cannot be voided")
    invoice["Status"] = "VOIDED" if given(call, "Void").lower() == "true" else "DRAFT"
    company.touch(sale)
    return Answer(200, {"SaleID": sale.id, "Invoices": sale.invoices})


def post_payment(company: Company, call: Call) -> Answer:
    """Gate 7: PREPAYMENT before the order, PAYMENT on an authorised invoice, REFUND on an authorised credit note.

    Nothing is checked against earlier payments of the same reference. Source: POST /sale/payment.
    """
    body = call.body
    if not isinstance(body, dict):
        raise Refusal("Request body is not provided")
    missing = [required(n) for n in ("TaskID", "Type", "Amount", "DatePaid") if body.get(n) in (None, "")]
    missing += [required(n) for n in ("Account", "CurrencyRate") if not body.get(n) and not body.get("CreditID")]
    if missing:
        raise Refusal(*missing)
    kind = str(body["Type"]).upper()
    if kind not in KINDS:
        raise Refusal("Type is invalid")
    sale = _sale_of_task(company, str(body["TaskID"]).lower())
    amount = Decimal(str(body["Amount"]))
    _check_gate(company, sale, kind, str(body["TaskID"]).lower(), amount)
    account = next((a for a in company.accounts if a["Code"] == str(body.get("Account"))), None)
    if not body.get("CreditID") and (account is None or not account["ForPayments"]):
        raise Refusal(f"Account '{body.get('Account')}' was not found in Chart of Accounts reference book")
    row = _payment_row(company, sale, body, KINDS[kind], amount)
    sale.payments.append(row)
    _settle(company, sale, row)
    company.touch(sale)
    return Answer(200, row)


def get_payments(company: Company, call: Call) -> Answer:
    """A bare array, unlike every other list."""
    return Answer(200, find_sale(company, given(call, "SaleID")).payments)


def delete_payment(company: Company, call: Call) -> Answer:
    wanted = given(call, "ID").lower()
    for sale in company.sales.values():
        for payment in sale.payments:
            if payment["ID"] == wanted:
                sale.payments.remove(payment)
                for invoice in sale.invoices:
                    if invoice["TaskID"] == payment["TaskID"] and invoice["Status"] == "PAID":
                        invoice["Status"] = "AUTHORISED"
                company.touch(sale)
                return Answer(200, {"Success": True})
    raise Refusal("Payment not found")


def _invoice_for(company: Company, sale: Sale, task_id: str) -> Record:
    if task_id != NO_ID:
        found = next((one for one in sale.invoices if one["TaskID"] == task_id), None)
        if found is None:
            raise Refusal(f"Invoice task with ID {task_id} not found")
        return found
    if company.switches["zero_guid_invoice"] == "fills_first" and sale.invoices:
        return sale.invoices[0]
    if sale.type == "Simple Sale" and sale.invoices:
        sale.type = "Advanced Sale"
    own_id = sale.id if company.switches["task_id_is_sale_id"] and sale.type == "Simple Sale" else company.new_id()
    return {
        "TaskID": own_id,
        "CombineAdditionalCharges": False,
        "InvoiceNumber": company.next_number("INV"),
        "Memo": "",
        "Status": "NOT AVAILABLE",
        "InvoiceDate": None,
        "InvoiceDueDate": None,
        "CurrencyConversionRate": 1,
        "BillingAddressLine1": "",
        "BillingAddressLine2": "",
        "LinkedFulfillmentNumber": "",
        "Lines": [],
        "AdditionalCharges": [],
    }


def _sale_of_task(company: Company, task_id: str) -> Sale:
    sale = company.sales.get(company.sale_of_task.get(task_id, task_id))
    if sale is None:
        raise Refusal(f"Task with ID {task_id} not found")
    return sale


def _check_gate(company: Company, sale: Sale, kind: str, task_id: str, amount: Decimal) -> None:
    invoice = next((one for one in sale.invoices if one["TaskID"] == task_id), None)
    note = next((one for one in sale.credit_notes if one["TaskID"] == task_id), None)
    if kind == "PAYMENT":
        if invoice is None or invoice["Status"] not in COUNTING:
            raise Refusal("Payment can be added to an authorised invoice only")
        paid = sum((p["Amount"] for p in sale.payments if p["TaskID"] == task_id), ZERO)
        if paid + amount > invoice["Total"] and company.switches["overpayment"] == "reject":
            raise Refusal(f"Payment amount {amount} exceeds the open balance {invoice['Total'] - paid}")
    elif kind == "REFUND":
        if note is None or note["Status"] != "AUTHORISED":
            raise Refusal("Refund can be added to an authorised credit note only")
    else:
        quoted = sale.quote is not None and sale.quote["Status"] == "AUTHORISED"
        skipped = sale.skip_quote and company.switches["skip_quote_prepayment"] == "accept"
        ordered = sale.order is not None and sale.order["Status"] == "AUTHORISED"
        if ordered or not (quoted or skipped):
            raise Refusal("Prepayment needs an authorised quote and an order that is not authorised")


def _payment_row(company: Company, sale: Sale, body: Record, kind: str, amount: Decimal) -> Record:
    task_id = str(body["TaskID"]).lower()
    invoice = next((one for one in sale.invoices if one["TaskID"] == task_id), None)
    note = next((one for one in sale.credit_notes if one["TaskID"] == task_id), None)
    return {
        "SaleID": sale.id,
        "TaskID": task_id,
        "ID": company.new_id(),
        "SaleOrderNumber": sale.number,
        "InvoiceNumber": invoice["InvoiceNumber"] if invoice else None,
        "CreditNoteNumber": note["CreditNoteNumber"] if note else None,
        "Type": kind,
        "Reference": body.get("Reference") or "",
        "Amount": amount,
        "DatePaid": body["DatePaid"],
        "Account": body.get("Account"),
        "CurrencyRate": body.get("CurrencyRate"),
        "DateCreated": company.stamp(),
        "CreditID": body.get("CreditID"),
    }


def _settle(company: Company, sale: Sale, row: Record) -> None:
    invoice = next((one for one in sale.invoices if one["TaskID"] == row["TaskID"]), None)
    if invoice is None or row["Type"] != "Payment":
        return
    paid = sum((p["Amount"] for p in sale.payments if p["TaskID"] == row["TaskID"]), ZERO)
    date = "/".join(reversed(str(row["DatePaid"])[:10].split("-")))
    more = {"DocumentNumber": invoice["InvoiceNumber"], "DocumentType": "Invoice", "DocumentDate": date}
    if paid >= invoice["Total"]:
        invoice["Status"] = "PAID"
        sale_event(company, "Sale/FullPaymentReceived", sale, **more)
    else:
        percent = (paid * 100 / invoice["Total"]).quantize(Decimal("0.01")) if invoice["Total"] else ZERO
        sale_event(company, "Sale/PartialPaymentReceived", sale, **more, AmountPercent=str(percent))


def _check_lock_date(company: Company, date: object) -> None:
    locked = parse_moment(company.me.get("LockDate"))
    moment = parse_moment(str(date))
    if locked is not None and moment is not None and moment < locked:
        raise Refusal("Document date is before the lock date")
