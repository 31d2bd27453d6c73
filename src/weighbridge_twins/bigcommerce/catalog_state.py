"""Products and variants as the store keeps them: made, found, kept unique by name and SKU, removed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from weighbridge_twins.bigcommerce.errors import Refusal, not_found
from weighbridge_twins.bigcommerce.events import emit
from weighbridge_twins.bigcommerce.locations import DEFAULT_LOCATION
from weighbridge_twins.bigcommerce.state import Product, Record, Shop, Variant

HIGHEST_LEVEL: Final = 2_147_483_647
MOST_VARIANTS: Final = 600
SKU_OFFSET: Final = 100_000
"""The id of a SKU is another than that of its variant; hooks and /inventory/items name both."""

MONEY: Final = ("price", "cost_price", "retail_price", "sale_price", "map_price", "fixed_cost_shipping_price")
ORDINARY: Final[Record] = {
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
"""What a new product has where nothing was said."""


def kept(shop: Shop, name: str, ordinary: Iterable[Record] = ()) -> list[Record]:
    """The store's own list of that name (channels, categories, brands ...), begun with `ordinary` at the first look.

    It lives among the settings, so that it survives a restart with them.
    """
    rows: list[Record] | None = shop.settings.get(name)
    if rows is None:
        rows = shop.settings[name] = [dict(row) for row in ordinary]
    return rows


def row_of(rows: list[Record], row_id: str) -> Record:
    """The row with that id. Raises Refusal 404."""
    found = next((row for row in rows if str(row["id"]) == row_id), None)
    if found is None:
        raise not_found()
    return found


def add_product(shop: Shop, given: Record) -> Product:
    """A product with its base variant or its given variants. Raises Refusal 409 for a name or SKU in use."""
    variants = given.get("variants") or []
    if len(variants) > MOST_VARIANTS:
        raise Refusal(422, f"A product has at most {MOST_VARIANTS} variants", {"variants": "too many"})
    check_unique(shop, given.get("name"), [given.get("sku"), *(one.get("sku") for one in variants)], None)
    product_id = shop.next_id("product", 77)
    now = shop.now()
    fields: Record = {"id": product_id, **ORDINARY}
    fields |= {name: list(value) for name, value in ORDINARY.items() if isinstance(value, list)}
    fields |= {name: given[name] for name in ORDINARY if given.get(name) is not None}
    fields |= {name: amount(fields[name]) for name in MONEY if fields[name]}
    fields["tax_class_id"] = int(fields["tax_class_id"])
    fields["custom_url"] = {"url": f"/product-{product_id}/", "is_customized": False}
    fields |= {"date_created": now, "date_modified": now}
    product = Product(product_id, fields)
    shop.products[product_id] = product
    shop.product_names[str(fields["name"]).casefold()] = product_id
    for one in variants or [{"sku": product.sku}]:
        add_variant(shop, product, one)
    if variants and product.sku:
        _parent_skus(shop)[product.sku.casefold()] = product_id
    if "inventory_level" in given:
        for variant in product.variants:
            shop.location_stock.setdefault((DEFAULT_LOCATION, variant.id), clamped(given["inventory_level"]))
            variant.inventory_level = shop.location_stock[(DEFAULT_LOCATION, variant.id)]
    emit(shop, "store/product/created", {"type": "product", "id": product_id})
    return product


def add_variant(shop: Shop, product: Product, given: Record) -> Variant:
    """A variant of the product, known by its SKU from now on; with `inventory_level` also its first stock."""
    variant_id = shop.next_id("variant", 345)
    price = given.get("price")
    variant = Variant(
        id=variant_id,
        product_id=product.id,
        sku=str(given.get("sku") or ""),
        price=amount(price) if price is not None else None,
        option_values=given.get("option_values") or [],
        fields={name: given[name] for name in VARIANT_FIELDS if name in given},
    )
    product.variants.append(variant)
    shop.counters[f"variant:{variant_id}"] = product.id
    if variant.sku:
        shop.sku_index[variant.sku.casefold()] = (product.id, variant_id)
    if given.get("inventory_level") is not None:
        variant.inventory_level = clamped(given["inventory_level"])
        shop.location_stock[(DEFAULT_LOCATION, variant_id)] = variant.inventory_level
    return variant


VARIANT_FIELDS: Final = (
    "cost_price", "sale_price", "retail_price", "map_price", "weight", "width", "height", "depth", "is_free_shipping",
    "fixed_cost_shipping_price", "purchasing_disabled", "purchasing_disabled_message", "upc", "mpn", "gtin",
    "inventory_warning_level", "bin_picking_number", "image_url",
)  # fmt: skip


def check_unique(
    shop: Shop, name: Any, skus: Iterable[Any], own: Product | None, variant_id: int | None = None
) -> None:
    """Names are unique; SKUs are unique whatever their case, over products and variants. Raises Refusal 409.

    `own` is the product that may keep its name and SKU, `variant_id` the variant that may keep its own.
    """
    wanted = [str(one) for one in skus if one]
    for sku in wanted:
        found = shop.sku_index.get(sku.casefold())
        parent = _parent_skus(shop).get(sku.casefold())
        taken = found is not None and (own is None or found[0] != own.id or variant_id not in (None, found[1]))
        if taken or (parent is not None and (own is None or parent != own.id)):
            raise Refusal(409, f"The product sku is a duplicate: {sku}", {"sku": "duplicate"})
    folded = str(name or "").casefold()
    if folded and shop.product_names.get(folded, own.id if own else None) != (own.id if own else None):
        raise Refusal(409, "The product name is a duplicate", {"name": "duplicate"})


def rename_sku(shop: Shop, product: Product, variant: Variant, sku: str) -> None:
    """Gives the variant another SKU; `check_unique` comes before."""
    if shop.sku_index.get(variant.sku.casefold()) == (product.id, variant.id):
        del shop.sku_index[variant.sku.casefold()]
    variant.sku = sku
    if sku:
        shop.sku_index[sku.casefold()] = (product.id, variant.id)


def rename_product(shop: Shop, product: Product, name: str) -> None:
    """Gives the product another name; `check_unique` comes before."""
    if shop.product_names.get(str(product.fields["name"]).casefold()) == product.id:
        del shop.product_names[str(product.fields["name"]).casefold()]
    product.fields["name"] = name
    shop.product_names[name.casefold()] = product.id


def set_parent_sku(shop: Shop, product: Product, sku: str) -> None:
    """The SKU of a product with variants: it is nobody's stock, but taken."""
    parents = _parent_skus(shop)
    if parents.get(product.sku.casefold()) == product.id:
        del parents[product.sku.casefold()]
    product.fields["sku"] = sku
    if sku:
        parents[sku.casefold()] = product.id


