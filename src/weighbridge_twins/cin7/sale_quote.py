"""The quote. Posting overwrites a draft; an authorised quote allows the order and prepayments."""

from __future__ import annotations

from weighbridge_twins.cin7.documents import checked_charges, checked_lines, combine_charges_if, with_product_info
from weighbridge_twins.cin7.errors import Problem, Refusal, refuse_any, required
from weighbridge_twins.cin7.events import sale_event
from weighbridge_twins.cin7.paging import flag, given
from weighbridge_twins.cin7.request_parsing import body_of, missing, overlong, truth
from weighbridge_twins.cin7.sale_header import find_sale
from weighbridge_twins.cin7.sale_view import EMPTY
from weighbridge_twins.cin7.state import Company, Record, Sale
from weighbridge_twins.cin7.totals import with_totals
from weighbridge_twins.http.call import Answer, Call

OPEN = ("DRAFT", "NOT AVAILABLE")


def post_quote(company: Company, call: Call) -> Answer:
    """Precondition 1: the quote is neither authorised nor skipped. Source: POST /sale/quote."""
    body, sale = requested_document(company, call)
    status = sale.quote["Status"] if sale.quote else "NOT AVAILABLE"
    if sale.skip_quote or status not in OPEN:
        raise Refusal("Quote cannot be changed: it is skipped or its status is not DRAFT or NOT AVAILABLE")
    sale.quote = written_document(company, sale, body)
    company.touch(sale)
    if sale.quote["Status"] == "AUTHORISED":
        sale_event(company, "Sale/QuoteAuthorised", sale)
    return Answer(200, {"SaleID": sale.id, **sale.quote})


def get_quote(company: Company, call: Call) -> Answer:
    """Source: GET /sale/quote."""
    sale = find_sale(company, given(call, "SaleID"))
    return Answer(200, {"SaleID": sale.id, **render_document(company, call, sale.quote or EMPTY)})


def requested_document(company: Company, call: Call) -> tuple[Record, Sale]:
    """Returns the body and the sale of a quote or order. Raises Refusal."""
    body = body_of(call)
    problems = missing(body, ("SaleID", "Status")) + overlong(body, {"Memo": 1024})
    problems += [required(name) for name in ("Memo", "Lines") if body.get(name) is None]
    if body.get("Status") not in (None, "", "DRAFT", "AUTHORISED"):
        problems.append("Status is invalid. Available values are DRAFT, AUTHORISED.")
    refuse_any(problems)
    sale = find_sale(company, body["SaleID"])
    if sale.voided:
        raise Refusal("Sale has been voided")
    return body, sale


def written_document(company: Company, sale: Sale, body: Record) -> Record:
    """Returns a quote or order to be stored in place of the former one. Raises Refusal."""
    problems: list[Problem] = []
    document = {
        "CombineAdditionalCharges": truth(body.get("CombineAdditionalCharges")),
        "Memo": body["Memo"],
        "Status": body["Status"],
        "Lines": checked_lines(company, body, problems),
        "AdditionalCharges": checked_charges(company, body, problems),
    }
    full = with_totals(company, sale, document, problems)
    refuse_any(problems)
    return full


def render_document(company: Company, call: Call, document: Record) -> Record:
    """Renders a document by the parameters CombineAdditionalCharges and IncludeProductInfo."""
    combines = flag(call, "CombineAdditionalCharges")
    view = {**combine_charges_if(combines, document), "CombineAdditionalCharges": combines}
    if flag(call, "IncludeProductInfo"):
        view["Lines"] = with_product_info(company, view["Lines"])
    return view
