"""Inventory v3 and locations: asynchronous adjustments, identity by tracking mode. Source: notes, bigcommerce 5."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from weighbridge.twins.bigcommerce.errors import Refusal, not_found
from weighbridge.twins.bigcommerce.events import emit
from weighbridge.twins.bigcommerce.paging import v3_page, wanted_ids, wanted_texts
from weighbridge.twins.bigcommerce.rendering import iso
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Product, Record, Shop, Variant
from weighbridge.twins.call import Answer, Call

routes = Routes()
MOST_ITEMS = 2000
HIGHEST = 2_147_483_647
DEFAULT_LOCATION = 1


def settle(shop: Shop) -> None:
    """Applies accepted adjustments whose time has come, in the order they were accepted."""
    now = shop.now()
    while shop.pending_adjustments and shop.pending_adjustments[0]["due"] <= now:
        change = shop.pending_adjustments.pop(0)
        _apply(shop, change["variant_id"], change["location_id"], change["quantity"], change["relative"])


def _apply(shop: Shop, variant_id: int, location_id: int, quantity: int, relative: bool) -> None:
    key = (location_id, variant_id)
    before = shop.location_stock.get(key, 0)
    shop.location_stock[key] = before + quantity if relative else quantity
    product, variant = _variant(shop, variant_id)
    variant.inventory_level = shop.location_stock.get((DEFAULT_LOCATION, variant_id), 0)
    if shop.location_stock[key] != before:
        _stock_event(shop, product, variant, shop.location_stock[key] - before)


def _stock_event(shop: Shop, product: Product, variant: Variant, delta: int) -> None:
    """The event's value is a difference even for an absolute adjustment."""
    if product.tracking == "variant":
        data = {"product_id": product.id, "method": "absolute", "value": delta, "variant_id": variant.id}
        emit(shop, "store/sku/inventory/updated", {"type": "sku", "id": variant.id, "inventory": data})
    else:
        data = {"product_id": product.id, "method": "absolute", "value": delta}
        emit(shop, "store/product/inventory/updated", {"type": "product", "id": product.id, "inventory": data})


def change_level(shop: Shop, sku: str, difference: int) -> None:
    """The shop's own decrement (or increment) of a SKU at the default location; untracked items do not move."""
    settle(shop)
    found = shop.variant_by_sku(sku) if sku else None
    if found is None or found[0].tracking == "none":
        return
    _apply(shop, found[1].id, DEFAULT_LOCATION, difference, relative=True)


def level(shop: Shop, sku: str) -> int:
    """Units on hand at the default location, now."""
    settle(shop)
    found = shop.variant_by_sku(sku)
    return shop.location_stock.get((DEFAULT_LOCATION, found[1].id), 0) if found else 0


def _variant(shop: Shop, variant_id: int) -> tuple[Product, Variant]:
    product_id = shop.counters[f"variant:{variant_id}"]
    product = shop.products[product_id]
    return product, next(one for one in product.variants if one.id == variant_id)


@routes.on("GET", "/v3/inventory/items")
def list_items(shop: Shop, call: Call) -> Answer:
    settle(shop)
    skus, variants = wanted_texts(call, "sku:in"), wanted_ids(call, "variant_id:in")
    products, places = wanted_ids(call, "product_id:in"), wanted_ids(call, "location_id:in")
    rows = [
        (product, variant)
        for product in _candidates(shop, skus)
        for variant in product.variants
        if (skus is None or variant.sku.casefold() in skus)
        and (variants is None or variant.id in variants)
        and (products is None or product.id in products)
    ]
    return v3_page(call, rows, lambda pair: _item(shop, *pair, places), largest=1000)


def _candidates(shop: Shop, skus: set[str] | None) -> list[Product]:
    if skus is None:
        return list(shop.products.values())
    ids = sorted({shop.sku_index[sku][0] for sku in skus if sku in shop.sku_index})
    return [shop.products[product_id] for product_id in ids]


def _item(shop: Shop, product: Product, variant: Variant, places: set[int] | None) -> Record:
    locations = [one for one in shop.locations.values() if places is None or one["id"] in places]
    return {
        "identity": {
            "sku": variant.sku,
            "variant_id": variant.id,
            "product_id": product.id,
            "sku_id": variant.id + 100000,
        },
        "locations": [_at(shop, variant, location) for location in locations],
    }


def _at(shop: Shop, variant: Variant, location: Record) -> Record:
    on_hand = shop.location_stock.get((location["id"], variant.id), 0)
    safety = int(variant.fields.get("safety_stock", 0))
    return {
        "location_id": location["id"],
        "location_code": location["code"],
        "location_name": location["label"],
        "location_enabled": location["enabled"],
        "available_to_sell": on_hand - safety,
        "total_inventory_onhand": on_hand,
        "settings": {"safety_stock": safety, "is_in_stock": on_hand > 0, "warning_level": 0, "bin_picking_number": ""},
    }


@routes.on("GET", "/v3/inventory/locations/{location_id}/items")
def list_items_of_location(shop: Shop, call: Call, location_id: str) -> Answer:
    settle(shop)
    location = _location(shop, location_id)
    rows = [(product, variant) for product in shop.products.values() for variant in product.variants]

    def show(pair: tuple[Product, Variant]) -> Record:
        item = _item(shop, *pair, None)
        flat = _at(shop, pair[1], location)
        return {"identity": item["identity"], **{k: v for k, v in flat.items() if not k.startswith("location_")}}

    return v3_page(call, rows, show, largest=1000)


