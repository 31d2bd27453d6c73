"""Lists of sales: saleList, the only change feed of sales, and saleCreditNoteList."""

from __future__ import annotations

from datetime import timedelta

from weighbridge_twins.cin7.paging import flag, given, page_of
from weighbridge_twins.cin7.request_parsing import timestamp_of
from weighbridge_twins.cin7.state import ZERO, Company, Record, Sale
from weighbridge_twins.cin7.status import combined, credited, invoiced, paid, sale_status
from weighbridge_twins.http.call import Answer, Call

OWN_FILTERS = ("Status", "QuoteStatus", "OrderStatus", "CreditNoteStatus")
COMBINED_FILTERS = {
    "CombinedPickStatus": "CombinedPickingStatus",
    "CombinedPackStatus": "CombinedPackingStatus",
    "CombinedShippingStatus": "CombinedShippingStatus",
    "CombinedInvoiceStatus": "CombinedInvoiceStatus",
}


def list_sales(company: Company, call: Call) -> Answer:
    """Lists sales, newest first; renders only the rows of the page. Source: GET /saleList."""
    sales = [sale for sale in _candidates(company, call) if _matches(company, call, sale)]
    return page_of(company, call, "SaleList", sales, lambda sale: row_of(company, sale))


def list_credit_notes(company: Company, call: Call) -> Answer:
    """Lists credit notes, one row each, also under the key `SaleList`. Source: GET /saleCreditNoteList."""
    status = given(call, "CreditNoteStatus")
    pairs = [
        (sale, note)
        for sale in _candidates(company, call)
        if sale.credit_notes and _matches(company, call, sale)
        for note in sale.credit_notes
        if not status or note["Status"] == status
    ]
    return page_of(company, call, "SaleList", pairs, lambda pair: _note_row(company, *pair))


def row_of(company: Company, sale: Sale) -> Record:
    """Returns a row of the list, without lines and location name. Source: platform notes, cin7 2.10."""
    invoice = sale.invoices[0] if sale.invoices else None
    where = company.location_named(sale.location)
    total, money = invoiced(sale), paid(sale)
    return {
        "SaleID": sale.id,
        "OrderNumber": sale.number,
        "Status": sale_status(company, sale),
        "OrderDate": sale.header["SaleOrderDate"],
        "InvoiceDate": invoice["InvoiceDate"] if invoice else None,
        "Customer": sale.header["Customer"],
        "CustomerID": sale.header["CustomerID"],
        "InvoiceNumber": invoice["InvoiceNumber"] if invoice else None,
        "CustomerReference": sale.header.get("CustomerReference") or "",
        "InvoiceAmount": total - credited(sale),
        "PaidAmount": money,
        "SaleInvoicesTotalAmount": total,
        "InvoiceDueDate": invoice["InvoiceDueDate"] if invoice else None,
        "ShipBy": sale.header.get("ShipBy"),
        "BaseCurrency": company.me["Currency"],
        "CustomerCurrency": sale.header["CustomerCurrency"],
        "CreditNoteNumber": sale.credit_notes[0]["CreditNoteNumber"] if sale.credit_notes else None,
        "Updated": company.timestamp(sale.updated_at),
        "QuoteStatus": _quote_status(sale),
        "OrderStatus": _order_status(sale),
        **combined(company, sale),
        "CombinedPaymentTotal": money,
        "CreditNoteStatus": _note_status(sale),
        "Type": sale.type,
        "SourceChannel": None,
        "ExternalID": sale.external_id or None,
        "OrderLocationID": where["ID"] if where else None,
        "Carrier": sale.header.get("Carrier"),
    }


