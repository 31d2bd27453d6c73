"""The sale's header: POST, PUT, GET and DELETE /sale. Documents are separate calls."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7 import stock
from weighbridge.twins.cin7.errors import Refusal, not_in_book, required
from weighbridge.twins.cin7.events import sale_event
from weighbridge.twins.cin7.paging import given
from weighbridge.twins.cin7.state import Company, Record, Sale
from weighbridge.twins.cin7.status import combined, sale_status

WRITABLE = (
    "Customer",
    "CustomerID",
    "Contact",
    "Phone",
    "Email",
    "DefaultAccount",
    "SkipQuote",
    "BillingAddress",
    "ShippingAddress",
    "ShippingNotes",
    "TaxRule",
    "TaxInclusive",
    "Terms",
    "PriceTier",
    "ShipBy",
    "Location",
    "SaleOrderDate",
    "Note",
    "CustomerReference",
    "CurrencyRate",
    "SalesRepresentative",
    "Carrier",
    "ExternalID",
    "AdditionalAttributes",
    "SaleType",
    "ServiceOnly",
)
LONGEST = {
    "Customer": 256,
    "Contact": 256,
    "Phone": 50,
    "Email": 256,
    "DefaultAccount": 50,
    "ShippingNotes": 1024,
    "TaxRule": 50,
    "Terms": 256,
    "PriceTier": 50,
    "Location": 256,
    "Note": 1024,
    "CustomerReference": 256,
    "ExternalID": 256,
}
ADDRESS_LONGEST = {"Line1": 256, "Line2": 256, "City": 256, "State": 256, "Postcode": 20, "Country": 256}


def create_sale(company: Company, call: Call) -> Answer:
    """A header alone; quote, order and the rest are left out of what it takes. Source: POST /sale."""
    body = _body(call)
    header = {name: body[name] for name in WRITABLE if name in body}
    customer = _checked(company, header, new=True)
    header |= {"Customer": customer["Name"], "CustomerID": customer["ID"], "CustomerCurrency": customer["Currency"]}
    _keep_address(company, customer, header)
    now = company.now()
    sale = Sale(
        id=company.new_id(),
        number=company.next_number("SO"),
        header=header,
        type=f"{header.get('SaleType') or 'Simple'} Sale",
        skip_quote=bool(header.get("SkipQuote")),
        created_at=now,
        updated_at=now,
    )
    company.add_sale(sale)
    payload = {
        "CustomerName": customer["Name"],
        "CustomerContactName": header.get("Contact", ""),
        "CustomerContactEmail": header.get("Email", ""),
        "SaleOrderDate": str(header.get("SaleOrderDate") or company.stamp())[:10],
        "TaskTypeSign": "0",
        "IsServiceOnly": "0",
    }
    sale_event(company, "Sale/Created", sale, **payload)
    return Answer(200, shown(company, sale))


def update_sale(company: Company, call: Call) -> Answer:
    body = _body(call)
    sale = find_sale(company, body.get("ID"), "ID")
    header = {name: body[name] for name in WRITABLE if name in body}
    base = sale.header if company.switches["put_semantics"] == "merge" else {"Location": sale.location}
    merged = {**base, **header}
    customer = _checked(company, merged, new=False)
    sale.header = {**merged, "Customer": customer["Name"], "CustomerID": customer["ID"]}
    company.touch(sale)
    return Answer(200, shown(company, sale))


def get_sale(company: Company, call: Call) -> Answer:
    return Answer(200, shown(company, find_sale(company, given(call, "ID"), "ID")))


def delete_sale(company: Company, call: Call) -> Answer:
    """Voids with Void=true; anything else only takes the sale one step back. Source: DELETE /sale."""
    sale = find_sale(company, given(call, "ID"), "ID")
    if given(call, "Void").lower() == "true":
        void(company, sale)
    else:
        _undo(company, sale)
    return Answer(200, shown(company, sale))


def void(company: Company, sale: Sale) -> None:
    """Ends a sale: stock it holds is free, what was picked goes back on the shelf, documents are voided."""
    if sale.voided:
        raise Refusal("Sale is already voided")
    if any(payment["Type"] == "Payment" for payment in sale.payments):
        raise Refusal("Sale with payments cannot be voided")
    for task in sale.fulfilments:
        if task["Pick"]["Status"] == "AUTHORISED":
            for line in task["Pick"]["Lines"]:
                stock.receive(company, line["ProductID"], line["Location"], Decimal(str(line["Quantity"])))
        for part in ("Pick", "Pack", "Ship"):
            task[part]["Status"] = "VOIDED"
    stock.release(company, sale)
    for document in (sale.quote, sale.order, *sale.invoices):
        if document:
            document["Status"] = "VOIDED"
    sale.voided = True
    for product_id in {line["ProductID"] for line in (sale.order or {}).get("Lines", [])}:
        stock.fill_backorders(company, product_id)
    company.touch(sale)
    sale_event(company, "Sale/Voided", sale, CustomerName=sale.header.get("Customer", ""))


def _undo(company: Company, sale: Sale) -> None:
    """An authorised order becomes a draft again and gives its stock back."""
    if sale.voided:
        raise Refusal("Voided sale cannot be undone")
    if any(task["Pick"]["Status"] == "AUTHORISED" for task in sale.fulfilments):
        raise Refusal("Order with authorised pick cannot be undone")
    if any(invoice["Status"] in ("AUTHORISED", "PAID") for invoice in sale.invoices):
        raise Refusal("Order with authorised invoice cannot be undone")
    if sale.order and sale.order["Status"] == "AUTHORISED":
        stock.release(company, sale)
        sale.order["Status"] = "DRAFT"
        for line in sale.order["Lines"]:
            line["BackorderQuantity"] = Decimal(0)
            stock.fill_backorders(company, line["ProductID"])
    elif sale.quote and sale.quote["Status"] == "AUTHORISED":
        sale.quote["Status"] = "DRAFT"
    company.touch(sale)
    sale_event(company, "Sale/Undo", sale)


def find_sale(company: Company, sale_id: Any, name: str = "SaleID") -> Sale:
    """The sale, or the vendor's refusal."""
    if not sale_id:
        raise Refusal(required(name))
    sale = company.sales.get(str(sale_id).lower())
    if sale is None:
        raise Refusal(f"Sale with ID {sale_id} not found")
    return sale


