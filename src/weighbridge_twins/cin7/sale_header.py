"""The sale's header: POST and PUT /sale. Documents have their own calls."""

from __future__ import annotations

from typing import Any

from weighbridge_twins.cin7.countries import is_two_letter_code
from weighbridge_twins.cin7.errors import (
    Problem,
    Refusal,
    not_in_reference_book,
    refuse_any,
    required,
    unknown_location,
    unknown_term,
)
from weighbridge_twins.cin7.events import sale_created, sale_event
from weighbridge_twins.cin7.locks import before_lock_date
from weighbridge_twins.cin7.request_parsing import body_of, date_of, missing, number, overlong, truth
from weighbridge_twins.cin7.sale_view import render_sale
from weighbridge_twins.cin7.state import Company, Record, Sale
from weighbridge_twins.http.call import Answer, Call

WRITABLE = (
    "Contact", "Phone", "Email", "DefaultAccount", "SkipQuote", "BillingAddress", "ShippingAddress", "ShippingNotes",
    "TaxRule", "TaxInclusive", "Terms", "PriceTier", "ShipBy", "Location", "SaleOrderDate", "Note", "CustomerReference",
    "CurrencyRate", "SalesRepresentative", "Carrier", "ExternalID", "AdditionalAttributes",
)  # fmt: skip
LONGEST = {
    "Customer": 256, "Contact": 256, "Phone": 50, "Email": 256, "DefaultAccount": 50, "ShippingNotes": 1024,
    "TaxRule": 50, "Terms": 256, "PriceTier": 50, "Location": 256, "Note": 1024, "CustomerReference": 256,
    "SalesRepresentative": 256, "Carrier": 256, "ExternalID": 256,
}  # fmt: skip
ADDRESS_LONGEST = {"Line1": 256, "Line2": 256, "City": 256, "State": 256, "Postcode": 20, "Country": 256}
SHIPPING_LONGEST = {**ADDRESS_LONGEST, "Company": 128, "Contact": 512}


def create_sale(company: Company, call: Call) -> Answer:
    """Creates a sale from a header; quote, order and other documents in the body are ignored. Source: POST /sale."""
    body = body_of(call)
    kind = body.get("SaleType") or "Simple"
    service_only = truth(body.get("ServiceOnly"))
    problems: list[Problem] = [] if kind in ("Simple", "Advanced") else ["SaleType is invalid"]
    customer, header = _checked(company, {}, body, problems)
    skip_quote = truth(header.pop("SkipQuote", False))
    now = company.now()
    sale = Sale(
        id=company.new_id(),
        number=company.next_number("SO"),
        header={**header, "CustomerCurrency": customer["Currency"], "ServiceOnly": service_only},
        type="Service Sale" if service_only else f"{kind} Sale",
        skip_quote=skip_quote,
        created_at=now,
        updated_at=now,
    )
    _keep_address(company, customer, header)
    company.add_sale(sale)
    sale_created(company, sale)
    return Answer(200, render_sale(company, sale))


def update_sale(company: Company, call: Call) -> Answer:
    """Clears omitted writable members, unless PUT merges; the currency cannot change. Source: PUT /sale."""
    body = body_of(call)
    sale = find_sale(company, body.get("ID"), "ID")
    if sale.voided:
        raise Refusal("Sale has been voided")
    merges = company.switches["put_semantics"] == "merge"
    base = {name: value for name, value in sale.header.items() if merges or name == "SaleOrderDate"}
    former, attributes = sale.external_id, sale.header.get("AdditionalAttributes")
    customer, header = _checked(company, base, body, [])
    if customer["Currency"] != sale.header["CustomerCurrency"]:
        raise Refusal("Customer with another currency cannot be selected")
    if "SkipQuote" in header:
        skips_quote = truth(header.pop("SkipQuote"))
        sale.skip_quote = skips_quote if sale.quote is None and sale.order is None else sale.skip_quote
    fixed = {name: sale.header[name] for name in ("CustomerCurrency", "ServiceOnly")}
    sale.header = {**header, **fixed}
    company.index_external_id(sale, former)
    company.touch(sale)
    if sale.header.get("AdditionalAttributes") != attributes:
        sale_event(company, "Sale/AdditionalAttributesChanged", sale)
    return Answer(200, render_sale(company, sale))


def find_sale(company: Company, sale_id: Any, name: str = "SaleID") -> Sale:
    """Returns the sale. Raises the vendor's Refusal."""
    if not sale_id:
        raise Refusal(required(name))
    sale = company.sales.get(str(sale_id).lower())
    if sale is None:
        raise Refusal(f"Sale with ID {sale_id} not found")
    return sale


def sale_of_task(company: Company, task_id: object) -> Sale:
    """Returns the sale of a task id; also accepts the sale's own id. Raises Refusal."""
    if not task_id:
        raise Refusal(required("TaskID"))
    lower_id = str(task_id).lower()
    sale = company.sales.get(company.sale_of_task.get(lower_id, lower_id))
    if sale is None:
        raise Refusal(f"Task with ID {task_id} not found")
    return sale


