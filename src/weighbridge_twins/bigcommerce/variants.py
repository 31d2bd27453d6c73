"""Catalog v3: variants of one product and across products. Source: platform notes, bigcommerce 4.1."""

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
from weighbridge_twins.bigcommerce.paging import id_filter, number, v3_page
from weighbridge_twins.bigcommerce.product_changes import set_level
from weighbridge_twins.bigcommerce.product_options import resolved
from weighbridge_twins.bigcommerce.product_rendering import render_variant
from weighbridge_twins.bigcommerce.routing import Routes
from weighbridge_twins.bigcommerce.state import Product, Record, Store, Variant
from weighbridge_twins.http.call import Answer, Call

routes = Routes()
MOST_PER_CALL: Final = 50
FILTERS: Final = frozenset({"id", "sku", "upc", "product_id:in", "include_fields", "exclude_fields", "page", "limit"})
NEEDED_TO_CREATE: Final = ("product_id", "sku", "option_values")
OF_PRODUCT: Final = "/v3/catalog/products/{product_id}/variants"


@routes.on("GET", "/v3/catalog/variants")
def list_variants(store: Store, call: Call) -> Answer:
    """Variants by the documented filters; a switch ignores or rejects others. The default limit is 50."""
    settle(store)
    unknown = sorted(set(call.query) - FILTERS)
    if unknown and store.switches["unknown_filters"] == "rejected":
        raise Refusal(422, f"The filter {unknown[0]} is not supported", {unknown[0]: "unknown"})
    rows = _selected_variants(store, call)
    return v3_page(
        call, rows, lambda pair: _without_nulls(render_variant(store, *pair)), largest=number(call, "limit", 50)
    )


def _selected_variants(store: Store, call: Call) -> list[tuple[Product, Variant]]:
    query, products = call.query, id_filter(call, "product_id:in")
    if query.get("sku"):
        item = store.variant_by_sku(query["sku"])
        pairs = [item] if item else []
    elif query.get("id"):
        by_id = by_variant_id(store, query["id"])
        pairs = [by_id] if by_id else []
    else:
        pairs = [(product, variant) for product in store.products.values() for variant in product.variants]
    return [
        (product, variant)
        for product, variant in pairs
        if (products is None or product.id in products)
        and query.get("upc") in (None, "", variant.fields.get("upc"))
        and query.get("id") in (None, "", str(variant.id))
    ]


def _without_nulls(row: Record) -> Record:
    """Lists across products omit inherited members."""
    return {name: value for name, value in row.items() if value is not None}


@routes.on("PUT", "/v3/catalog/variants")
def update_variants(store: Store, call: Call) -> Answer:
    """Updates (by id) or creates (by product_id, sku, option_values) up to 50 variants, all or none."""
    rows = call.body if isinstance(call.body, list) else []
    if len(rows) > MOST_PER_CALL:
        raise Refusal(413, f"The batch exceeds {MOST_PER_CALL} variants")
    overlap(store)
    errors = [error for error in (_problem(store, row) for row in rows) if error]
    if errors or not rows:
        raise Refusal(422, "batch", body={"batch_errors": errors})
    pairs = [_create_or_update(store, row) for row in rows]
    return Answer(200, {"data": [_without_nulls(render_variant(store, *pair)) for pair in pairs], "meta": {}})


def _problem(store: Store, row: Any) -> Record | None:
    try:
        if not isinstance(row, dict):
            raise Refusal(422, "A variant is an object")
        if "id" in row:
            item = by_variant_id(store, row["id"])
            if item is None:
                raise Refusal(422, f"Variant {row['id']} was not found", {"id": "unknown"})
            _check_sku(store, item[0], row, item[1].id)
        else:
            missing = {name: "required" for name in NEEDED_TO_CREATE if not row.get(name)}
            if missing:
                raise Refusal(422, "A variant needs its id, or product_id, sku and option_values", missing)
            _check_sku(store, find(store, str(row["product_id"])), row, 0)
    except Refusal as refusal:
        return {"status": refusal.status, "title": refusal.title, "type": TYPE, "errors": refusal.errors}
    return None


