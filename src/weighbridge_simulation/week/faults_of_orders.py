"""Faults of incoming orders: their products, SKUs, totals, addresses and statuses."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from weighbridge.domain.findings.kind import FindingKind
from weighbridge_simulation.week.fault import DAY, HOUR, Area, Fault, InjectedFault
from weighbridge_simulation.week.scene import Scene
from weighbridge_simulation.week.script import Script

A_DAY_AND_A_RUN = DAY + 3 * HOUR
"""The longest time until a monitor or sync that runs daily finds a fault."""


def sku_unknown(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.product(in_cin7=False)
    fault.mark_occurred(scene.now(), sku, scene.order(extra_lines=[{"sku": sku, "quantity": 1}]))
    yield HOUR


def sku_lowercase(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.product(in_cin7=False)
    scene.product(in_store=False, sku=sku.lower())
    fault.mark_occurred(scene.now(), sku)
    yield HOUR


def duplicate_sku_in_store(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.product()
    scene.bigcommerce.act("duplicate_sku", {"sku": sku})
    fault.mark_occurred(scene.now(), sku)
    yield HOUR


def line_without_sku(scene: Scene, fault: InjectedFault) -> Script:
    custom = {"name": "Engraving, as agreed by telephone", "quantity": 1, "price": "15.00"}
    fault.mark_occurred(scene.now(), scene.order(extra_lines=[custom]))
    yield HOUR


def product_deprecated(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.product()
    scene.cin7.act("deprecate_product", {"sku": sku})
    fault.mark_occurred(scene.now(), sku, scene.order(extra_lines=[{"sku": sku, "quantity": 1}]))
    yield HOUR


def tax_unmapped(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.product(tax_class_id=0)
    order = scene.order(extra_lines=[{"sku": sku, "quantity": 1}])
    scene.corrupt(order, tax_set={"name": "Soda Tax"})
    fault.mark_occurred(scene.now(), "Soda Tax", order)
    yield HOUR


def currency_unknown(scene: Scene, fault: InjectedFault) -> Script:
    fault.mark_occurred(scene.now(), scene.order(currency="CAD", exchange_rate="1.36"))
    yield HOUR


def totals_typed_by_hand(scene: Scene, fault: InjectedFault) -> Script:
    order = scene.order()
    wrong = scene.total(order) + Decimal("3.40")
    scene.corrupt(order, set={"total_inc_tax": f"{wrong:.4f}"})
    fault.mark_occurred(scene.now(), order)
    yield HOUR


def lines_lost(scene: Scene, fault: InjectedFault) -> Script:
    order = scene.order()
    counted = int(scene.bigcommerce.store.orders[order].fields["items_total"])
    scene.corrupt(order, set={"items_total": counted + 2})
    fault.mark_occurred(scene.now(), order)
    yield HOUR


def payload_malformed(scene: Scene, fault: InjectedFault) -> Script:
    order = scene.order()
    scene.corrupt(order, product_drop=["quantity"])
    # Without its quantities, the product cannot know by how much the order lowered the store's stock.
    fault.mark_occurred(scene.now(), order, *scene.skus(order))
    yield HOUR


def address_incomplete(scene: Scene, fault: InjectedFault) -> Script:
    fault.mark_occurred(scene.now(), scene.order(billing_address=scene.address(street_1="")))
    yield HOUR


def postcode_too_long(scene: Scene, fault: InjectedFault) -> Script:
    address = scene.address(zip="78701, ring twice at the fence")
    fault.mark_occurred(scene.now(), scene.order(shipping_addresses=[address]))
    yield HOUR


def several_addresses(scene: Scene, fault: InjectedFault) -> Script:
    first, second = scene.address(), scene.address(street_1="7 Harbor Rd", city="Waco")
    skus = [scene.product() for _ in range(2)]
    lines = [{"sku": sku, "quantity": 1, "address": address} for address, sku in enumerate(skus)]
    order = scene.order(extra_lines=lines, shipping_addresses=[first, second])
    scene.leave_alone(order)
    fault.mark_occurred(scene.now(), order)
    yield from scene.until_posted(order)
    for sku in skus:
        _ship_line_separately(scene, order, sku)


def _ship_line_separately(scene: Scene, order: int, sku: str) -> None:
    """The warehouse follows the sale's comments and ships the goods of each address in a separate parcel."""
    rows = scene.bigcommerce.store.orders[order].products
    address_id = next(row["order_address_id"] for row in rows if row["sku"] == sku)
    goods = [{"sku": row["sku"], "quantity": row["quantity"]} for row in rows if row["order_address_id"] == address_id]
    parcel = {"sale_id": scene.sale(order).id, "lines": goods, "carrier": "UPS", "tracking": f"1Z{order}{address_id}"}
    scene.cin7.act("pick_pack_ship", parcel)


