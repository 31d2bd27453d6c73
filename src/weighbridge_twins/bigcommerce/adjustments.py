"""Writes to stock: accepted now, applied a little later, addressed as the item is tracked.

Source: platform notes, bigcommerce 5.2 and 5.3; Inventory v3, adjustments.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from weighbridge_twins.bigcommerce.catalog_state import HIGHEST_LEVEL, by_variant_id
from weighbridge_twins.bigcommerce.catalog_switches import reading
from weighbridge_twins.bigcommerce.errors import Refusal
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION, accepted, find_location
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Shop, Variant
from weighbridge_twins.call import Answer, Call

routes = Routes()
MOST_ITEMS: Final = 2000
SETTINGS: Final = ("safety_stock", "is_in_stock", "warning_level", "bin_picking_number")
NEEDED_SETTINGS: Final = ("safety_stock", "is_in_stock", "warning_level")


def settle(shop: Shop) -> None:
    """Applies accepted adjustments whose time has come, in the order of their times."""
    now = shop.now()
    while shop.pending_adjustments and shop.pending_adjustments[0]["due"] <= now:
        change = shop.pending_adjustments.pop(0)
        apply(shop, change["variant_id"], change["location_id"], change["quantity"], relative=change["relative"])


def apply(
    shop: Shop, variant_id: int, location_id: int, quantity: int, *, relative: bool, by_order: bool = False
) -> None:
    """Moves the stock of an item at a location and announces the difference; an item deleted meanwhile is left out."""
    found = by_variant_id(shop, variant_id)
    if found is None:
        return
    product, variant = found
    key = (location_id, variant_id)
    before = shop.location_stock.get(key, 0)
    shop.location_stock[key] = after = before + quantity if relative else quantity
    variant.inventory_level = shop.location_stock.get((DEFAULT_LOCATION, variant_id), 0)
    if after != before:
        _announce(shop, product, variant, location_id, after - before, by_order=by_order)


def _announce(
    shop: Shop, product: Product, variant: Variant, location_id: int, difference: int, *, by_order: bool
) -> None:
    """The hook's value is a difference even where its method says absolute. Source: platform notes, bigcommerce 7.3."""
    if not shop.hooks:
        return
    kind = "sku" if product.tracking == "variant" else "product"
    inventory: Record = {"product_id": product.id, "method": "absolute", "value": difference}
    if kind == "sku":
        inventory["variant_id"] = variant.id
    data = {"type": kind, "id": variant.id if kind == "sku" else product.id, "inventory": inventory}
    emit(shop, f"store/{kind}/inventory/updated", data)
    if by_order:
        emit(shop, f"store/{kind}/inventory/order/updated", data)
    emit(shop, "store/product/updated", {"type": "product", "id": product.id})
    place = {"variant_id": variant.id, "product_id": product.id, "location_id": location_id}
    emit(shop, "store/channel/1/inventory/product/stock_changed", place)


@routes.on("PUT", "/v3/inventory/adjustments/absolute")
def absolute(shop: Shop, call: Call) -> Answer:
    """Never fails for lack of stock; accepted now, applied a little later."""
    return _adjust(shop, call, relative=False)


@routes.on("POST", "/v3/inventory/adjustments/relative")
def relative(shop: Shop, call: Call) -> Answer:
    """Needs an absolute adjustment before, per item and location, and stays above the safety stock."""
    return _adjust(shop, call, relative=True)


def _adjust(shop: Shop, call: Call, *, relative: bool) -> Answer:
    settle(shop)
    items = _items(call, "items")
    overlap(shop)
    changes: list[Record] = []
    for item in items:
        try:
            change = _change(shop, item, relative=relative)
        except Refusal:
            if shop.switches["inventory_batch"] == "partial":
                _enqueue(shop, changes)
            raise
        if change is not None:
            changes.append(change)
    _enqueue(shop, changes)
    return accepted(shop)


def overlap(shop: Shop) -> None:
    """What happens to a bulk write while adjustments of another are still on their way. Raises Refusal 429.

    The vendor says: "unpredictable, incorrect calculation results". Source: platform notes, bigcommerce 5.3.
    """
    settle(shop)
    if not shop.pending_adjustments:
        return
    match reading(shop, "bulk_overlap"):
        case "throttled":
            raise Refusal(429, "Too many concurrent requests")
        case "wrong_result":
            shop.pending_adjustments = shop.pending_adjustments[::2]


def _enqueue(shop: Shop, changes: list[Record]) -> None:
    delay, spread = float(shop.switches["inventory_delay_seconds"]), float(reading(shop, "inventory_delay_spread"))
    extra = shop.random.uniform(0, spread) if spread else 0.0
    due = shop.now() + timedelta(seconds=delay + extra)
    shop.pending_adjustments += [{**change, "due": due} for change in changes]
    shop.pending_adjustments.sort(key=lambda change: change["due"])


