"""Writes to the store have only fields that Cin7 is the master of, that differ and are not written already."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from weighbridge.domain.catalogue.diff import Create, Update, created, differences, updated
from weighbridge.domain.catalogue.listing import (
    Field,
    LastWrite,
    Link,
    Listing,
    Master,
    Picture,
    StoreListing,
    StoreVariant,
    Value,
    Variation,
)
from weighbridge.domain.catalogue.price_lists import price_changes
from weighbridge.domain.catalogue.sku_matching import matched
from weighbridge.domain.findings.kind import FindingKind

CIN7 = dict.fromkeys(Field, Master.CIN7)
VALUES: dict[Field, Value] = {
    Field.NAME: "Mug",
    Field.PRICE: Decimal("12.50"),
    Field.WEIGHT: Decimal(1),
    Field.VISIBILITY: True,
}


def mug(**changes: Any) -> Listing:
    given: dict[str, Any] = {"values": VALUES, "variations": (Variation("a", "MUG", ()),)} | changes
    return Listing("product:a", "MUG", **given)


def store_mug(values: dict[Field, Value] | None = None, **changes: Any) -> StoreListing:
    listing_values = VALUES | (values or {})
    return StoreListing(7, "MUG", "product", listing_values, (StoreVariant(70, "MUG", (), listing_values),), **changes)


def shirts(*sizes: str, is_visible: bool = True) -> Listing:
    values = {Field.PRICE: Decimal(20), Field.VISIBILITY: is_visible}
    variations = tuple(Variation(f"id-{size}", f"S-{size}", (("Size", size),), values) for size in sizes)
    return Listing("family:f", "SHIRT", VALUES, variations)


def store_shirts(*sizes: str, price: str = "20") -> StoreListing:
    values: dict[Field, Value] = {Field.PRICE: Decimal(price), Field.VISIBILITY: True}
    variants = tuple(StoreVariant(n, f"S-{size}", (("Size", size),), values) for n, size in enumerate(sizes, 1))
    return StoreListing(7, "SHIRT", "variant", VALUES, variants)


def update(
    listing: Listing, store_listing: StoreListing, link: Link | None = None, masters: Any = CIN7, **paths: Any
) -> Update:
    matches = matched([variation.sku for variation in listing.variations], [store_listing]).matches
    step = updated(listing, store_listing, matches, link, masters, paths.get("paths", {}))
    assert isinstance(step, Update)
    return step


def test_equal_sides_need_nothing() -> None:
    assert update(mug(), store_mug()).is_empty


@pytest.mark.parametrize("master", [Master.FIRST, Master.BIGCOMMERCE])
def test_a_field_of_another_master_is_never_touched(master: Master) -> None:
    theirs = store_mug({Field.NAME: "Their mug", Field.PRICE: Decimal(1)})
    step = update(mug(), theirs, masters=CIN7 | {Field.NAME: master})
    assert [change.field for change in step.changes] == [Field.PRICE]


def test_a_value_that_the_store_only_renders_differently_is_not_written_again() -> None:
    last_write = LastWrite({"description": "<p>A</p><script/>"}, {"description": "<p>A</p>"})
    desired: dict[Field, Value] = {Field.DESCRIPTION: "<p>A</p><script/>"}
    assert differences(desired, {Field.DESCRIPTION: "<p>A</p>"}, last_write, CIN7) == ()
    (change,) = differences(desired, {Field.DESCRIPTION: "<p>B</p>"}, last_write, CIN7)
    assert (change.before, change.overwrites) == ("<p>B</p>", True)


def test_a_change_in_cin7_alone_overwrites_no_store_edit() -> None:
    last_write = LastWrite({"price": "12"}, {"price": "12"})
    (change,) = differences({Field.PRICE: Decimal(13)}, {Field.PRICE: Decimal(12)}, last_write, CIN7)
    assert (change.before, change.after, change.overwrites) == ("12", "13", False)


def test_a_new_listing_carries_only_fields_that_the_store_does_not_own() -> None:
    listing = mug(values=VALUES | {Field.BRAND: "Acme", Field.DESCRIPTION: "Text"}, pictures=(Picture("a", "u"),))
    masters = CIN7 | {
        Field.BRAND: Master.BIGCOMMERCE,
        Field.DESCRIPTION: Master.FIRST,
        Field.IMAGES: Master.BIGCOMMERCE,
    }
    step = created(listing, masters)
    assert isinstance(step, Create)
    assert step.listing.values.keys() == VALUES.keys() | {Field.DESCRIPTION}
    assert step.listing.pictures == ()


def test_nothing_is_listed_without_a_price_or_a_weight() -> None:
    for of, kind in ((Field.PRICE, FindingKind.PRICE_MISSING), (Field.WEIGHT, FindingKind.UNIT_UNKNOWN)):
        findings = created(mug(values={name: value for name, value in VALUES.items() if name is not of}), CIN7)
        assert isinstance(findings, tuple)
        assert [finding.kind for finding in findings] == [kind]


def test_a_price_that_vanished_is_held_and_never_becomes_nothing() -> None:
    listing = mug(values={name: value for name, value in VALUES.items() if name is not Field.PRICE})
    findings = updated(listing, store_mug(), matched(["MUG"], [store_mug()]).matches, None, CIN7, {})
    assert isinstance(findings, tuple)
    assert findings[0].kind is FindingKind.PRICE_MISSING


def test_variants_change_by_themselves() -> None:
    step = update(shirts("S", "M"), store_shirts("S", "M", price="19"))
    assert step.changes == ()
    assert [(variant.sku, variant.changes[0].after) for variant in step.variants] == [("S-S", "20"), ("S-M", "20")]


def test_a_new_member_becomes_a_new_variant_unless_it_is_hidden() -> None:
    assert [variation.sku for variation in update(shirts("S", "M"), store_shirts("S")).new_variations] == ["S-M"]
    hidden = shirts("S", "M", is_visible=False)
    assert update(hidden, store_shirts("S")).new_variations == ()


def test_a_family_that_is_a_simple_product_in_the_store_is_held() -> None:
    simple = StoreListing(7, "S-S", "product", VALUES, (StoreVariant(1, "S-S", (), VALUES),))
    findings = updated(shirts("S"), simple, matched(["S-S"], [simple]).matches, None, CIN7, {})
    assert isinstance(findings, tuple)
    assert findings[0].kind is FindingKind.FAMILY_SPLIT


def test_a_single_product_that_is_a_variant_in_the_store_is_updated_as_a_variant_only() -> None:
    listing = mug(variations=(Variation("a", "S-S", ()),), values=VALUES | {Field.NAME: "Other"})
    step = update(listing, store_shirts("S", price="20"))
    assert step.changes == ()
    assert {change.field: change.after for change in step.variants[0].changes} == {
        Field.PRICE: "12.5",
        Field.WEIGHT: "1",
    }


def test_a_sku_renamed_in_cin7_is_renamed_in_the_store() -> None:
    store = store_mug()
    renamed = Listing("product:a", "CUP", VALUES, (Variation("a", "CUP", ()),))
    matches = matched(["CUP"], [store], linked={"CUP": 70}).matches
    step = updated(renamed, store, matches, Link("product:a", 7, {"a": 70}), CIN7, {})
    assert isinstance(step, Update)
    assert [(change.field, change.before, change.after) for change in step.changes] == [(Field.SKU, "MUG", "CUP")]


def test_our_category_is_replaced_and_categories_chosen_in_the_store_stay() -> None:
    listing = mug(values=VALUES | {Field.CATEGORY: "Home"})
    link = Link("product:a", 7, last_write=LastWrite({"category": "Kitchen"}))
    paths = {1: "Kitchen", 2: "Sale", 3: "Home"}
    step = update(listing, store_mug(categories=frozenset({1, 2})), link, paths=paths)
    assert (step.changes[0].after, step.category_replaced, step.categories) == ("Home", 1, frozenset({1, 2}))
    assert update(listing, store_mug(categories=frozenset({2, 3})), link, paths=paths).is_empty


def test_only_pictures_that_we_added_are_removed() -> None:
    listing = mug(pictures=(Picture("new.jpg", "u"), Picture("kept.jpg", "v")))
    store = store_mug(pictures={"theirs.jpg": 1, "old.jpg": 2, "kept.jpg": 3})
    step = update(listing, store, Link("product:a", 7, pictures=frozenset({"old.jpg", "kept.jpg"})))
    assert [picture.name for picture in step.new_pictures] == ["new.jpg"]
    assert step.removed_pictures == (("old.jpg", 2),)
    assert update(listing, store_mug(pictures={"theirs.jpg": 1})).is_empty, "a product with other pictures keeps them"


def test_a_price_list_is_written_where_it_differs_and_cleared_where_the_tier_is_empty() -> None:
    desired = {1: Decimal("8.00"), 2: Decimal(9), 3: Decimal(0), 4: Decimal(0)}
    changes = price_changes(desired, {1: Decimal(8), 3: Decimal(5), 99: Decimal(1)})
    assert changes.write == ((2, Decimal(9)),)
    assert changes.remove == (3,)
