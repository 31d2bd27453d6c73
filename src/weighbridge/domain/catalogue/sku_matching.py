"""SKU matching: which variant of the store is which product of Cin7, and which SKUs are only similar."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from weighbridge.domain.catalogue.listing import StoreListing, StoreVariant
from weighbridge.domain.findings.finding import Finding, hold
from weighbridge.domain.findings.kind import FindingKind

NEAREST = 3
MIN_SIMILARITY = 60.0
"""Similarity (0 to 100) below which a SKU is not named as a candidate."""


@dataclass(frozen=True, slots=True)
class ListedVariant:
    """A variant of the store with its listing."""

    listing: StoreListing
    variant: StoreVariant


@dataclass(frozen=True, slots=True)
class Matching:
    """The matched SKUs, and the findings of those that are not matched."""

    matches: Mapping[str, ListedVariant]
    """By SKU of Cin7."""
    findings: Mapping[str, Finding] = field(default_factory=dict)
    """By SKU of Cin7: SKUs that must not be listed in this form."""
    store_findings: Mapping[str, Finding] = field(default_factory=dict)
    """By SKU of the store, or `variant ID` without a SKU: variants without a product in Cin7."""


def same_form(sku: str) -> str:
    """A SKU without white space and in lower case."""
    return "".join(sku.split()).casefold()


def bare_form(sku: str) -> str:
    """The letters and digits of a SKU: if they are equal, the SKUs may be meant to be the same."""
    return "".join(character for character in sku.casefold() if character.isalnum())


def matched(
    skus: Sequence[str],
    store_listings: Iterable[StoreListing],
    *,
    ignore_form: bool = False,
    linked: Mapping[str, int] | None = None,
    other_skus: Collection[str] = (),
) -> Matching:
    """Matches every SKU of Cin7 with a variant of the store: exactly or, with `ignore_form`, in any case and spacing.

    `linked` (SKU -> variant id) are variants that belong to products whose SKU may have changed since; `other_skus`
    are in Cin7 too, but not listed. No match is guessed: any other difference is a finding that names the nearest
    candidates. Source: platform notes, bigcommerce trap 22 and cin7 trap 17.
    """
    exact: dict[str, list[ListedVariant]] = defaultdict(list)
    by_form: dict[str, list[ListedVariant]] = defaultdict(list)
    store_findings: dict[str, Finding] = {}
    by_variant: dict[int, ListedVariant] = {}
    for listing in store_listings:
        for variant in listing.variants:
            if not variant.sku.strip():
                store_findings[f"variant {variant.id}"] = hold(
                    FindingKind.SKU_BLANK, f"product {listing.id}, variant {variant.id}", "", "the SKU of a product"
                )
                continue
            listed = by_variant[variant.id] = ListedVariant(listing, variant)
            exact[variant.sku].append(listed)
            by_form[same_form(variant.sku)].append(listed)
    matches, findings = _matches(skus, exact, by_form, ignore_form=ignore_form)
    known = {listed.variant.id for listed in matches.values()}
    for sku, variant_id in (linked or {}).items():
        if sku not in matches and variant_id in by_variant and variant_id not in known:
            matches[sku] = by_variant[variant_id]
            findings.pop(sku, None)
            known.add(variant_id)
    known |= {listed.variant.id for sku in findings for listed in by_form.get(same_form(sku), ())}
    unmatched = {
        sku: listed[0] for sku, listed in exact.items() if listed[0].variant.id not in known and sku not in other_skus
    }
    open_skus = [sku for sku in skus if sku not in matches and sku not in findings]
    findings |= _nearly(open_skus, unmatched)
    store_findings |= _unknown(unmatched, open_skus)
    return Matching(matches, findings, store_findings)


def _matches(
    skus: Sequence[str],
    exact: Mapping[str, list[ListedVariant]],
    by_form: Mapping[str, list[ListedVariant]],
    *,
    ignore_form: bool,
) -> tuple[dict[str, ListedVariant], dict[str, Finding]]:
    own: dict[str, list[str]] = defaultdict(list)
    for sku in skus:
        own[same_form(sku)].append(sku)
    matches: dict[str, ListedVariant] = {}
    findings: dict[str, Finding] = {}
    for sku in skus:
        same = own[same_form(sku)]
        exactly = exact.get(sku) or []
        similar = by_form.get(same_form(sku)) or []
        if len(same) > 1:
            others = ", ".join(repr(other) for other in same if other != sku) or "the same SKU once more"
            findings[sku] = hold(
                FindingKind.SKU_NOT_UNIQUE, "SKU in Cin7", repr(sku), f"a SKU that differs from {others} in its letters"
            )
        elif len(exactly) > 1 or (not exactly and ignore_form and len(similar) > 1):
            ids = ", ".join(str(listed.listing.id) for listed in exactly or similar)
            findings[sku] = hold(FindingKind.SKU_NOT_UNIQUE, "SKU in the store", sku, f"one product; {ids} have it")
        elif exactly:
            matches[sku] = exactly[0]
        elif similar and ignore_form:
            matches[sku] = similar[0]
        elif similar:
            findings[sku] = hold(
                FindingKind.SKU_DIFFERS_IN_FORM,
                f"SKU of store product {similar[0].listing.id}",
                repr(similar[0].variant.sku),
                f"{sku!r} as in Cin7",
            )
    return matches, findings


def _nearly(skus: Sequence[str], unmatched: Mapping[str, ListedVariant]) -> dict[str, Finding]:
    """SKUs of Cin7 that would be listed although a variant of the store may be the same product."""
    bare = {bare_form(sku): sku for sku in unmatched if bare_form(sku)}
    return {
        sku: hold(
            FindingKind.SKU_NEARLY_MATCHES,
            "SKU in Cin7",
            sku,
            f"no SKU in the store that differs in signs only; product {unmatched[other].listing.id} has {other!r}",
        )
        for sku in skus
        if (other := bare.get(bare_form(sku)))
    }


def _unknown(unmatched: Mapping[str, ListedVariant], candidates: Sequence[str]) -> dict[str, Finding]:
    """SKUs of the store that Cin7 does not have."""
    bare = {candidate: bare_form(candidate) for candidate in candidates} if unmatched else {}
    findings = {}
    for sku, listed in unmatched.items():
        near = nearest(sku, bare)
        expected = "a SKU that Cin7 knows" + (f", perhaps {', '.join(near)}" if near else "")
        findings[sku] = hold(FindingKind.SKU_UNKNOWN, f"SKU of store product {listed.listing.id}", sku, expected)
    return findings


def nearest(sku: str, candidates: Mapping[str, str]) -> list[str]:
    """Up to three of `candidates` (SKU -> its bare form) that are most similar to `sku`, the best first."""
    ranked = process.extract(bare_form(sku), candidates, scorer=fuzz.ratio, limit=NEAREST, score_cutoff=MIN_SIMILARITY)
    return [candidate for _, _, candidate in ranked]