def _checked(company: Company, existing: Record, body: Record, problems: list[Problem]) -> tuple[Record, Record]:
    """Returns the customer and the whole header, with defaults from the customer's card. Raises Refusal."""
    header: Record = {**existing, **{name: body[name] for name in WRITABLE if body.get(name) is not None}}
    named = {name: body.get(name) or existing.get(name) for name in ("Customer", "CustomerID")}
    problems += missing(header, ("Location",))
    if not named["Customer"] and not named["CustomerID"]:
        problems.append(required("CustomerID"))
    problems += overlong({**header, **named}, LONGEST)
    if header.get("Location") and company.location_named(header["Location"]) is None:
        problems.append(unknown_location(header["Location"]))
    problems += _name_problems(company, header)
    for name, longest in (("BillingAddress", ADDRESS_LONGEST), ("ShippingAddress", SHIPPING_LONGEST)):
        problems += _address_problems(company, name, header.get(name), longest)
    for name in ("SaleOrderDate", "ShipBy"):
        header[name] = date_of(header.get(name), name, problems)
    header["SaleOrderDate"] = header["SaleOrderDate"] or company.today()
    problems += before_lock_date(company, header["SaleOrderDate"], "SaleOrderDate")
    rate = number(header.get("CurrencyRate"), "CurrencyRate", problems, number(0, "", []))
    if rate < 0:
        problems.append("CurrencyRate is invalid")
    refuse_any(problems)
    customer = _customer(company, named)
    if customer["Currency"] != company.me["Currency"] and not rate:
        raise Refusal(required("CurrencyRate"))
    header["TaxInclusive"] = truth(header.get("TaxInclusive"))
    header["CurrencyRate"] = rate or 1
    return customer, {**_from_card(customer), **header, "Customer": customer["Name"], "CustomerID": customer["ID"]}


def _from_card(customer: Record) -> Record:
    return {
        "Contact": None,
        "Phone": None,
        "Email": None,
        "DefaultAccount": customer["RevenueAccount"],
        "TaxRule": customer["TaxRule"],
        "Terms": customer["PaymentTerm"],
        "PriceTier": customer["PriceTier"],
        "SalesRepresentative": customer["SalesRepresentative"],
        "Carrier": customer["Carrier"],
    }


def _name_problems(company: Company, header: Record) -> list[Problem]:
    """Checks that the named rows of reference books exist. Source: platform notes, cin7 1.4."""
    problems: list[Problem] = []
    rule = company.tax_rule(header.get("TaxRule"))
    if header.get("TaxRule") and (rule is None or not (rule["IsActive"] and rule["IsTaxForSale"])):
        problems.append(not_in_reference_book("Tax rule", header["TaxRule"], "Tax Rules"))
    if header.get("Terms") and not company.has_active_term(header["Terms"]):
        problems.append(unknown_term(header["Terms"]))
    if header.get("PriceTier") and not any(tier["Name"] == header["PriceTier"] for tier in company.tiers):
        problems.append(not_in_reference_book("Price Tier", header["PriceTier"], "Price Tiers"))
    representative = header.get("SalesRepresentative")
    if representative and not any(contact["Name"] == representative for contact in company.contacts):
        problems.append(not_in_reference_book("Sales Representative", representative, "Company Contacts"))
    if header.get("DefaultAccount") and company.account_coded(header["DefaultAccount"]) is None:
        problems.append(not_in_reference_book("Account", header["DefaultAccount"], "Chart of Accounts"))
    if not isinstance(header.get("AdditionalAttributes"), (dict, type(None))):
        problems.append("AdditionalAttributes is invalid")
    return problems


def _customer(company: Company, named: Record) -> Record:
    customer = company.customers.get(str(named["CustomerID"] or "").lower())
    if customer is None and not named["CustomerID"]:
        customer = next((c for c in company.customers.values() if c["Name"] == named["Customer"]), None)
    if customer is None:
        raise Refusal(not_in_reference_book("Customer", named["Customer"] or named["CustomerID"], "Customers"))
    return customer


def _address_problems(company: Company, name: str, address: Any, longest: dict[str, int]) -> list[Problem]:
    if address is None or (isinstance(address, dict) and address.get("ID")):
        return []
    if not isinstance(address, dict):
        return [f"{name} is invalid"]
    problems: list[Problem] = [
        required(f"{name}.{member}") for member in ("Line1", "Country") if not address.get(member)
    ]
    problems += overlong(address, longest, f"{name}.")
    country = str(address.get("Country") or "")
    if company.switches["country_format"] == "name" and is_two_letter_code(country):
        problems.append(not_in_reference_book("Country", country, "Countries"))
    return problems


def _keep_address(company: Company, customer: Record, header: Record) -> None:
    """Without ShipToOther, adds an unknown address to the customer's card. Source: Shipping Address model."""
    address = header.get("ShippingAddress") or {}
    known = {str(address.get("Line1")) for address in customer["Addresses"]}
    if address.get("Line1") and not truth(address.get("ShipToOther")) and address["Line1"] not in known:
        parts = {name: address.get(name) for name in ADDRESS_LONGEST}
        row = {"ID": company.new_id(), **parts, "Type": "Shipping", "DefaultForType": False}
        customer["Addresses"].append(row)
        customer["LastModifiedOn"] = company.timestamp()
