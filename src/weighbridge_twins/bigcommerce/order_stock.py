"""Takes and returns the stock of orders.

Source: platform notes, bigcommerce 5.3; Settings v3, inventory.
"""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.inventory import change_level, level
from weighbridge_twins.bigcommerce.inventory_settings import DEFAULTS
from weighbridge_twins.bigcommerce.order_index import Order
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.state import Store

NOT_COMPLETED: Final = (0, 1)
CANCELLED, DECLINED = 5, 6
SHIPPED, COMPLETED = 2, 10


def settle_stock(store: Store, order: Order) -> None:
    """Adjusts stock to the order's status and lines. Idempotent."""
    takes_stock = _wants_stock(store, order)
    for row in order.products:
        quantity = row["quantity"] - row.get("_restocked", 0) if takes_stock and row["type"] == "physical" else 0
        difference = row.get("_taken", 0) - quantity
        if row["sku"] and difference:
            change_level(store, row["sku"], difference, by_order=True)
        row["_taken"] = quantity


def release_stock(store: Store, row: Record) -> None:
    """Returns the stock of a line that is removed from the order."""
    if row["sku"] and row.get("_taken"):
        change_level(store, row["sku"], row["_taken"], by_order=True)
    row["_taken"] = 0


def restock(store: Store, order: Order, row: Record, quantity: int) -> None:
    """Returns refunded units to stock if the store's settings say so."""
    if inventory_setting(store, order, "refund_order_stock_adjustment"):
        row["_restocked"] = row.get("_restocked", 0) + quantity
        if row.get("_taken"):
            change_level(store, str(row["sku"]), quantity, by_order=True)
            row["_taken"] -= quantity


def find_short_sku(store: Store, order: Order) -> str | None:
    """A SKU of the order with too little stock; None if there is enough of every SKU."""
    needed: dict[str, int] = {}
    for row in order.products:
        item = store.variant_by_sku(row["sku"]) if row["sku"] else None
        if item is not None and item[0].tracking != "none":
            needed[row["sku"]] = needed.get(row["sku"], 0) + row["quantity"]
    return next((sku for sku, quantity in needed.items() if quantity > level(store, sku)), None)


def inventory_setting(store: Store, order: Order, name: str) -> Any:
    """An inventory setting of the order's channel, or of the store."""
    by_owner: dict[str, Record] = store.settings.get("inventory_settings", {})
    for owner in (str(order.fields["channel_id"]), "store"):
        value = by_owner.get(owner, {}).get(name)
        if value is not None:
            return value
    return store.switches["refund_restocks"] if name == "refund_order_stock_adjustment" else DEFAULTS[name]


def _wants_stock(store: Store, order: Order) -> bool:
    status = order.status_id
    if status == CANCELLED:
        return not store.switches["cancel_restocks"] and _had_stock(order)
    if status == DECLINED:
        return bool(store.switches["declined_order_holds_stock"]) and _had_stock(order)
    if status in NOT_COMPLETED:
        return False
    if inventory_setting(store, order, "update_stock_behavior") == "order_completed_or_shipped":
        return status in (SHIPPED, COMPLETED) or _had_stock(order)
    return True


def _had_stock(order: Order) -> bool:
    return any(row.get("_taken") for row in order.products)
