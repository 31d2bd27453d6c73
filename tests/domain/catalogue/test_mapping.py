"""Products and families of the books become listings: names that differ, prices that exist, pictures that load."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from weighbridge.domain.catalogue.listing import Dimensions, Field, Master, Picture
from weighbridge.domain.catalogue.mapping import wanted_listings
from weighbridge.domain.catalogue.product import Article, CataloguePolicy, Family, Member
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.values.units import converted

POLICY = CataloguePolicy(dict.fromkeys(Field, Master.CIN7), price_tier=1, weight_unit="Ounces", length_unit="Inches")


def article(sku: str, **changes: Any) -> Article:
    ordinary = Article(
        f"id-{sku}", sku, f"Product {sku}", tier_prices=(Decimal("10.00"), Decimal("8.00")), weight=Decimal(1),
        weight_unit="lb",
    )  # fmt: skip
    return replace(ordinary, **changes)


def family(*skus: str, **changes: Any) -> Family:
    members = tuple(Member(f"id-{sku}", (sku[-1], "", "")) for sku in skus)
    return replace(Family("f", "SHIRT", "Shirt", options=("Size", "", ""), members=members), **changes)


def test_an_article_becomes_a_listing_in_the_stores_units() -> None:
    measured = article("A", length=Decimal("25.4"), width=Decimal(0), height=Decimal("50.8"), length_unit="mm")
    (listing,) = wanted_listings([measured], [], POLICY).listings
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
    found = wanted_listings([article("A", weight_unit="stone")], [], POLICY)
    assert Field.WEIGHT not in found.listings[0].values
    assert found.findings["product:id-A"][0].kind is FindingKind.UNIT_UNKNOWN


def test_a_price_of_nothing_is_no_price() -> None:
    (listing,) = wanted_listings([article("A", tier_prices=(Decimal(0),))], [], POLICY).listings
    assert Field.PRICE not in listing.values


@pytest.mark.parametrize("out_of_sale", [{"is_active": False}, {"is_sellable": False}])
def test_what_may_not_be_sold_is_hidden(out_of_sale: dict[str, bool]) -> None:
    (listing,) = wanted_listings([article("A", **out_of_sale)], [], POLICY).listings
    assert not listing.is_visible


def test_a_tag_chooses_what_is_listed() -> None:
    goods = [article("A", tags=frozenset({"web"})), article("B")]
    found = wanted_listings(goods, [], replace(POLICY, only_tag="Web")).listings
    assert [one.is_visible for one in found] == [True, False]


def test_services_are_no_listings() -> None:
    assert wanted_listings([article("SHIPPING", is_service=True)], [], POLICY).listings == ()


def test_listings_that_share_a_name_carry_their_sku_within_250_characters() -> None:
    name = "x" * 249
    found = wanted_listings([article("A", name=name), article("B", name=name.upper()), article("C")], [], POLICY)
    names = [str(one.values[Field.NAME]) for one in found.listings]
    assert [one[-4:] for one in names[:2]] == [" (A)", " (B)"]
    assert [len(one) for one in names[:2]] == [250, 250]
    assert names[2] == "Product C"


def test_a_long_name_is_shortened_with_a_note() -> None:
    found = wanted_listings([article("A", name="x" * 256)], [], POLICY)
    assert len(str(found.listings[0].values[Field.NAME])) == 250
    assert found.findings["product:id-A"][0].kind is FindingKind.TEXT_SHORTENED


def test_pictures_that_cannot_be_fetched_are_left_out_and_the_default_comes_first() -> None:
    pictures = (
        Picture("b.jpg", "https://files.example.com/b.jpg"),
        Picture("a.jpg", "https://files.example.com/a.jpg", is_default=True),
        Picture("relative.jpg", "/a.jpg"),
        Picture("long.jpg", "https://files.example.com/" + "x" * 255),
        Picture("b.jpg", "https://files.example.com/other-b.jpg"),
    )
    found = wanted_listings([article("A", pictures=pictures)], [], POLICY)
    assert [one.name for one in found.listings[0].pictures] == ["a.jpg", "b.jpg", "b.jpg (2)"]
    assert [one.kind for one in found.findings["product:id-A"]] == [FindingKind.IMAGE_UNUSABLE] * 2


def test_a_family_is_one_listing_at_its_lowest_price() -> None:
    goods = [article("S-1"), article("S-2", tier_prices=(Decimal("9.00"),)), article("OTHER")]
    one, other = wanted_listings(goods, [family("S-1", "S-2")], POLICY).listings
    assert one.values[Field.PRICE] == Decimal(9)
    assert [(v.sku, v.options, v.values[Field.PRICE]) for v in one.variations] == [
        ("S-1", (("Size", "1"),), Decimal(10)),
        ("S-2", (("Size", "2"),), Decimal(9)),
    ]
    assert other.sku == "OTHER"


def test_a_family_is_visible_while_one_of_it_may_be_sold() -> None:
    goods = [article("S-1"), article("S-2", is_active=False)]
    (listing,) = wanted_listings(goods, [family("S-1", "S-2")], POLICY).listings
    assert listing.is_visible
    assert [one.values[Field.VISIBILITY] for one in listing.variations] == [True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"options": ("", "", "")},
        {"members": (Member("id-S-1", ("1",)), Member("id-S-2", ("",)))},
        {"members": (Member("id-S-1", ("1",)), Member("id-S-2", ("1",)))},
        {"members": (Member("id-S-1", ("1",)), Member("id-S-2", ("x" * 256,)))},
    ],
)
def test_a_family_whose_products_cannot_be_told_apart_is_held(changes: dict[str, Any]) -> None:
    found = wanted_listings([article("S-1"), article("S-2")], [family("S-1", "S-2", **changes)], POLICY)
    assert found.listings == ()
    assert found.findings["family:f"][0].kind is FindingKind.FAMILY_UNUSABLE


def test_a_family_of_more_than_600_is_held() -> None:
    goods = [article(f"S-{n}") for n in range(601)]
    members = tuple(Member(one.id, (one.sku,)) for one in goods)
    found = wanted_listings(goods, [family(members=members)], POLICY)
    assert found.findings["family:f"][0].value == "601"


def test_a_product_in_two_families_belongs_to_the_first() -> None:
    goods = [article("S-1"), article("S-2"), article("S-3")]
    second = family("S-2", "S-3", id="g", sku="SECOND")
    found = wanted_listings(goods, [family("S-1", "S-2"), second], POLICY)
    assert [one.source for one in found.listings] == ["family:f"]
    assert found.findings.keys() == {"family:g"}
