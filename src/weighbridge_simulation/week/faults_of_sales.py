"""Faults of sales that exist: what people change, end or double after an order crossed, and what the parcels lack."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from weighbridge.domain.findings.finding import FindingKind
from weighbridge_simulation.week.fault import DAY, HOUR, LEFT_STANDING, Area, Fault, Injected, Script
from weighbridge_simulation.week.scene import Scene
from weighbridge_twins.call import Json


def _sold(scene: Scene, **changes: Any) -> tuple[int, Script]:
    """An order that the warehouse leaves to the fault, and the wait until it stands in Cin7."""
    order = scene.order(**changes)
    scene.leave_alone(order)
    return order, scene.once_sold(order)


def edited_after_picking(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.books.act("pick", {"sale_id": scene.sale(order).id})
    yield HOUR
    scene.shop.act("edit_order", {"order_id": order, "shipping_cost": "9.99"})
    fault.struck(scene.now(), order)


def edited_after_billing(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.screen.invoice(scene.sale(order).id)
    yield HOUR
    scene.shop.act("edit_order", {"order_id": order, "shipping_cost": "9.99"})
    fault.struck(scene.now(), order)


def cancelled_after_picking(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.books.act("pick", {"sale_id": scene.sale(order).id})
    yield HOUR
    scene.shop.act("cancel_order", {"order_id": order})
    fault.struck(scene.now(), order)


def cancelled_after_payment(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    sale = scene.sale(order)
    scene.screen.invoice(sale.id)
    scene.screen.pay(sale.id, scene.total(order), "091", f"deposit of {order}")
    yield HOUR
    scene.shop.act("cancel_order", {"order_id": order})
    fault.struck(scene.now(), order)


def cancelled_after_dispatch(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.dispatch(order)
    yield from scene.until(scene.is_told_of_parcels(order))
    yield HOUR
    scene.shop.act("cancel_order", {"order_id": order})
    fault.struck(scene.now(), order)


def payment_disputed(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.shop.act("set_status", {"order_id": order, "status_id": 13})
    fault.struck(scene.now(), order)


def second_writer(scene: Scene, fault: Injected) -> Script:
    """Somebody's script enters the order as well, under the very same key."""
    order = scene.order()
    yield from scene.once_sold(order)
    _enter(scene, scene.key(order))
    fault.struck(scene.now(), order)


def _enter(scene: Scene, external_id: str, sku: str = "") -> Json:
    sku = sku or scene.product(at_shop=False)
    header = {"Customer": "Web customer USD", "Location": "Main Warehouse", "ExternalID": external_id}
    line = {"SKU": sku, "Quantity": 2, "Price": 9, "Tax": 0, "TaxRule": "Tax Exempt", "Total": 18}
    return scene.screen.make_sale(header, [line])


def sale_of_no_order(scene: Scene, fault: Injected) -> Script:
    order = _enter(scene, scene.key(900_000 + scene.now().minute))
    scene.leave_alone(order["SaleOrderNumber"], str(order["SaleID"]))
    scene.leave_alone(*(str(900_000 + minute) for minute in range(60)))
    fault.struck(scene.now(), order["SaleOrderNumber"])
    yield HOUR


