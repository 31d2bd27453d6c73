"""The difference between what the books want and what the shop shows, of the fields that the books own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from weighbridge.domain.catalogue.listing import (
    Field,
    Link,
    Listing,
    Master,
    Picture,
    ShopListing,
    Told,
    Value,
    Values,
    Variation,
    text_of,
)
from weighbridge.domain.catalogue.sku_matching import Place
from weighbridge.domain.findings.finding import Finding, FindingKind, hold

OF_VARIANTS = (
    Field.PRICE,
    Field.SALE_PRICE,
    Field.RETAIL_PRICE,
    Field.BARCODE,
    Field.WEIGHT,
    Field.DIMENSIONS,
    Field.VISIBILITY,
)
"""What a variant says for itself."""

Masters = Mapping[Field, Master]


@dataclass(frozen=True, slots=True)
class Change:
    """One field that will be written."""

    field: Field
    before: str
    """What the shop shows."""
    after: str
    value: Value
    overwrites: bool = False
    """Whether somebody changed it at the shop since we wrote it."""


@dataclass(frozen=True, slots=True)
class VariantUpdate:
    """What will be written on a variant."""

    id: int
    article_id: str
    sku: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Create:
    """A listing that the shop does not have."""

    listing: Listing


@dataclass(frozen=True, slots=True)
class Update:
    """What will be written on a product of the shop; with nothing to write it is a match to be remembered."""

    listing: Listing
    product_id: int
    variant_ids: Mapping[str, int]
    """Product id in the books -> variant id."""
    changes: tuple[Change, ...] = ()
    variants: tuple[VariantUpdate, ...] = ()
    new_variations: tuple[Variation, ...] = ()
    new_pictures: tuple[Picture, ...] = ()
    gone_pictures: tuple[tuple[str, int], ...] = ()
    """(name, image id)"""
    own_pictures: frozenset[str] = frozenset()
    """Names of the pictures there that come from the books."""
    category_replaced: int | None = None
    """The category that we chose before and that the new one takes the place of."""
    categories: frozenset[int] = frozenset()
    """All that the product stands in now: a write replaces the whole set."""

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.variants or self.new_variations or self.new_pictures or self.gone_pictures)


Step = Create | Update


def created(listing: Listing, masters: Masters) -> Create | tuple[Finding, ...]:
    """The listing as it is made: what may be bought, less what the shop owns. Nothing is made without a price."""
    shown = tuple(one for one in listing.variations if one.values.get(Field.VISIBILITY, True) is True)
    findings = _unpriced(listing, shown)
    if Field.WEIGHT not in listing.values:
        expected = "a weight in a unit that can be converted into the store's"
        findings += (hold(FindingKind.UNIT_UNKNOWN, f"{listing.sku}.Weight", "", expected),)
    if findings:
        return findings
    allowed = {of: value for of, value in listing.values.items() if masters.get(of) is not Master.BIGCOMMERCE}
    variations = tuple(replace(one, values=_not_the_shops(one.values, masters)) for one in shown)
    pictures = () if masters[Field.IMAGES] is Master.BIGCOMMERCE else listing.pictures
    return Create(replace(listing, values=allowed, variations=variations, pictures=pictures))


def updated(
    listing: Listing,
    shop: ShopListing,
    places: Mapping[str, Place],
    link: Link | None,
    masters: Masters,
    category_paths: Mapping[int, str],
) -> Update | tuple[Finding, ...]:
    """What the shop's product lacks; findings where the two are not the same kind of thing.

    `places` holds the listing's SKUs that the shop has. Fields of another master are not looked at.
    """
    link = link or Link(listing.source, shop.id)
    has_options = any(variant.options for variant in shop.variants)
    if listing.is_family and not has_options:
        return (_split(listing, "a simple product"),)
    missing = tuple(
        one
        for one in listing.variations
        if one.sku not in places and one.values.get(Field.VISIBILITY) is True and listing.is_family
    )
    lost = [one for one in missing if one.article_id in link.variant_ids]
    if lost:
        expected = "the variant that was made for it; restore it, or take it out of sale in Cin7"
        return tuple(hold(FindingKind.LISTING_GONE, f"shop variant of {one.sku}", "deleted", expected) for one in lost)
    names = {name for variant in shop.variants for name, _ in variant.options}
    if any({name for name, _ in one.options} != names for one in missing):
        return (_split(listing, f"a product with the options {', '.join(sorted(names))}"),)
    priced = [one for one in listing.variations if one.sku in places] if masters[Field.PRICE] is Master.CIN7 else []
    findings = _unpriced(listing, (*[one for one in priced if _is_shown(listing, one)], *missing))
    if findings:
        return findings
    variants = []
    stands_alone = not listing.is_family and not has_options
    for one in listing.variations:
        if one.sku not in places or stands_alone:
            continue
        values = one.values if listing.is_family else {f: v for f, v in listing.values.items() if f in OF_VARIANTS}
        variant = places[one.sku].variant
        told = link.variants_told.get(one.article_id, Told())
        changes = _sku_change(one.sku, variant.sku) + differences(values, variant.values, told, masters)
        if changes:
            variants.append(VariantUpdate(variant.id, one.article_id, one.sku, changes))
    update = Update(
        listing,
        shop.id,
        {one.article_id: places[one.sku].variant.id for one in listing.variations if one.sku in places},
        variants=tuple(variants),
        new_variations=tuple(replace(one, values=_not_the_shops(one.values, masters)) for one in missing),
        categories=shop.categories,
    )
    if has_options and not listing.is_family:
        return update
    changes = _sku_change(listing.sku, shop.sku) if stands_alone else ()
    changes += differences(listing.values, shop.values, link.told, masters)
    new, gone, own = _pictures(listing, shop, link, masters)
    update = replace(update, changes=changes, new_pictures=new, gone_pictures=gone, own_pictures=own)
    return _categorised(update, shop, link, masters, category_paths)


def differences(wanted: Values, shop: Values, told: Told, masters: Masters) -> tuple[Change, ...]:
    """The fields that the books own and the shop shows otherwise, unless it only renders what it was told."""
    found = []
    for of, value in wanted.items():
        if masters.get(of) is not Master.CIN7 or of is Field.CATEGORY or shop.get(of) == value:
            continue
        before, after = text_of(shop.get(of, "")), text_of(value)
        if told.settled(of, after, before):
            continue
        overwrites = of in told.shown and told.shown[of] != before
        found.append(Change(of, before, after, value, overwrites))
    return tuple(found)


def _categorised(update: Update, shop: ShopListing, link: Link, masters: Masters, paths: Mapping[int, str]) -> Update:
    """Puts the product into its category; those that people at the shop chose besides stay."""
    wanted = update.listing.values.get(Field.CATEGORY)
    stands_in = {paths.get(one, f"#{one}") for one in shop.categories}
    if wanted is None or masters[Field.CATEGORY] is not Master.CIN7 or wanted in stands_in:
        return update
    ours = link.told.written.get(Field.CATEGORY)
    replaced = next((one for one in shop.categories if paths.get(one) == ours), None) if ours else None
    change = Change(Field.CATEGORY, ", ".join(sorted(stands_in)), text_of(wanted), wanted)
    return replace(update, changes=(*update.changes, change), category_replaced=replaced)


def _pictures(
    listing: Listing, shop: ShopListing, link: Link, masters: Masters
) -> tuple[tuple[Picture, ...], tuple[tuple[str, int], ...], frozenset[str]]:
    """Pictures to add, those of the books' to take away, and the names of the books' own.

    A picture that stands there under a name of the books' came from them. A shop that has only pictures of its own
    keeps them as they are, and one that somebody took away does not come back.
    """
    wanted = {picture.name for picture in listing.pictures}
    own = link.pictures | (wanted & shop.pictures.keys())
    if masters[Field.IMAGES] is not Master.CIN7 or (not own and shop.pictures):
        return (), (), own
    new = tuple(one for one in listing.pictures if one.name not in own)
    gone = tuple((name, shop.pictures[name]) for name in sorted(own - wanted) if name in shop.pictures)
    return new, gone, own


def _unpriced(listing: Listing, variations: tuple[Variation, ...]) -> tuple[Finding, ...]:
    without = [
        one.sku for one in variations if Field.PRICE not in (one.values if listing.is_family else listing.values)
    ]
    return tuple(hold(FindingKind.PRICE_MISSING, f"{sku}.price", "0", "a price above 0 in its tier") for sku in without)


def _is_shown(listing: Listing, variation: Variation) -> bool:
    values = variation.values if listing.is_family else listing.values
    return values[Field.VISIBILITY] is True


def _not_the_shops(values: Values, masters: Masters) -> Values:
    return {of: value for of, value in values.items() if masters.get(of) is not Master.BIGCOMMERCE}


def _sku_change(wanted: str, shop: str) -> tuple[Change, ...]:
    return () if wanted == shop else (Change(Field.SKU, shop, wanted, wanted),)


def _split(listing: Listing, what: str) -> Finding:
    return hold(
        FindingKind.FAMILY_SPLIT, f"family {listing.sku} at the shop", what, "one product with the family's options"
    )
