"""The difference between the desired listings and the store's, for the fields that Cin7 is the master of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from weighbridge.domain.catalogue.listing import (
    Field,
    LastWrite,
    Link,
    Listing,
    Master,
    Picture,
    StoreListing,
    Value,
    Values,
    Variation,
    text_of,
)
from weighbridge.domain.catalogue.sku_matching import ListedVariant
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind

OF_VARIANTS = (
    Field.PRICE,
    Field.SALE_PRICE,
    Field.RETAIL_PRICE,
    Field.BARCODE,
    Field.WEIGHT,
    Field.DIMENSIONS,
    Field.VISIBILITY,
)
"""The fields that a variant has itself."""

Masters = Mapping[Field, Master]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that will be written."""

    field: Field
    before: str
    """The value in the store."""
    after: str
    value: Value
    overwrites: bool = False
    """Whether the field was edited in the store since we wrote it."""


@dataclass(frozen=True, slots=True)
class VariantUpdate:
    """The fields to write to a variant."""

    id: int
    cin7_product_id: str
    sku: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Create:
    """A listing to create in the store."""

    listing: Listing


@dataclass(frozen=True, slots=True)
class Update:
    """The changes to write to a product of the store; without changes, a match to store as a link."""

    listing: Listing
    product_id: int
    variant_ids: Mapping[str, int]
    """Cin7 product id -> variant id."""
    changes: tuple[Change, ...] = ()
    variants: tuple[VariantUpdate, ...] = ()
    new_variations: tuple[Variation, ...] = ()
    new_pictures: tuple[Picture, ...] = ()
    removed_pictures: tuple[tuple[str, int], ...] = ()
    """(name, image id)"""
    own_pictures: frozenset[str] = frozenset()
    """Names of the pictures in the store that come from Cin7."""
    category_replaced: int | None = None
    """The category that we wrote before and that the new one replaces."""
    categories: frozenset[int] = frozenset()
    """All current categories of the product: a write replaces the whole set."""

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.variants or self.new_variations or self.new_pictures or self.removed_pictures)


Step = Create | Update


def created(listing: Listing, masters: Masters) -> Create | tuple[Finding, ...]:
    """The listing to create: visible variants, without the fields that the store owns.

    Findings when it has no price or no usable weight.
    """
    visible = tuple(
        variation for variation in listing.variations if variation.values.get(Field.VISIBILITY, True) is True
    )
    findings = _unpriced(listing, visible)
    if Field.WEIGHT not in listing.values:
        expected = "a weight in a unit that can be converted into the store's"
        findings += (hold(FindingKind.UNIT_UNKNOWN, f"{listing.sku}.Weight", "", expected),)
    if findings:
        return findings
    values = _without_store_owned_fields(listing.values, masters)
    variations = tuple(_without_store_owned(variation, masters) for variation in visible)
    pictures = () if masters[Field.IMAGES] is Master.BIGCOMMERCE else listing.pictures
    return Create(replace(listing, values=values, variations=variations, pictures=pictures))


def updated(
    listing: Listing,
    store_listing: StoreListing,
    matches: Mapping[str, ListedVariant],
    link: Link | None,
    masters: Masters,
    category_paths: Mapping[int, str],
) -> Update | tuple[Finding, ...]:
    """The changes that the store's product needs; findings when listing and product do not have the same structure.

    `matches` are the listing's SKUs that the store has. Fields with another master are not compared.
    """
    link = link or Link(listing.source, store_listing.id)
    has_options = any(variant.options for variant in store_listing.variants)
    if listing.is_family and not has_options:
        return (_split(listing, "a simple product"),)
    missing = tuple(
        variation
        for variation in listing.variations
        if variation.sku not in matches and variation.values.get(Field.VISIBILITY) is True and listing.is_family
    )
    deleted = [variation for variation in missing if variation.cin7_product_id in link.variant_ids]
    if deleted:
        expected = "the variant that was created for it; restore it, or take it out of sale in Cin7"
        return tuple(
            hold(FindingKind.LISTING_GONE, f"store variant of {variation.sku}", "deleted", expected)
            for variation in deleted
        )
    names = {name for variant in store_listing.variants for name, _ in variant.options}
    if any({name for name, _ in variation.options} != names for variation in missing):
        return (_split(listing, f"a product with the options {', '.join(sorted(names))}"),)
    matched = [variation for variation in listing.variations if variation.sku in matches]
    priced = matched if masters[Field.PRICE] is Master.CIN7 else []
    findings = _unpriced(listing, (*[variation for variation in priced if _is_visible(listing, variation)], *missing))
    if findings:
        return findings
    variants = []
    is_simple = not listing.is_family and not has_options
    for variation in matched if not is_simple else ():
        values = variation.values if listing.is_family else _variant_values(listing)
        variant = matches[variation.sku].variant
        last_write = link.variant_last_writes.get(variation.cin7_product_id, LastWrite())
        changes = _sku_change(variation.sku, variant.sku) + differences(values, variant.values, last_write, masters)
        if changes:
            variants.append(VariantUpdate(variant.id, variation.cin7_product_id, variation.sku, changes))
    update = Update(
        listing,
        store_listing.id,
        {variation.cin7_product_id: matches[variation.sku].variant.id for variation in matched},
        variants=tuple(variants),
        new_variations=tuple(_without_store_owned(variation, masters) for variation in missing),
        categories=store_listing.categories,
    )
    if has_options and not listing.is_family:
        return update
    changes = _sku_change(listing.sku, store_listing.sku) if is_simple else ()
    changes += differences(listing.values, store_listing.values, link.last_write, masters)
    new, removed, own = _pictures(listing, store_listing, link, masters)
    update = replace(update, changes=changes, new_pictures=new, removed_pictures=removed, own_pictures=own)
    return _categorised(update, store_listing, link, masters, category_paths)


