"""Catalog v3: products and variants, one by one and in batches. Source: platform notes, bigcommerce 4."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from weighbridge.twins.bigcommerce.errors import Refusal, not_found
from weighbridge.twins.bigcommerce.events import emit
from weighbridge.twins.bigcommerce.inventory import DEFAULT_LOCATION, settle
from weighbridge.twins.bigcommerce.paging import number, v2_page, v3_page, wanted_ids, wanted_texts
from weighbridge.twins.bigcommerce.rendering import iso, parse_date, rendered
from weighbridge.twins.bigcommerce.routing import Routes
from weighbridge.twins.bigcommerce.state import Product, Record, Shop, Variant
from weighbridge.twins.call import Answer, Call

routes = Routes()
PRODUCT_BATCH, VARIANT_BATCH = 10, 50
READ_ONLY = ("id", "date_created", "date_modified", "calculated_price", "base_variant_id")
REQUIRED = ("name", "type", "weight", "price")


def add_product(shop: Shop, given: Record) -> Product:
    """A product with its base variant or its given variants. Raises Refusal 409 for a name or SKU in use."""
    _check_unique(shop, given, None)
    product_id = shop.next_id("product", 77)
    now = shop.now()
    fields: Record = {
        "id": product_id, "name": given["name"], "type": given.get("type", "physical"), "sku": given.get("sku") or "",
        "description": given.get("description") or "", "weight": given.get("weight") or 0, "width": 0, "depth": 0,
        "height": 0, "price": Decimal(str(given.get("price") or 0)), "cost_price": 0, "retail_price": 0, "sale_price": 0,
        "map_price": 0, "tax_class_id": int(given.get("tax_class_id") or 0), "product_tax_code": "", "brand_id": 0,
        "inventory_warning_level": 0, "inventory_tracking": given.get("inventory_tracking", "product"),
        "reviews_rating_sum": 0, "reviews_count": 0, "total_sold": 0, "fixed_cost_shipping_price": 0,
        "is_free_shipping": False, "is_visible": given.get("is_visible", True), "is_featured": False, "warranty": "",
        "bin_picking_number": "", "layout_file": "", "upc": given.get("upc") or "", "mpn": "", "gtin": "",
        "search_keywords": "", "availability": "available", "availability_description": "",
        "gift_wrapping_options_type": "any", "gift_wrapping_options_list": [], "sort_order": 0, "condition": "New",
        "is_condition_shown": False, "order_quantity_minimum": 0, "order_quantity_maximum": 0, "page_title": "",
        "meta_description": "", "view_count": 0, "preorder_message": "", "is_preorder_only": False,
        "is_price_hidden": False, "price_hidden_label": "", "open_graph_type": "product", "open_graph_title": "",
        "open_graph_description": "", "open_graph_use_meta_description": True,
        "open_graph_use_product_name": True, "open_graph_use_image": True, "categories": given.get("categories") or [],
        "related_products": [-1], "custom_url": {"url": f"/product-{product_id}/", "is_customized": False},
        "date_created": now, "date_modified": now, "meta_keywords": [],
    }  # fmt: skip
    product = Product(product_id, fields)
    shop.products[product_id] = product
    shop.product_names[str(given["name"]).casefold()] = product_id
    for one in given.get("variants") or [{"sku": fields["sku"], "option_values": []}]:
        add_variant(shop, product, one)
    if "inventory_level" in given:
        for variant in product.variants:
            shop.location_stock[(DEFAULT_LOCATION, variant.id)] = int(given["inventory_level"])
            variant.inventory_level = int(given["inventory_level"])
    emit(shop, "store/product/created", {"type": "product", "id": product_id})
    return product


def add_variant(shop: Shop, product: Product, given: Record) -> Variant:
    variant_id = shop.next_id("variant", 345)
    price = given.get("price")
    variant = Variant(
        id=variant_id,
        product_id=product.id,
        sku=str(given.get("sku") or ""),
        price=Decimal(str(price)) if price is not None else None,
        option_values=given.get("option_values") or [],
    )
    product.variants.append(variant)
    shop.counters[f"variant:{variant_id}"] = product.id
    if variant.sku:
        shop.sku_index[variant.sku.casefold()] = (product.id, variant_id)
    return variant


def _check_unique(shop: Shop, given: Record, own: Product | None) -> None:
    """Names are unique; SKUs are unique whatever their case, over products and variants."""
    skus = [given.get("sku"), *[one.get("sku") for one in given.get("variants") or []]]
    for sku in {str(one) for one in skus if one}:
        found = shop.sku_index.get(sku.casefold())
        if found is not None and (own is None or found[0] != own.id):
            raise Refusal(409, f"The product sku is a duplicate: {sku}", {"sku": "duplicate"})
    name = str(given.get("name") or "").casefold()
    if name and shop.product_names.get(name, own.id if own else None) != (own.id if own else None):
        raise Refusal(409, "The product name is a duplicate", {"name": "duplicate"})


@routes.on("GET", "/v3/catalog/products")
def list_products(shop: Shop, call: Call) -> Answer:
    """Products; with options or modifiers a page holds 10 at most."""
    settle(shop)
    query = call.query
    include = set(query.get("include", "").split(",")) - {""}
    largest = 10 if include & {"options", "modifiers"} else 250
    found = _matching(shop, call)
    field, direction = query.get("sort", "id"), query.get("direction", "asc")
    if field != "id" or direction == "desc":
        found.sort(key=lambda product: product.fields.get(field) or 0, reverse=direction == "desc")
    only = set(query["include_fields"].split(",")) | {"id"} if query.get("include_fields") else None
    return v3_page(call, found, lambda product: shown(shop, product, include, only), largest=largest)


def _matching(shop: Shop, call: Call) -> list[Product]:
    query = call.query
    ids, skus = wanted_ids(call, "id:in"), wanted_texts(call, "sku:in")
    above = int(query.get("id:greater") or query.get("id:min", "0") or 0)
    since = parse_date(_with_time(shop, query["date_modified:min"])) if query.get("date_modified:min") else None
    visible = query.get("is_visible")

    def fits(product: Product) -> bool:
        fields = product.fields
        return (
            (ids is None or product.id in ids)
            and (skus is None or product.sku.casefold() in skus)
            and (not query.get("sku") or product.sku.casefold() == query["sku"].casefold())
            and (not query.get("name") or fields["name"] == query["name"])
            and (since is None or fields["date_modified"] >= since)
            and (visible is None or fields["is_visible"] == (visible in ("true", "1")))
            and product.id > (above if query.get("id:greater") else above - 1)
        )

    return [product for product in shop.products.values() if fits(product)]


def _with_time(shop: Shop, text: str) -> str:
    """A date without a time gets the current time of day. Source: platform notes, bigcommerce 4.2."""
    return text if "T" in text or ":" in text else f"{text}T{shop.now():%H:%M:%S}+00:00"


def shown(shop: Shop, product: Product, include: set[str], only: set[str] | None = None) -> Record:
    fields = product.fields
    levels = [shop.location_stock.get((DEFAULT_LOCATION, variant.id), 0) for variant in product.variants]
    single = len(product.variants) == 1 and not product.variants[0].option_values
    record: Record = {
        **fields,
        "price": fields["price"],
        "calculated_price": fields["price"],
        "inventory_level": sum(levels) if product.tracking != "none" else 0,
        "date_created": iso(fields["date_created"]),
        "date_modified": iso(fields["date_modified"]),
        "base_variant_id": product.variants[0].id if single else None,
        "option_set_id": None,
        "option_set_display": "right",
    }
    if only is not None:
        kept = ("gift_wrapping_options_type", "gift_wrapping_options_list")
        record = {name: value for name, value in record.items() if name in only or name in kept}
    if "variants" in include:
        record["variants"] = [shown_variant(shop, product, variant) for variant in product.variants]
    for name in ("images", "options", "modifiers", "custom_fields", "bulk_pricing_rules", "videos"):
        if name in include:
            record[name] = fields.get(f"_{name}", [])
    return {name: value for name, value in record.items() if not name.startswith("_")}


def shown_variant(shop: Shop, product: Product, variant: Variant) -> Record:
    base: Record = {
        "id": variant.id, "product_id": product.id, "sku": variant.sku,
        "sku_id": variant.id + 100000 if variant.option_values else None, "price": variant.price,
        "calculated_price": variant.price if variant.price is not None else product.fields["price"], "sale_price": None,
        "retail_price": None, "map_price": None, "weight": None, "width": None, "height": None, "depth": None,
        "is_free_shipping": False, "fixed_cost_shipping_price": None, "calculated_weight": product.fields["weight"],
        "purchasing_disabled": False, "purchasing_disabled_message": "", "image_url": "", "cost_price": 0, "upc": "",
        "mpn": "", "gtin": "", "inventory_level": shop.location_stock.get((DEFAULT_LOCATION, variant.id), 0),
        "inventory_warning_level": 0, "bin_picking_number": "", "option_values": variant.option_values,
    }  # fmt: skip
    return base | variant.fields


@routes.on("GET", "/v3/catalog/products/{product_id}")
def get_product(shop: Shop, call: Call, product_id: str) -> Answer:
    settle(shop)
    include = set(call.query.get("include", "").split(",")) - {""}
    return Answer(200, {"data": shown(shop, find(shop, product_id), include), "meta": {}})


@routes.on("POST", "/v3/catalog/products")
def create_product(shop: Shop, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    missing = {name: f"{name} is required" for name in REQUIRED if body.get(name) is None}
    if missing:
        raise Refusal(422, "Required fields are missing", missing)
    product = add_product(shop, body)
    return Answer(200, {"data": shown(shop, product, set()), "meta": {}})


@routes.on("PUT", "/v3/catalog/products/{product_id}")
def update_product(shop: Shop, call: Call, product_id: str) -> Answer:
    product = find(shop, product_id)
    _change(shop, product, call.body if isinstance(call.body, dict) else {})
    return Answer(200, {"data": shown(shop, product, set()), "meta": {}})


@routes.on("PUT", "/v3/catalog/products")
def update_products(shop: Shop, call: Call) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    if len(rows) > PRODUCT_BATCH:
        raise Refusal(413, f"The batch exceeds {PRODUCT_BATCH} products")
    changed = [find(shop, str(row.get("id"))) for row in rows]
    for product, row in zip(changed, rows, strict=True):
        _change(shop, product, row)
    return Answer(200, {"data": [shown(shop, product, set()) for product in changed], "meta": {}})


@routes.on("DELETE", "/v3/catalog/products/{product_id}")
def delete_product(shop: Shop, call: Call, product_id: str) -> Answer:
    remove_product(shop, find(shop, product_id))
    return Answer(204, empty=True)


@routes.on("DELETE", "/v3/catalog/products")
def delete_products(shop: Shop, call: Call) -> Answer:
    if not call.query:
        raise Refusal(422, "A filter is required")
    for product in _matching(shop, call)[:250]:
        remove_product(shop, product)
    return Answer(204, empty=True)


def remove_product(shop: Shop, product: Product) -> None:
    for variant in product.variants:
        shop.sku_index.pop(variant.sku.casefold(), None)
    del shop.products[product.id]
    shop.product_names.pop(str(product.fields["name"]).casefold(), None)
    emit(shop, "store/product/deleted", {"type": "product", "id": product.id})


def _change(shop: Shop, product: Product, body: Record) -> None:
    _check_unique(shop, {name: body.get(name) for name in ("sku",)}, product)
    for name, value in body.items():
        if name in READ_ONLY or name == "variants":
            continue
        if name == "sku" and len(product.variants) == 1:
            shop.sku_index.pop(product.variants[0].sku.casefold(), None)
            product.variants[0].sku = str(value)
            shop.sku_index[str(value).casefold()] = (product.id, product.variants[0].id)
        if name == "inventory_level":
            _set_level(shop, product.variants[0], value)
        else:
            product.fields[name] = Decimal(str(value)) if name == "price" else value
    product.fields["date_modified"] = shop.now()
    emit(shop, "store/product/updated", {"type": "product", "id": product.id})


def _set_level(shop: Shop, variant: Variant, value: Any) -> None:
    """The catalogue clamps what the inventory API would refuse."""
    clamped = max(0, min(int(value), 2_147_483_647))
    shop.location_stock[(DEFAULT_LOCATION, variant.id)] = clamped
    variant.inventory_level = clamped


@routes.on("GET", "/v3/catalog/variants")
def list_variants(shop: Shop, call: Call) -> Answer:
    """Only the documented filters; others are ignored or rejected by a switch."""
    settle(shop)
    known = {"id", "sku", "upc", "product_id:in", "include_fields", "exclude_fields", "page", "limit"}
    unknown = set(call.query) - known
    if unknown and shop.switches["unknown_filters"] == "rejected":
        raise Refusal(422, f"Unknown filter: {sorted(unknown)[0]}")
    sku, products = call.query.get("sku"), wanted_ids(call, "product_id:in")
    rows = [
        (product, variant)
        for product in shop.products.values()
        if products is None or product.id in products
        for variant in product.variants
        if (not sku or variant.sku.casefold() == sku.casefold())
        and (not call.query.get("id") or str(variant.id) == call.query["id"])
    ]
    return v3_page(call, rows, lambda pair: shown_variant(shop, *pair), largest=number(call, "limit", 50))


@routes.on("PUT", "/v3/catalog/variants")
def update_variants(shop: Shop, call: Call) -> Answer:
    rows = call.body if isinstance(call.body, list) else []
    if len(rows) > VARIANT_BATCH:
        raise Refusal(413, f"The batch exceeds {VARIANT_BATCH} variants")
    errors = [
        {"status": 422, "title": f"Variant {row.get('id')} not found", "type": "", "errors": {}}
        for row in rows
        if f"variant:{row.get('id')}" not in shop.counters
    ]
    if errors:
        raise Refusal(422, "batch", body={"batch_errors": errors})
    shown_rows = []
    for row in rows:
        product = shop.products[shop.counters[f"variant:{row['id']}"]]
        variant = next(one for one in product.variants if one.id == row["id"])
        _change_variant(shop, product, variant, row)
        shown_rows.append(shown_variant(shop, product, variant))
    return Answer(200, {"data": shown_rows, "meta": {}})


def _change_variant(shop: Shop, product: Product, variant: Variant, row: Record) -> None:
    for name, value in row.items():
        if name == "inventory_level":
            _set_level(shop, variant, value)
        elif name == "sku":
            shop.sku_index.pop(variant.sku.casefold(), None)
            variant.sku = str(value)
            shop.sku_index[variant.sku.casefold()] = (product.id, variant.id)
        elif name == "price":
            variant.price = Decimal(str(value)) if value is not None else None
        elif name not in ("id", "product_id"):
            variant.fields[name] = value
    emit(shop, "store/sku/updated", {"type": "sku", "id": variant.id + 100000,
                                      "sku": {"product_id": product.id, "variant_id": variant.id}})  # fmt: skip


@routes.on("GET", "/v3/catalog/products/{product_id}/variants")
def list_product_variants(shop: Shop, call: Call, product_id: str) -> Answer:
    product = find(shop, product_id)
    return v3_page(call, product.variants, lambda variant: shown_variant(shop, product, variant))


@routes.on("POST", "/v3/catalog/products/{product_id}/variants")
def create_variant(shop: Shop, call: Call, product_id: str) -> Answer:
    product = find(shop, product_id)
    body = call.body if isinstance(call.body, dict) else {}
    if not body.get("sku"):
        raise Refusal(422, "A SKU is required", {"sku": "missing"})
    _check_unique(shop, {"sku": body["sku"]}, None)
    variant = add_variant(shop, product, body)
    return Answer(200, {"data": shown_variant(shop, product, variant), "meta": {}})


@routes.on("PUT", "/v3/catalog/products/{product_id}/variants/{variant_id}")
def update_variant(shop: Shop, call: Call, product_id: str, variant_id: str) -> Answer:
    product = find(shop, product_id)
    variant = next((one for one in product.variants if str(one.id) == variant_id), None)
    if variant is None:
        raise not_found()
    _change_variant(shop, product, variant, call.body if isinstance(call.body, dict) else {})
    return Answer(200, {"data": shown_variant(shop, product, variant), "meta": {}})


@routes.on("GET", "/v2/products")
def list_v2(shop: Shop, call: Call) -> Answer:
    return v2_page(call, list(shop.products.values()), _v2)


@routes.on("GET", "/v2/products/{product_id}")
def get_v2(shop: Shop, call: Call, product_id: str) -> Answer:
    return Answer(200, _v2(find(shop, product_id)))


@routes.on("POST", "/v2/products")
def create_v2(shop: Shop, call: Call) -> Answer:
    body = call.body if isinstance(call.body, dict) else {}
    return Answer(201, _v2(add_product(shop, {**body, "type": "physical"})))


@routes.on("PUT", "/v2/products/{product_id}")
def update_v2(shop: Shop, call: Call, product_id: str) -> Answer:
    product = find(shop, product_id)
    _change(shop, product, call.body if isinstance(call.body, dict) else {})
    return Answer(200, _v2(product))


@routes.on("DELETE", "/v2/products/{product_id}")
def delete_v2(shop: Shop, call: Call, product_id: str) -> Answer:
    remove_product(shop, find(shop, product_id))
    return Answer(204, empty=True)


def _v2(product: Product) -> Record:
    names = ("id", "name", "type", "sku", "description", "price", "is_visible", "availability", "weight", "date_created",
             "date_modified", "inventory_tracking", "tax_class_id")  # fmt: skip
    record: Record = rendered({name: product.fields[name] for name in names})
    return record | {"inventory_level": product.variants[0].inventory_level}


def find(shop: Shop, product_id: str) -> Product:
    product = shop.products.get(int(product_id)) if product_id.isdigit() else None
    if product is None:
        raise not_found()
    return product
