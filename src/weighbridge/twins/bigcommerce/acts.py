"""What people do in the store beside the API: shoppers, staff, and how a test store is filled."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from weighbridge.twins.bigcommerce import placing
from weighbridge.twins.bigcommerce.catalog import add_product, find, remove_product
from weighbridge.twins.bigcommerce.customers import add_customer
from weighbridge.twins.bigcommerce.events import emit, order_event
from weighbridge.twins.bigcommerce.inventory import DEFAULT_LOCATION, change_level, level, settle
from weighbridge.twins.bigcommerce.orders import touch
from weighbridge.twins.bigcommerce.state import Order, Record, Shop
from weighbridge.twins.bigcommerce.transactions import capture_payment as captured
from weighbridge.twins.bigcommerce.transactions import refund_order as refunded

Act = Callable[[Shop, Any], Any]

NOT_COMPLETED = (0, 1)
CANCELLED = 5
STATUS_SCOPE = "store/order/statusUpdated"
UPDATED_SCOPE = "store/order/updated"


def place_order(shop: Shop, spec: Record) -> Record:
    """A shopper's order. The event fires for incomplete orders too; stock falls once checkout is complete."""
    order = placing.place(shop, spec)
    if not shop.switches["sells_below_zero"]:
        for row in order.products:
            if row["sku"] and row["quantity"] > level(shop, row["sku"]):
                raise ValueError(f"{row['sku']} is out of stock")
    shop.orders[order.id] = order
    order_event(shop, "store/order/created", order)
    if order.fields["status_id"] not in NOT_COMPLETED:
        _take_stock(shop, order, -1)
        order_event(shop, STATUS_SCOPE, order, before=0)
    return {"id": order.id, "total_inc_tax": str(order.fields["total_inc_tax"])}


def set_status(shop: Shop, wanted: Record) -> Record:
    """Any status may follow any other. Completing checkout takes stock, cancelling gives it back."""
    order = _order(shop, wanted)
    before, after = order.fields["status_id"], int(wanted["status_id"])
    order.fields["status_id"] = after
    if before in NOT_COMPLETED and after not in (*NOT_COMPLETED, CANCELLED, 6):
        _take_stock(shop, order, -1)
    elif before not in (*NOT_COMPLETED, CANCELLED, 6) and after in (CANCELLED, 6):
        _take_stock(shop, order, 1)
    touch(shop, order)
    if before != after:
        order_event(shop, STATUS_SCOPE, order, before=before)
    order_event(shop, UPDATED_SCOPE, order)
    return {"id": order.id, "status_id": after}


def cancel_order(shop: Shop, wanted: Record) -> Record:
    return set_status(shop, {**wanted, "status_id": CANCELLED})


def capture_payment(shop: Shop, wanted: Record) -> Record:
    order = _order(shop, wanted)
    captured(shop, order)
    return {"id": order.id, "payment_status": order.fields["payment_status"]}


def edit_order(shop: Shop, wanted: Record) -> Record:
    """Staff edit an order: notes, message, address, shipping cost, or a line's quantity ({line: id, quantity})."""
    order = _order(shop, wanted)
    for name in ("staff_notes", "customer_message"):
        if name in wanted:
            order.fields[name] = wanted[name]
    if "shipping_address" in wanted and order.addresses:
        order.addresses[0] |= wanted["shipping_address"]
    if "billing_address" in wanted:
        order.fields["billing_address"] |= wanted["billing_address"]
    if "shipping_cost" in wanted:
        _reprice_shipping(shop, order, Decimal(str(wanted["shipping_cost"])))
    if "quantity" in wanted:
        _requantify(shop, order, int(wanted["line"]), int(wanted["quantity"]))
    touch(shop, order)
    order_event(shop, UPDATED_SCOPE, order)
    return {"id": order.id, "total_inc_tax": str(order.fields["total_inc_tax"])}


def refund_order(shop: Shop, wanted: Record) -> Record:
    refund = refunded(
        shop, _order(shop, wanted), wanted["items"], wanted.get("payments") or [], wanted.get("reason", "")
    )
    return {"id": refund["id"], "total_amount": str(refund["total_amount"])}


def archive_order(shop: Shop, wanted: Record) -> Record:
    order = _order(shop, wanted)
    order.fields["is_deleted"] = True
    touch(shop, order)
    order_event(shop, "store/order/archived", order)
    return {"id": order.id}


def remove_order(shop: Shop, wanted: Record) -> Record:
    """Gone for good, after its events went out."""
    order = _order(shop, wanted)
    order_event(shop, UPDATED_SCOPE, order)
    del shop.orders[order.id]
    return {"id": order.id}


