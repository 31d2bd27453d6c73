"""General journals. Source: platform notes, cin7 4 (Journal)."""

from __future__ import annotations

from weighbridge_twins.call import Answer, Call
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.paging import flag, given, page_of
from weighbridge_twins.cin7.reading import body_of, date_of, missing, number, rows_of
from weighbridge_twins.cin7.state import Company, Record

NEEDED = ("Status", "Currency", "CurrencyConversionRate", "EffectiveDate")
SEARCHED = ("JournalNumber", "Status", "Narration", "Notes")


def create_journal(company: Company, call: Call) -> Answer:
    """Each line is a debit and a credit, so a line always balances. Source: POST /journal."""
    body = body_of(call)
    if body.get("Status") == "COMPLETED" and company.switches["journal_completed_on_post"] == "reject":
        raise Refusal("Status is invalid. Available value for a new journal is DRAFT.")
    fields = _checked(company, body)
    journal = {"TaskID": company.new_id(), "JournalNumber": company.next_number("JR"), **fields, "Attachments": []}
    company.journals[journal["TaskID"]] = journal
    return Answer(200, {"Total": 1, "Page": 1, "Journals": [journal]})


def update_journal(company: Company, call: Call) -> Answer:
    """A draft is completed or changed; a completed journal is not. Source: PUT /journal."""
    body = body_of(call)
    journal = _journal(company, body.get("TaskID"))
    if journal["Status"] != "DRAFT":
        raise Refusal(f"Journal status is {journal['Status']}")
    journal |= _checked(company, {**journal, **body})
    return Answer(200, {"Total": 1, "Page": 1, "Journals": [journal]})


def list_journals(company: Company, call: Call) -> Answer:
    """Source: GET /journal."""
    status, wanted, search = given(call, "Status"), given(call, "TaskID").lower(), given(call, "Search").casefold()
    found = [
        one
        for one in company.journals.values()
        if (not status or one["Status"] == status)
        and (not wanted or one["TaskID"] == wanted)
        and (not search or any(search in str(one[name] or "").casefold() for name in SEARCHED))
    ]
    return page_of(company, call, "Journals", found)


def delete_journal(company: Company, call: Call) -> Answer:
    """Voids with Void=true, else reopens. Source: DELETE /journal."""
    journal = _journal(company, given(call, "ID"))
    if journal["Status"] == "VOIDED":
        raise Refusal("Journal has been voided")
    refuse_any(before_lock_date(company, journal["EffectiveDate"], "EffectiveDate"))
    journal["Status"] = "VOIDED" if flag(call, "Void") else "DRAFT"
    return Answer(200, {"Total": 1, "Page": 1, "Journals": [journal]})


def _journal(company: Company, task_id: object) -> Record:
    found = company.journals.get(str(task_id or "").lower())
    if found is None:
        raise Refusal(f"Journal with ID {task_id or ''} not found")
    return found


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
