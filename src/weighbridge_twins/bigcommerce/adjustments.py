"""Stock adjustments: accepted now, applied after a delay, addressed according to the item's tracking mode.

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
from weighbridge_twins.bigcommerce.state import Product, Record, Store, Variant
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
MOST_ITEMS: Final = 2000
SETTINGS: Final = ("safety_stock", "is_in_stock", "warning_level", "bin_picking_number")
NEEDED_SETTINGS: Final = ("safety_stock", "is_in_stock", "warning_level")


def settle(store: Store) -> None:
    """Applies the accepted adjustments that are due, in the order of their due times."""
    now = store.now()
    while store.pending_adjustments and store.pending_adjustments[0]["due"] <= now:
        change = store.pending_adjustments.pop(0)
        apply(store, change["variant_id"], change["location_id"], change["quantity"], relative=change["relative"])


def apply(
    store: Store, variant_id: int, location_id: int, quantity: int, *, relative: bool, by_order: bool = False
) -> None:
    """Changes the stock of an item at a location and emits the difference. Skips an item that was deleted meanwhile."""
    item = by_variant_id(store, variant_id)
    if item is None:
        return
    product, variant = item
    key = (location_id, variant_id)
    before = store.location_stock.get(key, 0)
    store.location_stock[key] = after = before + quantity if relative else quantity
    variant.inventory_level = store.location_stock.get((DEFAULT_LOCATION, variant_id), 0)
    if after != before:
        _announce(store, product, variant, location_id, after - before, by_order=by_order)


def _announce(
    store: Store, product: Product, variant: Variant, location_id: int, difference: int, *, by_order: bool
) -> None:
    """The event's value is a difference although its method is "absolute". Source: platform notes, bigcommerce 7.3."""
    if not store.webhooks:
        return
    kind = "sku" if product.tracking == "variant" else "product"
    inventory: Record = {"product_id": product.id, "method": "absolute", "value": difference}
    if kind == "sku":
        inventory["variant_id"] = variant.id
    data = {"type": kind, "id": variant.id if kind == "sku" else product.id, "inventory": inventory}
    emit(store, f"store/{kind}/inventory/updated", data)
    if by_order:
        emit(store, f"store/{kind}/inventory/order/updated", data)
    emit(store, "store/product/updated", {"type": "product", "id": product.id})
    stock_change = {"variant_id": variant.id, "product_id": product.id, "location_id": location_id}
    emit(store, "store/channel/1/inventory/product/stock_changed", stock_change)


@routes.on("PUT", "/v3/inventory/adjustments/absolute")
def absolute(store: Store, call: Call) -> Answer:
    """Sets quantities. Never fails for lack of stock; the change is accepted now and applied later."""
    return _adjust(store, call, relative=False)


@routes.on("POST", "/v3/inventory/adjustments/relative")
def relative(store: Store, call: Call) -> Answer:
    """Changes quantities. Needs an earlier absolute adjustment of the item and location; respects the safety stock."""
    return _adjust(store, call, relative=True)


def _adjust(store: Store, call: Call, *, relative: bool) -> Answer:
    settle(store)
    items = _items(call, "items")
    overlap(store)
    changes: list[Record] = []
    for item in items:
        try:
            change = _change(store, item, relative=relative)
        except Refusal:
            if store.switches["inventory_batch"] == "partial":
                _enqueue(store, changes)
            raise
        if change is not None:
            changes.append(change)
    _enqueue(store, changes)
    return accepted(store)


def overlap(store: Store) -> None:
    """Applies the switch for bulk writes that overlap with pending adjustments. Raises Refusal 429.

    The vendor warns of "unpredictable, incorrect calculation results". Source: platform notes, bigcommerce 5.3.
    """
    settle(store)
    if not store.pending_adjustments:
        return
    match reading(store, "bulk_overlap"):
        case "throttled":
            raise Refusal(429, "Too many concurrent requests")
        case "wrong_result":
            store.pending_adjustments = store.pending_adjustments[::2]


def _enqueue(store: Store, changes: list[Record]) -> None:
    delay, spread = float(store.switches["inventory_delay_seconds"]), float(reading(store, "inventory_delay_spread"))
    extra = store.random.uniform(0, spread) if spread else 0.0
    due = store.now() + timedelta(seconds=delay + extra)
    store.pending_adjustments += [{**change, "due": due} for change in changes]
    store.pending_adjustments.sort(key=lambda change: change["due"])


def _items(call: Call, name: str) -> list[Record]:
    body = call.body if isinstance(call.body, dict) else {}
    items = body.get(name)
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise Refusal(422, f"[{name} is required]", {name: "required"})
    if len(items) > MOST_ITEMS:
        raise Refusal(422, f"[No more than {MOST_ITEMS} items are allowed]", {name: "too many"})
    return items


