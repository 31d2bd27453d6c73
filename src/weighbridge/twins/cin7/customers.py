"""Customers."""

from __future__ import annotations

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7.errors import Refusal, not_in_book, required
from weighbridge.twins.cin7.events import emit
from weighbridge.twins.cin7.paging import flag, given, page_of, parse_moment
from weighbridge.twins.cin7.state import Company, Record

REQUIRED = ("Name", "Status", "Currency", "PaymentTerm", "AccountReceivable", "RevenueAccount", "TaxRule")


def list_customers(company: Company, call: Call) -> Answer:
    """`Name` matches from the beginning; `ContactFilter` looks into contacts. Source: GET /customer."""
    name, wanted, contact = given(call, "Name"), given(call, "ID"), given(call, "ContactFilter")
    since = parse_moment(given(call, "ModifiedSince"))
    found = [
        customer
        for customer in company.customers.values()
        if customer["Name"].casefold().startswith(name.casefold())
        and (not wanted or customer["ID"] == wanted.lower())
        and (not contact or contact.casefold() in str(customer.get("Contacts")).casefold())
        and (flag(call, "IncludeDeprecated") or customer["Status"] != "Deprecated")
        and (since is None or (moment := parse_moment(customer["LastModifiedOn"])) is None or moment >= since)
    ]
    return page_of(company, call, "CustomerList", found)


def create_customer(company: Company, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    missing = [required(name) for name in REQUIRED if not body.get(name)]
    if missing:
        raise Refusal(*missing)
    _check(company, body)
    if any(one["Name"].casefold() == body["Name"].casefold() for one in company.customers.values()):
        raise Refusal(f"Customer with name '{body['Name']}' already exists")
    customer = {**_defaults(), **body, "ID": company.new_id(), "LastModifiedOn": company.stamp()}
    company.customers[customer["ID"]] = customer
    _tell(company, customer)
    return Answer(200, {"Total": 1, "Page": 1, "CustomerList": [customer]})


def update_customer(company: Company, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    customer = company.customers.get(str(body.get("ID") or "").lower())
    if customer is None:
        raise Refusal(required("ID"))
    _check(company, body)
    base = customer if company.switches["put_semantics"] == "merge" else _defaults()
    changed = {
        **base,
        **body,
        "ID": customer["ID"],
        "Currency": customer["Currency"],
        "LastModifiedOn": company.stamp(),
    }
    company.customers[customer["ID"]] = changed
    _tell(company, changed)
    return Answer(200, {"Total": 1, "Page": 1, "CustomerList": [changed]})


def _check(company: Company, body: Record) -> None:
    problems = []
    if len(str(body.get("Name") or "")) > 256:
        problems.append("Name is longer than 256 characters")
    if body.get("TaxRule") and company.tax_rule(body["TaxRule"]) is None:
        problems.append(not_in_book("Tax rule", body["TaxRule"], "Tax Rules"))
    if body.get("PaymentTerm") and not any(t["Name"] == body["PaymentTerm"] and t["IsActive"] for t in company.terms):
        problems.append(
            f"Active payment term with name {body['PaymentTerm']} was not found in Payment Terms reference book"
        )
    for name in ("AccountReceivable", "RevenueAccount"):
        if body.get(name) and not any(str(body[name]) in (a["Code"], a["Name"]) for a in company.accounts):
            problems.append(not_in_book("Account", body[name], "Chart of Accounts"))
    if problems:
        raise Refusal(*problems)


def _defaults() -> Record:
    return {
        "Status": "Active", "PriceTier": "Tier 1", "Carrier": None, "SalesRepresentative": None, "Location": None,
        "Discount": 0, "Comments": "", "TaxNumber": None, "CreditLimit": 0, "IsOnCreditHold": False, "Tags": "",
        "AttributeSet": None, "Addresses": [], "Contacts": [], "ProductPrices": [],
    }  # fmt: skip


def _tell(company: Company, customer: Record) -> None:
    """The event's dates carry no zone, unlike the API's."""
    payload = {
        "NumberOfCustomers": 1,
        "CustomerDetailsList": [
            {
                "Customer": {
                    **customer,
                    "ID": customer["ID"].upper(),
                    "LastModifiedOn": customer["LastModifiedOn"].rstrip("Z"),
                },
                "Addresses": customer.get("Addresses", []),
                "Contacts": customer.get("Contacts", []),
            }
        ],
        "EventType": "Customer/Updated",
    }
    emit(company, "Customer/Updated", payload)
