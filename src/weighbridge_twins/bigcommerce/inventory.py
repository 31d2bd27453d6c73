"""Stock on hand by item and location. Source: platform notes, bigcommerce 5."""

from __future__ import annotations

from weighbridge_twins.bigcommerce import adjustments, locations
from weighbridge_twins.bigcommerce.adjustments import apply, safety_stock, settings_of, settle
from weighbridge_twins.bigcommerce.catalog_state import SKU_OFFSET
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION, add_location, find_location
from weighbridge_twins.bigcommerce.paging import id_filter, text_filter, v3_page
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store, Variant
from weighbridge_twins.http.call import Answer, Call

__all__ = ["DEFAULT_LOCATION", "add_location", "change_level", "level", "routes", "settle"]

routes = Routes()
routes.merge(adjustments.routes)
routes.merge(locations.routes)
MOST_PER_PAGE = 1000


def change_level(store: Store, sku: str, difference: int, *, by_order: bool = False) -> None:
    """Changes the stock of a SKU at the default location by the store itself; ignores untracked items.

    With `by_order` the event of an order's stock movement is sent as well.
    """
    settle(store)
    item = store.variant_by_sku(sku) if sku else None
    if item is None or item[0].tracking == "none":
        return
    apply(store, item[1].id, DEFAULT_LOCATION, difference, relative=True, by_order=by_order)


def level(store: Store, sku: str) -> int:
    """Units on hand at the default location."""
    settle(store)
    item = store.variant_by_sku(sku)
    return store.location_stock.get((DEFAULT_LOCATION, item[1].id), 0) if item else 0


@routes.on("GET", "/v3/inventory/items")
def list_items(store: Store, call: Call) -> Answer:
    """Lists items with their stock at each location."""
    settle(store)
    location_ids, codes = id_filter(call, "location_id:in"), text_filter(call, "location_code:in")
    locations_shown = [
        row
        for row in store.locations.values()
        if (location_ids is None or row["id"] in location_ids) and (codes is None or row["code"].casefold() in codes)
    ]

    def render(pair: tuple[Product, Variant]) -> Record:
        return {
            "identity": _identity(*pair),
            "locations": [_location_level(store, *pair, location) for location in locations_shown],
        }

    return v3_page(call, _selected_items(store, call), render, largest=MOST_PER_PAGE)


@routes.on("GET", "/v3/inventory/locations/{location_id}/items")
def list_items_of_location(store: Store, call: Call, location_id: str) -> Answer:
    """Lists items with their stock at one location."""
    settle(store)
    location = find_location(store, location_id)

    def render(pair: tuple[Product, Variant]) -> Record:
        stock = {
            name: value
            for name, value in _location_level(store, *pair, location).items()
            if not name.startswith("location_")
        }
        return {"identity": _identity(*pair), **stock}

    return v3_page(call, _selected_items(store, call), render, largest=MOST_PER_PAGE)


def _selected_items(store: Store, call: Call) -> list[tuple[Product, Variant]]:
    skus, variants = text_filter(call, "sku:in"), id_filter(call, "variant_id:in")
    products = id_filter(call, "product_id:in")
    candidates = store.products.values() if products is None else _known(store, products)
    if skus is not None:
        candidates = _known(store, {store.sku_index[sku][0] for sku in skus if sku in store.sku_index})
    elif variants is not None:
        candidates = _known(store, {store.counters.get(f"variant:{variant_id}", 0) for variant_id in variants})
    return [
        (product, variant)
        for product in candidates
        if products is None or product.id in products
        for variant in product.variants
        if (skus is None or variant.sku.casefold() in skus) and (variants is None or variant.id in variants)
    ]


def _known(store: Store, product_ids: set[int]) -> list[Product]:
    return [store.products[product_id] for product_id in sorted(product_ids) if product_id in store.products]


def _identity(product: Product, variant: Variant) -> Record:
    return {
        "sku": variant.sku,
        "variant_id": variant.id,
        "product_id": product.id,
        "sku_id": variant.id + SKU_OFFSET,
    }


def _location_level(store: Store, product: Product, variant: Variant, location: Record) -> Record:
    on_hand = store.location_stock.get((location["id"], variant.id), 0)
    safety = safety_stock(product, variant.id, location["id"])
    return {
        "location_id": location["id"],
        "location_code": location["code"],
        "location_name": location["label"],
        "location_enabled": location["enabled"],
        "available_to_sell": on_hand - safety,
        "total_inventory_onhand": on_hand,
        "settings": {
            "safety_stock": safety,
            "is_in_stock": on_hand > safety,
            "warning_level": 0,
            "bin_picking_number": "",
            **settings_of(product, variant.id, location["id"]),
        },
    }
