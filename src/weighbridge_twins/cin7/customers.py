"""Customers: list, create and update."""

from __future__ import annotations

from weighbridge_twins.cin7.errors import Problem, Refusal, not_in_reference_book, refuse_any, required, unknown_term
from weighbridge_twins.cin7.events import customer_updated
from weighbridge_twins.cin7.paging import begins, flag, given, page_of
from weighbridge_twins.cin7.request_parsing import body_of, missing, overlong, rows_of, timestamp_of
from weighbridge_twins.cin7.state import Company, Record
from weighbridge_twins.http.call import Answer, Call

REQUIRED = ("Name", "Status", "Currency", "PaymentTerm", "AccountReceivable", "RevenueAccount", "TaxRule")
LONGEST = {"Name": 256, "Comments": 2000, "TaxRule": 50, "PaymentTerm": 256, "PriceTier": 50, "Carrier": 256}
ADDRESS_LONGEST = {"Line1": 256, "Line2": 256, "City": 256, "State": 256, "Postcode": 20, "Country": 256}
READ_ONLY = ("ID", "LastModifiedOn")


def list_customers(company: Company, call: Call) -> Answer:
    """`Name` matches from the beginning; `ContactFilter` searches names and e-mail addresses of contacts.

    Source: GET /customer; platform notes, cin7 10.13.
    """
    name, id_filter, contact = given(call, "Name"), given(call, "ID").lower(), given(call, "ContactFilter").casefold()
    since = timestamp_of(given(call, "ModifiedSince"))
    text = company.timestamp(since)[:23] if since else ""
    customers = [
        customer
        for customer in company.customers.values()
        if begins(customer["Name"], name)
        and (not id_filter or customer["ID"] == id_filter)
        and (not contact or _has_contact(customer, contact))
        and (flag(call, "IncludeDeprecated") or customer["Status"] != "Deprecated")
        and (not text or customer["LastModifiedOn"][:23] >= text)
    ]
    hidden = () if flag(call, "IncludeProductPrices") else ("ProductPrices",)
    return page_of(
        company, call, "CustomerList", customers, lambda row: {k: v for k, v in row.items() if k not in hidden}
    )


def create_customer(company: Company, call: Call) -> Answer:
    """Seven members are required; the answer is a list with one customer. Source: POST /customer."""
    body = body_of(call)
    refuse_any(missing(body, REQUIRED))
    _check(company, body)
    name = str(body["Name"]).casefold()
    if company.switches["customer_name_unique"] and any(
        customer["Name"].casefold() == name for customer in company.customers.values()
    ):
        raise Refusal(f"Customer with name '{body['Name']}' already exists")
    customer = customer_record(company, body)
    company.customers[customer["ID"]] = customer
    return _emit_and_answer(company, customer)


def update_customer(company: Company, call: Call) -> Answer:
    """Updates nested addresses and contacts that have an ID and adds those without. Source: PUT /customer."""
    body = body_of(call)
    customer = company.customers.get(str(body.get("ID") or "").lower())
    if customer is None:
        raise Refusal(required("ID") if not body.get("ID") else f"Customer with ID {body['ID']} not found")
    _check(company, body)
    merges = company.switches["put_semantics"] == "merge"
    base = customer if merges else {**customer_record(company, {}), "Name": customer["Name"]}
    fields = {name: value for name, value in body.items() if name not in READ_ONLY}
    changed = {**base, **fields, "ID": customer["ID"], "Currency": customer["Currency"]}
    for nested in ("Addresses", "Contacts"):
        if merges or nested in body:
            changed[nested] = _updated(company, customer[nested], body.get(nested) or [])
    changed["LastModifiedOn"] = company.timestamp()
    company.customers[customer["ID"]] = changed
    return _emit_and_answer(company, changed)


def customer_record(company: Company, fields: Record) -> Record:
    """Returns a new customer card with `fields` over the defaults."""
    record: Record = {
        "ID": company.new_id(),
        "Name": "",
        "Status": "Active",
        "Currency": company.me["Currency"],
        "PaymentTerm": "30 days",
        "Discount": 0,
        "TaxRule": company.me["DefaultSaleTaxRuleName"],
        "Carrier": None,
        "SalesRepresentative": None,
        "Location": None,
        "Comments": "",
        "AccountReceivable": company.system_account("DEBTORS"),
        "RevenueAccount": "200",
        "PriceTier": "Tier 1",
        "TaxNumber": None,
        **{f"AdditionalAttribute{n}": None for n in range(1, 11)},
        "AttributeSet": None,
        "Tags": "",
        "CreditLimit": 0,
        "IsOnCreditHold": False,
        "ProductPrices": [],
    }
    record |= {name: value for name, value in fields.items() if name not in READ_ONLY}
    for nested in ("Addresses", "Contacts"):
        record[nested] = _updated(company, [], fields.get(nested) or [])
    record["LastModifiedOn"] = company.timestamp()
    return record


def _updated(company: Company, known: list[Record], sent: list[Record]) -> list[Record]:
    rows = {row["ID"]: row for row in known}
    for row in sent:
        own = str(row.get("ID") or "").lower()
        row_id = own if own in rows else company.new_id()
        rows[row_id] = {**rows.get(row_id, {}), **row, "ID": row_id}
    return list(rows.values())


def _has_contact(customer: Record, search: str) -> bool:
    texts = [str(contact.get(name) or "") for contact in customer["Contacts"] for name in ("Name", "Email")]
    return any(search in text.casefold() for text in texts)


def _check(company: Company, body: Record) -> None:
    problems: list[Problem] = overlong(body, LONGEST)
    if body.get("TaxRule") and company.tax_rule(body["TaxRule"]) is None:
        problems.append(not_in_reference_book("Tax rule", body["TaxRule"], "Tax Rules"))
    if body.get("PaymentTerm") and not company.has_active_term(body["PaymentTerm"]):
        problems.append(unknown_term(body["PaymentTerm"]))
    if body.get("Status") not in (None, "", "Active", "Deprecated"):
        problems.append("Status is invalid")
    for name in ("AccountReceivable", "RevenueAccount"):
        if body.get(name) and not any(str(body[name]) in (a["Code"], a["Name"]) for a in company.accounts):
            problems.append(not_in_reference_book("Account", body[name], "Chart of Accounts"))
    for address in rows_of(body, "Addresses", problems):
        problems += missing(address, () if address.get("ID") else ("Line1", "Country", "Type"))
        problems += overlong(address, ADDRESS_LONGEST)
    for contact in rows_of(body, "Contacts", problems):
        problems += missing(contact, () if contact.get("ID") else ("Name",))
    refuse_any(problems)


def _emit_and_answer(company: Company, customer: Record) -> Answer:
    customer_updated(company, customer)
    return Answer(200, {"Total": 1, "Page": 1, "CustomerList": [customer]})
