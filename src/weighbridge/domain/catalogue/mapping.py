"""The catalogue: products and families of the books as the listings that the shop should have. Pure mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from weighbridge.domain.catalogue.family import options_of, unusable
from weighbridge.domain.catalogue.listing import Dimensions, Field, Listing, Picture, Value, Variation
from weighbridge.domain.catalogue.product import Article, CataloguePolicy, Family
from weighbridge.domain.findings.finding import Finding, FindingKind, note
from weighbridge.domain.values.units import converted

LONGEST_NAME = 250
"""Source: Catalog V3, POST /catalog/products; a name of the books has up to 256 characters."""
LONGEST_BARCODE = 14
LONGEST_PICTURE_URL = 255

Findings = tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the books want the shop to list, and what was found on the way, by the listing's source."""

    listings: tuple[Listing, ...]
    findings: Mapping[str, Findings]
    names: Mapping[str, str]
    """What people call each by, by its source: its SKU, and its source too where several have that SKU."""


def wanted_listings(articles: Iterable[Article], families: Iterable[Family], policy: CataloguePolicy) -> Wanted:
    """Every family and every product outside one as a listing; services are none, unlisted products are hidden ones.

    A product that is in several families belongs to the first of them.
    """
    by_id = {article.id: article for article in articles if not article.is_service}
    listings: list[Listing] = []
    findings: dict[str, Findings] = {}
    placed: set[str] = set()
    skus: dict[str, str] = {}
    for family in families:
        members = [by_id[one.article_id] for one in family.members if one.article_id in by_id]
        source = f"family:{family.id}"
        if not members:
            continue
        skus[source] = family.sku
        problems = unusable(family, [article.id for article in members], placed)
        placed |= {article.id for article in members}
        if problems:
            findings[source] = problems
            continue
        listing, notes = _of_family(source, family, members, policy)
        listings.append(listing)
        findings[source] = notes
    for article in by_id.values():
        if article.id not in placed:
            listing, notes = _of_article(f"product:{article.id}", article, policy)
            skus[listing.source] = article.sku
            listings.append(listing)
            findings[listing.source] = notes
    found = {source: notes for source, notes in findings.items() if notes}
    return Wanted(tuple(_with_unique_names(listings)), found, _names(skus))


def _names(skus: Mapping[str, str]) -> dict[str, str]:
    used = Counter(skus.values())
    return {source: sku if used[sku] == 1 else f"{sku} ({source})" for source, sku in skus.items()}


def _of_article(source: str, article: Article, policy: CataloguePolicy) -> tuple[Listing, Findings]:
    values, findings = _values(article, policy)
    pictures, unusable_pictures = _usable(article.pictures)
    values |= _wording(article, policy)
    listing = Listing(source, article.sku, values, (Variation(article.id, article.sku, ()),), pictures)
    return listing, findings + unusable_pictures + _shortened(article.name)


def _of_family(
    source: str, family: Family, members: list[Article], policy: CataloguePolicy
) -> tuple[Listing, Findings]:
    """One product with a variant for each member; its own price and weight are the lowest of what may be bought."""
    findings: Findings = _shortened(family.name)
    options = options_of(family)
    variations: list[Variation] = []
    for article in members:
        values, found = _values(article, policy)
        own, _ = _usable(article.pictures)
        picture = next((one.url for one in own if one.is_default), own[0].url if own else "")
        variations.append(Variation(article.id, article.sku, options[article.id], values, picture))
        findings += found
    pictures, unusable_pictures = _usable(family.pictures + tuple(one for a in members for one in a.pictures))
    values = _wording(family, policy)
    values[Field.VISIBILITY] = any(one.values[Field.VISIBILITY] is True for one in variations)
    shown = [one for one in variations if one.values[Field.VISIBILITY] is True] or variations
    for of in (Field.PRICE, Field.WEIGHT):
        known = [one.values[of] for one in shown if of in one.values]
        if known:
            values[of] = min(known)  # type: ignore[type-var]
    return Listing(source, family.sku, values, tuple(variations), pictures), findings + unusable_pictures


