"""SKU matching: which variant of the shop is which product of the books, and what only looks alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from weighbridge.domain.catalogue.listing import ShopListing, ShopVariant
from weighbridge.domain.findings.finding import Finding, FindingKind, hold

NEAREST = 3
ALIKE = 60.0
"""Similarity from 0 to 100 below which a SKU is not worth naming."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a SKU stands at the shop."""

    listing: ShopListing
    variant: ShopVariant


@dataclass(frozen=True, slots=True)
class Matching:
    """What was matched, and why other things were not."""

    places: Mapping[str, Place]
    """By SKU of the books."""
    findings: Mapping[str, Finding] = field(default_factory=dict)
    """By SKU of the books: it must not be listed as it stands."""
    shop_findings: Mapping[str, Finding] = field(default_factory=dict)
    """By SKU of the shop, or `variant ID` where it has none: nothing in the books stands behind it."""


def same_form(sku: str) -> str:
    """A SKU without regard to case and to white space around and inside it."""
    return "".join(sku.split()).casefold()


def bare_form(sku: str) -> str:
    """A SKU's letters and digits only: where these agree, a person may have meant the same."""
    return "".join(character for character in sku.casefold() if character.isalnum())


def matched(
    skus: Sequence[str],
    shop: Iterable[ShopListing],
    *,
    ignore_form: bool = False,
    linked: Mapping[str, int] | None = None,
    other_skus: Collection[str] = (),
) -> Matching:
    """Finds every SKU of the books at the shop, exactly or, with `ignore_form`, whatever its case and white space.

    `linked` (SKU -> variant id) are variants known to stand for products whose SKU may have changed since;
    `other_skus` are in the books too, but not to be listed. Nothing is guessed: what differs otherwise is a finding
    that names the nearest candidates. Source: platform notes, bigcommerce trap 22 and cin7 trap 17.
    """
    exact: dict[str, list[Place]] = defaultdict(list)
    alike: dict[str, list[Place]] = defaultdict(list)
    shop_findings: dict[str, Finding] = {}
    by_variant: dict[int, Place] = {}
    for listing in shop:
        for variant in listing.variants:
            if not variant.sku.strip():
                shop_findings[f"variant {variant.id}"] = hold(
                    FindingKind.SKU_BLANK, f"product {listing.id}, variant {variant.id}", "", "the SKU of a product"
                )
                continue
            place = by_variant[variant.id] = Place(listing, variant)
            exact[variant.sku].append(place)
            alike[same_form(variant.sku)].append(place)
    places, findings = _places(skus, exact, alike, ignore_form=ignore_form)
    known = {place.variant.id for place in places.values()}
    for sku, variant_id in (linked or {}).items():
        if sku not in places and variant_id in by_variant and variant_id not in known:
            places[sku] = by_variant[variant_id]
            findings.pop(sku, None)
            known.add(variant_id)
    known |= {place.variant.id for sku in findings for place in alike.get(same_form(sku), ())}
    left = {sku: found[0] for sku, found in exact.items() if found[0].variant.id not in known and sku not in other_skus}
    open_skus = [sku for sku in skus if sku not in places and sku not in findings]
    findings |= _nearly(open_skus, left)
    shop_findings |= _unknown(left, open_skus)
    return Matching(places, findings, shop_findings)


def _places(
    skus: Sequence[str], exact: Mapping[str, list[Place]], alike: Mapping[str, list[Place]], *, ignore_form: bool
) -> tuple[dict[str, Place], dict[str, Finding]]:
    own: dict[str, list[str]] = defaultdict(list)
    for sku in skus:
        own[same_form(sku)].append(sku)
    places: dict[str, Place] = {}
    findings: dict[str, Finding] = {}
    for sku in skus:
        same = own[same_form(sku)]
        found = exact.get(sku) or []
        near = alike.get(same_form(sku)) or []
        if len(same) > 1:
            others = ", ".join(repr(one) for one in same if one != sku) or "the same SKU once more"
            findings[sku] = hold(
                FindingKind.SKU_NOT_UNIQUE, "SKU in Cin7", repr(sku), f"a SKU that differs from {others} in its letters"
            )
        elif len(found) > 1 or (not found and ignore_form and len(near) > 1):
            ids = ", ".join(str(place.listing.id) for place in found or near)
            findings[sku] = hold(FindingKind.SKU_NOT_UNIQUE, "SKU at the shop", sku, f"one product; {ids} have it")
        elif found:
            places[sku] = found[0]
        elif near and ignore_form:
            places[sku] = near[0]
        elif near:
            findings[sku] = hold(
                FindingKind.SKU_DIFFERS_IN_FORM,
                f"SKU of shop product {near[0].listing.id}",
                repr(near[0].variant.sku),
                f"{sku!r} as Cin7 writes it",
            )
    return places, findings


def _nearly(skus: Sequence[str], left: Mapping[str, Place]) -> dict[str, Finding]:
    """SKUs of the books that would be listed beside something that may be the same."""
    bare = {bare_form(sku): sku for sku in left if bare_form(sku)}
    return {
        sku: hold(
            FindingKind.SKU_NEARLY_MATCHES,
            "SKU in Cin7",
            sku,
            f"no SKU at the shop that differs from it in signs only; product {left[other].listing.id} has {other!r}",
        )
        for sku in skus
        if (other := bare.get(bare_form(sku)))
    }


def _unknown(left: Mapping[str, Place], candidates: Sequence[str]) -> dict[str, Finding]:
    """SKUs of the shop that the books do not have."""
    bare = {candidate: bare_form(candidate) for candidate in candidates} if left else {}
    found = {}
    for sku, place in left.items():
        near = nearest(sku, bare)
        expected = "a SKU that Cin7 knows" + (f", perhaps {', '.join(near)}" if near else "")
        found[sku] = hold(FindingKind.SKU_UNKNOWN, f"SKU of shop product {place.listing.id}", sku, expected)
    return found


def nearest(sku: str, candidates: Mapping[str, str]) -> list[str]:
    """Up to three of `candidates` (SKU -> its bare form) that are most like `sku`, best first."""
    found = process.extract(bare_form(sku), candidates, scorer=fuzz.ratio, limit=NEAREST, score_cutoff=ALIKE)
    return [candidate for _, _, candidate in found]
