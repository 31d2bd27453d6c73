"""Converts the store's products to its SKUs."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.domain.stock.available import StoreItem
from weighbridge.platforms.bigcommerce.models.store import ProductRow


def read_store_items(products: Sequence[ProductRow]) -> list[StoreItem]:
    """The SKUs of a page of products, addressed by their tracking mode.

    Variants of a product that is not tracked by variant have no stock of their own. Source: platform notes,
    bigcommerce 5.1: tracked by variant -> variant id, otherwise -> product id.
    """
    items = (item for product in products for item in (*_as_product(product), *_as_variants(product)))
    return list({item.sku: item for item in items}.values())


def read_sku_products(products: Sequence[ProductRow]) -> list[tuple[str, int]]:
    """Every SKU of a page of products with its product id; most SKUs occur at a product and at its only variant."""
    return [
        (sku, product.id)
        for product in products
        for sku in (product.sku, *(variant.sku for variant in product.variants))
        if sku
    ]


def _as_product(product: ProductRow) -> list[StoreItem]:
    """The product's own SKU; a product with variants has stock of its own only where its tracking mode says so."""
    has_variants = any(variant.sku not in ("", product.sku) for variant in product.variants)
    tracking = product.inventory_tracking
    if not product.sku or tracking == "variant" or (has_variants and tracking == "none"):
        return []
    return [StoreItem(product.sku, product.id, None, tracking, product.price, _is_on_sale(product))]


def _as_variants(product: ProductRow) -> list[StoreItem]:
    is_tracked_by_variant = product.inventory_tracking == "variant"
    tracking = "with_product" if product.inventory_tracking == "product" else product.inventory_tracking
    return [
        StoreItem(
            variant.sku,
            product.id,
            variant.id,
            tracking,
            product.price if variant.price is None else variant.price,
            _is_on_sale(product) and not variant.purchasing_disabled,
        )
        for variant in product.variants
        if variant.sku and (is_tracked_by_variant or variant.sku != product.sku)
    ]


def _is_on_sale(product: ProductRow) -> bool:
    return product.is_visible and product.availability != "disabled"