def _wording(of: Article | Family, policy: CataloguePolicy) -> dict[Field, Value]:
    values: dict[Field, Value] = {
        Field.NAME: of.name.strip()[:LONGEST_NAME].strip() or of.sku,
        Field.DESCRIPTION: of.description,
    }
    if of.brand:
        values[Field.BRAND] = of.brand
    if of.category:
        values[Field.CATEGORY] = policy.path_of(of.category)
    return values


def _values(article: Article, policy: CataloguePolicy) -> tuple[dict[Field, Value], Findings]:
    """What stands on the thing that is bought. A price of nothing is no price: nothing is given away by mistake."""
    findings: list[Finding] = []
    values: dict[Field, Value] = {Field.VISIBILITY: policy.is_listed(article)}
    for of, tier in (
        (Field.PRICE, policy.price_tier),
        (Field.SALE_PRICE, policy.sale_price_tier),
        (Field.RETAIL_PRICE, policy.retail_price_tier),
    ):
        if tier is None or tier > len(article.tier_prices):
            continue
        price = article.tier_prices[tier - 1]
        if price > 0 or of is not Field.PRICE:
            values[of] = price
    barcode = article.barcode.strip()
    if len(barcode) > LONGEST_BARCODE:
        findings.append(
            note(
                FindingKind.BARCODE_UNUSABLE, f"{article.sku}.Barcode", barcode, f"at most {LONGEST_BARCODE} characters"
            )
        )
    else:
        values[Field.BARCODE] = barcode
    weight = converted(article.weight, article.weight_unit, policy.weight_unit)
    if weight is None:
        findings.append(_unit(article.sku, "WeightUnits", article.weight_unit, policy.weight_unit))
    else:
        values[Field.WEIGHT] = weight
    measures = [
        converted(one, article.length_unit, policy.length_unit)
        for one in (article.width, article.height, article.length)
    ]
    width, height, depth = measures
    if width is None or height is None or depth is None:
        findings.append(_unit(article.sku, "DimensionsUnits", article.length_unit, policy.length_unit))
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
    """Pictures that the shop can fetch, the default one first, each under a name of its own.

    Source: platform notes, bigcommerce 4.1 (image_url has 255 characters); field faults, relative addresses.
    """
    good: dict[str, Picture] = {}
    findings: list[Finding] = []
    for picture in sorted(pictures, key=lambda one: not one.is_default):
        if urlsplit(picture.url).scheme not in ("http", "https") or len(picture.url) > LONGEST_PICTURE_URL:
            expected = f"an absolute http(s) address of at most {LONGEST_PICTURE_URL} characters"
            findings.append(note(FindingKind.IMAGE_UNUSABLE, f"image {picture.name}", picture.url, expected))
        elif all(one.url != picture.url for one in good.values()):
            name, number = picture.name, 2
            while name in good:
                name, number = f"{picture.name} ({number})", number + 1
            good[name] = replace(picture, name=name)
    return tuple(good.values()), tuple(findings)


def _with_unique_names(listings: list[Listing]) -> Iterable[Listing]:
    """The shop wants every name once: those that share one carry their SKU. Source: platform notes, bigcommerce 4.3."""
    used = Counter(str(one.values[Field.NAME]).casefold() for one in listings)
    for listing in listings:
        shared = used[str(listing.values[Field.NAME]).casefold()] > 1
        yield named_apart(listing) if shared else listing


def named_apart(listing: Listing) -> Listing:
    """The listing under a name that its SKU keeps apart from others."""
    suffix = f" ({listing.sku})"
    name = str(listing.values[Field.NAME])
    if name.endswith(suffix):
        return listing
    apart = name[: LONGEST_NAME - len(suffix)].rstrip() + suffix
    return replace(listing, values={**listing.values, Field.NAME: apart})
