"""Faults of posted orders: edits, cancellations, duplicate sales, and parcels that are late or incomplete."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from weighbridge.domain.findings.kind import FindingKind
from weighbridge_simulation.week.fault import DAY, HOUR, UNATTENDED_SALE_KINDS, Area, Fault, InjectedFault
from weighbridge_simulation.week.scene import Scene
from weighbridge_simulation.week.script import Script
from weighbridge_twins.http.call import Json


def _sold(scene: Scene, **changes: Any) -> tuple[int, Script]:
    """A new order that the simulated warehouse does not touch, and the wait until it is posted."""
    order = scene.order(**changes)
    scene.leave_alone(order)
    return order, scene.until_posted(order)


def edited_after_picking(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.cin7.act("pick", {"sale_id": scene.sale(order).id})
    yield HOUR
    scene.bigcommerce.act("edit_order", {"order_id": order, "shipping_cost": "9.99"})
    fault.mark_occurred(scene.now(), order)


def edited_after_billing(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.screen.invoice(scene.sale(order).id)
    yield HOUR
    scene.bigcommerce.act("edit_order", {"order_id": order, "shipping_cost": "9.99"})
    fault.mark_occurred(scene.now(), order)


def cancelled_after_picking(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.cin7.act("pick", {"sale_id": scene.sale(order).id})
    yield HOUR
    scene.bigcommerce.act("cancel_order", {"order_id": order})
    fault.mark_occurred(scene.now(), order)


def cancelled_after_payment(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    sale = scene.sale(order)
    scene.screen.invoice(sale.id)
    scene.screen.pay(sale.id, scene.total(order), "091", f"deposit of {order}")
    yield HOUR
    scene.bigcommerce.act("cancel_order", {"order_id": order})
    fault.mark_occurred(scene.now(), order)


def cancelled_after_dispatch(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.dispatch(order)
    yield from scene.until(scene.has_shipment(order))
    yield HOUR
    scene.bigcommerce.act("cancel_order", {"order_id": order})
    fault.mark_occurred(scene.now(), order)


def payment_disputed(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.bigcommerce.act("set_status", {"order_id": order, "status_id": 13})
    fault.mark_occurred(scene.now(), order)


def second_writer(scene: Scene, fault: InjectedFault) -> Script:
    """Another program enters the order a second time under the same external id."""
    order = scene.order()
    yield from scene.until_posted(order)
    _enter(scene, scene.key(order))
    fault.mark_occurred(scene.now(), order)


def _enter(scene: Scene, external_id: str, sku: str = "") -> Json:
    sku = sku or scene.product(in_store=False)
    header = {"Customer": "Web customer USD", "Location": "Main Warehouse", "ExternalID": external_id}
    line = {"SKU": sku, "Quantity": 2, "Price": 9, "Tax": 0, "TaxRule": "Tax Exempt", "Total": 18}
    return scene.screen.make_sale(header, [line])


def sale_of_no_order(scene: Scene, fault: InjectedFault) -> Script:
    order = _enter(scene, scene.key(900_000 + scene.now().minute))
    scene.leave_alone(order["SaleOrderNumber"], str(order["SaleID"]))
    scene.leave_alone(*(str(900_000 + minute) for minute in range(60)))
    fault.mark_occurred(scene.now(), order["SaleOrderNumber"])
    yield HOUR


def order_document_undone(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    sale = scene.sale(order)
    scene.cin7.act("undo_sale", {"sale_id": sale.id})
    fault.mark_occurred(scene.now(), sale.number, order)


def sale_price_raised(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.screen.change_lines(scene.sale(order).id, _with_raised_price)
    yield HOUR
    scene.dispatch(order)
    fault.mark_occurred(scene.now(), order)


def _with_raised_price(lines: list[Json]) -> list[Json]:
    first, *others = lines
    increase = Decimal(1)
    total = first["Total"] + increase * first["Quantity"]
    return [{**first, "Price": first["Price"] + increase, "Total": total}, *others]


def sale_that_never_ships(scene: Scene, fault: InjectedFault) -> Script:
    order = _enter(scene, "telephone-114")
    scene.leave_alone(order["SaleOrderNumber"], "114")
    fault.mark_occurred(scene.now(), order["SaleOrderNumber"])
    yield HOUR


def product_out_of_stock(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.product()
    scene.cin7.act("count_stock", {"sku": sku, "quantity": 0})
    order = scene.order(extra_lines=[{"sku": sku, "quantity": 3}])
    fault.mark_occurred(scene.now(), order, sku)
    yield HOUR


def refused_by_cin7(scene: Scene, fault: InjectedFault) -> Script:
    order = scene.order()
    match = {"method": "POST", "path": "(?i)/v2/sale$", "contains": scene.key(order)}
    rule = scene.fault("cin7", fault="error_before", status=400, match=match)
    fault.mark_occurred(scene.now(), order)
    yield 4 * HOUR
    scene.end_fault("cin7", rule)


def parcels_for_two_in_one(scene: Scene, fault: InjectedFault) -> Script:
    first, second = scene.address(), scene.address(street_1="9 Granary Ln", city="Plano")
    skus = [scene.product() for _ in range(2)]
    lines = [{"sku": sku, "quantity": 1, "address": address} for address, sku in enumerate(skus)]
    order, sold = _sold(scene, extra_lines=lines, shipping_addresses=[first, second])
    yield from sold
    sale = scene.sale(order)
    scene.dispatch(order)
    fault.mark_occurred(scene.now(), order, sale.id)


def parcel_forgotten(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    fault.mark_occurred(scene.now(), order)


def parcel_without_tracking(scene: Scene, fault: InjectedFault) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.dispatch(order, tracking="")
    fault.mark_occurred(scene.now(), order)


def _fault(
    name: str, description: str, script: Any, kind: FindingKind, follows: tuple[FindingKind, ...] = (), **more: Any
) -> Fault:
    more = {"takes": 4 * HOUR} | more
    return Fault(name, Area.SALES, description, script, kind, follows=(*follows, *UNATTENDED_SALE_KINDS), **more)


SALES: tuple[Fault, ...] = (
    _fault("edited_after_picking", "Staff edit an order after its goods were picked.", edited_after_picking,
           FindingKind.CHANGED_AFTER_PICKING),
    _fault("edited_after_billing", "Staff edit an order after it was invoiced by hand.", edited_after_billing,
           FindingKind.CHANGED_AFTER_BILLING),
    _fault("cancelled_after_picking", "An order is cancelled after its goods were picked.", cancelled_after_picking,
           FindingKind.CANCELLED_AFTER_PICKING),
    _fault("cancelled_after_payment", "An order is cancelled after its payment was entered in Cin7.",
           cancelled_after_payment, FindingKind.CANCELLED_AFTER_PAYMENT),
    _fault("cancelled_after_dispatch", "An order is cancelled after its parcel was dispatched.",
           cancelled_after_dispatch, FindingKind.CANCELLED_AFTER_DISPATCH),
    _fault("payment_disputed", "A shopper disputes a payment after the order was posted.", payment_disputed,
           FindingKind.PAYMENT_DISPUTED),
    _fault("second_writer", "Another program creates a second sale of an order.", second_writer,
           FindingKind.DUPLICATE_SALES),
    _fault("sale_of_no_order", "A sale is created under our external id for an order that does not exist.",
           sale_of_no_order, FindingKind.SALE_ORPHANED, takes=timedelta(0)),
    _fault("order_document_undone", "Staff turn an order document back into a draft in Cin7.", order_document_undone,
           FindingKind.SALE_UNFINISHED),
    _fault("sale_price_raised", "Staff raise a price on a sale in Cin7, and it is invoiced with that price.",
           sale_price_raised, FindingKind.TOTAL_DIFFERS_IN_CIN7, takes=5 * HOUR),
    _fault("sale_that_never_ships", "A telephone order is entered and authorised, but never shipped.",
           sale_that_never_ships, FindingKind.STALE_ALLOCATION, within=4 * DAY + 3 * HOUR, to_hour=60.0,
           takes=timedelta(0)),
    _fault("product_out_of_stock", "The warehouse has no units of a product that the store sells.",
           product_out_of_stock, FindingKind.BACKORDERED, takes=timedelta(0)),
    _fault("refused_by_cin7", "Cin7 refuses a sale.", refused_by_cin7, FindingKind.REFUSED_BY_CIN7,
           takes=timedelta(0)),
    _fault("parcels_for_two_in_one", "Goods for two addresses are shipped in one parcel.", parcels_for_two_in_one,
           FindingKind.PARCEL_UNMATCHED, follows=(FindingKind.SEVERAL_ADDRESSES,)),
    _fault("parcel_forgotten", "A paid order is not shipped.", parcel_forgotten, FindingKind.DISPATCH_LATE,
           within=3 * DAY + 6 * HOUR, to_hour=80.0),
    _fault("parcel_without_tracking", "A parcel is shipped without a tracking number.", parcel_without_tracking,
           FindingKind.TRACKING_MISSING, within=DAY + 4 * HOUR),
)  # fmt: skip
