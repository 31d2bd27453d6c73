"""The order. Authorising it allocates stock; an authorised order cannot be changed until it is undone."""

from __future__ import annotations

from weighbridge_twins.cin7 import stock
from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.events import sale_event
from weighbridge_twins.cin7.fulfilment import open_fulfilment
from weighbridge_twins.cin7.paging import given
from weighbridge_twins.cin7.sale_header import find_sale
from weighbridge_twins.cin7.sale_quote import OPEN, render_document, requested_document, written_document
from weighbridge_twins.cin7.sale_view import EMPTY
from weighbridge_twins.cin7.shipping import auto_fulfil
from weighbridge_twins.cin7.state import ZERO, Company, Record, Sale
from weighbridge_twins.cin7.status import credited, invoiced, paid
from weighbridge_twins.http.call import Answer, Call

AUTO_MODES = ("NOPICK", "AUTOPICK", "AUTOPICKPACK", "AUTOPICKPACKSHIP")


def post_order(company: Company, call: Call) -> Answer:
    """Precondition 2: the order is not authorised, and the quote is skipped or authorised.

    Authorising allocates stock; units that cannot be allocated silently become a backorder. Source: POST /sale/order.
    """
    body, sale = requested_document(company, call)
    status = sale.order["Status"] if sale.order else "NOT AVAILABLE"
    if status not in OPEN:
        raise Refusal(f"Order status is {status}. Only DRAFT or NOT AVAILABLE orders can be changed")
    if not sale.skip_quote and (sale.quote is None or sale.quote["Status"] != "AUTHORISED"):
        raise Refusal("Quote must be authorised before the order")
    if sale.type == "Service Sale":
        raise Refusal("Order is not available for a service sale")
    mode = str(body.get("AutoPickPackShipMode") or "NOPICK")
    if mode not in AUTO_MODES:
        raise Refusal("AutoPickPackShipMode is invalid")
    document = written_document(company, sale, body)
    document["Lines"] = [{**line, "BackorderQuantity": ZERO} for line in document["Lines"]]
    if document["Status"] == "AUTHORISED":
        _check_credit(company, sale, document)
    sale.order = document
    if document["Status"] == "AUTHORISED":
        _authorise(company, sale, document, mode)
    company.touch(sale)
    return Answer(200, render_order(sale))


def get_order(company: Company, call: Call) -> Answer:
    """Source: GET /sale/order."""
    sale = find_sale(company, given(call, "SaleID"))
    return Answer(200, {**render_order(sale), **render_document(company, call, sale.order or EMPTY)})


def render_order(sale: Sale) -> Record:
    """Renders the order with the sale's number."""
    return {"SaleID": sale.id, "SaleOrderNumber": sale.number, **(sale.order or EMPTY)}


def _authorise(company: Company, sale: Sale, document: Record, mode: str) -> None:
    stock.release(company, sale)
    for line in document["Lines"]:
        product = company.products[line["ProductID"]]
        line["BackorderQuantity"] = stock.allocate(company, sale, product, line["Quantity"])
    sale_event(company, "Sale/OrderAuthorised", sale)
    if any(line["BackorderQuantity"] > 0 for line in document["Lines"]):
        company.backordered[sale.id] = True
        sale_event(company, "Sale/Backordered", sale)
    elif sale.type == "Simple Sale" and mode != "NOPICK":
        auto_fulfil(company, sale, mode)
        return
    if sale.type == "Simple Sale" and company.switches["simple_fulfilment"] == "listed" and not sale.fulfilments:
        open_fulfilment(company, sale)


def _check_credit(company: Company, sale: Sale, document: Record) -> None:
    customer = company.customers[sale.header["CustomerID"]]
    if customer["IsOnCreditHold"] and company.switches["credit_hold"] == "reject":
        raise Refusal(f"Customer '{customer['Name']}' is on credit hold")
    limit = customer["CreditLimit"] or 0
    if not limit or company.switches["credit_limit"] == "accept":
        return
    owed = sum(
        (
            max(sale.order["Total"] if sale.order else ZERO, invoiced(sale)) - credited(sale) - paid(sale)
            for sale in company.sales.values()
            if sale.ordered and sale.header["CustomerID"] == customer["ID"]
        ),
        ZERO,
    )
    if owed + document["Total"] > limit:
        raise Refusal(f"Credit limit of customer '{customer['Name']}' is exceeded")