def _candidates(company: Company, call: Call) -> list[Sale]:
    external = given(call, "ExternalID")
    sales = _with_external_id(company, external) if external else list(company.sales.values())
    since, until = timestamp_of(given(call, "UpdatedSince")), timestamp_of(given(call, "UpdatedUntil"))
    created = timestamp_of(given(call, "CreatedSince"))
    visible_before = company.now() - timedelta(seconds=float(company.switches["delayed_visibility_seconds"]))
    # Rows show milliseconds: a client that filters by the timestamp of a row must find that row.
    if since is not None and company.switches["updated_since_inclusive"]:
        since -= timedelta(milliseconds=1)
    return [
        sale
        for sale in reversed(sales)
        if sale.created_at <= visible_before
        and (since is None or sale.updated_at > since)
        and (until is None or sale.updated_at <= until)
        and (created is None or sale.created_at >= created)
    ]


def _with_external_id(company: Company, external: str) -> list[Sale]:
    sales = company.sales_with_external_id(external)
    if company.switches["external_id_filter"] == "exact":
        sales = [sale for sale in sales if sale.external_id == external]
    return [sale for sale in sales if not sale.voided or company.switches["external_id_returns_voided"]]


def _matches(company: Company, call: Call, sale: Sale) -> bool:
    filters = {name: given(call, name).upper() for name in (*OWN_FILTERS, *COMBINED_FILTERS)}
    if any(value and value != _own_status(company, sale, name) for name, value in filters.items()):
        return False
    return _matches_rest(company, call, sale)


def _own_status(company: Company, sale: Sale, name: str) -> str:
    if name in COMBINED_FILTERS:
        return str(combined(company, sale)[COMBINED_FILTERS[name]])
    if name == "Status":
        return sale_status(company, sale)
    return {"QuoteStatus": _quote_status, "OrderStatus": _order_status, "CreditNoteStatus": _note_status}[name](sale)


def _matches_rest(company: Company, call: Call, sale: Sale) -> bool:
    ship_by, location = timestamp_of(given(call, "ShipBy")), given(call, "OrderLocationID").lower()
    if ship_by is not None:
        due = timestamp_of(sale.header.get("ShipBy"))
        if due is None or due > ship_by:
            return False
    if location:
        where = company.location_named(sale.location)
        if where is None or where["ID"] != location:
            return False
    if flag(call, "ReadyForShipping"):
        ready = [
            t for t in sale.fulfilments if t["Pack"]["Status"] == "AUTHORISED" and t["Ship"]["Status"] != "AUTHORISED"
        ]
        if not ready:
            return False
    search = given(call, "Search").casefold()
    return not search or search in _searched(company, sale)


def _searched(company: Company, sale: Sale) -> str:
    """Returns the texts that `Search` looks in. Source: GET /saleList, parameter Search."""
    texts = [sale.number, sale_status(company, sale), sale.header["Customer"], sale.header.get("CustomerReference")]
    texts += [invoice["InvoiceNumber"] for invoice in sale.invoices]
    texts += [note["CreditNoteNumber"] for note in sale.credit_notes]
    return "\n".join(str(text or "") for text in texts).casefold()


def _quote_status(sale: Sale) -> str:
    return str(sale.quote["Status"]) if sale.quote else "NOT AVAILABLE"


def _order_status(sale: Sale) -> str:
    return str(sale.order["Status"]) if sale.order else "NOT AVAILABLE"


def _note_status(sale: Sale) -> str:
    return str(sale.credit_notes[-1]["Status"]) if sale.credit_notes else "NOT AVAILABLE"


def _note_row(company: Company, sale: Sale, note: Record) -> Record:
    hidden = ("SaleInvoicesTotalAmount", "CombinedPaymentTotal", "Carrier")
    row = {name: value for name, value in row_of(company, sale).items() if name not in hidden}
    restocked = any(line["Quantity"] > ZERO for line in note["Restock"])
    return {
        **row,
        "CreditNoteNumber": note["CreditNoteNumber"],
        "CreditNoteStatus": note["Status"],
        "RestockStatus": note["Status"] if restocked else "NOT AVAILABLE",
        "Type": "Sale Credit Note",
    }
