"""Converts listings to BigCommerce's payloads, which hold only the fields that are to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from weighbridge.domain.catalogue.diff import Update, VariantUpdate
from weighbridge.domain.catalogue.listing import Dimensions, Field, Listing, Picture, Values, Variation
from weighbridge.platforms.bigcommerce.models import catalogue as models

MEMBERS: Mapping[Field, str] = {
    Field.SKU: "sku",
    Field.NAME: "name",
    Field.DESCRIPTION: "description",
    Field.PRICE: "price",
    Field.SALE_PRICE: "sale_price",
    Field.RETAIL_PRICE: "retail_price",
    Field.BARCODE: "upc",
    Field.WEIGHT: "weight",
    Field.BRAND: "brand_name",
}


LONGEST_CATEGORY = 50
"""Source: Catalog V3, POST /catalog/categories."""


def new_product(listing: Listing, category_ids: Mapping[str, int]) -> models.ProductRequest:
    """A complete new product. Its stock is tracked and starts at zero: only the stock flow sets levels.

    A family's own SKU is left out where a member has the same SKU. Source: Catalog V3, POST /catalog/products.
    """
    own_sku = listing.sku
    if listing.is_family and own_sku.casefold() in {variation.sku.casefold() for variation in listing.variations}:
        own_sku = ""
    fields = product_members(listing.values)
    category = listing.values.get(Field.CATEGORY)
    if category is not None:
        fields["categories"] = [category_ids[str(category)]]
    return models.ProductRequest(
        **fields,
        type="physical",
        sku=own_sku or None,
        inventory_tracking="variant" if listing.is_family else "product",
        images=[image(picture, position, thumbnail=position == 0) for position, picture in enumerate(listing.pictures)]
        or None,
        variants=[new_variant(variation) for variation in listing.variations] if listing.is_family else None,
    )


def new_variant(variation: Variation) -> models.VariantRequest:
    return models.VariantRequest(
        **variant_members(variation.values),
        sku=variation.sku,
        image_url=variation.picture_url or None,
        option_values=[
            models.SentOptionValue(option_display_name=name, label=value) for name, value in variation.options
        ],
    )


def changed_product(update: Update, category_ids: Mapping[str, int]) -> models.ProductRequest:
    """The changed fields of a product only; of its categories only the one that we set is replaced."""
    values = {change.field: change.value for change in update.changes}
    fields = product_members(values)
    if Field.CATEGORY in values:
        other_categories = update.categories - {update.category_replaced}
        fields["categories"] = sorted({*other_categories, category_ids[str(values[Field.CATEGORY])]})
    return models.ProductRequest(id=update.product_id, **fields)


def changed_variant(update: VariantUpdate) -> models.VariantRequest:
    return models.VariantRequest(
        id=update.id, **variant_members({change.field: change.value for change in update.changes})
    )


def image(picture: Picture, position: int | None = None, *, thumbnail: bool | None = None) -> models.SentImage:
    return models.SentImage(
        image_url=picture.url, description=picture.name, sort_order=position, is_thumbnail=thumbnail or None
    )


def product_members(values: Values) -> dict[str, Any]:
    """A product's values under the API's field names, without categories."""
    return _members(values, {Field.VISIBILITY: "is_visible"})


def variant_members(values: Values) -> dict[str, Any]:
    """A variant's values under the API's field names. A variant cannot be hidden, only barred from purchase."""
    members = _members(values, {Field.VISIBILITY: "purchasing_disabled"})
    if "purchasing_disabled" in members:
        members["purchasing_disabled"] = not members["purchasing_disabled"]
    return members


def _members(values: Values, more: Mapping[Field, str]) -> dict[str, Any]:
    names = {**MEMBERS, **more}
    members: dict[str, Any] = {names[field]: value for field, value in values.items() if field in names}
    dimensions = values.get(Field.DIMENSIONS)
    if isinstance(dimensions, Dimensions):
        members |= {"width": dimensions.width, "height": dimensions.height, "depth": dimensions.depth}
    return members


def category_ids(paths: Mapping[int, str]) -> dict[str, int]:
    """Category id by path; the oldest where several have the same path."""
    return {path: category_id for category_id, path in sorted(paths.items(), reverse=True)}


def listing_categories(listings: Iterable[Listing]) -> list[str]:
    """The category paths of the listings, parents first."""
    return sorted({str(listing.values[Field.CATEGORY]) for listing in listings if Field.CATEGORY in listing.values})
