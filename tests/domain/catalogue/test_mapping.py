"""Products and families of Cin7 become listings with unique names, existing prices and usable pictures."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from weighbridge.domain.catalogue.listing import Dimensions, Field, Master, Picture
from weighbridge.domain.catalogue.mapping import desired_listings
from weighbridge.domain.catalogue.product import CataloguePolicy, Family, Member, Product
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.values.units import converted

POLICY = CataloguePolicy(dict.fromkeys(Field, Master.CIN7), price_tier=1, weight_unit="Ounces", length_unit="Inches")


def product(sku: str, **changes: Any) -> Product:
    ordinary = Product(
        f"id-{sku}", sku, f"Product {sku}", tier_prices=(Decimal("10.00"), Decimal("8.00")), weight=Decimal(1),
        weight_unit="lb",
    )  # fmt: skip
    return replace(ordinary, **changes)


def family(*skus: str, **changes: Any) -> Family:
    members = tuple(Member(f"id-{sku}", (sku[-1], "", "")) for sku in skus)
    return replace(Family("f", "SHIRT", "Shirt", options=("Size", "", ""), members=members), **changes)


def test_a_product_becomes_a_listing_in_the_units_of_the_store() -> None:
    measured = product("A", length=Decimal("25.4"), width=Decimal(0), height=Decimal("50.8"), length_unit="mm")
    (listing,) = desired_listings([measured], [], POLICY).listings
    assert listing.values[Field.PRICE] == Decimal(10)
    assert listing.values[Field.WEIGHT] == Decimal(16)
    assert listing.values[Field.DIMENSIONS] == Dimensions(Decimal(0), Decimal(2), Decimal(1))
    assert listing.values[Field.VISIBILITY] is True


@pytest.mark.parametrize(
    ("amount", "unit", "into", "expected"),
    [
        ("1", "kg", "LBS", "2.2046"),
        ("1", "lb", "Ounces", "16.0000"),
        ("500", "g", "KGS", "0.5000"),
        ("2.54", "cm", "Inches", "1.0000"),
        ("0", "", "LBS", "0"),
    ],
)
def test_units_are_converted_at_four_decimals(amount: str, unit: str, into: str, expected: str) -> None:
    assert converted(Decimal(amount), unit, into) == Decimal(expected)


@pytest.mark.parametrize(("unit", "into"), [("stone", "LBS"), ("kg", "Inches"), ("", "LBS")])
def test_an_unknown_unit_is_never_guessed(unit: str, into: str) -> None:
    assert converted(Decimal(1), unit, into) is None
    desired = desired_listings([product("A", weight_unit="stone")], [], POLICY)
    assert Field.WEIGHT not in desired.listings[0].values
    assert desired.findings["product:id-A"][0].kind is FindingKind.UNIT_UNKNOWN


def test_a_price_of_nothing_is_no_price() -> None:
    (listing,) = desired_listings([product("A", tier_prices=(Decimal(0),))], [], POLICY).listings
    assert Field.PRICE not in listing.values


@pytest.mark.parametrize("out_of_sale", [{"is_active": False}, {"is_sellable": False}])
def test_what_may_not_be_sold_is_hidden(out_of_sale: dict[str, bool]) -> None:
    (listing,) = desired_listings([product("A", **out_of_sale)], [], POLICY).listings
    assert not listing.is_visible


def test_a_tag_chooses_what_is_listed() -> None:
    goods = [product("A", tags=frozenset({"web"})), product("B")]
    listings = desired_listings(goods, [], replace(POLICY, only_tag="Web")).listings
    assert [listing.is_visible for listing in listings] == [True, False]


def test_services_are_no_listings() -> None:
    assert desired_listings([product("SHIPPING", is_service=True)], [], POLICY).listings == ()


def test_listings_that_share_a_name_carry_their_sku_within_250_characters() -> None:
    name = "x" * 249
    desired = desired_listings([product("A", name=name), product("B", name=name.upper()), product("C")], [], POLICY)
    names = [str(listing.values[Field.NAME]) for listing in desired.listings]
    assert [listing_name[-4:] for listing_name in names[:2]] == [" (A)", " (B)"]
    assert [len(listing_name) for listing_name in names[:2]] == [250, 250]
    assert names[2] == "Product C"


def test_a_long_name_is_shortened_with_a_note() -> None:
    desired = desired_listings([product("A", name="x" * 256)], [], POLICY)
    assert len(str(desired.listings[0].values[Field.NAME])) == 250
    assert desired.findings["product:id-A"][0].kind is FindingKind.TEXT_SHORTENED


def test_pictures_that_cannot_be_fetched_are_left_out_and_the_default_comes_first() -> None:
    pictures = (
        Picture("b.jpg", "https://files.example.com/b.jpg"),
        Picture("a.jpg", "https://files.example.com/a.jpg", is_default=True),
        Picture("relative.jpg", "/a.jpg"),
        Picture("long.jpg", "https://files.example.com/" + "x" * 255),
        Picture("b.jpg", "https://files.example.com/other-b.jpg"),
    )
    desired = desired_listings([product("A", pictures=pictures)], [], POLICY)
    assert [picture.name for picture in desired.listings[0].pictures] == ["a.jpg", "b.jpg", "b.jpg (2)"]
    assert [finding.kind for finding in desired.findings["product:id-A"]] == [FindingKind.IMAGE_UNUSABLE] * 2


def test_a_family_is_one_listing_at_its_lowest_price() -> None:
    goods = [product("S-1"), product("S-2", tier_prices=(Decimal("9.00"),)), product("OTHER")]
    shirt, other = desired_listings(goods, [family("S-1", "S-2")], POLICY).listings
    assert shirt.values[Field.PRICE] == Decimal(9)
    assert [(v.sku, v.options, v.values[Field.PRICE]) for v in shirt.variations] == [
        ("S-1", (("Size", "1"),), Decimal(10)),
        ("S-2", (("Size", "2"),), Decimal(9)),
    ]
    assert other.sku == "OTHER"


def test_a_family_is_visible_while_one_of_it_may_be_sold() -> None:
    goods = [product("S-1"), product("S-2", is_active=False)]
    (listing,) = desired_listings(goods, [family("S-1", "S-2")], POLICY).listings
    assert listing.is_visible
    assert [variation.values[Field.VISIBILITY] for variation in listing.variations] == [True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"options": ("", "", "")},
        {"members": (Member("id-S-1", ("1",)), Member("id-S-2", ("",)))},
        {"members": (Member("id-S-1", ("1",)), Member("id-S-2", ("1",)))},
        {"members": (Member("id-S-1", ("1",)), Member("id-S-2", ("x" * 256,)))},
    ],
)
def test_a_family_with_indistinguishable_products_is_held(changes: dict[str, Any]) -> None:
    desired = desired_listings([product("S-1"), product("S-2")], [family("S-1", "S-2", **changes)], POLICY)
    assert desired.listings == ()
    assert desired.findings["family:f"][0].kind is FindingKind.FAMILY_UNUSABLE


def test_a_family_of_more_than_600_is_held() -> None:
    goods = [product(f"S-{n}") for n in range(601)]
    members = tuple(Member(shirt.id, (shirt.sku,)) for shirt in goods)
    desired = desired_listings(goods, [family(members=members)], POLICY)
    assert desired.findings["family:f"][0].value == "601"


def test_a_product_in_two_families_belongs_to_the_first() -> None:
    goods = [product("S-1"), product("S-2"), product("S-3")]
    second = family("S-2", "S-3", id="g", sku="SECOND")
    desired = desired_listings(goods, [family("S-1", "S-2"), second], POLICY)
    assert [listing.source for listing in desired.listings] == ["family:f"]
    assert desired.findings.keys() == {"family:g"}
