"""The only change feed of sales: saleList, and its sister for credit notes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7.paging import given, page_of, parse_moment
from weighbridge.twins.cin7.state import ZERO, Company, Record, Sale
from weighbridge.twins.cin7.status import combined, sale_status

STATUS_FILTERS = {
    "CombinedPickStatus": "CombinedPickingStatus",
    "CombinedPackStatus": "CombinedPackingStatus",
    "CombinedShippingStatus": "CombinedShippingStatus",
    "CombinedInvoiceStatus": "CombinedInvoiceStatus",
    "Status": "Status",
    "QuoteStatus": "QuoteStatus",
    "OrderStatus": "OrderStatus",
    "CreditNoteStatus": "CreditNoteStatus",
}
SEARCHED = ("OrderNumber", "Status", "Customer", "InvoiceNumber", "CustomerReference", "CreditNoteNumber")


def list_sales(company: Company, call: Call) -> Answer:
    """Newest first. `Search` is a contains-match over several texts. Source: GET /saleList."""
    chosen = _candidates(company, call)
    wanted = {field: given(call, name) for name, field in STATUS_FILTERS.items() if given(call, name)}
    search = given(call, "Search").casefold()
    if not wanted and not search:
        return page_of(company, call, "SaleList", chosen, lambda sale: row_of(company, sale))
    rows = [row_of(company, sale) for sale in chosen]
    found = [
        row
        for row in rows
        if all(str(row[field]) == value for field, value in wanted.items())
        and (not search or any(search in str(row[name] or "").casefold() for name in SEARCHED))
    ]
    return page_of(company, call, "SaleList", found)


def _candidates(company: Company, call: Call) -> list[Sale]:
    external = given(call, "ExternalID")
    if external:
        ids = company.sales_by_external.get(external.casefold(), [])
        sales = [company.sales[one] for one in ids]
        if company.switches["external_id_filter"] == "exact":
            sales = [sale for sale in sales if sale.external_id == external]
        if not company.switches["external_id_returns_voided"]:
            sales = [sale for sale in sales if not sale.voided]
    else:
        sales = list(company.sales.values())
    since, until = parse_moment(given(call, "UpdatedSince")), parse_moment(given(call, "UpdatedUntil"))
    created = parse_moment(given(call, "CreatedSince"))
    visible_before = company.now() - timedelta(seconds=float(company.switches["delayed_visibility_seconds"]))
    inclusive = company.switches["updated_since_inclusive"]
    return [
        sale
        for sale in reversed(sales)
        if sale.created_at <= visible_before
        and (since is None or sale.updated_at > since or (inclusive and sale.updated_at == since))
        and (until is None or sale.updated_at <= until)
        and (created is None or sale.created_at >= created)
    ]


def row_of(company: Company, sale: Sale) -> Record:
    """A row of the list: no lines, no location name."""
    invoiced = [invoice for invoice in sale.invoices if invoice["Status"] in ("AUTHORISED", "PAID")]
    credits = [note for note in sale.credit_notes if note["Status"] == "AUTHORISED"]
    first = sale.invoices[0] if sale.invoices else None
    amount = sum((one["Total"] for one in invoiced), ZERO)
    paid = sum((p["Amount"] if p["Type"] != "Refund" else -p["Amount"] for p in sale.payments), ZERO)
    return {
        "SaleID": sale.id,
        "OrderNumber": sale.number,
        "Status": sale_status(company, sale),
        "OrderDate": str(sale.header.get("SaleOrderDate") or company.stamp(sale.created_at))[:10] + "T00:00:00",
        "InvoiceDate": first["InvoiceDate"] if first else None,
        "Customer": sale.header["Customer"],
        "CustomerID": sale.header["CustomerID"],
        "InvoiceNumber": first["InvoiceNumber"] if first else None,
        "CustomerReference": sale.header.get("CustomerReference") or "",
        "InvoiceAmount": amount - sum((one["Total"] for one in credits), Decimal(0)),
        "PaidAmount": paid,
        "SaleInvoicesTotalAmount": amount,
        "InvoiceDueDate": first["InvoiceDueDate"] if first else None,
        "ShipBy": sale.header.get("ShipBy"),
        "BaseCurrency": company.me["Currency"],
        "CustomerCurrency": sale.header["CustomerCurrency"],
        "CreditNoteNumber": sale.credit_notes[0]["CreditNoteNumber"] if sale.credit_notes else None,
        "Updated": company.stamp(sale.updated_at),
        "QuoteStatus": sale.quote["Status"] if sale.quote else "NOT AVAILABLE",
        "OrderStatus": sale.order["Status"] if sale.order else "NOT AVAILABLE",
        **combined(company, sale),
        "CombinedPaymentTotal": paid,
        "CreditNoteStatus": sale.credit_notes[-1]["Status"] if sale.credit_notes else "NOT AVAILABLE",
        "Type": sale.type,
        "SourceChannel": None,
        "ExternalID": sale.external_id or None,
        "OrderLocationID": next((one["ID"] for one in company.locations if one["Name"] == sale.location), None),
    }


def list_credit_notes(company: Company, call: Call) -> Answer:
    """Its rows stand under `SaleList` too."""
    rows = [
        {
            **row_of(company, sale),
            "CreditNoteNumber": note["CreditNoteNumber"],
            "CreditNoteStatus": note["Status"],
            "RestockStatus": note["Status"] if note["Restock"] else "NOT AVAILABLE",
            "Type": "Sale Credit Note",
        }
        for sale in _candidates(company, call)
        for note in sale.credit_notes
    ]
    return page_of(company, call, "SaleList", rows)
