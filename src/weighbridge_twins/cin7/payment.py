"""Payments, prepayments and refunds; duplicates are not detected. Source: platform notes, cin7 2.6."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from weighbridge_twins.cin7.errors import Problem, Refusal, not_in_reference_book, refuse_any, required
from weighbridge_twins.cin7.events import sale_event, slashed
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.paging import given
from weighbridge_twins.cin7.request_parsing import body_of, date_of, missing, number
from weighbridge_twins.cin7.sale_header import find_sale, sale_of_task
from weighbridge_twins.cin7.state import ZERO, Company, Record, Sale
from weighbridge_twins.http.call import Answer, Call

COUNTING = ("AUTHORISED", "PAID")
KINDS = {"PAYMENT": "Payment", "REFUND": "Refund", "PREPAYMENT": "Prepayment"}


def post_payment(company: Company, call: Call) -> Answer:
    """Precondition 7: PREPAYMENT before the order, PAYMENT on an authorised invoice, REFUND on an authorised note.

    Source: POST /sale/payment.
    """
    body = body_of(call)
    problems = missing(body, ("TaskID", "Type"))
    kind = KINDS.get(str(body.get("Type")).upper())
    if body.get("Type") and kind is None:
        problems.append("Type is invalid. Available values are PREPAYMENT, PAYMENT, REFUND.")
    fields = _fields(company, body, problems)
    refuse_any(problems)
    sale = sale_of_task(company, body["TaskID"])
    task_id = str(body["TaskID"]).lower()
    invoice = _document(sale.invoices, task_id)
    note = _document(sale.credit_notes, task_id)
    _check_preconditions(company, sale, str(kind), invoice, note)
    _check_balance(company, sale, str(kind), invoice, note, fields["Amount"])
    _use_credit(company, sale, body.get("CreditID"), str(kind), fields["Amount"])
    row = {
        "SaleID": sale.id,
        "TaskID": task_id,
        "ID": company.new_id(),
        "SaleOrderNumber": sale.number,
        "InvoiceNumber": invoice["InvoiceNumber"] if invoice and kind == "Payment" else None,
        "CreditNoteNumber": note["CreditNoteNumber"] if note and kind == "Refund" else None,
        "Type": kind,
        **fields,
        "DateCreated": company.long_timestamp(),
        "CreditID": body.get("CreditID"),
    }
    sale.payments.append(row)
    company.touch(sale, moves=bool(company.switches["updated_since_moves_on_payment"]))
    if kind == "Payment" and invoice is not None:
        settle(company, sale, invoice)
    return Answer(200, row)


def put_payment(company: Company, call: Call) -> Answer:
    """Changes a payment or refund by its ID; a prepayment cannot be changed. Source: PUT /sale/payment."""
    body = body_of(call)
    sale, payment = _find_payment(company, str(body.get("ID") or ""))
    if payment["Type"] == "Prepayment":
        raise Refusal("Prepayment cannot be changed")
    problems: list[Problem] = []
    fields = _fields(company, {**payment, **body}, problems)
    refuse_any(problems)
    if payment["CreditID"] and fields["Amount"] != payment["Amount"]:
        raise Refusal("Amount of a payment from a credit cannot be changed")
    invoice = _document(sale.invoices, payment["TaskID"])
    note = _document(sale.credit_notes, payment["TaskID"])
    _check_balance(company, sale, payment["Type"], invoice, note, fields["Amount"] - payment["Amount"])
    payment |= fields
    company.touch(sale, moves=bool(company.switches["updated_since_moves_on_payment"]))
    if invoice is not None and payment["Type"] == "Payment":
        settle(company, sale, invoice)
    return Answer(200, payment)


def get_payments(company: Company, call: Call) -> Answer:
    """Returns a bare array, unlike every other list. Source: GET /sale/payment."""
    return Answer(200, list(find_sale(company, given(call, "SaleID")).payments))


def delete_payment(company: Company, call: Call) -> Answer:
    """Source: DELETE /sale/payment."""
    sale, payment = _find_payment(company, given(call, "ID"))
    sale.payments.remove(payment)
    if payment["CreditID"] in company.credits:
        company.credits[payment["CreditID"]]["RemainingAmount"] += payment["Amount"]
    invoice = _document(sale.invoices, payment["TaskID"])
    if invoice is not None and invoice["Status"] == "PAID" and paid_on(sale, invoice) < invoice["Total"]:
        invoice["Status"] = "AUTHORISED"
    company.touch(sale, moves=bool(company.switches["updated_since_moves_on_payment"]))
    return Answer(200, {"Success": True})


def settle(company: Company, sale: Sale, invoice: Record) -> None:
    """Marks an invoice as paid or as open again, and emits the event."""
    paid = paid_on(sale, invoice)
    more = {
        "DocumentNumber": invoice["InvoiceNumber"],
        "DocumentType": "Invoice",
        "DocumentDate": slashed(invoice["InvoiceDate"]),
    }
    invoice["Status"] = "PAID" if paid >= invoice["Total"] else "AUTHORISED"
    if invoice["Status"] == "PAID":
        sale_event(company, "Sale/FullPaymentReceived", sale, **more)
    else:
        percent = (paid * 100 / invoice["Total"]).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
        sale_event(company, "Sale/PartialPaymentReceived", sale, **more, AmountPercent=str(percent))


def settle_prepayments(company: Company, sale: Sale, invoice: Record) -> None:
    """Applies the sale's prepayments to its invoice, which is one reading of open question 4."""
    for payment in sale.payments:
        if payment["Type"] == "Prepayment":
            payment |= {"Type": "Payment", "TaskID": invoice["TaskID"], "InvoiceNumber": invoice["InvoiceNumber"]}
    if paid_on(sale, invoice) or not invoice["Total"]:
        settle(company, sale, invoice)