def quantity_unusual(scene: Scene, fault: InjectedFault) -> Script:
    sku = scene.product(inventory_level=5000)
    scene.cin7.act("receive_stock", {"sku": sku, "quantity": 5000})
    fault.mark_occurred(scene.now(), scene.order(extra_lines=[{"sku": sku, "quantity": 1200}]))
    yield HOUR


def manual_verification(scene: Scene, fault: InjectedFault) -> Script:
    fault.mark_occurred(scene.now(), scene.order(status_id=12))
    yield HOUR


def basket_submitted_twice(scene: Scene, fault: InjectedFault) -> Script:
    basket = scene.basket()
    scene.order(basket=basket)
    fault.mark_occurred(scene.now(), scene.order(basket=basket))
    yield HOUR


def order_never_reported(scene: Scene, fault: InjectedFault) -> Script:
    """The order's webhook is lost, and the order moves between the pages of the list while the sweep reads them."""
    order = scene.order()
    lost = scene.fault("bigcommerce", fault="webhook_lost", match={"contains": str(order)})
    scene.corrupt(order, unlisted=True)
    fault.mark_occurred(scene.now(), order, *scene.skus(order))
    yield timedelta(minutes=20)
    scene.end_fault("bigcommerce", lost)
    yield from scene.until(scene.has_sale(order))
    scene.corrupt(order)


def _fault(name: str, description: str, script: Any, kind: FindingKind, **more: Any) -> Fault:
    return Fault(name, Area.ORDERS, description, script, kind, **more)


ORDERS: tuple[Fault, ...] = (
    _fault("sku_unknown", "A product is sold that does not exist in Cin7.", sku_unknown, FindingKind.SKU_UNKNOWN),
    _fault(
        "sku_lowercase",
        "A SKU has upper-case letters in the store and lower-case letters in Cin7.",
        sku_lowercase,
        FindingKind.SKU_DIFFERS_IN_FORM,
        within=A_DAY_AND_A_RUN,
    ),
    _fault(
        "duplicate_sku_in_store",
        "Staff copy a product together with its SKU.",
        duplicate_sku_in_store,
        FindingKind.SKU_NOT_UNIQUE,
        within=A_DAY_AND_A_RUN,
        follows=(FindingKind.STOCK_DRIFT,),
    ),
    _fault("line_without_sku", "Staff add a custom item.", line_without_sku, FindingKind.SKU_BLANK),
    _fault(
        "product_deprecated",
        "A product is deprecated in Cin7 and still sold.",
        product_deprecated,
        FindingKind.PRODUCT_NOT_SELLABLE,
    ),
    _fault("tax_unmapped", "The store charges a tax that the design does not map.", tax_unmapped,
           FindingKind.TAX_UNMAPPED),
    _fault("currency_unknown", "An order is paid in Canadian dollars.", currency_unknown,
           FindingKind.CURRENCY_UNKNOWN),
    _fault("totals_typed_by_hand", "Staff enter a total that differs from the sum of the lines.", totals_typed_by_hand,
           FindingKind.TOTALS_DO_NOT_ADD_UP),
    _fault("lines_lost", "The store returns fewer lines than the order's item count.", lines_lost,
           FindingKind.LINES_INCOMPLETE),
    _fault("payload_malformed", "The store returns order lines without a quantity.", payload_malformed,
           FindingKind.PAYLOAD_MALFORMED, follows=(FindingKind.STOCK_DRIFT,)),
    _fault("address_incomplete", "A shopper leaves out the street.", address_incomplete,
           FindingKind.ADDRESS_INCOMPLETE),
    _fault("postcode_too_long", "A shopper types a message into the postcode.", postcode_too_long,
           FindingKind.POSTCODE_TOO_LONG),
    _fault("several_addresses", "An order ships to two addresses.", several_addresses,
           FindingKind.SEVERAL_ADDRESSES),
    _fault("quantity_unusual", "A shopper orders 1,200 units of one product.", quantity_unusual,
           FindingKind.QUANTITY_UNUSUAL),
    _fault("manual_verification", "The payment provider requires manual verification of an order.",
           manual_verification, FindingKind.STATUS_ON_HOLD),
    _fault("basket_submitted_twice", "A shopper submits the same basket twice within a minute.", basket_submitted_twice,
           FindingKind.DOUBLE_SUBMIT),
    _fault(
        "order_never_reported",
        "The webhook of an order is lost, and the store's order list omits the order.",
        order_never_reported,
        FindingKind.ORDER_MISSED,
        within=8 * HOUR,
        follows=(FindingKind.STOCK_DRIFT,),
    ),
)  # fmt: skip