def corrupt_order(shop: Shop, wanted: Record) -> Record:
    """Spoils how an order is shown: `set` and `drop` on the order, `product_set` and `product_drop` on its lines.

    An empty call heals it. The order counts as modified either way.
    """
    order = _order(shop, wanted)
    order.corruption = {name: value for name, value in wanted.items() if name != "order_id"}
    touch(shop, order)
    order_event(shop, UPDATED_SCOPE, order)
    return {"id": order.id}


def announce(shop: Shop, wanted: Record) -> Record:
    """An event of any scope and data, as the store might send it."""
    emit(shop, str(wanted["scope"]), dict(wanted["data"]))
    return {"announced": wanted["scope"]}


def seed_products(shop: Shop, wanted: list[Record]) -> Record:
    """Products in bulk: sku, name, price, tax_class_id, tracking, inventory_level, variants."""
    ids = []
    for row in wanted:
        given = {**row, "inventory_tracking": row.get("tracking", "variant" if row.get("variants") else "product")}
        given.setdefault("inventory_level", 0)
        ids.append(add_product(shop, given).id)
    shop.pending_events = [one for one in shop.pending_events if one["body"]["scope"] != "store/product/created"]
    return {"ids": ids}


def seed_customers(shop: Shop, wanted: list[Record]) -> Record:
    return {"ids": [add_customer(shop, row)["id"] for row in wanted]}


def set_stock(shop: Shop, wanted: Record) -> Record:
    """Staff type a level into the control panel."""
    settle(shop)
    found = shop.variant_by_sku(str(wanted["sku"]))
    if found is None:
        raise KeyError(wanted["sku"])
    change_level(shop, found[1].sku, int(wanted["quantity"]) - level(shop, found[1].sku))
    return {"sku": found[1].sku, "level": level(shop, found[1].sku)}


def stock_levels(shop: Shop, wanted: Any) -> dict[str, int]:
    """Units on hand at the default location, by SKU."""
    settle(shop)
    return {
        variant.sku: shop.location_stock.get((DEFAULT_LOCATION, variant.id), 0)
        for product in shop.products.values()
        if product.tracking != "none"
        for variant in product.variants
        if variant.sku
    }


def delete_product(shop: Shop, wanted: Record) -> Record:
    remove_product(shop, find(shop, str(wanted["product_id"])))
    return {"deleted": wanted["product_id"]}


def settings(shop: Shop, wanted: Record) -> Record:
    """Changes store settings: currency, prices_include_tax, tax_classes, shipping_tax_class_id."""
    shop.settings |= wanted
    return shop.settings


def deactivate_hook(shop: Shop, wanted: Record) -> Record:
    shop.hooks[int(wanted["hook_id"])]["is_active"] = False
    return {"deactivated": wanted["hook_id"]}


ACTS: dict[str, Act] = {
    "place_order": place_order,
    "set_status": set_status,
    "cancel_order": cancel_order,
    "capture_payment": capture_payment,
    "edit_order": edit_order,
    "refund_order": refund_order,
    "archive_order": archive_order,
    "remove_order": remove_order,
    "corrupt_order": corrupt_order,
    "announce": announce,
    "seed_products": seed_products,
    "seed_customers": seed_customers,
    "set_stock": set_stock,
    "stock_levels": stock_levels,
    "delete_product": delete_product,
    "settings": settings,
    "deactivate_hook": deactivate_hook,
}


def _take_stock(shop: Shop, order: Order, sign: int) -> None:
    for row in order.products:
        if row["sku"] and row["type"] == "physical":
            change_level(shop, row["sku"], sign * row["quantity"])


def _reprice_shipping(shop: Shop, order: Order, cost: Decimal) -> None:
    price = placing.taxed(shop, cost, shop.settings["shipping_tax_class_id"])
    order.fields |= {
        "base_shipping_cost": price.ex,
        "shipping_cost_ex_tax": price.ex,
        "shipping_cost_inc_tax": price.inc,
        "shipping_cost_tax": price.tax,
    }
    order.taxes = [row for row in order.taxes if row["line_item_type"] != "shipping"]
    order.fields |= placing.totals(shop, order)


def _requantify(shop: Shop, order: Order, line_id: int, quantity: int) -> None:
    row = next(one for one in order.products if one["id"] == line_id)
    change_level(shop, row["sku"], row["quantity"] - quantity)
    share = Decimal(quantity) / row["quantity"]
    for name in (
        "total_ex_tax",
        "total_inc_tax",
        "total_tax",
        "discounted_total_inc_tax",
        "_tax",
        "_discount",
        "_coupon",
    ):
        row[name] = (row[name] * share).quantize(Decimal("0.01"))
    row["quantity"] = quantity
    for tax in order.taxes:
        if tax.get("order_product_id") == str(line_id):
            tax["line_amount"] = tax["priority_amount"] = (tax["line_amount"] * share).quantize(Decimal("0.01"))
    order.fields |= placing.totals(shop, order)


def _order(shop: Shop, wanted: Record) -> Order:
    return shop.orders[int(wanted["order_id"])]