def sale_taken_back(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    sale = scene.sale(order)
    scene.books.act("undo_sale", {"sale_id": sale.id})
    fault.struck(scene.now(), sale.number, order)


def sale_made_dearer(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.screen.change_lines(scene.sale(order).id, _dearer)
    yield HOUR
    scene.dispatch(order)
    fault.struck(scene.now(), order)


def _dearer(lines: list[Json]) -> list[Json]:
    first, *others = lines
    more = Decimal(1)
    return [{**first, "Price": first["Price"] + more, "Total": first["Total"] + more * first["Quantity"]}, *others]


def sale_that_never_ships(scene: Scene, fault: Injected) -> Script:
    order = _enter(scene, "telephone-114")
    scene.leave_alone(order["SaleOrderNumber"], "114")
    fault.struck(scene.now(), order["SaleOrderNumber"])
    yield HOUR


def shelf_empty(scene: Scene, fault: Injected) -> Script:
    sku = scene.product()
    scene.books.act("count_stock", {"sku": sku, "quantity": 0})
    order = scene.order(more=[{"sku": sku, "quantity": 3}])
    fault.struck(scene.now(), order, sku)
    yield HOUR


def refused_by_cin7(scene: Scene, fault: Injected) -> Script:
    order = scene.order()
    match = {"method": "POST", "path": "(?i)/v2/sale$", "contains": scene.key(order)}
    rule = scene.fault("cin7", fault="error_before", status=400, match=match)
    fault.struck(scene.now(), order)
    yield 4 * HOUR
    scene.end_fault("cin7", rule)


def parcels_for_two_in_one(scene: Scene, fault: Injected) -> Script:
    first, second = scene.address(), scene.address(street_1="9 Granary Ln", city="Plano")
    skus = [scene.product() for _ in range(2)]
    more = [{"sku": sku, "quantity": 1, "address": place} for place, sku in enumerate(skus)]
    order, sold = _sold(scene, more=more, shipping_addresses=[first, second])
    yield from sold
    sale = scene.sale(order)
    scene.dispatch(order)
    fault.struck(scene.now(), order, sale.id)


def parcel_forgotten(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    fault.struck(scene.now(), order)


def parcel_without_tracking(scene: Scene, fault: Injected) -> Script:
    order, sold = _sold(scene)
    yield from sold
    scene.dispatch(order, tracking="")
    fault.struck(scene.now(), order)


def _fault(
    name: str, what: str, script: Any, kind: FindingKind, follows: tuple[FindingKind, ...] = (), **more: Any
) -> Fault:
    more = {"takes": 4 * HOUR} | more
    return Fault(name, Area.SALES, what, script, kind, follows=(*follows, *LEFT_STANDING), **more)


SALES: tuple[Fault, ...] = (
    _fault("edited_after_picking", "Staff edit an order whose goods are picked.", edited_after_picking,
           FindingKind.CHANGED_AFTER_PICKING),
    _fault("edited_after_billing", "Staff edit an order that was invoiced by hand.", edited_after_billing,
           FindingKind.CHANGED_AFTER_BILLING),
    _fault("cancelled_after_picking", "An order is cancelled whose goods are picked.", cancelled_after_picking,
           FindingKind.CANCELLED_AFTER_PICKING),
    _fault("cancelled_after_payment", "An order is cancelled whose payment stands in the books.",
           cancelled_after_payment, FindingKind.CANCELLED_AFTER_PAYMENT),
    _fault("cancelled_after_dispatch", "An order is cancelled whose parcel has left.", cancelled_after_dispatch,
           FindingKind.CANCELLED_AFTER_DISPATCH),
    _fault("payment_disputed", "A shopper disputes a payment after the order crossed.", payment_disputed,
           FindingKind.PAYMENT_DISPUTED),
    _fault("second_writer", "Another program makes a second sale of an order.", second_writer,
           FindingKind.DUPLICATE_SALES),
    _fault("sale_of_no_order", "A sale is made under our key for an order that never was.", sale_of_no_order,
           FindingKind.SALE_ORPHANED, takes=timedelta(0)),
    _fault("sale_taken_back", "Somebody takes an order document back to a draft in Cin7.", sale_taken_back,
           FindingKind.SALE_UNFINISHED),
    _fault("sale_made_dearer", "Somebody raises a price of a sale in Cin7; it is billed so.", sale_made_dearer,
           FindingKind.TOTAL_DIFFERS_IN_CIN7, takes=5 * HOUR),
    _fault("sale_that_never_ships", "A telephone order is entered, authorised and forgotten.", sale_that_never_ships,
           FindingKind.GHOST_ALLOCATION, within=4 * DAY + 3 * HOUR, to_hour=60.0, takes=timedelta(0)),
    _fault("shelf_empty", "The shelf of a product is empty although the shop sells it.", shelf_empty,
           FindingKind.BACKORDERED, takes=timedelta(0)),
    _fault("refused_by_cin7", "Cin7 refuses a sale.", refused_by_cin7, FindingKind.REFUSED_BY_CIN7,
           takes=timedelta(0)),
    _fault("parcels_for_two_in_one", "Goods for two addresses leave in one parcel.", parcels_for_two_in_one,
           FindingKind.PARCEL_UNMATCHED, follows=(FindingKind.SEVERAL_ADDRESSES,)),
    _fault("parcel_forgotten", "A paid order is not shipped.", parcel_forgotten, FindingKind.DISPATCH_LATE,
           within=3 * DAY + 6 * HOUR, to_hour=80.0),
    _fault("parcel_without_tracking", "A parcel leaves without a tracking number.", parcel_without_tracking,
           FindingKind.TRACKING_MISSING, within=DAY + 4 * HOUR),
)  # fmt: skip
