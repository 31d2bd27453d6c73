"""Quote and order documents. Posting overwrites a draft; an authorised document refuses."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.twins.call import Answer, Call
from weighbridge.twins.cin7 import stock
from weighbridge.twins.cin7.documents import checked_charges, checked_lines, with_totals
from weighbridge.twins.cin7.errors import Refusal, required
from weighbridge.twins.cin7.events import sale_event
from weighbridge.twins.cin7.fulfilment import auto_fulfil
from weighbridge.twins.cin7.paging import given
from weighbridge.twins.cin7.sale_header import find_sale
from weighbridge.twins.cin7.state import Company, Record, Sale

OPEN = ("DRAFT", "NOT AVAILABLE")


def post_quote(company: Company, call: Call) -> Answer:
    """Gate 1: fails once authorised, or where the quote is skipped."""
    body, sale = _asked(company, call)
    status = sale.quote["Status"] if sale.quote else "NOT AVAILABLE"
    if sale.skip_quote or status not in OPEN:
        raise Refusal("Quote cannot be changed: it is skipped or its status is not DRAFT or NOT AVAILABLE")
    document = {
        "Memo": body.get("Memo", ""),
        "Status": body["Status"],
        "Prepayments": [],
        "Lines": checked_lines(company, body),
        "AdditionalCharges": checked_charges(company, body),
    }
    sale.quote = with_totals(company, sale, document)
    company.touch(sale)
    if sale.quote["Status"] == "AUTHORISED":
        sale_event(company, "Sale/QuoteAuthorised", sale)
    return Answer(200, {"SaleID": sale.id, **sale.quote})


def get_quote(company: Company, call: Call) -> Answer:
    sale = find_sale(company, given(call, "SaleID"))
    empty = {"Memo": "", "Status": "NOT AVAILABLE", "Prepayments": [], "Lines": [], "AdditionalCharges": []}
    return Answer(200, {"SaleID": sale.id, **(sale.quote or empty)})


def post_order(company: Company, call: Call) -> Answer:
    """Gate 2: fails once authorised, or while a quote that is not skipped is not authorised.

    Authorising allocates; what cannot be allocated silently becomes a backorder. Source: POST /sale/order.
    """
    body, sale = _asked(company, call)
    status = sale.order["Status"] if sale.order else "NOT AVAILABLE"
    if sale.voided:
        raise Refusal("Sale is voided")
    if status not in OPEN:
        raise Refusal(f"Order status is {status}. Only DRAFT or NOT AVAILABLE orders can be changed")
    if not sale.skip_quote and (sale.quote is None or sale.quote["Status"] != "AUTHORISED"):
        raise Refusal("Quote must be authorised before the order")
    lines = checked_lines(company, body)
    document = {
        "Memo": body.get("Memo", ""),
        "Status": body["Status"],
        "Lines": [{**line, "BackorderQuantity": Decimal(0)} for line in lines],
        "AdditionalCharges": checked_charges(company, body),
    }
    sale.order = with_totals(company, sale, document)
    if sale.order["Status"] == "AUTHORISED":
        _authorise(company, sale, str(body.get("AutoPickPackShipMode") or "NOPICK"))
    company.touch(sale)
    return Answer(200, shown_order(sale))


def get_order(company: Company, call: Call) -> Answer:
    return Answer(200, shown_order(find_sale(company, given(call, "SaleID"))))


def shown_order(sale: Sale) -> Record:
    empty = {"Memo": "", "Status": "NOT AVAILABLE", "Lines": [], "AdditionalCharges": [], "Total": 0}
    return {"SaleID": sale.id, "SaleOrderNumber": sale.number, **(sale.order or empty)}


def _authorise(company: Company, sale: Sale, mode: str) -> None:
    assert sale.order is not None
    backordered = False
    for line in sale.order["Lines"]:
        product = company.products[line["ProductID"]]
        line["BackorderQuantity"] = stock.allocate(company, sale, product, line["Quantity"])
        backordered = backordered or line["BackorderQuantity"] > 0
    sale_event(company, "Sale/OrderAuthorised", sale)
    if backordered:
        stock.note_backorder(company, sale)
        sale_event(company, "Sale/Backordered", sale)
    elif sale.type == "Simple Sale" and mode != "NOPICK":
        auto_fulfil(company, sale, mode)


def _asked(company: Company, call: Call) -> tuple[Record, Sale]:
    body = call.body
    if not isinstance(body, dict):
        raise Refusal("Request body is not provided")
    missing = [required(name) for name in ("SaleID", "Status", "Memo") if body.get(name) is None]
    if missing:
        raise Refusal(*missing)
    if body["Status"] not in ("DRAFT", "AUTHORISED"):
        raise Refusal("Status is invalid. DRAFT or AUTHORISED expected")
    return body, find_sale(company, body["SaleID"])
