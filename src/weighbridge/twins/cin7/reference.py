"""Reference books: company, accounts, tax rules, locations and the other lists that sales name."""

from __future__ import annotations

from collections.abc import Callable

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7.errors import Refusal, required
from weighbridge.twins.cin7.paging import given, page_of
from weighbridge.twins.cin7.state import Company, Record

Handler = Callable[[Company, Call], Answer]


def get_me(company: Company, call: Call) -> Answer:
    return Answer(200, {**company.me, "TaxCalculationMethod": company.switches["tax_calculation_method"]})


def list_tax(company: Company, call: Call) -> Answer:
    name, active, for_sale = given(call, "Name"), given(call, "IsActive"), given(call, "IsTaxForSale")
    found = [
        rule
        for rule in _named(company.tax_rules, name)
        if (not active or rule["IsActive"] == (active.lower() == "true"))
        and (not for_sale or rule["IsTaxForSale"] == (for_sale.lower() == "true"))
    ]
    return page_of(company, call, "TaxRuleList", found)


def list_accounts(company: Company, call: Call) -> Answer:
    """A code that does not exist answers 400, not an empty list. Source: platform notes, cin7 1.4."""
    code = given(call, "Code")
    found = [
        account for account in _named(company.accounts, given(call, "Name")) if not code or account["Code"] == code
    ]
    if code and not found:
        raise Refusal("Account with specified ID not found")
    return page_of(company, call, "AccountsList", found)


def list_banks(company: Company, call: Call) -> Answer:
    banks = [
        {
            "BankID": company_id(account),
            "AccountID": company_id(account),
            "Code": account["Code"],
            "Name": account["Name"],
            "Bank": account["Name"],
            "Currency": account["Currency"] or company.me["Currency"],
        }
        for account in company.accounts
        if account["ForPayments"]
    ]
    return page_of(company, call, "BankAccountsList", banks)


def company_id(account: Record) -> str:
    return f"00000000-0000-4000-8000-{int(account['Code']):012d}"


def list_locations(company: Company, call: Call) -> Answer:
    """Bins are also returned as rows of their own, with their location as parent."""
    deprecated = given(call, "Deprecated").lower() == "true"
    rows: list[Record] = []
    for location in _named(company.locations, given(call, "Name")):
        if location["IsDeprecated"] and not deprecated:
            continue
        rows.append(location)
        for bin_row in location["Bins"]:
            rows.append({**location, **bin_row, "Bins": [], "ParentID": location["ID"], "ParentName": location["Name"]})
    wanted = given(call, "ID").lower()
    return page_of(company, call, "LocationList", [row for row in rows if not wanted or row["ID"] == wanted])


def listing(attribute: str, key: str, name_field: str = "Name", parameter: str = "Name") -> Handler:
    """A plain list filtered by the beginning of a name."""

    def handler(company: Company, call: Call) -> Answer:
        prefix = given(call, parameter).casefold()
        rows: list[Record] = getattr(company, attribute)
        found = [row for row in rows if str(row[name_field]).casefold().startswith(prefix)]
        return page_of(company, call, key, found)

    return handler


def list_tiers(company: Company, call: Call) -> Answer:
    """Always ten rows, without a total."""
    return Answer(200, {"PriceTiers": company.tiers})


def list_credits(company: Company, call: Call) -> Answer:
    return Answer(200, {"Page": 1, "CustomerCredits": []})


def creating(attribute: str, key: str, name_field: str = "Name", id_field: str = "ID") -> Handler:
    """POST of a reference row; names are unique whatever their case."""

    def handler(company: Company, call: Call) -> Answer:
        body = call.body if isinstance(call.body, dict) else {}
        if not body.get(name_field):
            raise Refusal(required(name_field))
        rows: list[Record] = getattr(company, attribute)
        if any(str(row[name_field]).casefold() == str(body[name_field]).casefold() for row in rows):
            raise Refusal(f"This {attribute[:-1]} already exists. {name_field} must be unique.")
        row = {id_field: company.new_id(), **body}
        rows.append(row)
        return Answer(200, {"Total": 1, "Page": 1, key: [row]})

    return handler


def _named(rows: list[Record], prefix: str) -> list[Record]:
    return [row for row in rows if str(row["Name"]).casefold().startswith(prefix.casefold())]
