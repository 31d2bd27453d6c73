"""Reads reference books: company, accounts, tax rules, locations and the other lists that sales refer to."""

from __future__ import annotations

from collections.abc import Callable

from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.paging import begins, flag, given, page_of
from weighbridge_twins.cin7.state import Company, Record
from weighbridge_twins.http.call import Answer, Call

Handler = Callable[[Company, Call], Answer]

METHOD_NAMES = {"Total": "Total", "Line": "Row Total"}


def get_me(company: Company, call: Call) -> Answer:
    """Returns the company's settings. Source: GET /me."""
    method = METHOD_NAMES.get(str(company.switches["tax_calculation_method"]), "Total")
    return Answer(200, {**company.me, "TaxCalculationMethod": method})


def list_tax(company: Company, call: Call) -> Answer:
    """Lists tax rules, also inactive ones. Source: GET /ref/tax."""
    account, id_filter = given(call, "Account"), given(call, "ID").lower()
    rules = [
        rule
        for rule in company.tax_rules
        if begins(rule["Name"], given(call, "Name"))
        and _agrees(call, "IsActive", rule["IsActive"])
        and _agrees(call, "IsTaxForSale", rule["IsTaxForSale"])
        and _agrees(call, "IsTaxForPurchase", rule["IsTaxForPurchase"])
        and (not account or rule["Account"] == account)
        and (not id_filter or rule["ID"] == id_filter)
    ]
    return page_of(company, call, "TaxRuleList", rules)


def list_accounts(company: Company, call: Call) -> Answer:
    """Lists accounts; an unknown code answers 400, not an empty list. Source: platform notes, cin7 1.4."""
    code, kind, status = given(call, "Code"), given(call, "Type"), given(call, "Status")
    accounts = [
        account
        for account in company.accounts
        if begins(account["Name"], given(call, "Name"))
        and (not code or account["Code"] == code)
        and (not kind or account["Type"] == kind)
        and (not status or account["Status"].casefold() == status.casefold())
    ]
    if code and not accounts:
        raise Refusal("Account with specified ID not found")
    return page_of(company, call, "AccountsList", accounts)


def list_banks(company: Company, call: Call) -> Answer:
    """Lists the bank accounts of the chart. Source: GET /ref/account/bank."""
    id_filter = given(call, "ID").lower()
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
        and (not id_filter or account["BankAccountId"] == id_filter)
    ]
    return page_of(company, call, "BankAccountsList", banks)


def list_locations(company: Company, call: Call) -> Answer:
    """Lists locations; bins are also rows of their own, with their location as parent. Source: GET /ref/location."""
    rows: list[Record] = []
    for location in company.locations:
        if location["IsDeprecated"] and not flag(call, "Deprecated"):
            continue
        rows.append(location)
        for bin_row in location["Bins"]:
            parent = {"ParentID": location["ID"], "ParentName": location["Name"]}
            rows.append({**location, **bin_row, "ID": bin_row["ID"].lower(), "IsDefault": False, "Bins": [], **parent})
    id_filter = given(call, "ID").lower()
    matching = [
        row for row in rows if begins(row["Name"], given(call, "Name")) and (not id_filter or row["ID"] == id_filter)
    ]
    return page_of(company, call, "LocationList", matching)


def list_terms(company: Company, call: Call) -> Answer:
    """Lists payment terms, also inactive ones, which are refused on use. Source: GET /ref/paymentterm."""
    id_filter = given(call, "ID").lower()
    terms = [
        term
        for term in company.terms
        if begins(term["Name"], given(call, "Name"))
        and _agrees(call, "IsActive", term["IsActive"])
        and _agrees(call, "IsDefault", term["IsDefault"])
        and (not id_filter or term["ID"] == id_filter)
    ]
    return page_of(company, call, "PaymentTermList", terms)


def list_handler(attribute: str, key: str, name_field: str = "Name", id_field: str = "ID") -> Handler:
    """Returns the handler of a list that is filtered by id and by a prefix of the name."""

    def handler(company: Company, call: Call) -> Answer:
        rows: list[Record] = getattr(company, attribute)
        id_filter = given(call, id_field).lower()
        matching = [
            row
            for row in rows
            if begins(row[name_field], given(call, name_field))
            and (not id_filter or row[id_field].lower() == id_filter)
        ]
        return page_of(company, call, key, matching)

    return handler


def list_tiers(company: Company, call: Call) -> Answer:
    """Lists always ten price tiers, without a total. Source: GET /ref/priceTier."""
    return Answer(200, {"PriceTiers": company.tiers})


def list_credits(company: Company, call: Call) -> Answer:
    """Lists credits of customers, without a total; used ones on request. Source: GET /ref/customer/credits."""
    customer = given(call, "CustomerID").lower()
    credits = [
        credit
        for credit in company.credits.values()
        if (not customer or credit["CustomerID"] == customer)
        and (credit["RemainingAmount"] > 0 or flag(call, "ShowUsedCredits"))
    ]
    page = page_of(company, call, "CustomerCredits", credits)
    if isinstance(page.body, dict):
        page.body.pop("Total")
    return page


def _agrees(call: Call, name: str, value: bool) -> bool:
    requested = given(call, name).lower()
    return not requested or value == (requested == "true")