def shown(company: Company, sale: Sale) -> Record:
    """The whole sale as GET /sale shows it: TaxCalculation instead of TaxInclusive, Type instead of SaleType."""
    hidden = {"TaxInclusive", "SaleType", "SkipQuote"}
    header = {name: value for name, value in sale.header.items() if name not in hidden}
    none = {
        "Memo": "",
        "Status": "NOT AVAILABLE",
        "Lines": [],
        "AdditionalCharges": [],
        "TotalBeforeTax": 0,
        "Tax": 0,
        "Total": 0,
    }
    return {
        **header,
        "ID": sale.id,
        "SkipQuote": sale.skip_quote,
        "OrderNumber": sale.number,
        "Status": sale_status(company, sale),
        **combined(company, sale),
        "Type": sale.type,
        "TaxCalculation": "Inclusive" if sale.tax_inclusive else "Exclusive",
        "BaseCurrency": company.me["Currency"],
        "CustomerCurrency": sale.header["CustomerCurrency"],
        "COGSAmount": 0,
        "LastModifiedOn": company.stamp(sale.updated_at),
        "SourceChannel": None,
        "ServiceOnly": bool(sale.header.get("ServiceOnly")),
        "ExternalID": sale.external_id or None,
        "Quote": sale.quote or {**none, "Prepayments": []},
        "Order": {**(sale.order or none), "SaleOrderNumber": sale.number},
        "Fulfilments": sale.fulfilments,
        "Invoices": sale.invoices,
        "CreditNotes": sale.credit_notes,
        "ManualJournals": sale.manual_journal or {"Status": "NOT AVAILABLE", "Lines": []},
        "Attachments": [],
        "InventoryMovements": [],
        "Transactions": [],
    }


def _checked(company: Company, header: Record, *, new: bool) -> Record:
    problems: list[str] = []
    if not header.get("Location"):
        problems.append(required("Location"))
    elif not company.has_name(company.locations, header["Location"]):
        raise Refusal(f"Location '{header['Location']}' was not found in Locations reference book", code=404)
    if not header.get("Customer") and not header.get("CustomerID"):
        problems.append(required("CustomerID"))
    problems += [
        f"{name} is longer than {longest} characters"
        for name, longest in LONGEST.items()
        if len(str(header.get(name) or "")) > longest
    ]
    if header.get("TaxRule") and company.tax_rule(header["TaxRule"]) is None:
        problems.append(not_in_book("Tax rule", header["TaxRule"], "Tax Rules"))
    if header.get("Terms") and not any(t["Name"] == header["Terms"] and t["IsActive"] for t in company.terms):
        problems.append(
            f"Active payment term with name {header['Terms']} was not found in Payment Terms reference book"
        )
    if header.get("PriceTier") and not company.has_name(company.tiers, header["PriceTier"]):
        problems.append(not_in_book("Price Tier", header["PriceTier"], "Price Tiers"))
    for name in ("BillingAddress", "ShippingAddress"):
        problems += _address_problems(name, header.get(name))
    if problems:
        raise Refusal(*problems)
    customer = _customer(company, header)
    if customer["Currency"] != company.me["Currency"] and not header.get("CurrencyRate") and new:
        raise Refusal(required("CurrencyRate"))
    return customer


def _customer(company: Company, header: Record) -> Record:
    found = company.customers.get(str(header.get("CustomerID") or "").lower())
    if found is None:
        found = next((c for c in company.customers.values() if c["Name"] == header.get("Customer")), None)
    if found is None:
        raise Refusal(not_in_book("Customer", header.get("Customer") or header.get("CustomerID"), "Customers"))
    return found


def _address_problems(name: str, address: Any) -> list[str]:
    if address is None or (isinstance(address, dict) and address.get("ID")):
        return []
    if not isinstance(address, dict):
        return [f"{name} is invalid"]
    problems = [required(f"{name}.{part}") for part in ("Line1", "Country") if not address.get(part)]
    for part, longest in ADDRESS_LONGEST.items():
        if len(str(address.get(part) or "")) > longest:
            problems.append(f"{name}.{part} is longer than {longest} characters")
    return problems


def _keep_address(company: Company, customer: Record, header: Record) -> None:
    """Without ShipToOther an unknown address grows the customer's card. Source: Shipping Address model."""
    address = header.get("ShippingAddress") or {}
    known = {str(one.get("Line1")) for one in customer.get("Addresses", [])}
    if address.get("Line1") and not address.get("ShipToOther") and address["Line1"] not in known:
        customer.setdefault("Addresses", []).append({**address, "ID": company.new_id(), "Type": "Shipping"})


def _body(call: Call) -> Record:
    if not isinstance(call.body, dict):
        raise Refusal("Request body is not provided")
    return call.body
