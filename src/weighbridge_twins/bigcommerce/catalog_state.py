"""Creates, finds and removes the store's products and variants, and keeps names and SKUs unique."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION
from weighbridge_twins.bigcommerce.state import Product, Record, Store, Variant

HIGHEST_LEVEL: Final = 2_147_483_647
MOST_VARIANTS: Final = 600
SKU_OFFSET: Final = 100_000
"""The id of a SKU differs from the id of its variant; webhooks and /inventory/items contain both."""

MONEY: Final = ("price", "cost_price", "retail_price", "sale_price", "map_price", "fixed_cost_shipping_price")
DEFAULTS: Final[Record] = {
    "name": "", "type": "physical", "sku": "", "description": "", "weight": 0, "width": 0, "depth": 0, "height": 0,
    "price": 0, "cost_price": 0, "retail_price": 0, "sale_price": 0, "map_price": 0, "tax_class_id": 0,
    "product_tax_code": "", "brand_id": 0, "inventory_warning_level": 0, "inventory_tracking": "none",
    "reviews_rating_sum": 0, "reviews_count": 0, "total_sold": 0, "fixed_cost_shipping_price": 0,
    "is_free_shipping": False, "is_visible": True, "is_featured": False, "warranty": "", "bin_picking_number": "",
    "layout_file": "", "upc": "", "mpn": "", "gtin": "", "search_keywords": "", "availability": "available",
    "availability_description": "", "gift_wrapping_options_type": "any", "gift_wrapping_options_list": [],
    "sort_order": 0, "condition": "New", "is_condition_shown": False, "order_quantity_minimum": 0,
    "order_quantity_maximum": 0, "page_title": "", "meta_keywords": [], "meta_description": "", "view_count": 0,
    "preorder_release_date": None, "preorder_message": "", "is_preorder_only": False, "is_price_hidden": False,
    "price_hidden_label": "", "open_graph_type": "product", "open_graph_title": "", "open_graph_description": "",
    "open_graph_use_meta_description": True, "open_graph_use_product_name": True, "open_graph_use_image": True,
    "categories": [], "related_products": [-1],
}  # fmt: skip
"""The fields of a new product unless the request sets them."""


def stored_rows(store: Store, name: str, defaults: Iterable[Record] = ()) -> list[Record]:
    """A named list of the store (channels, categories, brands ...), created from `defaults` at the first access.

    The list is stored in the settings and therefore survives a restart.
    """
    rows: list[Record] | None = store.settings.get(name)
    if rows is None:
        rows = store.settings[name] = [dict(row) for row in defaults]
    return rows


def row_of(rows: list[Record], row_id: str) -> Record:
    """The row with this id. Raises Refusal 404."""
    match = next((row for row in rows if str(row["id"]) == row_id), None)
    if match is None:
        raise not_found()
    return match


def add_product(store: Store, values: Record) -> Product:
    """Adds a product with its base variant or the given variants. Raises Refusal 409 for a name or SKU in use."""
    variants = values.get("variants") or []
    if len(variants) > MOST_VARIANTS:
        raise Refusal(422, f"A product has at most {MOST_VARIANTS} variants", {"variants": "too many"})
    check_unique(store, values.get("name"), [values.get("sku"), *(variant.get("sku") for variant in variants)], None)
    product_id = store.next_id("product", 77)
    now = store.now()
    fields: Record = {"id": product_id, **DEFAULTS}
    fields |= {name: list(value) for name, value in DEFAULTS.items() if isinstance(value, list)}
    fields |= {name: values[name] for name in DEFAULTS if values.get(name) is not None}
    fields |= {name: amount(fields[name]) for name in MONEY if fields[name]}
    fields["tax_class_id"] = int(fields["tax_class_id"])
    fields["custom_url"] = {"url": f"/product-{product_id}/", "is_customized": False}
    fields |= {"date_created": now, "date_modified": now}
    product = Product(product_id, fields)
    store.products[product_id] = product
    store.product_names[str(fields["name"]).casefold()] = product_id
    for variant in variants or [{"sku": product.sku}]:
        add_variant(store, product, variant)
    if variants and product.sku:
        _parent_skus(store)[product.sku.casefold()] = product_id
    if "inventory_level" in values:
        for variant in product.variants:
            store.location_stock.setdefault((DEFAULT_LOCATION, variant.id), clamped(values["inventory_level"]))
            variant.inventory_level = store.location_stock[(DEFAULT_LOCATION, variant.id)]
    emit(store, "store/product/created", {"type": "product", "id": product_id})
    return product


def add_variant(store: Store, product: Product, values: Record) -> Variant:
    """Adds a variant to the product and indexes its SKU; `inventory_level` sets its initial stock."""
    variant_id = store.next_id("variant", 345)
    price = values.get("price")
    variant = Variant(
        id=variant_id,
        product_id=product.id,
        sku=str(values.get("sku") or ""),
        price=amount(price) if price is not None else None,
        option_values=values.get("option_values") or [],
        fields={name: values[name] for name in VARIANT_FIELDS if name in values},
    )
    product.variants.append(variant)
    store.counters[f"variant:{variant_id}"] = product.id
    if variant.sku:
        store.sku_index[variant.sku.casefold()] = (product.id, variant_id)
    if values.get("inventory_level") is not None:
        variant.inventory_level = clamped(values["inventory_level"])
        store.location_stock[(DEFAULT_LOCATION, variant_id)] = variant.inventory_level
    return variant


VARIANT_FIELDS: Final = (
    "cost_price", "sale_price", "retail_price", "map_price", "weight", "width", "height", "depth", "is_free_shipping",
    "fixed_cost_shipping_price", "purchasing_disabled", "purchasing_disabled_message", "upc", "mpn", "gtin",
    "inventory_warning_level", "bin_picking_number", "image_url",
)  # fmt: skip


def check_unique(
    store: Store, name: Any, skus: Iterable[Any], owner: Product | None, variant_id: int | None = None
) -> None:
    """Checks names, and SKUs of products and variants ignoring case. Raises Refusal 409 for a duplicate.

    `owner` is the product that may keep its name and SKU, `variant_id` the variant that may keep its SKU.
    """
    given_skus = [str(given_sku) for given_sku in skus if given_sku]
    for sku in given_skus:
        entry = store.sku_index.get(sku.casefold())
        parent = _parent_skus(store).get(sku.casefold())
        is_taken = entry is not None and (owner is None or entry[0] != owner.id or variant_id not in (None, entry[1]))
        if is_taken or (parent is not None and (owner is None or parent != owner.id)):
            raise Refusal(409, f"The product sku is a duplicate: {sku}", {"sku": "duplicate"})
    folded = str(name or "").casefold()
    if folded and store.product_names.get(folded, owner.id if owner else None) != (owner.id if owner else None):
        raise Refusal(409, "The product name is a duplicate", {"name": "duplicate"})


def rename_sku(store: Store, product: Product, variant: Variant, sku: str) -> None:
    """Changes the SKU of a variant. Call `check_unique` first."""
    if store.sku_index.get(variant.sku.casefold()) == (product.id, variant.id):
        del store.sku_index[variant.sku.casefold()]
    variant.sku = sku
    if sku:
        store.sku_index[sku.casefold()] = (product.id, variant.id)


def rename_product(store: Store, product: Product, name: str) -> None:
    """Changes the name of a product. Call `check_unique` first."""
    if store.product_names.get(str(product.fields["name"]).casefold()) == product.id:
        del store.product_names[str(product.fields["name"]).casefold()]
    product.fields["name"] = name
    store.product_names[name.casefold()] = product.id


def set_parent_sku(store: Store, product: Product, sku: str) -> None:
    """Sets the SKU of a product with variants: it identifies no stock but cannot be used again."""
    parents = _parent_skus(store)
    if parents.get(product.sku.casefold()) == product.id:
        del parents[product.sku.casefold()]
    product.fields["sku"] = sku
    if sku:
        parents[sku.casefold()] = product.id


def remove_product(store: Store, product: Product) -> None:
    """Removes a product with its variants and their stock."""
    for variant in list(product.variants):
        _forget_variant(store, product, variant)
    set_parent_sku(store, product, "")
    del store.products[product.id]
    if store.product_names.get(str(product.fields["name"]).casefold()) == product.id:
        del store.product_names[str(product.fields["name"]).casefold()]
    emit(store, "store/product/deleted", {"type": "product", "id": product.id})


def remove_variant(store: Store, product: Product, variant: Variant) -> None:
    """Removes a variant with its stock; a product without variants gets its base variant back.

    Raises Refusal 422 for the base variant, which is the product itself.
    """
    if not variant.option_values:
        raise Refusal(422, "The base variant cannot be deleted")
    _forget_variant(store, product, variant)
    if not product.variants:
        sku = product.sku
        set_parent_sku(store, product, "")
        product.fields["sku"] = sku
        add_variant(store, product, {"sku": sku})
    emit(store, "store/sku/deleted", sku_data(product, variant))


def drop_base_variant(store: Store, product: Product) -> None:
    """Removes the base variant of a product with options; its SKU stays reserved but identifies no stock."""
    for variant in [candidate for candidate in product.variants if not candidate.option_values]:
        _forget_variant(store, product, variant)
    set_parent_sku(store, product, product.sku)


def _forget_variant(store: Store, product: Product, variant: Variant) -> None:
    rename_sku(store, product, variant, "")
    product.variants.remove(variant)
    store.counters.pop(f"variant:{variant.id}", None)
    for location_id in store.locations:
        store.location_stock.pop((location_id, variant.id), None)


def sku_data(product: Product, variant: Variant) -> Record:
    """The data of a SKU event; its id is that of the SKU, not of the variant. Source: notes, bigcommerce 7.3."""
    inner = {"product_id": product.id, "variant_id": variant.id}
    return {"type": "sku", "id": variant.id + SKU_OFFSET, "sku": inner}


def find(store: Store, product_id: str) -> Product:
    """The product with this id. Raises Refusal 404."""
    product = store.products.get(int(product_id)) if product_id.isdigit() else None
    if product is None:
        raise not_found()
    return product


def by_variant_id(store: Store, variant_id: Any) -> tuple[Product, Variant] | None:
    """A variant with its product; None if it does not exist."""
    product = store.products.get(store.counters.get(f"variant:{variant_id}", 0))
    if product is None:
        return None
    return next(((product, variant) for variant in product.variants if str(variant.id) == str(variant_id)), None)


def amount(value: Any) -> Decimal:
    """A price of a request. Raises Refusal 422."""
    try:
        return Decimal(str(value))
    except ArithmeticError as error:
        raise Refusal(422, f"'{value}' is not an amount", {"price": "invalid"}) from error


def clamped(level: Any) -> int:
    """Limits a level that the inventory API would refuse. Source: platform notes, bigcommerce 5.3."""
    try:
        return max(0, min(int(level), HIGHEST_LEVEL))
    except (TypeError, ValueError) as error:
        raise Refusal(422, f"'{level}' is not a level", {"inventory_level": "invalid"}) from error


def _parent_skus(store: Store) -> dict[str, int]:
    skus: dict[str, int] = store.settings.setdefault("parent_skus", {})
    return skus