def differences(desired: Values, current: Values, last_write: LastWrite, masters: Masters) -> tuple[Change, ...]:
    """The fields that Cin7 is the master of and that differ in the store, unless the store only renders our last write
    in its own form."""
    changes = []
    for of, value in desired.items():
        if masters.get(of) is not Master.CIN7 or of is Field.CATEGORY or current.get(of) == value:
            continue
        before, after = text_of(current.get(of, "")), text_of(value)
        if last_write.is_confirmed(of, after, before):
            continue
        overwrites = of in last_write.confirmed and last_write.confirmed[of] != before
        changes.append(Change(of, before, after, value, overwrites))
    return tuple(changes)


def _categorised(
    update: Update, store_listing: StoreListing, link: Link, masters: Masters, paths: Mapping[int, str]
) -> Update:
    """Adds the change of category; other categories that were chosen in the store stay."""
    desired = update.listing.values.get(Field.CATEGORY)
    current = {paths.get(category_id, f"#{category_id}") for category_id in store_listing.categories}
    if desired is None or masters[Field.CATEGORY] is not Master.CIN7 or desired in current:
        return update
    written = link.last_write.written.get(Field.CATEGORY)
    replaced = next(
        (category_id for category_id in store_listing.categories if paths.get(category_id) == written), None
    )
    change = Change(Field.CATEGORY, ", ".join(sorted(current)), text_of(desired), desired)
    return replace(update, changes=(*update.changes, change), category_replaced=replaced if written else None)


def _pictures(
    listing: Listing, store_listing: StoreListing, link: Link, masters: Masters
) -> tuple[tuple[Picture, ...], tuple[tuple[str, int], ...], frozenset[str]]:
    """Pictures to add, pictures from Cin7 to remove, and the names of all pictures in the store that come from Cin7.

    A picture in the store with the name of a Cin7 picture comes from Cin7. A product that has only other pictures keeps
    them, and a picture that was removed in the store is not added again.
    """
    desired = {picture.name for picture in listing.pictures}
    own = link.pictures | (desired & store_listing.pictures.keys())
    if masters[Field.IMAGES] is not Master.CIN7 or (not own and store_listing.pictures):
        return (), (), own
    new = tuple(picture for picture in listing.pictures if picture.name not in own)
    removed = tuple(
        (name, store_listing.pictures[name]) for name in sorted(own - desired) if name in store_listing.pictures
    )
    return new, removed, own


def _unpriced(listing: Listing, variations: tuple[Variation, ...]) -> tuple[Finding, ...]:
    unpriced = [
        variation.sku
        for variation in variations
        if Field.PRICE not in (variation.values if listing.is_family else listing.values)
    ]
    expected = "a price above 0 in its price tier"
    return tuple(hold(FindingKind.PRICE_MISSING, f"{sku}.price", "0", expected) for sku in unpriced)


def _is_visible(listing: Listing, variation: Variation) -> bool:
    values = variation.values if listing.is_family else listing.values
    return values[Field.VISIBILITY] is True


def _variant_values(listing: Listing) -> Values:
    return {of: value for of, value in listing.values.items() if of in OF_VARIANTS}


def _without_store_owned(variation: Variation, masters: Masters) -> Variation:
    return replace(variation, values=_without_store_owned_fields(variation.values, masters))


def _without_store_owned_fields(values: Values, masters: Masters) -> Values:
    return {of: value for of, value in values.items() if masters.get(of) is not Master.BIGCOMMERCE}


def _sku_change(desired: str, current: str) -> tuple[Change, ...]:
    return () if desired == current else (Change(Field.SKU, current, desired, desired),)


def _split(listing: Listing, current: str) -> Finding:
    expected = "one product with the family's options"
    return hold(FindingKind.FAMILY_SPLIT, f"family {listing.sku} in the store", current, expected)
