"""Reference books as they are written: names must be new, ids must exist, rows in use may go all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from weighbridge_twins.call import Answer, Call
from weighbridge_twins.cin7.defaults import location_record, tax_rule_record
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any
from weighbridge_twins.cin7.paging import given
from weighbridge_twins.cin7.reading import body_of, missing, number, overlong, rows_of
from weighbridge_twins.cin7.state import ZERO, Company, Record

Handler = Callable[[Company, Call], Answer]
Blank = Callable[[Company, Record], Record]


@dataclass(frozen=True)
class Book:
    """One reference book and what its rows need."""

    attribute: str
    list_key: str
    noun: str
    required: tuple[str, ...]
    name_field: str = "Name"
    id_field: str = "ID"
    longest: int = 256
    blank: Blank = lambda company, body: {}
    computed: Blank = lambda company, body: {}
    """Members that follow from others that were sent."""

    def rows(self, company: Company) -> list[Record]:
        rows: list[Record] = getattr(company, self.attribute)
        return rows


def _blank_tax_rule(company: Company, body: Record) -> Record:
    return {**tax_rule_record(company, str(body["Name"]), ZERO), "IsTaxForPurchase": False}


def _tax_components(company: Company, body: Record) -> Record:
    """A rule's percent is the sum of its components'. Source: POST and PUT /ref/tax, TaxPercent is read-only."""
    problems: list[Problem] = []
    sent = rows_of(body, "Components", problems)
    percents = [number(one.get("Percent"), "Percent", problems) for one in sent]
    refuse_any(problems)
    if not sent:
        return {}
    components = [
        {
            "ID": str(one.get("ID") or company.new_id()).upper(),
            "Name": one.get("Name") or "",
            "Percent": f"{percent:.10f}",
            "AccountCode": str(one.get("AccountCode") or body.get("Account") or ""),
            "Compound": str(one.get("Compound") or "0"),
            "ComponentOrder": str(one.get("ComponentOrder") or order),
        }
        for order, (one, percent) in enumerate(zip(sent, percents, strict=True), 1)
    ]
    return {"Components": components, "TaxPercent": sum(percents, ZERO)}


BOOKS: Mapping[str, Book] = {
    "/ref/tax": Book(
        "tax_rules",
        "TaxRuleList",
        "Tax rule",
        ("Name", "Account"),
        longest=50,
        blank=_blank_tax_rule,
        computed=_tax_components,
    ),
    "/ref/account": Book(
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
    "/ref/location": Book(
        "locations",
        "LocationList",
        "Location",
        ("Name",),
        blank=lambda company, body: location_record(company, str(body["Name"])),
    ),
    "/ref/paymentterm": Book(
        "terms",
        "PaymentTermList",
        "Payment term",
        ("Name", "Method"),
        blank=lambda company, body: {"Duration": 0, "IsActive": True, "IsDefault": False},
    ),
    "/ref/carrier": Book(
        "carriers", "CarrierList", "Carrier", ("Description",), name_field="Description", id_field="CarrierID"
    ),
    "/ref/category": Book("categories", "CategoryList", "Category", ("Name",), longest=50),
    "/ref/brand": Book("brands", "BrandList", "Brand", ("Name",), longest=50),
    "/ref/unit": Book("units", "UnitList", "Unit", ("Name",), longest=50),
}


def creating(book: Book) -> Handler:
    """POST of a row; names are unique whatever their case. Source: platform notes, cin7 1.5."""

    def handler(company: Company, call: Call) -> Answer:
        body = body_of(call)
        _check(company, book, body, own=None)
        computed = book.computed(company, body)
        row = {**book.blank(company, body), **_writable(book, body), **computed}
        row.setdefault(book.id_field, company.new_id())
        book.rows(company).append(row)
        return _answer(book, row)

    return handler


def changing(book: Book) -> Handler:
    """PUT of a row by its id. A renamed row breaks everybody who wrote its former name down."""

    def handler(company: Company, call: Call) -> Answer:
        body = body_of(call)
        row = _row(company, book, str(body.get(book.id_field) or ""))
        _check(company, book, body, own=row)
        row |= {**_writable(book, body), **book.computed(company, body)}
        return _answer(book, row)

    return handler


def deleting(book: Book) -> Handler:
    """DELETE of a row by its id. Source: DELETE /ref/*."""

    def handler(company: Company, call: Call) -> Answer:
        row = _row(company, book, given(call, "Code") or given(call, "ID"))
        book.rows(company).remove(row)
        return Answer(200, {"Success": True})

    return handler


def _check(company: Company, book: Book, body: Record, own: Record | None) -> None:
    problems = missing(body, book.required) + overlong(body, {book.name_field: book.longest})
    refuse_any(problems)
    name = str(body[book.name_field]).casefold()
    taken = [row for row in book.rows(company) if row is not own and str(row[book.name_field]).casefold() == name]
    if taken:
        raise Refusal(f"This {book.noun.lower()} already exists. {book.noun} name must be unique.")
    codes = [row for row in book.rows(company) if row is not own and row.get("Code") == body.get("Code")]
    if book.id_field == "Code" and codes:
        raise Refusal(f"Account with code '{body['Code']}' already exists.")


def _row(company: Company, book: Book, wanted: str) -> Record:
    found = next((row for row in book.rows(company) if row[book.id_field].lower() == wanted.lower()), None)
    if found is None:
        raise Refusal(f"{book.noun} with specified ID not found")
    return found


def _writable(book: Book, body: Record) -> Record:
    kept = {name: value for name, value in body.items() if name not in ("Components", "Bins", "TaxPercent")}
    return kept if book.id_field == "Code" else {n: v for n, v in kept.items() if n != book.id_field}


def _answer(book: Book, row: Record) -> Answer:
    return Answer(200, {"Total": 1, "Page": 1, book.list_key: [row]})
