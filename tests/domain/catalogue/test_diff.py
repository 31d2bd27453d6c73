"""What is written to the shop: only what the books own, only what differs, only what was not said already."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from weighbridge.domain.catalogue.diff import Create, Update, created, differences, updated
from weighbridge.domain.catalogue.listing import (
    Field,
    Link,
    Listing,
    Master,
    Picture,
    ShopListing,
    ShopVariant,
    Told,
    Value,
    Variation,
)
from weighbridge.domain.catalogue.price_lists import price_changes
from weighbridge.domain.catalogue.sku_matching import matched
from weighbridge.domain.findings.finding import FindingKind

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


def at_shop(values: dict[Field, Value] | None = None, **changes: Any) -> ShopListing:
    shown = VALUES | (values or {})
    return ShopListing(7, "MUG", "product", shown, (ShopVariant(70, "MUG", (), shown),), **changes)


def shirts(*sizes: str, shown: bool = True) -> Listing:
    values = {Field.PRICE: Decimal(20), Field.VISIBILITY: shown}
    variations = tuple(Variation(f"id-{one}", f"S-{one}", (("Size", one),), values) for one in sizes)
    return Listing("family:f", "SHIRT", VALUES, variations)


def shirts_at_shop(*sizes: str, price: str = "20") -> ShopListing:
    values: dict[Field, Value] = {Field.PRICE: Decimal(price), Field.VISIBILITY: True}
    variants = tuple(ShopVariant(n, f"S-{one}", (("Size", one),), values) for n, one in enumerate(sizes, 1))
    return ShopListing(7, "SHIRT", "variant", VALUES, variants)


def update(listing: Listing, shop: ShopListing, link: Link | None = None, masters: Any = CIN7, **paths: Any) -> Update:
    places = matched([one.sku for one in listing.variations], [shop]).places
    found = updated(listing, shop, places, link, masters, paths.get("paths", {}))
    assert isinstance(found, Update)
    return found


def test_equal_sides_need_nothing() -> None:
    assert update(mug(), at_shop()).is_empty


@pytest.mark.parametrize("master", [Master.FIRST, Master.BIGCOMMERCE])
def test_a_field_of_another_master_is_never_touched(master: Master) -> None:
    theirs = at_shop({Field.NAME: "Their mug", Field.PRICE: Decimal(1)})
    found = update(mug(), theirs, masters=CIN7 | {Field.NAME: master})
    assert [one.field for one in found.changes] == [Field.PRICE]


def test_a_value_that_the_shop_keeps_in_its_own_form_is_not_told_again() -> None:
    told = Told({"description": "<p>A</p><script/>"}, {"description": "<p>A</p>"})
    wanted: dict[Field, Value] = {Field.DESCRIPTION: "<p>A</p><script/>"}
    assert differences(wanted, {Field.DESCRIPTION: "<p>A</p>"}, told, CIN7) == ()
    (change,) = differences(wanted, {Field.DESCRIPTION: "<p>B</p>"}, told, CIN7)
    assert (change.before, change.overwrites) == ("<p>B</p>", True)


def test_a_change_in_the_books_alone_overwrites_nobody() -> None:
    told = Told({"price": "12"}, {"price": "12"})
    (change,) = differences({Field.PRICE: Decimal(13)}, {Field.PRICE: Decimal(12)}, told, CIN7)
    assert (change.before, change.after, change.overwrites) == ("12", "13", False)


def test_a_new_listing_carries_what_the_shop_does_not_own() -> None:
    listing = mug(values=VALUES | {Field.BRAND: "Acme", Field.DESCRIPTION: "Text"}, pictures=(Picture("a", "u"),))
    masters = CIN7 | {
        Field.BRAND: Master.BIGCOMMERCE,
        Field.DESCRIPTION: Master.FIRST,
        Field.IMAGES: Master.BIGCOMMERCE,
    }
    made = created(listing, masters)
    assert isinstance(made, Create)
    assert made.listing.values.keys() == VALUES.keys() | {Field.DESCRIPTION}
    assert made.listing.pictures == ()


def test_nothing_is_listed_without_a_price_or_a_weight() -> None:
    for of, kind in ((Field.PRICE, FindingKind.PRICE_MISSING), (Field.WEIGHT, FindingKind.UNIT_UNKNOWN)):
        found = created(mug(values={name: value for name, value in VALUES.items() if name is not of}), CIN7)
        assert isinstance(found, tuple)
        assert [one.kind for one in found] == [kind]


def test_a_price_that_vanished_is_held_and_never_becomes_nothing() -> None:
    listing = mug(values={name: value for name, value in VALUES.items() if name is not Field.PRICE})
    found = updated(listing, at_shop(), matched(["MUG"], [at_shop()]).places, None, CIN7, {})
    assert isinstance(found, tuple)
    assert found[0].kind is FindingKind.PRICE_MISSING


def test_variants_change_by_themselves() -> None:
    found = update(shirts("S", "M"), shirts_at_shop("S", "M", price="19"))
    assert found.changes == ()
    assert [(one.sku, one.changes[0].after) for one in found.variants] == [("S-S", "20"), ("S-M", "20")]


def test_a_new_member_becomes_a_new_variant_unless_nobody_may_buy_it() -> None:
    assert [one.sku for one in update(shirts("S", "M"), shirts_at_shop("S")).new_variations] == ["S-M"]
    hidden = shirts("S", "M", shown=False)
    assert update(hidden, shirts_at_shop("S")).new_variations == ()


def test_a_family_that_stands_alone_at_the_shop_is_held() -> None:
    lonely = ShopListing(7, "S-S", "product", VALUES, (ShopVariant(1, "S-S", (), VALUES),))
    found = updated(shirts("S"), lonely, matched(["S-S"], [lonely]).places, None, CIN7, {})
    assert isinstance(found, tuple)
    assert found[0].kind is FindingKind.FAMILY_SPLIT


def test_a_lone_product_that_is_a_variant_at_the_shop_changes_as_a_variant_only() -> None:
    listing = mug(variations=(Variation("a", "S-S", ()),), values=VALUES | {Field.NAME: "Other"})
    found = update(listing, shirts_at_shop("S", price="20"))
    assert found.changes == ()
    assert {one.field: one.after for one in found.variants[0].changes} == {Field.PRICE: "12.5", Field.WEIGHT: "1"}


def test_a_sku_follows_the_books() -> None:
    shop = at_shop()
    renamed = Listing("product:a", "CUP", VALUES, (Variation("a", "CUP", ()),))
    places = matched(["CUP"], [shop], linked={"CUP": 70}).places
    found = updated(renamed, shop, places, Link("product:a", 7, {"a": 70}), CIN7, {})
    assert isinstance(found, Update)
    assert [(one.field, one.before, one.after) for one in found.changes] == [(Field.SKU, "MUG", "CUP")]


def test_a_category_is_exchanged_and_those_that_people_chose_stay() -> None:
    listing = mug(values=VALUES | {Field.CATEGORY: "Home"})
    link = Link("product:a", 7, told=Told({"category": "Kitchen"}))
    paths = {1: "Kitchen", 2: "Sale", 3: "Home"}
    found = update(listing, at_shop(categories=frozenset({1, 2})), link, paths=paths)
    assert (found.changes[0].after, found.category_replaced, found.categories) == ("Home", 1, frozenset({1, 2}))
    assert update(listing, at_shop(categories=frozenset({2, 3})), link, paths=paths).is_empty


def test_only_pictures_that_we_put_there_are_taken_away() -> None:
    listing = mug(pictures=(Picture("new.jpg", "u"), Picture("kept.jpg", "v")))
    shop = at_shop(pictures={"theirs.jpg": 1, "old.jpg": 2, "kept.jpg": 3})
    found = update(listing, shop, Link("product:a", 7, pictures=frozenset({"old.jpg", "kept.jpg"})))
    assert [one.name for one in found.new_pictures] == ["new.jpg"]
    assert found.gone_pictures == (("old.jpg", 2),)
    assert update(listing, at_shop(pictures={"theirs.jpg": 1})).is_empty, "a shop with its own pictures keeps them"


def test_a_price_list_is_written_where_it_differs_and_cleared_where_the_tier_is_empty() -> None:
    wanted = {1: Decimal("8.00"), 2: Decimal(9), 3: Decimal(0), 4: Decimal(0)}
    changes = price_changes(wanted, {1: Decimal(8), 3: Decimal(5), 99: Decimal(1)})
    assert changes.write == ((2, Decimal(9)),)
    assert changes.remove == (3,)
