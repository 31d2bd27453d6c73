"""BigCommerce's products as listings, its categories as paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from weighbridge.domain.catalogue.listing import Dimensions, Field, ShopListing, ShopVariant, Values, text_of
from weighbridge.domain.stock.available import ShopItem
from weighbridge.platforms.bigcommerce.models import catalogue as models

PATH_SEPARATOR = " > "


def read_listing(product: models.Product) -> ShopListing:
    return ShopListing(
        id=product.id,
        sku=product.sku,
        tracking=product.inventory_tracking,
        values=product_values(product),
        variants=tuple(_variant(variant, product) for variant in product.variants),
        categories=frozenset(product.categories),
        pictures={image.description or f"image {image.id}": image.id for image in product.images},
    )


def product_values(product: models.Product) -> Values:
    """What the shop shows of a product. A brand is a number here, whatever it was written as."""
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
    """What the shop shows of a variant; what it does not say itself comes from its product."""

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
    """Values as the journal keeps them."""
    return {str(of): text_of(value) for of, value in values.items()}


def read_items(product: models.Product) -> list[ShopItem]:
    """The SKUs of a product, addressed as their tracking mode wants. Source: platform notes, bigcommerce 5.1."""
    if product.inventory_tracking == "variant":
        return [ShopItem(one.sku, product.id, one.id, "variant") for one in product.variants if one.sku]
    return [ShopItem(product.sku, product.id, None, product.inventory_tracking)] if product.sku else []


def category_paths(categories: Sequence[models.Category]) -> dict[int, str]:
    """The path of each category from the top, such as `Home > Kitchen`, by id."""
    by_id: Mapping[int, models.Category] = {category.id: category for category in categories}
    paths: dict[int, str] = {}
    for category in categories:
        names, seen, at = [category.name], {category.id}, by_id.get(category.parent_id)
        while at is not None and at.id not in seen:
            names.append(at.name)
            seen.add(at.id)
            at = by_id.get(at.parent_id)
        paths[category.id] = PATH_SEPARATOR.join(reversed(names))
    return paths


def _variant(variant: models.Variant, product: models.Product) -> ShopVariant:
    options = tuple((one.option_display_name, one.label) for one in variant.option_values)
    return ShopVariant(variant.id, variant.sku, options, variant_values(variant, product))
