"""Renders the whole sale for GET /sale."""

from __future__ import annotations

from typing import Any

from weighbridge_twins.cin7.countries import in_format
from weighbridge_twins.cin7.documents import combine_charges_if, with_product_info
from weighbridge_twins.cin7.paging import flag, given
from weighbridge_twins.cin7.state import ZERO, Company, Record, Sale
from weighbridge_twins.cin7.status import combined, sale_status
from weighbridge_twins.cin7.transactions import entries_of_sale
from weighbridge_twins.http.call import Answer, Call

EMPTY = {
    "Memo": "",
    "Status": "NOT AVAILABLE",
    "Lines": [],
    "AdditionalCharges": [],
    "TotalBeforeTax": 0,
    "Tax": 0,
    "Total": 0,
}
NO_JOURNAL = {"Status": "NOT AVAILABLE", "Lines": []}
PAYMENT_LINE = ("ID", "Reference", "Amount", "DatePaid", "Account", "CurrencyRate", "DateCreated")


def get_sale(company: Company, call: Call, sale: Sale) -> Answer:
    """Returns the sale, always with product information. Source: GET /sale."""
    view = render_sale(company, sale, country=given(call, "CountryFormat"), charges_in_lines=_combines(call))
    if flag(call, "HideInventoryMovements"):
        view["InventoryMovements"] = []
    if not flag(call, "IncludeTransactions"):
        view["Transactions"] = []
    return Answer(200, view)


def render_sale(company: Company, sale: Sale, *, country: str = "", charges_in_lines: bool = False) -> Record:
    """Answers name `TaxCalculation` and `Type`, requests `TaxInclusive` and `SaleType`. Source: notes, cin7 2.2."""
    header = {name: value for name, value in sale.header.items() if name not in ("TaxInclusive", "SaleType")}

    def render_line_document(record: Record) -> Record:
        view = combine_charges_if(charges_in_lines, record)
        return {**view, "Lines": with_product_info(company, view["Lines"])}

    return {
        "ID": sale.id,
        **header,
        "SkipQuote": sale.skip_quote,
        "BillingAddress": _address(header.get("BillingAddress"), country),
        "ShippingAddress": _address(header.get("ShippingAddress"), country),
        "ShippingNotes": header.get("ShippingNotes") or "",
        "BaseCurrency": company.me["Currency"],
        "TaxCalculation": "Inclusive" if sale.tax_inclusive else "Exclusive",
        "LastModifiedOn": company.timestamp(sale.updated_at),
        "Note": header.get("Note") or "",
        "CustomerReference": header.get("CustomerReference") or "",
        "COGSAmount": sum((movement["COGS"] for movement in sale.movements), ZERO),
        "Status": sale_status(company, sale),
        **combined(company, sale),
        "Type": sale.type,
        "SourceChannel": None,
        "ExternalID": sale.external_id or None,
        "Quote": {**render_line_document(sale.quote or EMPTY), "Prepayments": _payments(sale, "Prepayment")},
        "Order": {"SaleOrderNumber": sale.number, **render_line_document(sale.order or EMPTY)},
        "Fulfilments": [_fulfilment(company, task, country) for task in sale.fulfilments],
        "Invoices": [_invoice(sale, render_line_document(invoice)) for invoice in sale.invoices],
        "CreditNotes": [
            {**render_line_document(note), "Refunds": _payments(sale, "Refund", note)} for note in sale.credit_notes
        ],
        "ManualJournals": sale.manual_journal or NO_JOURNAL,
        "AdditionalAttributes": _attributes(header.get("AdditionalAttributes")),
        "Attachments": [],
        "InventoryMovements": with_product_info(company, sale.movements),
        "Transactions": list(entries_of_sale(company, sale)),
    }


def _invoice(sale: Sale, invoice: Record) -> Record:
    payments = _payments(sale, "Payment", invoice)
    return {**invoice, "Payments": payments, "Paid": sum((payment["Amount"] for payment in payments), ZERO)}


def _payments(sale: Sale, kind: str, document: Record | None = None) -> list[Record]:
    task = document["TaskID"] if document else None
    payments = [payment for payment in sale.payments if payment["Type"] == kind and task in (None, payment["TaskID"])]
    return [{name: row[name] for name in PAYMENT_LINE} for row in payments]


def _fulfilment(company: Company, task: Record, country: str) -> Record:
    parts = {
        name: {**task[name], "Lines": with_product_info(company, task[name]["Lines"])} for name in ("Pick", "Pack")
    }
    ship = {**task["Ship"], "ShippingAddress": _address(task["Ship"]["ShippingAddress"], country)}
    return {**task, **parts, "Ship": ship}


def _address(address: Any, country: str) -> Record:
    """Renders an address with the two lines that Cin7 makes for printing."""
    given_address = address if isinstance(address, dict) else {}
    first = " ".join(str(given_address[member]) for member in ("Line1", "Line2") if given_address.get(member))
    second = " ".join(
        str(given_address[member]) for member in ("City", "State", "Postcode") if given_address.get(member)
    )
    shown_address = {"DisplayAddressLine1": first, "DisplayAddressLine2": second, **given_address}
    if "Country" in shown_address:
        shown_address["Country"] = in_format(shown_address["Country"], country)
    return shown_address


def _attributes(sent: Any) -> Record:
    blank = {f"AdditionalAttribute{n}": "" for n in range(1, 11)}
    return {**blank, **(sent if isinstance(sent, dict) else {})}


def _combines(call: Call) -> bool:
    return flag(call, "CombineAdditionalCharges")
