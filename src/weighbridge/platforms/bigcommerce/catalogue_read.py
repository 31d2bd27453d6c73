"""Converts BigCommerce's products to listings and its categories to paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from weighbridge.domain.catalogue.listing import Dimensions, Field, StoreListing, StoreVariant, Values, text_of
from weighbridge.domain.stock.available import StoreItem
from weighbridge.platforms.bigcommerce.models import catalogue as models

PATH_SEPARATOR = " > "


def read_listing(product: models.Product) -> StoreListing:
    return StoreListing(
        id=product.id,
        sku=product.sku,
        tracking=product.inventory_tracking,
        values=product_values(product),
        variants=tuple(_variant(variant, product) for variant in product.variants),
        categories=frozenset(product.categories),
        pictures={image.description or f"image {image.id}": image.id for image in product.images},
    )


def product_values(product: models.Product) -> Values:
    """The product's values at the store. A brand is read as its id, although it is written by name."""
    return {
        Field.NAME: product.name,
        Field.DESCRIPTION: product.description,
        Field.PRICE: product.price,
        Field.SALE_PRICE: product.sale_price,
        Field.RETAIL_PRICE: product.retail_price,
        Field.BARCODE: product.upc,
        Field.WEIGHT: product.weight,
        Field.DIMENSIONS: Dimensions(product.width, product.height, product.depth),
        Field.BRAND: f"#{product.brand_id}" if product.brand_id else "",
        Field.VISIBILITY: product.is_visible,
    }


def variant_values(variant: models.Variant, product: models.Product) -> Values:
    """The variant's values at the store; null values come from its product."""

    def own(name: str) -> Decimal:
        value: Decimal | None = getattr(variant, name)
        inherited: Decimal = getattr(product, name)
        return inherited if value is None else value

    return {
        Field.PRICE: own("price"),
        Field.SALE_PRICE: own("sale_price"),
        Field.RETAIL_PRICE: own("retail_price"),
        Field.BARCODE: variant.upc,
        Field.WEIGHT: own("weight"),
        Field.DIMENSIONS: Dimensions(own("width"), own("height"), own("depth")),
        Field.VISIBILITY: not variant.purchasing_disabled,
    }


def texts(values: Values) -> dict[str, str]:
    """Values as the database stores them."""
    return {str(of): text_of(value) for of, value in values.items()}


def read_items(product: models.Product) -> list[StoreItem]:
    """The SKUs of a product, addressed by its tracking mode. Source: platform notes, bigcommerce 5.1."""
    if product.inventory_tracking == "variant":
        return [
            StoreItem(variant.sku, product.id, variant.id, "variant") for variant in product.variants if variant.sku
        ]
    return [StoreItem(product.sku, product.id, None, product.inventory_tracking)] if product.sku else []


def category_paths(categories: Sequence[models.Category]) -> dict[int, str]:
    """The path of each category from the top, such as `Home > Kitchen`, by id."""
    by_id: Mapping[int, models.Category] = {category.id: category for category in categories}
    paths: dict[int, str] = {}
    for category in categories:
        names, seen, parent = [category.name], {category.id}, by_id.get(category.parent_id)
        while parent is not None and parent.id not in seen:
            names.append(parent.name)
            seen.add(parent.id)
            parent = by_id.get(parent.parent_id)
        paths[category.id] = PATH_SEPARATOR.join(reversed(names))
    return paths


def _variant(variant: models.Variant, product: models.Product) -> StoreVariant:
    options = tuple((option.option_display_name, option.label) for option in variant.option_values)
    return StoreVariant(variant.id, variant.sku, options, variant_values(variant, product))