def remove_product(shop: Shop, product: Product) -> None:
    """The product is gone with its variants and their stock."""
    for variant in list(product.variants):
        _forget_variant(shop, product, variant)
    set_parent_sku(shop, product, "")
    del shop.products[product.id]
    if shop.product_names.get(str(product.fields["name"]).casefold()) == product.id:
        del shop.product_names[str(product.fields["name"]).casefold()]
    emit(shop, "store/product/deleted", {"type": "product", "id": product.id})


def remove_variant(shop: Shop, product: Product, variant: Variant) -> None:
    """The variant is gone with its stock; after the last one the product has its base variant again.

    Raises Refusal 422 for the base variant, which is the product itself.
    """
    if not variant.option_values:
        raise Refusal(422, "The base variant cannot be deleted")
    _forget_variant(shop, product, variant)
    if not product.variants:
        sku = product.sku
        set_parent_sku(shop, product, "")
        product.fields["sku"] = sku
        add_variant(shop, product, {"sku": sku})
    emit(shop, "store/sku/deleted", sku_data(product, variant))


def drop_base_variant(shop: Shop, product: Product) -> None:
    """Real variants take the place of the base variant; the product's SKU stays taken, but is no stock any more."""
    for variant in [one for one in product.variants if not one.option_values]:
        _forget_variant(shop, product, variant)
    set_parent_sku(shop, product, product.sku)


def _forget_variant(shop: Shop, product: Product, variant: Variant) -> None:
    rename_sku(shop, product, variant, "")
    product.variants.remove(variant)
    shop.counters.pop(f"variant:{variant.id}", None)
    for location_id in shop.locations:
        shop.location_stock.pop((location_id, variant.id), None)


def sku_data(product: Product, variant: Variant) -> Record:
    """What a SKU hook carries; its id is that of the SKU, not of the variant. Source: notes, bigcommerce 7.3."""
    inner = {"product_id": product.id, "variant_id": variant.id}
    return {"type": "sku", "id": variant.id + SKU_OFFSET, "sku": inner}


def find(shop: Shop, product_id: str) -> Product:
    """The product. Raises Refusal 404."""
    product = shop.products.get(int(product_id)) if product_id.isdigit() else None
    if product is None:
        raise not_found()
    return product


def by_variant_id(shop: Shop, variant_id: Any) -> tuple[Product, Variant] | None:
    """A variant with its product, None when no product has it."""
    product = shop.products.get(shop.counters.get(f"variant:{variant_id}", 0))
    variant = next((one for one in product.variants if str(one.id) == str(variant_id)), None) if product else None
    return (product, variant) if product and variant else None


def amount(value: Any) -> Decimal:
    """A price as the body gave it. Raises Refusal 422."""
    try:
        return Decimal(str(value))
    except ArithmeticError as error:
        raise Refusal(422, f"'{value}' is not an amount", {"price": "invalid"}) from error


def clamped(level: Any) -> int:
    """The catalogue clamps a level that the inventory API would refuse. Source: platform notes, bigcommerce 5.3."""
    try:
        return max(0, min(int(level), HIGHEST_LEVEL))
    except (TypeError, ValueError) as error:
        raise Refusal(422, f"'{level}' is not a level", {"inventory_level": "invalid"}) from error


def _parent_skus(shop: Shop) -> dict[str, int]:
    skus: dict[str, int] = shop.settings.setdefault("parent_skus", {})
    return skus