def _create_or_update(store: Store, row: Record) -> tuple[Product, Variant]:
    item = by_variant_id(store, row.get("id"))
    if item is None:
        product = find(store, str(row["product_id"]))
        return product, _create(store, product, row)
    change_variant(store, *item, row)
    return item


@routes.on("GET", OF_PRODUCT)
def list_product_variants(store: Store, call: Call, product_id: str) -> Answer:
    settle(store)
    product = find(store, product_id)
    return v3_page(call, product.variants, lambda variant: render_variant(store, product, variant))


@routes.on("POST", OF_PRODUCT)
def create_variant(store: Store, call: Call, product_id: str) -> Answer:
    product = find(store, product_id)
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: "required" for name in ("sku", "option_values") if not body.get(name)}
    if missing:
        raise Refusal(422, "A variant needs a SKU and its option values", missing)
    _check_sku(store, product, body, 0)
    return Answer(200, {"data": render_variant(store, product, _create(store, product, body)), "meta": {}})


@routes.on("GET", OF_PRODUCT + "/{variant_id}")
def get_variant(store: Store, call: Call, product_id: str, variant_id: str) -> Answer:
    settle(store)
    product, variant = _find(store, product_id, variant_id)
    return Answer(200, {"data": render_variant(store, product, variant), "meta": {}})


@routes.on("PUT", OF_PRODUCT + "/{variant_id}")
def update_variant(store: Store, call: Call, product_id: str, variant_id: str) -> Answer:
    """Updates a variant. Answers 207 if it was saved but its stock was not."""
    product, variant = _find(store, product_id, variant_id)
    body = dict(call.body) if isinstance(call.body, dict) else {}
    _check_sku(store, product, body, variant.id)
    fails = "inventory_level" in body and reading(store, "catalog_stock_write") == "fails"
    if fails:
        del body["inventory_level"]
    change_variant(store, product, variant, body)
    answer: Record = {"data": render_variant(store, product, variant), "meta": {}}
    if fails:
        answer["errors"] = {"status": 207, "title": "Stock was not saved", "type": "", "errors": {}}
    return Answer(207 if fails else 200, answer)


@routes.on("DELETE", OF_PRODUCT + "/{variant_id}")
def delete_variant(store: Store, call: Call, product_id: str, variant_id: str) -> Answer:
    remove_variant(store, *_find(store, product_id, variant_id))
    return Answer(204, empty=True)


def change_variant(store: Store, product: Product, variant: Variant, body: Record) -> None:
    """Writes the given members. Check the SKU first. A null price is inherited from the product again."""
    if "sku" in body:
        rename_sku(store, product, variant, str(body["sku"] or ""))
        if not variant.option_values:
            product.fields["sku"] = variant.sku
    if "price" in body:
        variant.price = amount(body["price"]) if body["price"] is not None else None
    variant.fields |= {name: body[name] for name in VARIANT_FIELDS if name in body}
    if body.get("inventory_level") is not None and product.tracking == "variant":
        set_level(store, variant, body["inventory_level"])
    _announce(store, product, variant, "updated")


def _create(store: Store, product: Product, body: Record) -> Variant:
    """Creates a variant; the first variant with options replaces the base variant."""
    if len(product.variants) >= MOST_VARIANTS:
        raise Refusal(422, f"A product has at most {MOST_VARIANTS} variants")
    values = [resolved(store, product, value) for value in body["option_values"]]
    variant = add_variant(store, product, {**body, "option_values": values})
    drop_base_variant(store, product)
    _announce(store, product, variant, "created")
    return variant


def _announce(store: Store, product: Product, variant: Variant, action: str) -> None:
    emit(store, f"store/sku/{action}", sku_data(product, variant))
    if reading(store, "variant_bumps_product"):
        product.fields["date_modified"] = store.now()
        emit(store, "store/product/updated", {"type": "product", "id": product.id})


def _check_sku(store: Store, product: Product, body: Record, variant_id: int) -> None:
    check_unique(store, None, [body.get("sku")], product, variant_id)


def _find(store: Store, product_id: str, variant_id: str) -> tuple[Product, Variant]:
    item = by_variant_id(store, variant_id)
    if item is None or str(item[0].id) != product_id:
        raise not_found()
    return item
