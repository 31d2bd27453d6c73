"""Cin7 Core's payloads as domain values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from weighbridge.domain.fulfilment.shipments import Dispatch, PackedLine, ShipLine, parcels_of
from weighbridge.domain.orders.reference_data import BookProduct, TaxRule
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.orders.sale_stage import Funds, Goods, Paper, SaleKind, Stage
from weighbridge.domain.stock.available import AvailabilityRow
from weighbridge.domain.stock.kits import Component
from weighbridge.domain.values.money import ZERO
from weighbridge.platforms.cin7.models import reference as reference_models
from weighbridge.platforms.cin7.models import sales as sale_models

DEAD_STATUSES = frozenset({"VOIDED"})
NOT_AVAILABLE = "NOT AVAILABLE"
COUNTING = ("AUTHORISED", "PAID")
"""Statuses of invoices and credit notes that are in the ledger."""
SHIPPING_STATUSES = frozenset({"SHIPPED", "PARTIALLY SHIPPED"})


def read_tax_rule(row: reference_models.TaxRuleRow) -> TaxRule:
    return TaxRule(row.name, row.percent, row.is_active and row.for_sales)


def read_book_product(row: reference_models.ProductRow) -> BookProduct:
    return BookProduct(
        id=row.id,
        sku=row.sku,
        name=row.name,
        is_service=row.type == "Service",
        is_active=row.status != "Deprecated",
        is_sellable=row.sellable is not False,
        drop_ship_optional=row.drop_ship_mode.startswith("Optional"),
        bill=_bill(row),
    )


def _bill(row: reference_models.ProductRow) -> tuple[Component, ...]:
    """The components of a kit that Cin7 assembles by itself when a sale is authorised, waste included.

    Kits that people assemble beforehand are stock like any other. Source: platform notes, cin7 3.4.
    """
    if not (row.bill_of_materials and row.auto_assembly):
        return ()
    made = row.quantity_to_produce or Decimal(1)
    return tuple(_component(line, made) for line in row.bill or () if line.sku)


def _component(line: reference_models.BillLine, made: Decimal) -> Component:
    wasted = line.quantity * (line.wastage_percent or ZERO) / 100 + (line.wastage_quantity or ZERO)
    return Component(line.sku, (line.quantity + wasted) / made, wasted / made)


def read_availability(row: reference_models.AvailabilityLine) -> AvailabilityRow:
    expires = row.expires.date() if row.expires else None
    return AvailabilityRow(row.sku, row.location, row.bin, row.batch, expires, row.available)


def is_live(row: sale_models.SaleRow) -> bool:
    return row.status not in DEAD_STATUSES


def is_ours(row: sale_models.SaleRow, policy: SalePolicy) -> bool:
    """Whether the sale carries an external id that this connection wrote."""
    return order_id_of(row, policy) is not None


def order_id_of(row: sale_models.SaleRow, policy: SalePolicy) -> int | None:
    """The order that a sale of ours was made for; None for anybody else's sale."""
    prefix = f"{policy.external_id_prefix}:{policy.store}:"
    rest = row.external_id.removeprefix(prefix)
    return int(rest) if row.external_id.startswith(prefix) and rest.isdigit() else None


def live_sales(rows: Iterable[sale_models.SaleRow]) -> list[sale_models.SaleRow]:
    """The sales that count, the one to keep first: an authorised one before a draft, then the lowest number.

    Source: platform notes, cin7 section 6 (step 3).
    """
    live = [row for row in rows if is_live(row)]
    return sorted(live, key=lambda row: (row.order_status != "AUTHORISED", row.order_number))


def read_stage(sale: sale_models.SaleDetail) -> Stage:
    """How far a sale is, from the statuses that Cin7 derives and the documents it has.

    The combined invoice status is left alone, since the vendor's texts disagree about its values; paid is told by the
    payments, since an invoice of 0.00 counts as paid without one. Source: platform notes, cin7 2.1.
    """
    kind = SaleKind.SIMPLE if sale.type.startswith(SaleKind.SIMPLE) else SaleKind.ADVANCED
    if sale.status in DEAD_STATUSES:
        return Stage(kind, Paper.VOIDED)
    status = sale.order.status if sale.order else NOT_AVAILABLE
    if status in (NOT_AVAILABLE, "", *DEAD_STATUSES):
        return Stage(kind, Paper.HEADER)
    if status == "DRAFT":
        return Stage(kind, Paper.DRAFT)
    return Stage(kind, Paper.AUTHORISED, _goods(sale), _funds(sale))


def _goods(sale: sale_models.SaleDetail) -> Goods:
    if sale.combined_shipping_status in ("SHIPPED", "PARTIALLY SHIPPED"):
        return Goods.SHIPPED if sale.combined_shipping_status == "SHIPPED" else Goods.PART_SHIPPED
    if sale.combined_packing_status in ("PACKED", "PARTIALLY PACKED"):
        return Goods.PACKED
    if sale.combined_picking_status in ("PICKED", "PARTIALLY PICKED"):
        return Goods.PICKED
    return Goods.PICKING if sale.combined_picking_status == "PICKING" else Goods.WAITING


