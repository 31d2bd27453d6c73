"""Reference books as they are read: company, accounts, tax rules, locations and the other lists that sales name."""

from __future__ import annotations

from collections.abc import Callable

from weighbridge_twins.call import Answer, Call
from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.paging import begins, flag, given, page_of
from weighbridge_twins.cin7.state import Company, Record

Handler = Callable[[Company, Call], Answer]

METHOD_NAMES = {"Total": "Total", "Line": "Row Total"}


def get_me(company: Company, call: Call) -> Answer:
    """The company's settings. Source: GET /me."""
    method = METHOD_NAMES.get(str(company.switches["tax_calculation_method"]), "Total")
    return Answer(200, {**company.me, "TaxCalculationMethod": method})


def list_tax(company: Company, call: Call) -> Answer:
    """Inactive rules are listed too. Source: GET /ref/tax."""
    account, wanted = given(call, "Account"), given(call, "ID").lower()
    found = [
        rule
        for rule in company.tax_rules
        if begins(rule["Name"], given(call, "Name"))
        and _agrees(call, "IsActive", rule["IsActive"])
        and _agrees(call, "IsTaxForSale", rule["IsTaxForSale"])
        and _agrees(call, "IsTaxForPurchase", rule["IsTaxForPurchase"])
        and (not account or rule["Account"] == account)
        and (not wanted or rule["ID"] == wanted)
    ]
    return page_of(company, call, "TaxRuleList", found)


def list_accounts(company: Company, call: Call) -> Answer:
    """A code that does not exist answers 400, not an empty list. Source: platform notes, cin7 1.4."""
    code, kind, status = given(call, "Code"), given(call, "Type"), given(call, "Status")
    found = [
        account
        for account in company.accounts
        if begins(account["Name"], given(call, "Name"))
        and (not code or account["Code"] == code)
        and (not kind or account["Type"] == kind)
        and (not status or account["Status"].casefold() == status.casefold())
    ]
    if code and not found:
        raise Refusal("Account with specified ID not found")
    return page_of(company, call, "AccountsList", found)


def list_banks(company: Company, call: Call) -> Answer:
    """Bank accounts of the chart. Source: GET /ref/account/bank."""
    wanted = given(call, "ID").lower()
    banks = [
        {
            "AccountID": account["BankAccountId"],
            "Bank": "Unknown Bank",
            "AccountName": account["Name"],
            "AccountNumber": account["BankAccountNumber"],
            "AccountCode": account["Code"],
            "Currency": account["Currency"] or company.me["Currency"],
            "StatementBalance": 0,
            "BalanceInDear": 0,
            "InitialBalance": 0,
        }
        for account in company.accounts
        if account["Type"] == "BANK"
        and begins(account["Name"], given(call, "Name"))
        and (not wanted or account["BankAccountId"] == wanted)
    ]
    return page_of(company, call, "BankAccountsList", banks)


def list_locations(company: Company, call: Call) -> Answer:
    """Bins are also returned as rows of their own, with their location as parent. Source: GET /ref/location."""
    rows: list[Record] = []
    for location in company.locations:
        if location["IsDeprecated"] and not flag(call, "Deprecated"):
            continue
        rows.append(location)
        for one in location["Bins"]:
            parent = {"ParentID": location["ID"], "ParentName": location["Name"]}
            rows.append({**location, **one, "ID": one["ID"].lower(), "IsDefault": False, "Bins": [], **parent})
    wanted = given(call, "ID").lower()
    found = [row for row in rows if begins(row["Name"], given(call, "Name")) and (not wanted or row["ID"] == wanted)]
    return page_of(company, call, "LocationList", found)


def list_terms(company: Company, call: Call) -> Answer:
    """Inactive terms are listed, and refused on use. Source: GET /ref/paymentterm."""
    wanted = given(call, "ID").lower()
    found = [
        term
        for term in company.terms
        if begins(term["Name"], given(call, "Name"))
        and _agrees(call, "IsActive", term["IsActive"])
        and _agrees(call, "IsDefault", term["IsDefault"])
        and (not wanted or term["ID"] == wanted)
    ]
    return page_of(company, call, "PaymentTermList", found)


def listing(attribute: str, key: str, name_field: str = "Name", id_field: str = "ID") -> Handler:
    """A plain list filtered by id and by the beginning of a name."""

    def handler(company: Company, call: Call) -> Answer:
        rows: list[Record] = getattr(company, attribute)
        wanted = given(call, id_field).lower()
        found = [
            row
            for row in rows
            if begins(row[name_field], given(call, name_field)) and (not wanted or row[id_field].lower() == wanted)
        ]
        return page_of(company, call, key, found)

    return handler


def list_tiers(company: Company, call: Call) -> Answer:
    """Always ten rows, without a total. Source: GET /ref/priceTier."""
    return Answer(200, {"PriceTiers": company.tiers})


def list_credits(company: Company, call: Call) -> Answer:
    """Credits of customers, without a total; used ones on demand. Source: GET /ref/customer/credits."""
    customer = given(call, "CustomerID").lower()
    found = [
        credit
        for credit in company.credits.values()
        if (not customer or credit["CustomerID"] == customer)
        and (credit["RemainingAmount"] > 0 or flag(call, "ShowUsedCredits"))
    ]
    page = page_of(company, call, "CustomerCredits", found)
    if isinstance(page.body, dict):
        page.body.pop("Total")
    return page


def _agrees(call: Call, name: str, value: bool) -> bool:
    asked = given(call, name).lower()
    return not asked or value == (asked == "true")