def paid_on(sale: Sale, invoice: Record) -> Decimal:
    """Returns the amount paid on one invoice, in customer currency."""
    rows = (
        payment for payment in sale.payments if payment["TaskID"] == invoice["TaskID"] and payment["Type"] == "Payment"
    )
    return sum((row["Amount"] for row in rows), ZERO)


def _fields(company: Company, body: Record, problems: list[Problem]) -> Record:
    amount = number(body.get("Amount"), "Amount", problems)
    rate = number(body.get("CurrencyRate"), "CurrencyRate", problems, Decimal(1) if body.get("CreditID") else None)
    if amount != amount.quantize(Decimal("0.01")) or amount <= 0:
        problems.append("Amount is invalid")
    if body.get("DatePaid") in (None, ""):
        problems.append(required("DatePaid"))
    date = date_of(body.get("DatePaid"), "DatePaid", problems)
    problems += before_lock_date(company, date, "DatePaid")
    if not body.get("CreditID"):
        account = company.account_coded(body.get("Account"))
        if body.get("Account") in (None, ""):
            problems.append(required("Account"))
        elif account is None or not account["ForPayments"]:
            problems.append(not_in_reference_book("Account", body["Account"], "Chart of Accounts"))
    return {
        "Reference": body.get("Reference") or "",
        "Amount": amount,
        "DatePaid": date,
        "Account": str(body.get("Account") or "") or None,
        "CurrencyRate": rate,
    }


def _document(documents: list[Record], task_id: str) -> Record | None:
    return next((document for document in documents if document["TaskID"] == task_id), None)


def _check_preconditions(company: Company, sale: Sale, kind: str, invoice: Record | None, note: Record | None) -> None:
    if sale.voided:
        raise Refusal("Sale has been voided")
    if kind == "Payment" and (invoice is None or invoice["Status"] not in COUNTING):
        raise Refusal("Payment can be added to an authorised invoice only")
    if kind == "Refund" and (note is None or note["Status"] != "AUTHORISED"):
        raise Refusal("Refund can be added to an authorised credit note only")
    if kind == "Prepayment":
        quoted = sale.quote is not None and sale.quote["Status"] == "AUTHORISED"
        skipped = sale.skip_quote and company.switches["skip_quote_prepayment"] == "accept"
        invoiced = any(invoice["Status"] in COUNTING for invoice in sale.invoices)
        if sale.ordered or invoiced or not (quoted or skipped):
            raise Refusal("Prepayment needs an authorised quote and an order that is not authorised")


def _check_balance(
    company: Company, sale: Sale, kind: str, invoice: Record | None, note: Record | None, amount: Decimal
) -> None:
    if company.switches["overpayment"] == "accept":
        return
    document = {"Payment": invoice, "Refund": note}.get(kind)
    if document is None:
        return
    rows = (payment for payment in sale.payments if payment["TaskID"] == document["TaskID"] and payment["Type"] == kind)
    balance = document["Total"] - sum((row["Amount"] for row in rows), ZERO)
    if amount > balance:
        raise Refusal(f"Amount {amount} exceeds the open balance {balance}")


def _use_credit(company: Company, sale: Sale, credit_id: object, kind: str, amount: Decimal) -> None:
    """Uses a customer's credit. Source: GET /ref/customer/credits."""
    if not credit_id:
        return
    credit = company.credits.get(str(credit_id).lower())
    if kind != "Payment" or credit is None or credit["CustomerID"] != sale.header["CustomerID"]:
        raise Refusal("CreditID is invalid")
    if amount > credit["RemainingAmount"]:
        raise Refusal(f"Amount {amount} exceeds the remaining credit {credit['RemainingAmount']}")
    credit["RemainingAmount"] -= amount


def _find_payment(company: Company, payment_id: str) -> tuple[Sale, Record]:
    if not payment_id:
        raise Refusal(required("ID"))
    for sale in company.sales.values():
        for payment in sale.payments:
            if payment["ID"] == payment_id.lower():
                return sale, payment
    raise Refusal(f"Payment with ID {payment_id} not found")
