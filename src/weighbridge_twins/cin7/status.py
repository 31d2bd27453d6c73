"""The read-only statuses that Cin7 derives. Source: platform notes, cin7 2.1."""

from __future__ import annotations

from decimal import Decimal

from weighbridge_twins.cin7.state import ZERO, Company, Record, Sale

COUNTING = ("AUTHORISED", "PAID")
COMBINED = (
    "CombinedPickingStatus",
    "CombinedPackingStatus",
    "CombinedShippingStatus",
    "CombinedInvoiceStatus",
    "CombinedPaymentStatus",
    "FulFilmentStatus",
)
LONGEST_TRACKING = 256
"""Combined tracking numbers are cut to this length. Source: platform notes, cin7 trap 36."""


def sale_status(company: Company, sale: Sale) -> str:
    """Returns the sale's own status. Source: Available Sale Statuses."""
    return str(_derived(company, sale)["Status"])


def combined(company: Company, sale: Sale) -> Record:
    """Returns the combined statuses that a sale and its list row show."""
    return {name: value for name, value in _derived(company, sale).items() if name != "Status"}


def _derived(company: Company, sale: Sale) -> Record:
    if sale.derived is None:
        state = _combined(company, sale)
        sale.derived = {"Status": _status(company, sale, state), **state}
    return sale.derived


def _status(company: Company, sale: Sale, state: Record) -> str:
    if sale.voided:
        return "VOIDED"
    if sale.order is None or sale.order["Status"] != "AUTHORISED":
        return _before_order(sale, sale.order["Status"] if sale.order else "NOT AVAILABLE")
    balance = invoiced(sale) - credited(sale) - paid(sale)
    shipped = state["CombinedShippingStatus"] == "SHIPPED" or not _ordered_units(company, sale)
    if state["CombinedInvoiceStatus"].startswith("INVOICED") and shipped and balance == 0:
        return "COMPLETED"
    if sale.type == "Simple Sale":
        later = _simple_progress(sale)
        if later:
            return later
    backordered = any(line["BackorderQuantity"] > 0 for line in sale.order["Lines"])
    return "BACKORDERED" if backordered else "ORDERED"


def _before_order(sale: Sale, order_status: str) -> str:
    if order_status == "DRAFT":
        return "ORDERING"
    if sale.skip_quote or (sale.quote and sale.quote["Status"] == "AUTHORISED"):
        return "ESTIMATED"
    return "ESTIMATING" if sale.quote else "DRAFT"


def _simple_progress(sale: Sale) -> str:
    """Returns the status of a Simple sale, the only type whose own status shows invoice and fulfilment."""
    if any(note["Status"] == "AUTHORISED" for note in sale.credit_notes):
        return "CREDITED"
    if any(invoice["Status"] in COUNTING for invoice in sale.invoices):
        return "INVOICED"
    if any(invoice["Status"] == "DRAFT" for invoice in sale.invoices):
        return "INVOICING"
    for task in sale.fulfilments:
        for step, done, doing in (
            ("Ship", "SHIPPING", "SHIPPING"),
            ("Pack", "PACKED", "PACKING"),
            ("Pick", "PICKED", "PICKING"),
        ):
            status = task[step]["Status"]
            if status == "AUTHORISED":
                return done
            if status in ("DRAFT", "PARTIALLY AUTHORISED"):
                return doing
    return ""


def _combined(company: Company, sale: Sale) -> Record:
    if sale.voided:
        return {**dict.fromkeys(COMBINED, "VOIDED"), "CombinedTrackingNumbers": _tracking(sale)}
    if not sale.ordered:
        return {
            **dict.fromkeys(COMBINED, "NOT AVAILABLE"),
            "CombinedPaymentStatus": _payment_status(sale),
            "CombinedTrackingNumbers": "",
        }
    ordered = _ordered_units(company, sale)
    picked, packed, shipped = (_units(sale, step) for step in ("Pick", "Pack", "Ship"))
    return {
        "CombinedPickingStatus": _progress(sale, "Pick", picked, ordered, "PICKED", "PICKING"),
        "CombinedPackingStatus": _progress(sale, "Pack", packed, ordered, "PACKED", "PACKING"),
        "CombinedShippingStatus": _progress(sale, "Ship", shipped, ordered, "SHIPPED", "SHIPPING"),
        "CombinedInvoiceStatus": _invoice_status(sale),
        "CombinedPaymentStatus": _payment_status(sale),
        "FulFilmentStatus": _fulfilment_status(shipped, ordered),
        "CombinedTrackingNumbers": _tracking(sale),
    }


