"""When an order takes goods from the shop's stock, and when it gives them back.

Source: platform notes, bigcommerce 5.3; Settings v3, inventory.
"""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.inventory import change_level, level
from weighbridge_twins.bigcommerce.inventory_settings import ORDINARY
from weighbridge_twins.bigcommerce.order_book import Order
from weighbridge_twins.bigcommerce.records import Record
from weighbridge_twins.bigcommerce.state import Shop

NOT_COMPLETED: Final = (0, 1)
CANCELLED, DECLINED = 5, 6
SHIPPED, COMPLETED = 2, 10


def settle_stock(shop: Shop, order: Order) -> None:
    """Brings the shop's stock to what the order's status and lines want; doing it twice is harmless."""
    wanted = _wants_stock(shop, order)
    for row in order.products:
        taken = row["quantity"] - row.get("_restocked", 0) if wanted and row["type"] == "physical" else 0
        difference = row.get("_taken", 0) - taken
        if row["sku"] and difference:
            change_level(shop, row["sku"], difference, by_order=True)
        row["_taken"] = taken


def give_back(shop: Shop, row: Record) -> None:
    """A line leaves the order: what it took goes back."""
    if row["sku"] and row.get("_taken"):
        change_level(shop, row["sku"], row["_taken"], by_order=True)
    row["_taken"] = 0


def restock(shop: Shop, order: Order, row: Record, quantity: int) -> None:
    """Refunded goods go back on the shelf, where the store wants that."""
    if rule(shop, order, "refund_order_stock_adjustment"):
        row["_restocked"] = row.get("_restocked", 0) + quantity
        if row.get("_taken"):
            change_level(shop, str(row["sku"]), quantity, by_order=True)
            row["_taken"] -= quantity


def short_of(shop: Shop, order: Order) -> str | None:
    """A SKU of the order that the shop has too little of, None when there is enough of all."""
    needed: dict[str, int] = {}
    for row in order.products:
        found = shop.variant_by_sku(row["sku"]) if row["sku"] else None
        if found is not None and found[0].tracking != "none":
            needed[row["sku"]] = needed.get(row["sku"], 0) + row["quantity"]
    return next((sku for sku, quantity in needed.items() if quantity > level(shop, sku)), None)


def rule(shop: Shop, order: Order, name: str) -> Any:
    """A setting of how the shop treats stock, of the order's channel or of the whole store."""
    every: dict[str, Record] = shop.settings.get("inventory_settings", {})
    for owner in (str(order.fields["channel_id"]), "store"):
        value = every.get(owner, {}).get(name)
        if value is not None:
            return value
    return shop.switches["refund_restocks"] if name == "refund_order_stock_adjustment" else ORDINARY[name]


def _wants_stock(shop: Shop, order: Order) -> bool:
    status = order.status_id
    if status == CANCELLED:
        return not shop.switches["cancel_restocks"] and _had_stock(order)
    if status == DECLINED:
        return bool(shop.switches["declined_order_holds_stock"]) and _had_stock(order)
    if status in NOT_COMPLETED:
        return False
    if rule(shop, order, "update_stock_behavior") == "order_completed_or_shipped":
        return status in (SHIPPED, COMPLETED) or _had_stock(order)
    return True


def _had_stock(order: Order) -> bool:
    return any(row.get("_taken") for row in order.products)
