"""SKUs are matched exactly; SKUs that are only similar are reported to a person."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.domain.catalogue.listing import StoreListing, StoreVariant
from weighbridge.domain.catalogue.sku_matching import Matching, matched, nearest
from weighbridge.domain.findings.kind import FindingKind


def store_listings(*skus: str) -> list[StoreListing]:
    return [StoreListing(n, sku, "product", {}, (StoreVariant(n + 100, sku, (), {}),)) for n, sku in enumerate(skus, 1)]


def kinds(matching: Matching) -> dict[str, FindingKind]:
    return {sku: finding.kind for sku, finding in matching.findings.items()}


def test_equal_skus_are_matched() -> None:
    matching = matched(["MUG", "TEA"], store_listings("TEA", "MUG"))
    assert {sku: listed.listing.id for sku, listed in matching.matches.items()} == {"MUG": 2, "TEA": 1}
    assert (matching.findings, matching.store_findings) == ({}, {})


@pytest.mark.parametrize("store_sku", ["mug", " MUG", "MUG ", "M UG"])
def test_capitals_and_white_space_are_a_finding_unless_the_design_ignores_them(store_sku: str) -> None:
    strict = matched(["MUG"], store_listings(store_sku))
    assert kinds(strict) == {"MUG": FindingKind.SKU_DIFFERS_IN_FORM}
    assert repr(store_sku) in str(strict.findings["MUG"])
    lenient = matched(["MUG"], store_listings(store_sku), ignore_form=True)
    assert (lenient.matches["MUG"].listing.id, lenient.findings) == (1, {})


def test_cin7_skus_that_differ_only_in_capitals_are_both_held() -> None:
    assert kinds(matched(["Mug", "MUG"], store_listings())) == {
        "Mug": FindingKind.SKU_NOT_UNIQUE,
        "MUG": FindingKind.SKU_NOT_UNIQUE,
    }


def test_two_store_products_with_one_sku_are_held_and_named_by_id() -> None:
    matching = matched(["MUG"], store_listings("MUG", "MUG"))
    assert kinds(matching) == {"MUG": FindingKind.SKU_NOT_UNIQUE}
    assert "1, 2" in matching.findings["MUG"].expected


def test_what_differs_in_signs_only_is_not_made_a_second_time() -> None:
    assert kinds(matched(["AB-12"], store_listings("AB12"))) == {"AB-12": FindingKind.SKU_NEARLY_MATCHES}


def test_a_sku_that_only_the_store_has_names_the_nearest_candidates() -> None:
    matching = matched(["MUG-RED", "TEA"], store_listings("MUG-RAD"))
    assert matching.matches == {}
    assert matching.store_findings["MUG-RAD"].kind is FindingKind.SKU_UNKNOWN
    assert matching.store_findings["MUG-RAD"].expected == "a SKU that Cin7 knows, perhaps MUG-RED"


def test_a_blank_sku_is_reported_by_variant_id() -> None:
    assert matched([], store_listings("", "  ")).store_findings.keys() == {"variant 101", "variant 102"}


def test_a_renamed_product_stays_linked() -> None:
    matching = matched(["NEW"], store_listings("OLD"), linked={"NEW": 101})
    assert matching.matches["NEW"].variant.sku == "OLD"
    assert (matching.findings, matching.store_findings) == ({}, {})


def test_a_link_never_takes_a_variant_that_another_sku_names() -> None:
    matching = matched(["OLD", "NEW"], store_listings("OLD"), linked={"NEW": 101})
    assert matching.matches.keys() == {"OLD"}


def test_service_skus_of_cin7_are_no_finding_though_they_are_not_listed() -> None:
    assert matched([], store_listings("SHIPPING"), other_skus=["SHIPPING"]).store_findings == {}


def test_candidates_come_best_first_and_three_at_most() -> None:
    assert nearest(
        "ABCD1", {"ABCD2": "abcd2", "ABCE2": "abce2", "XYZ": "xyz", "ABCD1X": "abcd1x", "ABCD3": "abcd3"}
    ) == [
        "ABCD1X",
        "ABCD2",
        "ABCD3",
    ]


SKUS = st.lists(st.text("abAB -", max_size=4), max_size=8)


@given(SKUS, SKUS, st.booleans())
def test_no_variant_is_matched_twice_and_every_mismatch_is_reported(
    cin7_skus: Sequence[str], store_skus: Sequence[str], lenient: bool
) -> None:
    cin7_skus = list(dict.fromkeys(sku for sku in cin7_skus if sku.strip()))
    matching = matched(cin7_skus, store_listings(*store_skus), ignore_form=lenient)
    variants = [listed.variant.id for listed in matching.matches.values()]
    assert len(variants) == len(set(variants))
    assert not matching.matches.keys() & matching.findings.keys()
    named = " ".join(str(finding) for finding in matching.findings.values())
    for listing in store_listings(*store_skus):
        sku = listing.sku
        assert (
            listing.variants[0].id in variants
            or sku in matching.store_findings
            or f"variant {listing.variants[0].id}" in matching.store_findings
            or "".join(sku.split()).casefold() in {"".join(cin7_sku.split()).casefold() for cin7_sku in cin7_skus}
            or repr(sku) in named
        )
