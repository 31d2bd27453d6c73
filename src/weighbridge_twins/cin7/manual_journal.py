"""Manual journals on a sale, in base currency. Source: platform notes, cin7 2.9."""

from __future__ import annotations

from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.paging import given
from weighbridge_twins.cin7.request_parsing import body_of, date_of, missing, number, rows_of
from weighbridge_twins.cin7.sale_header import find_sale
from weighbridge_twins.cin7.sale_view import NO_JOURNAL
from weighbridge_twins.cin7.state import Company, Record
from weighbridge_twins.http.call import Answer, Call


def post_manual_journal(company: Company, call: Call) -> Answer:
    """Posts a journal: `Reference` names a service product; each line debits one account and credits another.

    Source: POST /sale/manualJournal.
    """
    body = body_of(call)
    refuse_any(missing(body, ("SaleID", "Status")))
    sale = find_sale(company, body["SaleID"])
    if sale.voided:
        raise Refusal("Sale has been voided")
    if sale.manual_journal and sale.manual_journal["Status"] == "AUTHORISED":
        raise Refusal("Manual journal is already authorised")
    problems: list[Problem] = []
    if body["Status"] not in ("DRAFT", "AUTHORISED"):
        problems.append("Status is invalid. Available values are DRAFT, AUTHORISED.")
    lines = [_line(company, line, problems) for line in rows_of(body, "Lines", problems)]
    refuse_any(problems)
    sale.manual_journal = {"Status": body["Status"], "Lines": lines}
    company.touch(sale)
    return Answer(200, {"SaleID": sale.id, **sale.manual_journal})


def get_manual_journal(company: Company, call: Call) -> Answer:
    """Source: GET /sale/manualJournal."""
    sale = find_sale(company, given(call, "SaleID"))
    return Answer(200, {"SaleID": sale.id, **(sale.manual_journal or NO_JOURNAL)})


def _line(company: Company, line: Record, problems: list[Problem]) -> Record:
    problems += missing(line, ("Date", "Debit", "Credit"))
    amount = number(line.get("Amount"), "Amount", problems)
    if amount != round(amount, 2):
        problems.append("Amount is invalid. Up to 2 decimal places are allowed.")
    date = date_of(line.get("Date"), "Date", problems)
    problems += before_lock_date(company, date, "Date")
    for name in ("Debit", "Credit"):
        if line.get(name) and company.account_coded(line[name]) is None:
            problems.append(f"Account '{line[name]}' was not found in Chart of Accounts reference book")
    if line.get("Reference") and company.service_named(line["Reference"]) is None:
        problems.append(f"Product '{line['Reference']}' was not found in Services reference book")
    stored_line = {"Reference": line.get("Reference"), "Amount": amount, "Date": date}
    return {**stored_line, "Debit": str(line.get("Debit")), "Credit": str(line.get("Credit"))}
