"""Converts Cin7 Core's payloads to domain values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from weighbridge.domain.fulfilment.shipments import Dispatch, PackedLine, ShipLine, parcels_of
from weighbridge.domain.orders.reference_data import ReferenceProduct, TaxRule
from weighbridge.domain.orders.sale_policy import SalePolicy
from weighbridge.domain.orders.sale_stage import BillingStatus, DocumentStatus, FulfilmentStatus, SaleKind, Stage
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


def sale_number(sale: sale_models.SaleDetail) -> str:
    """The sale's number, which is in its order document and not in its header."""
    return sale.order.sale_order_number if sale.order else ""


def read_tax_rule(row: reference_models.TaxRuleRow) -> TaxRule:
    return TaxRule(row.name, row.percent, row.is_active and row.for_sales)


def read_reference_product(row: reference_models.ProductRow) -> ReferenceProduct:
    return ReferenceProduct(
        id=row.id,
        sku=row.sku,
        name=row.name,
        is_service=row.type == "Service",
        is_active=row.status != "Deprecated",
        is_sellable=row.sellable is not False,
        drop_ship_optional=row.drop_ship_mode.startswith("Optional"),
        components=_bill(row),
    )


def _bill(row: reference_models.ProductRow) -> tuple[Component, ...]:
    """The components of a kit that Cin7 assembles automatically when a sale is authorised, waste included.

    Kits that are assembled beforehand are ordinary stock. Source: platform notes, cin7 3.4.
    """
    if not (row.bill_of_materials and row.auto_assembly):
        return ()
    quantity_made = row.quantity_to_produce or Decimal(1)
    return tuple(_component(line, quantity_made) for line in row.bill or () if line.sku)


def _component(line: reference_models.BillLine, quantity_made: Decimal) -> Component:
    wasted = line.quantity * (line.wastage_percent or ZERO) / 100 + (line.wastage_quantity or ZERO)
    return Component(line.sku, (line.quantity + wasted) / quantity_made, wasted / quantity_made)


def read_availability(row: reference_models.AvailabilityLine) -> AvailabilityRow:
    expires = row.expires.date() if row.expires else None
    return AvailabilityRow(row.sku, row.location, row.bin, row.batch, expires, row.available)


def is_live(row: sale_models.SaleRow) -> bool:
    return row.status not in DEAD_STATUSES


def has_our_external_id(row: sale_models.SaleRow, policy: SalePolicy) -> bool:
    """Whether the sale carries an external id that this connection wrote."""
    return order_id_of(row, policy) is not None


def order_id_of(row: sale_models.SaleRow, policy: SalePolicy) -> int | None:
    """The order that a sale of this connection was created for; None for any other sale."""
    prefix = f"{policy.external_id_prefix}:{policy.store}:"
    number = row.external_id.removeprefix(prefix)
    return int(number) if row.external_id.startswith(prefix) and number.isdigit() else None


def live_sales(rows: Iterable[sale_models.SaleRow]) -> list[sale_models.SaleRow]:
    """The sales that are not voided, the one to keep first: authorised before draft, then by lowest number.

    Source: platform notes, cin7 section 6 (step 3).
    """
    live = [row for row in rows if is_live(row)]
    return sorted(live, key=lambda row: (row.order_status != "AUTHORISED", row.order_number))


def read_stage(sale: sale_models.SaleDetail) -> Stage:
    """The stage of a sale, from its documents and the statuses that Cin7 derives.

    The combined invoice status is not used, since the vendor's texts disagree about its values. Payments decide whether
    a sale is paid, since an invoice of 0.00 counts as paid without one. Source: platform notes, cin7 2.1.
    """
    kind = SaleKind.SIMPLE if sale.type.startswith(SaleKind.SIMPLE) else SaleKind.ADVANCED
    if sale.status in DEAD_STATUSES:
        return Stage(kind, DocumentStatus.VOIDED)
    status = sale.order.status if sale.order else NOT_AVAILABLE
    if status in (NOT_AVAILABLE, "", *DEAD_STATUSES):
        return Stage(kind, DocumentStatus.HEADER)
    if status == "DRAFT":
        return Stage(kind, DocumentStatus.DRAFT)
    return Stage(kind, DocumentStatus.AUTHORISED, _goods(sale), _funds(sale))


