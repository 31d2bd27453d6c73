"""General journals. Source: platform notes, cin7 4 (Journal)."""

from __future__ import annotations

from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.paging import flag, given, page_of
from weighbridge_twins.cin7.request_parsing import body_of, date_of, missing, number, rows_of
from weighbridge_twins.cin7.state import Company, Record
from weighbridge_twins.http.call import Answer, Call

NEEDED = ("Status", "Currency", "CurrencyConversionRate", "EffectiveDate")
SEARCHED = ("JournalNumber", "Status", "Narration", "Notes")


def create_journal(company: Company, call: Call) -> Answer:
    """Creates a journal; each line is a debit and a credit, so it always balances. Source: POST /journal."""
    body = body_of(call)
    if body.get("Status") == "COMPLETED" and company.switches["journal_completed_on_post"] == "reject":
        raise Refusal("Status is invalid. Available value for a new journal is DRAFT.")
    fields = _checked(company, body)
    journal = {"TaskID": company.new_id(), "JournalNumber": company.next_number("JR"), **fields, "Attachments": []}
    company.journals[journal["TaskID"]] = journal
    return Answer(200, {"Total": 1, "Page": 1, "Journals": [journal]})


def update_journal(company: Company, call: Call) -> Answer:
    """Changes or completes a draft; a completed journal cannot be changed. Source: PUT /journal."""
    body = body_of(call)
    journal = _journal(company, body.get("TaskID"))
    if journal["Status"] != "DRAFT":
        raise Refusal(f"Journal status is {journal['Status']}")
    journal |= _checked(company, {**journal, **body})
    return Answer(200, {"Total": 1, "Page": 1, "Journals": [journal]})


def list_journals(company: Company, call: Call) -> Answer:
    """Source: GET /journal."""
    status, task_id, search = given(call, "Status"), given(call, "TaskID").lower(), given(call, "Search").casefold()
    journals = [
        journal
        for journal in company.journals.values()
        if (not status or journal["Status"] == status)
        and (not task_id or journal["TaskID"] == task_id)
        and (not search or any(search in str(journal[name] or "").casefold() for name in SEARCHED))
    ]
    return page_of(company, call, "Journals", journals)


def delete_journal(company: Company, call: Call) -> Answer:
    """Void=true voids a journal; any other value reopens it. Source: DELETE /journal."""
    journal = _journal(company, given(call, "ID"))
    if journal["Status"] == "VOIDED":
        raise Refusal("Journal has been voided")
    refuse_any(before_lock_date(company, journal["EffectiveDate"], "EffectiveDate"))
    journal["Status"] = "VOIDED" if flag(call, "Void") else "DRAFT"
    return Answer(200, {"Total": 1, "Page": 1, "Journals": [journal]})


def _journal(company: Company, task_id: object) -> Record:
    journal = company.journals.get(str(task_id or "").lower())
    if journal is None:
        raise Refusal(f"Journal with ID {task_id or ''} not found")
    return journal


def _checked(company: Company, body: Record) -> Record:
    problems = missing(body, NEEDED)
    if body.get("Status") not in (None, "", "DRAFT", "COMPLETED"):
        problems.append("Status is invalid. Available values are DRAFT, COMPLETED.")
    rate = number(body.get("CurrencyConversionRate"), "CurrencyConversionRate", problems, number(1, "", []))
    date = date_of(body.get("EffectiveDate"), "EffectiveDate", problems)
    problems += before_lock_date(company, date, "EffectiveDate")
    lines = [_line(company, line, problems) for line in rows_of(body, "Lines", problems)]
    refuse_any(problems)
    return {
        "Status": body["Status"],
        "Currency": body["Currency"],
        "CurrencyConversionRate": rate,
        "EffectiveDate": date,
        "Narration": body.get("Narration") or "",
        "Notes": body.get("Notes") or "",
        "Lines": lines,
    }


def _line(company: Company, line: Record, problems: list[Problem]) -> Record:
    problems += missing(line, ("Debit", "Credit"))
    for name in ("Debit", "Credit"):
        if line.get(name) and company.account_coded(line[name]) is None:
            problems.append(f"Account '{line[name]}' was not found in Chart of Accounts reference book")
    amounts = {name: number(line.get(name), name, problems) for name in ("Amount", "BaseAmount")}
    return {
        "Debit": str(line.get("Debit") or ""),
        "Credit": str(line.get("Credit") or ""),
        "Reference": str(line.get("Reference") or ""),
        **amounts,
    }
