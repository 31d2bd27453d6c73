"""Writes reference books: names must be new, ids must exist, and rows in use may be deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from weighbridge_twins.cin7.defaults import location_record, tax_rule_record
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any
from weighbridge_twins.cin7.paging import given
from weighbridge_twins.cin7.request_parsing import body_of, missing, number, overlong, rows_of
from weighbridge_twins.cin7.state import ZERO, Company, Record
from weighbridge_twins.http.call import Answer, Call

Handler = Callable[[Company, Call], Answer]
Blank = Callable[[Company, Record], Record]


@dataclass(frozen=True)
class ReferenceBook:
    """One reference book and the rules of its rows."""

    attribute: str
    list_key: str
    noun: str
    required: tuple[str, ...]
    name_field: str = "Name"
    id_field: str = "ID"
    longest: int = 256
    blank: Blank = lambda company, body: {}
    computed: Blank = lambda company, body: {}
    """Computes members from others in the body."""

    def rows(self, company: Company) -> list[Record]:
        rows: list[Record] = getattr(company, self.attribute)
        return rows


def _blank_tax_rule(company: Company, body: Record) -> Record:
    return {**tax_rule_record(company, str(body["Name"]), ZERO), "IsTaxForPurchase": False}


def _tax_components(company: Company, body: Record) -> Record:
    """Sums the percents of a rule's components. Source: POST and PUT /ref/tax, TaxPercent is read-only."""
    problems: list[Problem] = []
    sent = rows_of(body, "Components", problems)
    percents = [number(row.get("Percent"), "Percent", problems) for row in sent]
    refuse_any(problems)
    if not sent:
        return {}
    components = [
        {
            "ID": str(component.get("ID") or company.new_id()).upper(),
            "Name": component.get("Name") or "",
            "Percent": f"{percent:.10f}",
            "AccountCode": str(component.get("AccountCode") or body.get("Account") or ""),
            "Compound": str(component.get("Compound") or "0"),
            "ComponentOrder": str(component.get("ComponentOrder") or order),
        }
        for order, (component, percent) in enumerate(zip(sent, percents, strict=True), 1)
    ]
    return {"Components": components, "TaxPercent": sum(percents, ZERO)}


REFERENCE_BOOKS: Mapping[str, ReferenceBook] = {
    "/ref/tax": ReferenceBook(
        "tax_rules",
        "TaxRuleList",
        "Tax rule",
        ("Name", "Account"),
        longest=50,
        blank=_blank_tax_rule,
        computed=_tax_components,
    ),
    "/ref/account": ReferenceBook(
        "accounts",
        "AccountsList",
        "Account",
        ("Code", "Name", "Type", "Status"),
        id_field="Code",
        blank=lambda company, body: {
            "Description": "",
            "Class": None,
            "SystemAccount": None,
            "SystemAccountCode": None,
            "BankAccountNumber": None,
            "BankAccountId": None,
            "ForPayments": False,
            "Currency": None,
            "DisplayName": f"{body['Code']}: {body['Name']}",
            "OldCode": None,
        },
    ),
    "/ref/location": ReferenceBook(
        "locations",
        "LocationList",
        "Location",
        ("Name",),
        blank=lambda company, body: location_record(company, str(body["Name"])),
    ),
    "/ref/paymentterm": ReferenceBook(
        "terms",
        "PaymentTermList",
        "Payment term",
        ("Name", "Method"),
        blank=lambda company, body: {"Duration": 0, "IsActive": True, "IsDefault": False},
    ),
    "/ref/carrier": ReferenceBook(
        "carriers", "CarrierList", "Carrier", ("Description",), name_field="Description", id_field="CarrierID"
    ),
    "/ref/category": ReferenceBook("categories", "CategoryList", "Category", ("Name",), longest=50),
    "/ref/brand": ReferenceBook("brands", "BrandList", "Brand", ("Name",), longest=50),
    "/ref/unit": ReferenceBook("units", "UnitList", "Unit", ("Name",), longest=50),
}


def create_handler(reference_book: ReferenceBook) -> Handler:
    """Returns the handler for POST of a row; names are unique, ignoring case. Source: platform notes, cin7 1.5."""

    def handler(company: Company, call: Call) -> Answer:
        body = body_of(call)
        _check(company, reference_book, body, current_row=None)
        computed = reference_book.computed(company, body)
        row = {**reference_book.blank(company, body), **_writable(reference_book, body), **computed}
        row.setdefault(reference_book.id_field, company.new_id())
        reference_book.rows(company).append(row)
        return _answer(reference_book, row)

    return handler


def update_handler(reference_book: ReferenceBook) -> Handler:
    """Returns the handler for PUT of a row by its id. Clients that refer to a row by its former name break."""

    def handler(company: Company, call: Call) -> Answer:
        body = body_of(call)
        row = _row(company, reference_book, str(body.get(reference_book.id_field) or ""))
        _check(company, reference_book, body, current_row=row)
        row |= {**_writable(reference_book, body), **reference_book.computed(company, body)}
        return _answer(reference_book, row)

    return handler


def delete_handler(reference_book: ReferenceBook) -> Handler:
    """Returns the handler for DELETE of a row by its id. Source: DELETE /ref/*."""

    def handler(company: Company, call: Call) -> Answer:
        row = _row(company, reference_book, given(call, "Code") or given(call, "ID"))
        reference_book.rows(company).remove(row)
        return Answer(200, {"Success": True})

    return handler


def _check(company: Company, reference_book: ReferenceBook, body: Record, current_row: Record | None) -> None:
    problems = missing(body, reference_book.required) + overlong(
        body, {reference_book.name_field: reference_book.longest}
    )
    refuse_any(problems)
    name = str(body[reference_book.name_field]).casefold()
    duplicates = [
        row
        for row in reference_book.rows(company)
        if row is not current_row and str(row[reference_book.name_field]).casefold() == name
    ]
    if duplicates:
        raise Refusal(f"This {reference_book.noun.lower()} already exists. {reference_book.noun} name must be unique.")
    codes = [
        row for row in reference_book.rows(company) if row is not current_row and row.get("Code") == body.get("Code")
    ]
    if reference_book.id_field == "Code" and codes:
        raise Refusal(f"Account with code '{body['Code']}' already exists.")


def _row(company: Company, reference_book: ReferenceBook, row_id: str) -> Record:
    existing = next(
        (row for row in reference_book.rows(company) if row[reference_book.id_field].lower() == row_id.lower()), None
    )
    if existing is None:
        raise Refusal(f"{reference_book.noun} with specified ID not found")
    return existing


def _writable(reference_book: ReferenceBook, body: Record) -> Record:
    members = {name: value for name, value in body.items() if name not in ("Components", "Bins", "TaxPercent")}
    return (
        members
        if reference_book.id_field == "Code"
        else {n: v for n, v in members.items() if n != reference_book.id_field}
    )


def _answer(reference_book: ReferenceBook, row: Record) -> Answer:
    return Answer(200, {"Total": 1, "Page": 1, reference_book.list_key: [row]})