def _goods(sale: sale_models.SaleDetail) -> FulfilmentStatus:
    if sale.combined_shipping_status in ("SHIPPED", "PARTIALLY SHIPPED"):
        return FulfilmentStatus.SHIPPED if sale.combined_shipping_status == "SHIPPED" else FulfilmentStatus.PART_SHIPPED
    if sale.combined_packing_status in ("PACKED", "PARTIALLY PACKED"):
        return FulfilmentStatus.PACKED
    if sale.combined_picking_status in ("PICKED", "PARTIALLY PICKED"):
        return FulfilmentStatus.PICKED
    return FulfilmentStatus.PICKING if sale.combined_picking_status == "PICKING" else FulfilmentStatus.WAITING


def _funds(sale: sale_models.SaleDetail) -> BillingStatus:
    counting = [invoice for invoice in sale.invoices if invoice.status in COUNTING]
    is_paid = any(invoice.payments for invoice in sale.invoices)
    if any(note.status in COUNTING for note in sale.credit_notes):
        return BillingStatus.PAID_CREDITED if is_paid else BillingStatus.CREDITED
    if is_paid:
        return BillingStatus.PAID
    return BillingStatus.BILLED if counting else BillingStatus.UNBILLED


def order_document(document: sale_models.OrderDocument) -> dict[str, Any]:
    """The stored content of an order document: its total with tax, and the units it could not allocate."""
    return {
        "total": str(document.total if document.total is not None else 0),
        "backordered": {line.sku: str(line.backordered) for line in document.lines if line.backordered},
    }


def authorised_invoice(invoices: sale_models.InvoiceSet) -> dict[str, Any] | None:
    """The first authorised invoice; None while there is none."""
    counting = [invoice for invoice in invoices.invoices if invoice.status in COUNTING]
    return _invoice(counting[0]) if counting else None


def newest_invoice(invoices: sale_models.InvoiceSet) -> dict[str, Any]:
    """The invoice that a call has just created: the last authorised one."""
    counting = [invoice for invoice in invoices.invoices if invoice.status in COUNTING]
    return _invoice((counting or invoices.invoices)[-1])


def counting_invoice(sale: sale_models.SaleDetail) -> sale_models.InvoiceDocument | None:
    """The first invoice of a sale that is in the ledger; None while there is none."""
    return next((invoice for invoice in sale.invoices if invoice.status in COUNTING), None)


def credit_note_with(notes: sale_models.CreditNoteSet, reference: str) -> dict[str, Any] | None:
    """The authorised credit note whose memo begins with `reference`; Cin7 assigns its number."""
    for note in notes.credit_notes:
        if note.status in COUNTING and note.memo.partition(";")[0] == reference:
            total = note.total if note.total is not None else 0
            restocked = str(sum((line.quantity for line in note.restock), ZERO))
            return {"task_id": note.task_id, "number": note.number, "total": str(total), "restocked": restocked}
    return None


def units_dispatched(sale: sale_models.SaleDetail) -> dict[str, Decimal]:
    """Units by SKU that were dispatched in the sale's parcels."""
    units: dict[str, Decimal] = {}
    for parcel in parcels_of(_dispatch(task) for task in sale.fulfilments):
        for sku, quantity in parcel.items:
            units[sku] = units.get(sku, ZERO) + quantity
    return units


def refunded_on(payments: Iterable[sale_models.PaymentRow], task_id: str) -> Decimal:
    """The amount refunded on one credit note; the case of ids differs between answers."""
    return sum(
        (row.amount for row in payments if row.type.lower() == "refund" and row.task_id.lower() == task_id.lower()),
        ZERO,
    )


def _invoice(invoice: sale_models.InvoiceDocument) -> dict[str, Any]:
    total = invoice.total if invoice.total is not None else 0
    return {"task_id": invoice.task_id, "number": invoice.number, "total": str(total)}


def read_dispatches(fulfilment_set: sale_models.FulfilmentSet) -> tuple[Dispatch, ...]:
    return tuple(_dispatch(task) for task in fulfilment_set.fulfilments)


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
    """A version that changes when a parcel leaves or a tracking number arrives; empty while nothing is shipped.

    The list cuts tracking numbers at 256 characters; beyond that each update of the row counts as a new version.
    Source: platform notes, cin7 2.10 and trap 36.
    """
    if row.shipping_status not in SHIPPING_STATUSES and not row.tracking_numbers:
        return ""
    cut = row.updated.isoformat() if len(row.tracking_numbers) >= 250 else ""
    seen = f"{row.shipping_status}|{row.fulfilment_status}|{row.tracking_numbers}|{cut}"
    return hashlib.sha256(seen.encode()).hexdigest()[:32]
