"""Faults of orders as they come: what they contain, what they are called, what they come to."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from weighbridge.domain.findings.finding import FindingKind
from weighbridge_simulation.week.fault import DAY, HOUR, Area, Fault, Injected, Script
from weighbridge_simulation.week.scene import Scene

A_DAY_AND_A_ROUND = DAY + 3 * HOUR
"""What is read daily is found by then."""


def sku_unknown(scene: Scene, fault: Injected) -> Script:
    sku = scene.product(in_books=False)
    fault.struck(scene.now(), sku, scene.order(more=[{"sku": sku, "quantity": 1}]))
    yield HOUR


def sku_in_another_case(scene: Scene, fault: Injected) -> Script:
    sku = scene.product(in_books=False)
    scene.product(at_shop=False, sku=sku.lower())
    fault.struck(scene.now(), sku)
    yield HOUR


def sku_twice_at_the_shop(scene: Scene, fault: Injected) -> Script:
    sku = scene.product()
    scene.shop.act("duplicate_sku", {"sku": sku})
    fault.struck(scene.now(), sku)
    yield HOUR


def line_without_sku(scene: Scene, fault: Injected) -> Script:
    custom = {"name": "Engraving, as agreed by telephone", "quantity": 1, "price": "15.00"}
    fault.struck(scene.now(), scene.order(more=[custom]))
    yield HOUR


def product_given_up(scene: Scene, fault: Injected) -> Script:
    sku = scene.product()
    scene.books.act("deprecate_product", {"sku": sku})
    fault.struck(scene.now(), sku, scene.order(more=[{"sku": sku, "quantity": 1}]))
    yield HOUR


def tax_unmapped(scene: Scene, fault: Injected) -> Script:
    sku = scene.product(tax_class_id=0)
    order = scene.order(more=[{"sku": sku, "quantity": 1}])
    scene.spoil(order, tax_set={"name": "Soda Tax"})
    fault.struck(scene.now(), "Soda Tax", order)
    yield HOUR


def currency_unknown(scene: Scene, fault: Injected) -> Script:
    fault.struck(scene.now(), scene.order(currency="CAD", exchange_rate="1.36"))
    yield HOUR


def totals_typed_by_hand(scene: Scene, fault: Injected) -> Script:
    order = scene.order()
    wrong = scene.total(order) + Decimal("3.40")
    scene.spoil(order, set={"total_inc_tax": f"{wrong:.4f}"})
    fault.struck(scene.now(), order)
    yield HOUR


def lines_lost(scene: Scene, fault: Injected) -> Script:
    order = scene.order()
    counted = int(scene.shop.shop.orders[order].fields["items_total"])
    scene.spoil(order, set={"items_total": counted + 2})
    fault.struck(scene.now(), order)
    yield HOUR


def payload_malformed(scene: Scene, fault: Injected) -> Script:
    order = scene.order()
    scene.spoil(order, product_drop=["quantity"])
    # Nobody knows what it took from the shop's stock.
    fault.struck(scene.now(), order, *scene.skus(order))
    yield HOUR


def address_incomplete(scene: Scene, fault: Injected) -> Script:
    fault.struck(scene.now(), scene.order(billing_address=scene.address(street_1="")))
    yield HOUR


def postcode_too_long(scene: Scene, fault: Injected) -> Script:
    address = scene.address(zip="78701, ring twice at the gate")
    fault.struck(scene.now(), scene.order(shipping_addresses=[address]))
    yield HOUR


def several_addresses(scene: Scene, fault: Injected) -> Script:
    first, second = scene.address(), scene.address(street_1="7 Harbor Rd", city="Waco")
    skus = [scene.product() for _ in range(2)]
    more = [{"sku": sku, "quantity": 1, "address": place} for place, sku in enumerate(skus)]
    order = scene.order(more=more, shipping_addresses=[first, second])
    scene.leave_alone(order)
    fault.struck(scene.now(), order)
    yield from scene.once_sold(order)
    for sku in skus:
        _send_to_its_address(scene, order, sku)


def _send_to_its_address(scene: Scene, order: int, sku: str) -> None:
    """The warehouse does as the sale's comments say: what goes to another address is a parcel of its own."""
    rows = scene.shop.shop.orders[order].products
    place = next(row["order_address_id"] for row in rows if row["sku"] == sku)
    goods = [{"sku": r["sku"], "quantity": r["quantity"]} for r in rows if r["order_address_id"] == place]
    parcel = {"sale_id": scene.sale(order).id, "lines": goods, "carrier": "UPS", "tracking": f"1Z{order}{place}"}
    scene.books.act("pick_pack_ship", parcel)


