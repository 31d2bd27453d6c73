"""Listings as BigCommerce's payloads. A field that is not to be written is not in them."""

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
    """A whole product. Its stock is tracked and starts at nothing: only the stock flow says what there is.

    A family's own SKU is left out where one of its products has it too. Source: Catalog V3, POST /catalog/products.
    """
    own_sku = listing.sku
    if listing.is_family and own_sku.casefold() in {one.sku.casefold() for one in listing.variations}:
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
        images=[image(one, position, thumbnail=position == 0) for position, one in enumerate(listing.pictures)] or None,
        variants=[new_variant(one) for one in listing.variations] if listing.is_family else None,
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
    """The product's changed members and no other; of its categories only the one that we chose is exchanged."""
    values = {change.field: change.value for change in update.changes}
    fields = product_members(values)
    if Field.CATEGORY in values:
        kept = update.categories - {update.category_replaced}
        fields["categories"] = sorted({*kept, category_ids[str(values[Field.CATEGORY])]})
    return models.ProductRequest(id=update.product_id, **fields)


def changed_variant(update: VariantUpdate) -> models.VariantRequest:
    return models.VariantRequest(id=update.id, **variant_members({one.field: one.value for one in update.changes}))


def image(picture: Picture, position: int | None = None, *, thumbnail: bool | None = None) -> models.SentImage:
    return models.SentImage(
        image_url=picture.url, description=picture.name, sort_order=position, is_thumbnail=thumbnail or None
    )


def product_members(values: Values) -> dict[str, Any]:
    """Values of a product under the shop's names; categories go their own way."""
    return _members(values, {Field.VISIBILITY: "is_visible"})


def variant_members(values: Values) -> dict[str, Any]:
    """Values of a variant under the shop's names. A variant cannot be hidden, only barred from purchase."""
    members = _members(values, {Field.VISIBILITY: "purchasing_disabled"})
    if "purchasing_disabled" in members:
        members["purchasing_disabled"] = not members["purchasing_disabled"]
    return members


def _members(values: Values, more: Mapping[Field, str]) -> dict[str, Any]:
    names = {**MEMBERS, **more}
    members: dict[str, Any] = {names[of]: value for of, value in values.items() if of in names}
    measures = values.get(Field.DIMENSIONS)
    if isinstance(measures, Dimensions):
        members |= {"width": measures.width, "height": measures.height, "depth": measures.depth}
    return members


def category_ids(paths: Mapping[int, str]) -> dict[str, int]:
    """Category id by path; of several with one path the oldest."""
    return {path: one for one, path in sorted(paths.items(), reverse=True)}


def wanted_categories(listings: Iterable[Listing]) -> list[str]:
    """The paths that the listings stand in, parents first."""
    return sorted({str(one.values[Field.CATEGORY]) for one in listings if Field.CATEGORY in one.values})