def _change(store: Store, item: Record, *, relative: bool) -> Record | None:
    quantity: Any = item.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise Refusal(422, "[Quantity must be an integer]", {"quantity": "not an integer"})
    if abs(quantity) > HIGHEST_LEVEL or (quantity < 0 and not relative):
        raise Refusal(422, "[Quantity is out of range]", {"quantity": "out of range"})
    location_id = item.get("location_id")
    location = store.locations.get(location_id) if isinstance(location_id, int) else None
    if location is None or not location["enabled"]:
        raise Refusal(422, f"[Location with id {location_id} is not available]", {"location_id": "not available"})
    product, variant = identified(store, item)
    if product.tracking == "none" and reading(store, "untracked_adjustment") == "ignored":
        return None
    own_location_id = int(location["id"])
    if relative:
        _check_relative(store, product, variant.id, own_location_id, quantity)
    elif reading(store, "absolute_sets") == "available_to_sell":
        quantity += safety_stock(product, variant.id, own_location_id)
    return {"variant_id": variant.id, "location_id": own_location_id, "quantity": quantity, "relative": relative}


def _check_relative(store: Store, product: Product, variant_id: int, location_id: int, difference: int) -> None:
    """Counts applied adjustments only: a relative one fails while the absolute one before it is pending."""
    if (location_id, variant_id) not in store.location_stock:
        raise Refusal(422, "[Item requires absolute adjustment before relative]")
    if store.location_stock[(location_id, variant_id)] + difference < safety_stock(product, variant_id, location_id):
        raise Refusal(422, "[Adjustment would go below the safety stock]")


def identified(store: Store, item: Record) -> tuple[Product, Variant]:
    """The item by the key that its tracking mode requires. Raises Refusal 422 with the vendor's title."""
    key = next((name for name in ("sku", "variant_id", "product_id") if name in item), None)
    if key is None:
        raise Refusal(422, "[Item has no sku, variant_id or product_id]")
    value = item[key]
    if key == "sku":
        match = store.variant_by_sku(str(value))
    elif key == "variant_id":
        match = by_variant_id(store, value)
    else:
        product = store.products.get(value) if isinstance(value, int) else None
        match = (product, product.variants[0]) if product and product.variants else None
    if match is None:
        raise Refusal(422, f"[Item with {key} {value} was not found]")
    _check_tracking(store, match[0], key, value)
    return match


def _check_tracking(store: Store, product: Product, key: str, value: Any) -> None:
    tracking = product.tracking
    if tracking == "none" and reading(store, "untracked_adjustment") == "refused":
        raise Refusal(422, f"[Item with {key} {value} is not tracked]")
    by_product = key == "variant_id" or (key == "sku" and reading(store, "sku_names_product_stock") == "refused")
    if tracking == "product" and by_product:
        title = f"[Item with {key} {value} is tracked by product, please update stock by product id]"
        raise Refusal(422, title)
    if tracking == "variant" and key == "product_id":
        raise Refusal(422, f"[Item with {key} {value} is tracked by variant, please update stock by variant id]")


@routes.on("PUT", "/v3/inventory/locations/{location_id}/items")
def update_settings(store: Store, call: Call, location_id: str) -> Answer:
    """Sets safety stock, warning level and bin of items at one location, all or none."""
    own_location_id = find_location(store, location_id)["id"]
    rows_of_items: list[tuple[Product, Variant, Record]] = []
    for row in _items(call, "settings"):
        if not any(name in row for name in NEEDED_SETTINGS):
            raise Refusal(422, f"[One of {', '.join(NEEDED_SETTINGS)} is required]")
        rows_of_items.append((*identified(store, row.get("identity") or {}), row))
    for product, variant, row in rows_of_items:
        by_item = product.fields.setdefault("_stock_settings", {})
        settings = by_item.setdefault(_settings_key(variant.id, own_location_id), {})
        settings |= {name: row[name] for name in SETTINGS if name in row}
    return accepted(store)


def settings_of(product: Product, variant_id: int, location_id: int) -> Record:
    """The item's own settings at a location; empty if it has none."""
    settings: Record = product.fields.get("_stock_settings", {}).get(_settings_key(variant_id, location_id), {})
    return settings


def safety_stock(product: Product, variant_id: int, location_id: int) -> int:
    """Units that are not for sale at a location."""
    return int(settings_of(product, variant_id, location_id).get("safety_stock", 0))


def _settings_key(variant_id: int, location_id: int) -> str:
    return f"{location_id}:{variant_id}"
