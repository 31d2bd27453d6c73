"""DELETE /sale: voiding ends a sale, undoing takes it one step back."""

from __future__ import annotations

from weighbridge_twins.call import Answer, Call
from weighbridge_twins.cin7 import stock
from weighbridge_twins.cin7.errors import Refusal
from weighbridge_twins.cin7.events import contact_of, sale_event
from weighbridge_twins.cin7.finished_goods import disassemble
from weighbridge_twins.cin7.fulfilment import shelved
from weighbridge_twins.cin7.paging import flag, given
from weighbridge_twins.cin7.sale_header import find_sale
from weighbridge_twins.cin7.sale_view import shown
from weighbridge_twins.cin7.state import ZERO, Company, Sale


def delete_sale(company: Company, call: Call) -> Answer:
    """Voids with Void=true; anything else only undoes. Source: DELETE /sale; platform notes, cin7 trap 43."""
    sale = find_sale(company, given(call, "ID"), "ID")
    if flag(call, "Void"):
        void(company, sale)
    else:
        undo(company, sale)
    return Answer(200, shown(company, sale))


def void(company: Company, sale: Sale) -> None:
    """What the sale holds is free, what was picked goes back on the shelf, every document is voided.

    Raises Refusal for a sale with payments or authorised credit notes.
    """
    if sale.voided:
        raise Refusal("Sale has been voided")
    if any(payment["Type"] != "Prepayment" for payment in sale.payments):
        raise Refusal("Sale with payments cannot be voided")
    if any(note["Status"] == "AUTHORISED" for note in sale.credit_notes):
        raise Refusal("Sale with authorised credit notes cannot be voided")
    # Voided first, so that stock that comes back cannot return to this very sale.
    sale.voided = True
    freed = stock.release(company, sale)
    for task in sale.fulfilments:
        for key, quantity in shelved(task):
            stock.put_back(company, key, quantity)
        for part in ("Pick", "Pack", "Ship"):
            task[part]["Status"] = "VOIDED"
        task["FulFilmentStatus"] = "VOIDED"
    for document in (sale.quote, sale.order, *sale.invoices, *sale.credit_notes):
        if document:
            document["Status"] = "VOIDED"
    stock.serve_backorders(company, freed)
    company.touch(sale)
    sale_event(company, "Sale/Voided", sale, CustomerName=sale.header["Customer"], **contact_of(sale))


def undo(company: Company, sale: Sale) -> None:
    """An authorised order becomes a draft again, else an authorised quote does. Raises Refusal once goods moved.

    What is undone at later stages the documents do not say. Source: platform notes, cin7 10.8.
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
