"""Catalog v3: variants, of one product and across products. Source: platform notes, bigcommerce 4.1."""

from __future__ import annotations

from typing import Any, Final

from weighbridge_twins.bigcommerce.adjustments import overlap
from weighbridge_twins.bigcommerce.catalog_state import (
    MOST_VARIANTS,
    VARIANT_FIELDS,
    add_variant,
    amount,
    by_variant_id,
    check_unique,
    drop_base_variant,
    find,
    remove_variant,
    rename_sku,
    sku_data,
)
from weighbridge_twins.bigcommerce.catalog_switches import reading
from weighbridge_twins.bigcommerce.errors import TYPE, Refusal, not_found
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.inventory import settle
from weighbridge_twins.bigcommerce.paging import number, v3_page, wanted_ids
from weighbridge_twins.bigcommerce.product_changes import set_level
from weighbridge_twins.bigcommerce.product_options import resolved
from weighbridge_twins.bigcommerce.products_shown import shown_variant
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Shop, Variant
from weighbridge_twins.call import Answer, Call

routes = Routes()
MOST_PER_CALL: Final = 50
FILTERS: Final = frozenset({"id", "sku", "upc", "product_id:in", "include_fields", "exclude_fields", "page", "limit"})
NEEDED_TO_CREATE: Final = ("product_id", "sku", "option_values")
OF_PRODUCT: Final = "/v3/catalog/products/{product_id}/variants"


@routes.on("GET", "/v3/catalog/variants")
def list_variants(shop: Shop, call: Call) -> Answer:
    """Variants by the few documented filters; others are ignored or rejected by a switch. 50 come without a limit."""
    settle(shop)
    unknown = sorted(set(call.query) - FILTERS)
    if unknown and shop.switches["unknown_filters"] == "rejected":
        raise Refusal(422, f"The filter {unknown[0]} is not supported", {unknown[0]: "unknown"})
    rows = _asked_for(shop, call)
    return v3_page(
        call, rows, lambda pair: _without_nulls(shown_variant(shop, *pair)), largest=number(call, "limit", 50)
    )


def _asked_for(shop: Shop, call: Call) -> list[tuple[Product, Variant]]:
    query, products = call.query, wanted_ids(call, "product_id:in")
    if query.get("sku"):
        found = shop.variant_by_sku(query["sku"])
        pairs = [found] if found else []
    elif query.get("id"):
        known = by_variant_id(shop, query["id"])
        pairs = [known] if known else []
    else:
        pairs = [(product, variant) for product in shop.products.values() for variant in product.variants]
    return [
        (product, variant)
        for product, variant in pairs
        if (products is None or product.id in products)
        and query.get("upc") in (None, "", variant.fields.get("upc"))
        and query.get("id") in (None, "", str(variant.id))
    ]


def _without_nulls(row: Record) -> Record:
    """Across products, what a variant inherits is left out."""
    return {name: value for name, value in row.items() if value is not None}


@routes.on("PUT", "/v3/catalog/variants")
def update_variants(shop: Shop, call: Call) -> Answer:
    """Changes (by id) or makes (by product_id, sku, option_values) up to 50 variants, all or none."""
    rows = call.body if isinstance(call.body, list) else []
    if len(rows) > MOST_PER_CALL:
        raise Refusal(413, f"The batch exceeds {MOST_PER_CALL} variants")
    overlap(shop)
    errors = [error for error in (_problem(shop, row) for row in rows) if error]
    if errors or not rows:
        raise Refusal(422, "batch", body={"batch_errors": errors})
    pairs = [_written(shop, row) for row in rows]
    return Answer(200, {"data": [_without_nulls(shown_variant(shop, *pair)) for pair in pairs], "meta": {}})


def _problem(shop: Shop, row: Any) -> Record | None:
    try:
        if not isinstance(row, dict):
            raise Refusal(422, "A variant is an object")
        if "id" in row:
            found = by_variant_id(shop, row["id"])
            if found is None:
                raise Refusal(422, f"Variant {row['id']} was not found", {"id": "unknown"})
            _check_sku(shop, found[0], row, found[1].id)
        else:
            missing = {name: "required" for name in NEEDED_TO_CREATE if not row.get(name)}
            if missing:
                raise Refusal(422, "A variant needs its id, or product_id, sku and option_values", missing)
            _check_sku(shop, find(shop, str(row["product_id"])), row, 0)
    except Refusal as refusal:
        return {"status": refusal.status, "title": refusal.title, "type": TYPE, "errors": refusal.errors}
    return None