def _items(call: Call, name: str) -> list[Record]:
    body = call.body if isinstance(call.body, dict) else {}
    items = body.get(name)
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise Refusal(422, f"[{name} is required]", {name: "required"})
    if len(items) > MOST_ITEMS:
        raise Refusal(422, f"[No more than {MOST_ITEMS} items are allowed]", {name: "too many"})
    return items


def _change(shop: Shop, item: Record, *, relative: bool) -> Record | None:
    quantity: Any = item.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise Refusal(422, "[Quantity must be an integer]", {"quantity": "not an integer"})
    if abs(quantity) > HIGHEST_LEVEL or (quantity < 0 and not relative):
        raise Refusal(422, "[Quantity is out of range]", {"quantity": "out of range"})
    location_id = item.get("location_id")
    location = shop.locations.get(location_id) if isinstance(location_id, int) else None
    if location is None or not location["enabled"]:
        raise Refusal(422, f"[Location with id {location_id} is not available]", {"location_id": "not available"})
    product, variant = identified(shop, item)
    if product.tracking == "none" and reading(shop, "untracked_adjustment") == "ignored":
        return None
    here = int(location["id"])
    if relative:
        _check_relative(shop, product, variant.id, here, quantity)
    elif reading(shop, "absolute_sets") == "available_to_sell":
        quantity += safety_stock(product, variant.id, here)
    return {"variant_id": variant.id, "location_id": here, "quantity": quantity, "relative": relative}


def _check_relative(shop: Shop, product: Product, variant_id: int, location_id: int, difference: int) -> None:
    """Judged by what is applied, not by what is on its way: a relative that races an absolute fails."""
    if (location_id, variant_id) not in shop.location_stock:
        raise Refusal(422, "[Item requires absolute adjustment before relative]")
    if shop.location_stock[(location_id, variant_id)] + difference < safety_stock(product, variant_id, location_id):
        raise Refusal(422, "[Adjustment would go below the safety stock]")


def identified(shop: Shop, item: Record) -> tuple[Product, Variant]:
    """The item by the key that its tracking mode wants. Raises Refusal 422 with the vendor's title."""
    key = next((name for name in ("sku", "variant_id", "product_id") if name in item), None)
    if key is None:
        raise Refusal(422, "[Item has no sku, variant_id or product_id]")
    value = item[key]
    if key == "sku":
        found = shop.variant_by_sku(str(value))
    elif key == "variant_id":
        found = by_variant_id(shop, value)
    else:
        product = shop.products.get(value) if isinstance(value, int) else None
        found = (product, product.variants[0]) if product and product.variants else None
    if found is None:
        raise Refusal(422, f"[Item with {key} {value} was not found]")
    _check_tracking(shop, found[0], key, value)
    return found


def _check_tracking(shop: Shop, product: Product, key: str, value: Any) -> None:
    tracking = product.tracking
    if tracking == "none" and reading(shop, "untracked_adjustment") == "refused":
        raise Refusal(422, f"[Item with {key} {value} is not tracked]")
    by_product = key == "variant_id" or (key == "sku" and reading(shop, "sku_names_product_stock") == "refused")
    if tracking == "product" and by_product:
        title = f"[Item with {key} {value} is tracked by product, please update stock by product id]"
        raise Refusal(422, title)
    if tracking == "variant" and key == "product_id":
        raise Refusal(422, f"[Item with {key} {value} is tracked by variant, please update stock by variant id]")


@routes.on("PUT", "/v3/inventory/locations/{location_id}/items")
def update_settings(shop: Shop, call: Call, location_id: str) -> Answer:
    """Safety stock, warning level and bin of items at one location, all or none."""
    here = find_location(shop, location_id)["id"]
    chosen: list[tuple[Product, Variant, Record]] = []
    for row in _items(call, "settings"):
        if not any(name in row for name in NEEDED_SETTINGS):
            raise Refusal(422, f"[One of {', '.join(NEEDED_SETTINGS)} is required]")
        chosen.append((*identified(shop, row.get("identity") or {}), row))
    for product, variant, row in chosen:
        own = product.fields.setdefault("_stock_settings", {}).setdefault(_place(variant.id, here), {})
        own |= {name: row[name] for name in SETTINGS if name in row}
    return accepted(shop)


def settings_of(product: Product, variant_id: int, location_id: int) -> Record:
    """The item's own settings at a location, where any were made."""
    settings: Record = product.fields.get("_stock_settings", {}).get(_place(variant_id, location_id), {})
    return settings


def safety_stock(product: Product, variant_id: int, location_id: int) -> int:
    """Units that are kept back from sale at a location."""
    return int(settings_of(product, variant_id, location_id).get("safety_stock", 0))


def _place(variant_id: int, location_id: int) -> str:
    return f"{location_id}:{variant_id}"