def _funds(sale: sale_models.SaleDetail) -> Funds:
    counting = [invoice for invoice in sale.invoices if invoice.status in COUNTING]
    paid = any(invoice.payments for invoice in sale.invoices)
    if any(note.status in COUNTING for note in sale.credit_notes):
        return Funds.PAID_CREDITED if paid else Funds.CREDITED
    if paid:
        return Funds.PAID
    return Funds.BILLED if counting else Funds.UNBILLED


def order_document(document: sale_models.OrderDocument) -> dict[str, Any]:
    """What is kept of an order document: its total with tax and what it could not allocate."""
    return {
        "total": str(document.total if document.total is not None else 0),
        "backordered": {line.sku: str(line.backordered) for line in document.lines if line.backordered},
    }


def authorised_invoice(invoices: sale_models.InvoiceSet) -> dict[str, Any] | None:
    """The first invoice that counts, None while there is none."""
    counting = [one for one in invoices.invoices if one.status in COUNTING]
    return _invoice(counting[0]) if counting else None


def newest_invoice(invoices: sale_models.InvoiceSet) -> dict[str, Any]:
    """The invoice a call just made: the last authorised one."""
    counting = [one for one in invoices.invoices if one.status in COUNTING]
    return _invoice((counting or invoices.invoices)[-1])


def counting_invoice(sale: sale_models.SaleDetail) -> sale_models.InvoiceDocument | None:
    """The first invoice of a sale that is in the ledger, None while there is none."""
    return next((one for one in sale.invoices if one.status in COUNTING), None)


def credit_note_with(notes: sale_models.CreditNoteSet, reference: str) -> dict[str, Any] | None:
    """The authorised credit note whose memo begins with `reference`; its own number is Cin7's."""
    for one in notes.credit_notes:
        if one.status in COUNTING and one.memo.partition(";")[0] == reference:
            total = one.total if one.total is not None else 0
            shelved = str(sum((line.quantity for line in one.restock), ZERO))
            return {"task_id": one.task_id, "number": one.number, "total": str(total), "shelved": shelved}
    return None


def units_dispatched(sale: sale_models.SaleDetail) -> dict[str, Decimal]:
    """Units by SKU that left in the sale's parcels."""
    units: dict[str, Decimal] = {}
    for parcel in parcels_of(_dispatch(task) for task in sale.fulfilments):
        for sku, quantity in parcel.items:
            units[sku] = units.get(sku, ZERO) + quantity
    return units


def refunded_on(payments: Iterable[sale_models.PaymentRow], task_id: str) -> Decimal:
    """What was paid back on one credit note; ids differ in case from answer to answer."""
    return sum(
        (one.amount for one in payments if one.type.lower() == "refund" and one.task_id.lower() == task_id.lower()),
        ZERO,
    )


def _invoice(invoice: sale_models.InvoiceDocument) -> dict[str, Any]:
    total = invoice.total if invoice.total is not None else 0
    return {"task_id": invoice.task_id, "number": invoice.number, "total": str(total)}


def read_dispatches(found: sale_models.FulfilmentSet) -> tuple[Dispatch, ...]:
    return tuple(_dispatch(task) for task in found.fulfilments)


def _dispatch(task: sale_models.FulfilmentTask) -> Dispatch:
    packed = task.pack.lines if task.pack and task.pack.status == "AUTHORISED" else []
    shipped = task.ship.lines if task.ship and task.ship.status in ("AUTHORISED", "PARTIALLY AUTHORISED") else []
    return Dispatch(
        task.task_id.lower(),
        task.number,
        tuple(PackedLine(line.sku, line.quantity, line.box.strip()) for line in packed),
        tuple(_ship_line(position, line) for position, line in enumerate(shipped)),
    )


def _ship_line(position: int, line: sale_models.ShipLineRow) -> ShipLine:
    return ShipLine(
        id=line.id.lower() or str(position),
        boxes=tuple(box.strip() for box in line.boxes.split(",") if box.strip()),
        carrier=line.carrier,
        tracking_number=line.tracking_number.strip(),
        tracking_url=line.tracking_url,
        shipped_at=line.shipped_at,
        is_shipped=bool(line.is_shipped),
    )


def dispatch_version(row: sale_models.SaleRow) -> str:
    """Changes whenever a parcel left or a tracking number came; empty while nothing was shipped.

    The list cuts tracking numbers at 256 characters; beyond that its last change is taken for a new version.
    Source: platform notes, cin7 2.10 and trap 36.
    """
    if row.shipping_status not in SHIPPING_STATUSES and not row.tracking_numbers:
        return ""
    cut = row.updated.isoformat() if len(row.tracking_numbers) >= 250 else ""
    seen = f"{row.shipping_status}|{row.fulfilment_status}|{row.tracking_numbers}|{cut}"
    return hashlib.sha256(seen.encode()).hexdigest()[:32]
