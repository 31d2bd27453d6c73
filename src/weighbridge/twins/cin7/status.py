"""The statuses that Cin7 derives: nobody writes them. Source: platform notes, cin7 2.1."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.twins.cin7.state import ZERO, Company, Record, Sale

COUNTING = ("AUTHORISED", "PAID")


def sale_status(company: Company, sale: Sale) -> str:
    """The sale's own status."""
    if sale.voided:
        return "VOIDED"
    order_status = sale.order["Status"] if sale.order else "NOT AVAILABLE"
    if order_status != "AUTHORISED":
        return _before_order(sale, order_status)
    state = combined(company, sale)
    shipped = state["CombinedShippingStatus"] == "SHIPPED" or not _physical(company, sale)
    if shipped and state["CombinedPaymentStatus"] == "PAID":
        return "COMPLETED"
    if any(note["Status"] == "AUTHORISED" for note in sale.credit_notes):
        return "CREDITED"
    if sale.type == "Simple Sale" and not sale.invoices:
        progress = _simple_progress(sale)
        if progress:
            return progress
    if any(invoice["Status"] == "DRAFT" for invoice in sale.invoices):
        return "INVOICING"
    if state["CombinedInvoiceStatus"].startswith("INVOICED"):
        return "INVOICED"
    backordered = (
        any(Decimal(str(line.get("BackorderQuantity") or 0)) > 0 for line in sale.order["Lines"])
        if sale.order
        else False
    )
    return "BACKORDERED" if backordered else "ORDERED"


def _before_order(sale: Sale, order_status: str) -> str:
    if order_status == "DRAFT":
        return "ORDERING"
    if sale.skip_quote or (sale.quote and sale.quote["Status"] == "AUTHORISED"):
        return "ESTIMATED"
    return "ESTIMATING" if sale.quote else "DRAFT"


def _simple_progress(sale: Sale) -> str:
    """Only a Simple sale shows where its goods are in its own status."""
    for task in sale.fulfilments:
        for part, done, doing in (
            ("Ship", "SHIPPING", "SHIPPING"),
            ("Pack", "PACKED", "PACKING"),
            ("Pick", "PICKED", "PICKING"),
        ):
            status = task[part]["Status"]
            if status == "AUTHORISED":
                return done
            if status in ("DRAFT", "PARTIALLY AUTHORISED"):
                return doing
    return ""


def combined(company: Company, sale: Sale) -> Record:
    """The combined statuses that a sale and its list row show."""
    if sale.voided:
        void = "VOIDED"
        names = (
            "CombinedPickingStatus",
            "CombinedPackingStatus",
            "CombinedShippingStatus",
            "CombinedInvoiceStatus",
            "CombinedPaymentStatus",
            "FulFilmentStatus",
        )
        return {**dict.fromkeys(names, void), "CombinedTrackingNumbers": _tracking(sale)}
    authorised = sale.order is not None and sale.order["Status"] == "AUTHORISED"
    ordered = _physical(company, sale)
    picked, packed, shipped = (_units(sale, part) for part in ("Pick", "Pack", "Ship"))
    fulfilled = "NOT AVAILABLE"
    if authorised:
        fulfilled = "FULFILLED" if shipped >= ordered else ("PARTIALLY FULFILLED" if shipped else "NOT FULFILLED")
    return {
        "CombinedPickingStatus": _progress(authorised, picked, ordered, "PICKED"),
        "CombinedPackingStatus": _progress(authorised, packed, ordered, "PACKED"),
        "CombinedShippingStatus": _progress(authorised, shipped, ordered, "SHIPPED"),
        "CombinedInvoiceStatus": _invoice_status(sale, authorised),
        "CombinedPaymentStatus": _payment_status(sale),
        "FulFilmentStatus": fulfilled,
        "CombinedTrackingNumbers": _tracking(sale),
    }


def _progress(authorised: bool, done: Decimal, ordered: Decimal, word: str) -> str:
    if not authorised:
        return "NOT AVAILABLE"
    if done <= 0:
        return f"NOT {word}"
    return word if done >= ordered else f"PARTIALLY {word}"


def _physical(company: Company, sale: Sale) -> Decimal:
    lines = (sale.order or {}).get("Lines", [])
    return sum((line["Quantity"] for line in lines if company.products[line["ProductID"]]["Type"] != "Service"), ZERO)


def _units(sale: Sale, part: str) -> Decimal:
    """Units picked, packed or shipped; ship lines carry boxes, so their units are those packed in these boxes."""
    units = ZERO
    for task in sale.fulfilments:
        if part == "Ship":
            units += shipped_units(task)
        elif task[part]["Status"] == "AUTHORISED":
            units += sum((Decimal(str(line["Quantity"])) for line in task[part]["Lines"]), ZERO)
    return units


def shipped_units(task: Record) -> Decimal:
    """Units in the boxes of a fulfilment that were shipped."""
    gone = {
        box.strip()
        for line in task["Ship"]["Lines"]
        if line["IsShipped"] and task["Ship"]["Status"] in ("AUTHORISED", "PARTIALLY AUTHORISED")
        for box in str(line["Boxes"]).split(",")
    }
    return sum((Decimal(str(line["Quantity"])) for line in task["Pack"]["Lines"] if line.get("Box") in gone), ZERO)


def _invoice_status(sale: Sale, authorised: bool) -> str:
    if not authorised:
        return "NOT AVAILABLE"
    invoiced = sum((i["Total"] for i in sale.invoices if i["Status"] in COUNTING), ZERO)
    credited = any(note["Status"] == "AUTHORISED" for note in sale.credit_notes)
    if not invoiced:
        return "NOT INVOICED"
    word = "INVOICED" if sale.order and invoiced >= sale.order["Total"] else "PARTIALLY INVOICED"
    return f"{word} / CREDITED" if credited else word


def _payment_status(sale: Sale) -> str:
    invoiced = sum((i["Total"] for i in sale.invoices if i["Status"] in COUNTING), ZERO)
    paid = sum((p["Amount"] for p in sale.payments if p["Type"] in ("Payment", "Prepayment")), ZERO)
    if not invoiced:
        return "PREPAID" if paid else "UNPAID"
    if paid >= invoiced:
        return "PAID"
    return "PARTIALLY PAID" if paid else "UNPAID"


def _tracking(sale: Sale) -> str:
    """The list cuts this text. Source: platform notes, cin7 trap 36."""
    numbers = [line["TrackingNumber"] for task in sale.fulfilments for line in task["Ship"]["Lines"]]
    return ", ".join(number for number in numbers if number)[:256]
