"""Maps products and families of Cin7 to the listings that the store should have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from weighbridge.domain.catalogue.family import options_of, unusable
from weighbridge.domain.catalogue.listing import Dimensions, Field, Listing, Picture, Value, Variation
from weighbridge.domain.catalogue.product import CataloguePolicy, Family, Product
from weighbridge.domain.findings.finding import Finding, note
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.values.units import converted

LONGEST_NAME = 250
"""Source: Catalog V3, POST /catalog/products; a name in Cin7 has up to 256 characters."""
LONGEST_BARCODE = 14
LONGEST_PICTURE_URL = 255

Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class DesiredListings:
    """The listings that the store should have, with the findings of the mapping by source."""

    listings: tuple[Listing, ...]
    findings: Mapping[str, Findings]
    names: Mapping[str, str]
    """Source -> name for people: the SKU, followed by the source if several listings have that SKU."""


def desired_listings(
    products: Iterable[Product], families: Iterable[Family], policy: CataloguePolicy
) -> DesiredListings:
    """One listing for every family and every product outside families; services get none, unlisted products are hidden.

    A product in several families belongs to the first of them.
    """
    by_id = {product.id: product for product in products if not product.is_service}
    listings: list[Listing] = []
    findings: dict[str, Findings] = {}
    placed: set[str] = set()
    skus: dict[str, str] = {}
    for family in families:
        members = [by_id[member.cin7_product_id] for member in family.members if member.cin7_product_id in by_id]
        source = f"family:{family.id}"
        if not members:
            continue
        skus[source] = family.sku
        problems = unusable(family, [product.id for product in members], placed)
        placed |= {product.id for product in members}
        if problems:
            findings[source] = problems
            continue
        listing, notes = _of_family(source, family, members, policy)
        listings.append(listing)
        findings[source] = notes
    for product in by_id.values():
        if product.id not in placed:
            listing, notes = _of_product(f"product:{product.id}", product, policy)
            skus[listing.source] = product.sku
            listings.append(listing)
            findings[listing.source] = notes
    findings = {source: notes for source, notes in findings.items() if notes}
    return DesiredListings(tuple(_with_unique_names(listings)), findings, _names(skus))


def _names(skus: Mapping[str, str]) -> dict[str, str]:
    used = Counter(skus.values())
    return {source: sku if used[sku] == 1 else f"{sku} ({source})" for source, sku in skus.items()}


def _of_product(source: str, product: Product, policy: CataloguePolicy) -> tuple[Listing, Findings]:
    values, findings = _values(product, policy)
    pictures, unusable_pictures = _usable(product.pictures)
    values |= _descriptive_values(product, policy)
    listing = Listing(source, product.sku, values, (Variation(product.id, product.sku, ()),), pictures)
    return listing, findings + unusable_pictures + _shortened(product.name)


def _of_family(
    source: str, family: Family, members: list[Product], policy: CataloguePolicy
) -> tuple[Listing, Findings]:
    """One listing with a variant for each member; its price and weight are the lowest of its visible variants."""
    findings: Findings = _shortened(family.name)
    options = options_of(family)
    variations: list[Variation] = []
    for product in members:
        values, value_findings = _values(product, policy)
        own, _ = _usable(product.pictures)
        picture = next((picture.url for picture in own if picture.is_default), own[0].url if own else "")
        variations.append(Variation(product.id, product.sku, options[product.id], values, picture))
        findings += value_findings
    pictures, unusable_pictures = _usable(
        family.pictures + tuple(picture for member in members for picture in member.pictures)
    )
    values = _descriptive_values(family, policy)
    values[Field.VISIBILITY] = any(variation.values[Field.VISIBILITY] is True for variation in variations)
    visible = [variation for variation in variations if variation.values[Field.VISIBILITY] is True] or variations
    for of in (Field.PRICE, Field.WEIGHT):
        known = [variation.values[of] for variation in visible if of in variation.values]
        if known:
            values[of] = min(known)  # type: ignore[type-var]
    return Listing(source, family.sku, values, tuple(variations), pictures), findings + unusable_pictures


def _descriptive_values(product_or_family: Product | Family, policy: CataloguePolicy) -> dict[Field, Value]:
    values: dict[Field, Value] = {
        Field.NAME: product_or_family.name.strip()[:LONGEST_NAME].strip() or product_or_family.sku,
        Field.DESCRIPTION: product_or_family.description,
    }
    if product_or_family.brand:
        values[Field.BRAND] = product_or_family.brand
    if product_or_family.category:
        values[Field.CATEGORY] = policy.path_of(product_or_family.category)
    return values


def _values(product: Product, policy: CataloguePolicy) -> tuple[dict[Field, Value], Findings]:
    """The values of one product. A price of 0 counts as no price, so that nothing is given away by mistake."""
    findings: list[Finding] = []
    values: dict[Field, Value] = {Field.VISIBILITY: policy.is_listed(product)}
    for of, tier in (
        (Field.PRICE, policy.price_tier),
        (Field.SALE_PRICE, policy.sale_price_tier),
        (Field.RETAIL_PRICE, policy.retail_price_tier),
    ):
        if tier is None or tier > len(product.tier_prices):
            continue
        price = product.tier_prices[tier - 1]
        if price > 0 or of is not Field.PRICE:
            values[of] = price
    barcode = product.barcode.strip()
    if len(barcode) > LONGEST_BARCODE:
        findings.append(
            note(
                FindingKind.BARCODE_UNUSABLE, f"{product.sku}.Barcode", barcode, f"at most {LONGEST_BARCODE} characters"
            )
        )
    else:
        values[Field.BARCODE] = barcode
    weight = converted(product.weight, product.weight_unit, policy.weight_unit)
    if weight is None:
        findings.append(_unit(product.sku, "WeightUnits", product.weight_unit, policy.weight_unit))
    else:
        values[Field.WEIGHT] = weight
    measures = [
        converted(measure, product.length_unit, policy.length_unit)
        for measure in (product.width, product.height, product.length)
    ]
    width, height, depth = measures
    if width is None or height is None or depth is None:
        findings.append(_unit(product.sku, "DimensionsUnits", product.length_unit, policy.length_unit))
    else:
        values[Field.DIMENSIONS] = Dimensions(width, height, depth)
    return values, tuple(findings)


def _unit(sku: str, name: str, value: str, store: str) -> Finding:
    return note(FindingKind.UNIT_UNKNOWN, f"{sku}.{name}", value, f"a unit that can be converted into {store}")


def _shortened(name: str) -> Findings:
    if len(name.strip()) <= LONGEST_NAME:
        return ()
    return (note(FindingKind.TEXT_SHORTENED, "Name", name, f"at most {LONGEST_NAME} characters"),)


def _usable(pictures: tuple[Picture, ...]) -> tuple[tuple[Picture, ...], Findings]:
    """Pictures that the store can download, the default one first, each with a unique name.

    Source: platform notes, bigcommerce 4.1 (image_url has 255 characters); field faults, relative addresses.
    """
    usable: dict[str, Picture] = {}
    findings: list[Finding] = []
    for picture in sorted(pictures, key=lambda picture: not picture.is_default):
        if urlsplit(picture.url).scheme not in ("http", "https") or len(picture.url) > LONGEST_PICTURE_URL:
            expected = f"an absolute http(s) address of at most {LONGEST_PICTURE_URL} characters"
            findings.append(note(FindingKind.IMAGE_UNUSABLE, f"image {picture.name}", picture.url, expected))
        elif all(other.url != picture.url for other in usable.values()):
            name, number = picture.name, 2
            while name in usable:
                name, number = f"{picture.name} ({number})", number + 1
            usable[name] = replace(picture, name=name)
    return tuple(usable.values()), tuple(findings)


def _with_unique_names(listings: list[Listing]) -> Iterable[Listing]:
    """Listings with unique names, as the store requires: names used more than once get their SKU as a suffix.

    Source: platform notes, bigcommerce 4.3.
    """
    used = Counter(str(listing.values[Field.NAME]).casefold() for listing in listings)
    for listing in listings:
        is_shared = used[str(listing.values[Field.NAME]).casefold()] > 1
        yield with_sku_suffix(listing) if is_shared else listing


def with_sku_suffix(listing: Listing) -> Listing:
    """The listing with its SKU added to its name, which makes the name unique."""
    suffix = f" ({listing.sku})"
    name = str(listing.values[Field.NAME])
    if name.endswith(suffix):
        return listing
    unique_name = name[: LONGEST_NAME - len(suffix)].rstrip() + suffix
    return replace(listing, values={**listing.values, Field.NAME: unique_name})