@routes.on("PUT", "/v3/inventory/adjustments/absolute")
def absolute(shop: Shop, call: Call) -> Answer:
    """Never fails for lack of stock; accepted now, applied a little later."""
    return _adjust(shop, call, relative=False)


@routes.on("POST", "/v3/inventory/adjustments/relative")
def relative(shop: Shop, call: Call) -> Answer:
    """Needs an absolute adjustment before, per item and location, and stays above the safety stock."""
    return _adjust(shop, call, relative=True)


def _adjust(shop: Shop, call: Call, *, relative: bool) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    items = body.get("items")
    if not isinstance(items, list) or not items:
        raise Refusal(422, "Items are required", {"items": "missing"})
    if len(items) > MOST_ITEMS:
        raise Refusal(413, f"Too many items: {MOST_ITEMS} at most")
    changes: list[Record] = []
    due = shop.now() + timedelta(seconds=float(shop.switches["inventory_delay_seconds"]))
    for item in items:
        try:
            changes.append({**_change(shop, item, relative=relative), "due": due})
        except Refusal:
            if shop.switches["inventory_batch"] == "partial":
                shop.pending_adjustments += changes
            raise
    shop.pending_adjustments += changes
    return Answer(200, {"transaction_id": f"{shop.random.getrandbits(64):016x}", "meta": {}})


def _change(shop: Shop, item: Record, *, relative: bool) -> Record:
    quantity: Any = item.get("quantity")
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise Refusal(422, "[Quantity must be an integer]")
    if abs(quantity) > HIGHEST or (quantity < 0 and not relative):
        raise Refusal(422, "[Quantity is out of range]")
    location_id = item.get("location_id")
    location = shop.locations.get(location_id) if isinstance(location_id, int) else None
    if location is None or not location["enabled"]:
        raise Refusal(422, f"[Location with id {location_id} is not available]")
    product, variant = _identified(shop, item)
    if relative:
        if (location_id, variant.id) not in shop.location_stock:
            raise Refusal(422, "Location requires absolute adjustment before relative")
        floor = int(variant.fields.get("safety_stock", 0))
        if shop.location_stock[(location["id"], variant.id)] + quantity < floor:
            raise Refusal(422, "[Adjustment would go below the safety stock]")
    return {"variant_id": variant.id, "location_id": location["id"], "quantity": quantity, "relative": relative}


def _identified(shop: Shop, item: Record) -> tuple[Product, Variant]:
    """The item by the key that its tracking mode wants."""
    if "sku" in item:
        found = shop.variant_by_sku(str(item["sku"]))
        if found is None:
            raise Refusal(422, f"[Item with sku {item['sku']} was not found]")
        return found
    if "variant_id" in item:
        product_id = shop.counters.get(f"variant:{item['variant_id']}")
        if product_id is None:
            raise Refusal(422, f"[Item with variant_id {item['variant_id']} was not found]")
        product, variant = _variant(shop, int(item["variant_id"]))
        if product.tracking == "product":
            title = f"Item with variant_id {variant.id} is tracked by product, please update stock by product id"
            raise Refusal(422, f"[{title}]")
        return product, variant
    product_or_none = shop.products.get(int(item.get("product_id") or 0))
    if product_or_none is None:
        raise Refusal(422, f"[Item with product_id {item.get('product_id')} was not found]")
    if product_or_none.tracking == "variant":
        title = f"Item with product_id {product_or_none.id} is tracked by variant, please update stock by variant id"
        raise Refusal(422, f"[{title}]")
    return product_or_none, product_or_none.variants[0]


def add_location(shop: Shop, code: str, label: str, *, is_default: bool = False) -> Record:
    location_id = shop.next_id("location")
    stamp = iso(shop.now())
    location = {
        "id": location_id,
        "code": code,
        "label": label,
        "description": "",
        "managed_by_external_source": False,
        "type_id": "PHYSICAL",
        "enabled": True,
        "time_zone": "Etc/UTC",
        "storefront_visibility": True,
        "address": {"address1": "1 Mill St", "city": "Austin", "state": "Texas", "zip": "78701", "country_code": "US",
                    "email": "warehouse@example.com", "phone": "5550100", "geo_coordinates": {"latitude": 0, "longitude": 0}},
        "special_hours": [],
        "operating_hours": None,
        "created_at": stamp,
        "updated_at": stamp,
        "_is_default": is_default,
    }  # fmt: skip
    shop.locations[location_id] = location
    return location


@routes.on("GET", "/v3/inventory/locations")
def list_locations(shop: Shop, call: Call) -> Answer:
    ids = wanted_ids(call, "location_id:in")
    rows = [
        row
        for row in shop.locations.values()
        if (ids is None or row["id"] in ids) and (call.query.get("is_default") != "true" or row["_is_default"])
    ]
    return v3_page(call, rows, _public_location, largest=1000)


def _public_location(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_") and name != "operating_hours"}


@routes.on("POST", "/v3/inventory/locations")
def create_locations(shop: Shop, call: Call) -> Answer:
    for row in call.body or []:
        if any(one["code"] == row.get("code") for one in shop.locations.values()):
            raise Refusal(409, "Location with this code exists")
        add_location(shop, str(row.get("code")), str(row.get("label")))
    return Answer(200, {"transaction_id": f"{shop.random.getrandbits(64):016x}", "meta": {}})


def _location(shop: Shop, location_id: str) -> Record:
    location = shop.locations.get(int(location_id)) if location_id.isdigit() else None
    if location is None:
        raise not_found()
    return location
