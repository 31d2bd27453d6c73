"""SKUs are matched as they are written; whatever only looks alike is shown to a person."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighbridge.domain.catalogue.listing import ShopListing, ShopVariant
from weighbridge.domain.catalogue.sku_matching import Matching, matched, nearest
from weighbridge.domain.findings.finding import FindingKind


def shop(*skus: str) -> list[ShopListing]:
    return [ShopListing(n, sku, "product", {}, (ShopVariant(n + 100, sku, (), {}),)) for n, sku in enumerate(skus, 1)]


def kinds(found: Matching) -> dict[str, FindingKind]:
    return {sku: finding.kind for sku, finding in found.findings.items()}


def test_equal_skus_are_one_thing() -> None:
    found = matched(["MUG", "TEA"], shop("TEA", "MUG"))
    assert {sku: place.listing.id for sku, place in found.places.items()} == {"MUG": 2, "TEA": 1}
    assert (found.findings, found.shop_findings) == ({}, {})


@pytest.mark.parametrize("at_the_shop", ["mug", " MUG", "MUG ", "M UG"])
def test_case_and_white_space_are_a_finding_unless_the_design_ignores_them(at_the_shop: str) -> None:
    strict = matched(["MUG"], shop(at_the_shop))
    assert kinds(strict) == {"MUG": FindingKind.SKU_DIFFERS_IN_FORM}
    assert repr(at_the_shop) in str(strict.findings["MUG"])
    lenient = matched(["MUG"], shop(at_the_shop), ignore_form=True)
    assert (lenient.places["MUG"].listing.id, lenient.findings) == (1, {})


def test_two_products_of_the_books_that_the_shop_could_not_tell_apart_are_both_held() -> None:
    assert kinds(matched(["Mug", "MUG"], shop())) == {
        "Mug": FindingKind.SKU_NOT_UNIQUE,
        "MUG": FindingKind.SKU_NOT_UNIQUE,
    }


def test_two_products_of_the_shop_with_one_sku_are_held_by_number() -> None:
    found = matched(["MUG"], shop("MUG", "MUG"))
    assert kinds(found) == {"MUG": FindingKind.SKU_NOT_UNIQUE}
    assert "1, 2" in found.findings["MUG"].expected


def test_what_differs_in_signs_only_is_not_made_a_second_time() -> None:
    assert kinds(matched(["AB-12"], shop("AB12"))) == {"AB-12": FindingKind.SKU_NEARLY_MATCHES}


def test_a_sku_that_only_the_shop_has_names_the_nearest_candidates() -> None:
    found = matched(["MUG-RED", "TEA"], shop("MUG-RAD"))
    assert found.places == {}
    assert found.shop_findings["MUG-RAD"].kind is FindingKind.SKU_UNKNOWN
    assert found.shop_findings["MUG-RAD"].expected == "a SKU that Cin7 knows, perhaps MUG-RED"


def test_a_blank_sku_is_named_by_its_variant() -> None:
    assert matched([], shop("", "  ")).shop_findings.keys() == {"variant 101", "variant 102"}


def test_a_renamed_product_stays_linked() -> None:
    found = matched(["NEW"], shop("OLD"), linked={"NEW": 101})
    assert found.places["NEW"].variant.sku == "OLD"
    assert (found.findings, found.shop_findings) == ({}, {})


def test_a_link_never_takes_a_variant_that_another_sku_names() -> None:
    found = matched(["OLD", "NEW"], shop("OLD"), linked={"NEW": 101})
    assert found.places.keys() == {"OLD"}


def test_services_of_the_books_are_known_though_they_are_not_listed() -> None:
    assert matched([], shop("SHIPPING"), other_skus=["SHIPPING"]).shop_findings == {}


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
def test_nothing_is_matched_twice_and_nothing_is_silent(
    books: Sequence[str], at_shop: Sequence[str], lenient: bool
) -> None:
    books = list(dict.fromkeys(sku for sku in books if sku.strip()))
    found = matched(books, shop(*at_shop), ignore_form=lenient)
    variants = [place.variant.id for place in found.places.values()]
    assert len(variants) == len(set(variants))
    assert not found.places.keys() & found.findings.keys()
    named = " ".join(str(one) for one in found.findings.values())
    for listing in shop(*at_shop):
        sku = listing.sku
        assert (
            listing.variants[0].id in variants
            or sku in found.shop_findings
            or f"variant {listing.variants[0].id}" in found.shop_findings
            or "".join(sku.split()).casefold() in {"".join(one.split()).casefold() for one in books}
            or repr(sku) in named
        )