def _written(shop: Shop, row: Record) -> tuple[Product, Variant]:
    found = by_variant_id(shop, row.get("id"))
    if found is None:
        product = find(shop, str(row["product_id"]))
        return product, _made(shop, product, row)
    change_variant(shop, *found, row)
    return found


@routes.on("GET", OF_PRODUCT)
def list_product_variants(shop: Shop, call: Call, product_id: str) -> Answer:
    settle(shop)
    product = find(shop, product_id)
    return v3_page(call, product.variants, lambda variant: shown_variant(shop, product, variant))


@routes.on("POST", OF_PRODUCT)
def create_variant(shop: Shop, call: Call, product_id: str) -> Answer:
    product = find(shop, product_id)
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: "required" for name in ("sku", "option_values") if not body.get(name)}
    if missing:
        raise Refusal(422, "A variant needs a SKU and its option values", missing)
    _check_sku(shop, product, body, 0)
    return Answer(200, {"data": shown_variant(shop, product, _made(shop, product, body)), "meta": {}})


@routes.on("GET", OF_PRODUCT + "/{variant_id}")
def get_variant(shop: Shop, call: Call, product_id: str, variant_id: str) -> Answer:
    settle(shop)
    product, variant = _find(shop, product_id, variant_id)
    return Answer(200, {"data": shown_variant(shop, product, variant), "meta": {}})


@routes.on("PUT", OF_PRODUCT + "/{variant_id}")
def update_variant(shop: Shop, call: Call, product_id: str, variant_id: str) -> Answer:
    """Changes a variant; 207 when it was saved and its stock was not."""
    product, variant = _find(shop, product_id, variant_id)
    body = dict(call.body) if isinstance(call.body, dict) else {}
    _check_sku(shop, product, body, variant.id)
    fails = "inventory_level" in body and reading(shop, "catalog_stock_write") == "fails"
    if fails:
        del body["inventory_level"]
    change_variant(shop, product, variant, body)
    answer: Record = {"data": shown_variant(shop, product, variant), "meta": {}}
    if fails:
        answer["errors"] = {"status": 207, "title": "Stock was not saved", "type": "", "errors": {}}
    return Answer(207 if fails else 200, answer)


@routes.on("DELETE", OF_PRODUCT + "/{variant_id}")
def delete_variant(shop: Shop, call: Call, product_id: str, variant_id: str) -> Answer:
    remove_variant(shop, *_find(shop, product_id, variant_id))
    return Answer(204, empty=True)


def change_variant(shop: Shop, product: Product, variant: Variant, body: Record) -> None:
    """Writes the members that were sent; the SKU was checked before. A null gives the inheritance back."""
    if "sku" in body:
        rename_sku(shop, product, variant, str(body["sku"] or ""))
        if not variant.option_values:
            product.fields["sku"] = variant.sku
    if "price" in body:
        variant.price = amount(body["price"]) if body["price"] is not None else None
    variant.fields |= {name: body[name] for name in VARIANT_FIELDS if name in body}
    if body.get("inventory_level") is not None and product.tracking == "variant":
        set_level(shop, variant, body["inventory_level"])
    _announce(shop, product, variant, "updated")


def _made(shop: Shop, product: Product, body: Record) -> Variant:
    """The first real variant takes the place of the base variant."""
    if len(product.variants) >= MOST_VARIANTS:
        raise Refusal(422, f"A product has at most {MOST_VARIANTS} variants")
    values = [resolved(shop, product, one) for one in body["option_values"]]
    variant = add_variant(shop, product, {**body, "option_values": values})
    drop_base_variant(shop, product)
    _announce(shop, product, variant, "created")
    return variant


def _announce(shop: Shop, product: Product, variant: Variant, what: str) -> None:
    emit(shop, f"store/sku/{what}", sku_data(product, variant))
    if reading(shop, "variant_bumps_product"):
        product.fields["date_modified"] = shop.now()
        emit(shop, "store/product/updated", {"type": "product", "id": product.id})


def _check_sku(shop: Shop, product: Product, body: Record, variant_id: int) -> None:
    check_unique(shop, None, [body.get("sku")], product, variant_id)


def _find(shop: Shop, product_id: str, variant_id: str) -> tuple[Product, Variant]:
    found = by_variant_id(shop, variant_id)
    if found is None or str(found[0].id) != product_id:
        raise not_found()
    return found