def quantity_unusual(scene: Scene, fault: Injected) -> Script:
    sku = scene.product(inventory_level=5000)
    scene.books.act("receive_stock", {"sku": sku, "quantity": 5000})
    fault.struck(scene.now(), scene.order(more=[{"sku": sku, "quantity": 1200}]))
    yield HOUR


def manual_verification(scene: Scene, fault: Injected) -> Script:
    fault.struck(scene.now(), scene.order(status_id=12))
    yield HOUR


def basket_sent_twice(scene: Scene, fault: Injected) -> Script:
    basket = scene.basket()
    scene.order(basket=basket)
    fault.struck(scene.now(), scene.order(basket=basket))
    yield HOUR


def order_told_by_nobody(scene: Scene, fault: Injected) -> Script:
    """Its hook is lost, and while the list is paged the order moves from page to page, always the other one."""
    order = scene.order()
    lost = scene.fault("bigcommerce", fault="hook_lost", match={"contains": str(order)})
    scene.spoil(order, unlisted=True)
    fault.struck(scene.now(), order, *scene.skus(order))
    yield timedelta(minutes=20)
    scene.end_fault("bigcommerce", lost)
    yield from scene.until(scene.has_sale(order))
    scene.spoil(order)


def _fault(name: str, what: str, script: Any, kind: FindingKind, **more: Any) -> Fault:
    return Fault(name, Area.ORDERS, what, script, kind, **more)


ORDERS: tuple[Fault, ...] = (
    _fault(
        "sku_unknown", "A product is sold that nobody made in Cin7.", sku_unknown, FindingKind.SKU_UNKNOWN
    ),
    _fault(
        "sku_in_another_case",
        "A product has capital letters at the shop and small ones in Cin7.",
        sku_in_another_case,
        FindingKind.SKU_DIFFERS_IN_FORM,
        within=A_DAY_AND_A_ROUND,
    ),
    _fault(
        "sku_twice_at_the_shop",
        "A product is copied with its SKU.",
        sku_twice_at_the_shop,
        FindingKind.SKU_NOT_UNIQUE,
        within=A_DAY_AND_A_ROUND,
        follows=(FindingKind.STOCK_DRIFT,),
    ),
    _fault("line_without_sku", "Staff add a custom item.", line_without_sku, FindingKind.SKU_BLANK),
    _fault(
        "product_given_up",
        "A product is deprecated in Cin7 and still sold.",
        product_given_up,
        FindingKind.PRODUCT_NOT_SELLABLE,
    ),
    _fault("tax_unmapped", "The shop charges a tax that the design does not know.", tax_unmapped,
           FindingKind.TAX_UNMAPPED),
    _fault("currency_unknown", "An order is paid in Canadian dollars.", currency_unknown,
           FindingKind.CURRENCY_UNKNOWN),
    _fault("totals_typed_by_hand", "Staff type a total that its parts do not come to.", totals_typed_by_hand,
           FindingKind.TOTALS_DO_NOT_ADD_UP),
    _fault("lines_lost", "The shop shows fewer lines than it counts.", lines_lost, FindingKind.LINES_INCOMPLETE),
    _fault("payload_malformed", "The shop answers with lines that have no quantity.", payload_malformed,
           FindingKind.PAYLOAD_MALFORMED, follows=(FindingKind.STOCK_DRIFT,)),
    _fault("address_incomplete", "A shopper leaves out the street.", address_incomplete,
           FindingKind.ADDRESS_INCOMPLETE),
    _fault("postcode_too_long", "A shopper types a message into the postcode.", postcode_too_long,
           FindingKind.POSTCODE_TOO_LONG),
    _fault("several_addresses", "An order goes to two addresses.", several_addresses,
           FindingKind.SEVERAL_ADDRESSES),
    _fault("quantity_unusual", "Somebody orders 1,200 of one product.", quantity_unusual,
           FindingKind.QUANTITY_UNUSUAL),
    _fault("manual_verification", "The payment provider wants an order verified by hand.", manual_verification,
           FindingKind.STATUS_ON_HOLD),
    _fault("basket_sent_twice", "A shopper sends the same basket twice in one minute.", basket_sent_twice,
           FindingKind.ORDER_REPEATED),
    _fault(
        "order_told_by_nobody",
        "The hook of an order is lost, and the shop's list leaves it out.",
        order_told_by_nobody,
        FindingKind.ORDER_MISSED,
        within=8 * HOUR,
        follows=(FindingKind.STOCK_DRIFT,),
    ),
)  # fmt: skip
