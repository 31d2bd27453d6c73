"""DELETE /sale: voids a sale or undoes its last step."""

from __future__ import annotations

from weighbridge_twins.cin7 import stock
from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.events import contact_of, sale_event
from weighbridge_twins.cin7.finished_goods import disassemble
from weighbridge_twins.cin7.fulfilment import picked_rows
from weighbridge_twins.cin7.paging import flag, given
from weighbridge_twins.cin7.sale_header import find_sale
from weighbridge_twins.cin7.sale_view import render_sale
from weighbridge_twins.cin7.state import ZERO, Company, Sale
from weighbridge_twins.http.call import Answer, Call


def delete_sale(company: Company, call: Call) -> Answer:
    """Void=true voids the sale; any other value only undoes. Source: DELETE /sale; platform notes, cin7 trap 43."""
    sale = find_sale(company, given(call, "ID"), "ID")
    if flag(call, "Void"):
        void(company, sale)
    else:
        undo(company, sale)
    return Answer(200, render_sale(company, sale))


def void(company: Company, sale: Sale) -> None:
    """Releases the sale's allocation, puts picked goods back into stock and voids every document.

    Raises Refusal for a sale with payments or authorised credit notes.
    """
    if sale.voided:
        raise Refusal("Sale has been voided")
    if any(payment["Type"] != "Prepayment" for payment in sale.payments):
        raise Refusal("Sale with payments cannot be voided")
    if any(note["Status"] == "AUTHORISED" for note in sale.credit_notes):
        raise Refusal("Sale with authorised credit notes cannot be voided")
    # Voided first, so that returned stock is not allocated to this sale again.
    sale.voided = True
    freed = stock.release(company, sale)
    for task in sale.fulfilments:
        for key, quantity in picked_rows(task):
            stock.put_back(company, key, quantity)
        for step in ("Pick", "Pack", "Ship"):
            task[step]["Status"] = "VOIDED"
        task["FulFilmentStatus"] = "VOIDED"
    for document in (sale.quote, sale.order, *sale.invoices, *sale.credit_notes):
        if document:
            document["Status"] = "VOIDED"
    stock.serve_backorders(company, freed)
    company.touch(sale)
    sale_event(company, "Sale/Voided", sale, CustomerName=sale.header["Customer"], **contact_of(sale))


def undo(company: Company, sale: Sale) -> None:
    """Makes an authorised order a draft, or else an authorised quote. Raises Refusal once goods moved.

    The vendor's documents do not say what is undone at later stages. Source: platform notes, cin7 10.8.
    """
    if sale.voided:
        raise Refusal("Voided sale cannot be undone")
    if any(task["Pick"]["Status"] == "AUTHORISED" for task in sale.fulfilments):
        raise Refusal("Order with authorised pick cannot be undone")
    if any(invoice["Status"] in ("AUTHORISED", "PAID") for invoice in sale.invoices):
        raise Refusal("Order with authorised invoice cannot be undone")
    if sale.ordered and sale.order:
        sale.order["Status"] = "DRAFT"
        sale.fulfilments = []
        if company.switches["undo_releases_allocation"]:
            freed = stock.release(company, sale)
            if company.switches["undo_disassembles_kits"]:
                freed |= disassemble(company, sale)
            stock.serve_backorders(company, freed)
        company.backordered.pop(sale.id, None)
        for line in sale.order["Lines"]:
            line["BackorderQuantity"] = ZERO
    elif sale.quote and sale.quote["Status"] == "AUTHORISED":
        sale.quote["Status"] = "DRAFT"
    else:
        raise Refusal("Nothing to undo")
    company.touch(sale)
    sale_event(company, "Sale/Undo", sale, **contact_of(sale))