def _progress(sale: Sale, step: str, done: Decimal, ordered: Decimal, done_status: str, doing_status: str) -> str:
    if not ordered:
        return "NOT AVAILABLE"
    if done >= ordered:
        return done_status
    if done > 0:
        return f"PARTIALLY {done_status}"
    drafted = any(task[step]["Status"] == "DRAFT" for task in sale.fulfilments)
    return doing_status if drafted else f"NOT {done_status}"


def _fulfilment_status(shipped: Decimal, ordered: Decimal) -> str:
    if not ordered:
        return "NOT AVAILABLE"
    if shipped >= ordered:
        return "FULFILLED"
    return "PARTIALLY FULFILLED" if shipped else "NOT FULFILLED"


def _ordered_units(company: Company, sale: Sale) -> Decimal:
    """Returns the ordered units of goods; services are neither picked nor shipped."""
    lines = (sale.order or {}).get("Lines", [])
    return sum((line["Quantity"] for line in lines if company.products[line["ProductID"]]["Type"] != "Service"), ZERO)


def _units(sale: Sale, step: str) -> Decimal:
    units = ZERO
    for task in sale.fulfilments:
        if step == "Ship":
            units += shipped_units(task)
        elif task[step]["Status"] == "AUTHORISED":
            units += sum((line["Quantity"] for line in task[step]["Lines"] if not line["NonInventory"]), ZERO)
    return units


def shipped_units(task: Record) -> Decimal:
    """Returns the shipped units of a fulfilment. Ship lines carry boxes, so the contents come from pack lines."""
    if task["Ship"]["Status"] not in ("AUTHORISED", "PARTIALLY AUTHORISED"):
        return ZERO
    boxes = shipped_boxes(task)
    lines = task["Pack"]["Lines"]
    return sum((line["Quantity"] for line in lines if line["Box"] in boxes and not line["NonInventory"]), ZERO)


def shipped_boxes(task: Record) -> set[str]:
    """Returns the boxes that the ship lines of a fulfilment mark as shipped."""
    lines = [line for line in task["Ship"]["Lines"] if line["IsShipped"]]
    return {box.strip() for line in lines for box in str(line["Boxes"]).split(",")}


def invoiced(sale: Sale) -> Decimal:
    """Returns the total of authorised and paid invoices, in customer currency."""
    return sum((invoice["Total"] for invoice in sale.invoices if invoice["Status"] in COUNTING), ZERO)


def credited(sale: Sale) -> Decimal:
    """Returns the total of authorised credit notes."""
    return sum((note["Total"] for note in sale.credit_notes if note["Status"] == "AUTHORISED"), ZERO)


def paid(sale: Sale) -> Decimal:
    """Returns payments less refunds; a prepayment counts once it is applied to an invoice."""
    signs = {"Payment": 1, "Refund": -1}
    return sum(
        (signs[payment["Type"]] * payment["Amount"] for payment in sale.payments if payment["Type"] in signs), ZERO
    )


def _invoice_status(sale: Sale) -> str:
    total = invoiced(sale)
    if not any(invoice["Status"] in COUNTING for invoice in sale.invoices):
        return "NOT INVOICED"
    status = "INVOICED" if sale.order and total >= sale.order["Total"] else "PARTIALLY INVOICED"
    return f"{status} / CREDITED" if any(note["Status"] == "AUTHORISED" for note in sale.credit_notes) else status


def _payment_status(sale: Sale) -> str:
    if not any(invoice["Status"] in COUNTING for invoice in sale.invoices):
        return "PREPAID" if any(payment["Type"] == "Prepayment" for payment in sale.payments) else "UNPAID"
    due, money = invoiced(sale) - credited(sale), paid(sale)
    if money > due and credited(sale):
        return "NOT REFUNDED"
    if money >= due:
        return "PAID"
    return "PARTIALLY PAID" if money > 0 else "UNPAID"


def _tracking(sale: Sale) -> str:
    numbers = [line["TrackingNumber"] for task in sale.fulfilments for line in task["Ship"]["Lines"]]
    return ", ".join(number for number in numbers if number)[:LONGEST_TRACKING]
