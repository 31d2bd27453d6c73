"""Stock on hand by item and location: what the shop reads, and what moves it. Source: platform notes, bigcommerce 5."""

from __future__ import annotations

from weighbridge_twins.bigcommerce import adjustments, locations
from weighbridge_twins.bigcommerce.adjustments import apply, safety_stock, settings_of, settle
from weighbridge_twins.bigcommerce.catalog_state import SKU_OFFSET
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION, add_location, find_location
from weighbridge_twins.bigcommerce.paging import v3_page, wanted_ids, wanted_texts
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Shop, Variant
from weighbridge_twins.call import Answer, Call

__all__ = ["DEFAULT_LOCATION", "add_location", "change_level", "level", "routes", "settle"]

routes = Routes()
routes.merge(adjustments.routes)
routes.merge(locations.routes)
MOST_PER_PAGE = 1000


def change_level(shop: Shop, sku: str, difference: int, *, by_order: bool = False) -> None:
    """The shop's own decrement (or increment) of a SKU at the default location; untracked items do not move.

    With `by_order` the event of an order's stock movement fires too.
    """
    settle(shop)
    found = shop.variant_by_sku(sku) if sku else None
    if found is None or found[0].tracking == "none":
        return
    apply(shop, found[1].id, DEFAULT_LOCATION, difference, relative=True, by_order=by_order)


def level(shop: Shop, sku: str) -> int:
    """Units on hand at the default location, now."""
    settle(shop)
    found = shop.variant_by_sku(sku)
    return shop.location_stock.get((DEFAULT_LOCATION, found[1].id), 0) if found else 0


@routes.on("GET", "/v3/inventory/items")
def list_items(shop: Shop, call: Call) -> Answer:
    """Every item with its stock at each location."""
    settle(shop)
    places, codes = wanted_ids(call, "location_id:in"), wanted_texts(call, "location_code:in")
    chosen = [
        one
        for one in shop.locations.values()
        if (places is None or one["id"] in places) and (codes is None or one["code"].casefold() in codes)
    ]

    def show(pair: tuple[Product, Variant]) -> Record:
        return {"identity": _identity(*pair), "locations": [_at(shop, *pair, location) for location in chosen]}

    return v3_page(call, _asked_for(shop, call), show, largest=MOST_PER_PAGE)


@routes.on("GET", "/v3/inventory/locations/{location_id}/items")
def list_items_of_location(shop: Shop, call: Call, location_id: str) -> Answer:
    """Every item with its stock at one location."""
    settle(shop)
    location = find_location(shop, location_id)

    def show(pair: tuple[Product, Variant]) -> Record:
        stock = {name: value for name, value in _at(shop, *pair, location).items() if not name.startswith("location_")}
        return {"identity": _identity(*pair), **stock}

    return v3_page(call, _asked_for(shop, call), show, largest=MOST_PER_PAGE)


def _asked_for(shop: Shop, call: Call) -> list[tuple[Product, Variant]]:
    skus, variants = wanted_texts(call, "sku:in"), wanted_ids(call, "variant_id:in")
    products = wanted_ids(call, "product_id:in")
    candidates = shop.products.values() if products is None else _known(shop, products)
    if skus is not None:
        candidates = _known(shop, {shop.sku_index[sku][0] for sku in skus if sku in shop.sku_index})
    elif variants is not None:
        candidates = _known(shop, {shop.counters.get(f"variant:{one}", 0) for one in variants})
    return [
        (product, variant)
        for product in candidates
        if products is None or product.id in products
        for variant in product.variants
        if (skus is None or variant.sku.casefold() in skus) and (variants is None or variant.id in variants)
    ]


def _known(shop: Shop, product_ids: set[int]) -> list[Product]:
    return [shop.products[one] for one in sorted(product_ids) if one in shop.products]


def _identity(product: Product, variant: Variant) -> Record:
    return {
        "sku": variant.sku,
        "variant_id": variant.id,
        "product_id": product.id,
        "sku_id": variant.id + SKU_OFFSET,
    }


def _at(shop: Shop, product: Product, variant: Variant, location: Record) -> Record:
    on_hand = shop.location_stock.get((location["id"], variant.id), 0)
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
