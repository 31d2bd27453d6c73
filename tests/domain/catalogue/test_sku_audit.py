"""What the shop sells and no stock figure can reach is told by SKU, with what was probably meant."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.domain.catalogue.sku_audit import MOST_TOLD, audit, sellable_at_zero
from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.stock.available import ShopItem

BOOKS = ("MUG-01", "TEA-01", "GIFT-CARD")
STOCKED = ("MUG-01", "TEA-01")


def _item(sku: str, tracking: str = "product") -> ShopItem:
    return ShopItem(sku, 1, None, tracking)


def test_sound_skus_and_services_are_no_finding() -> None:
    assert audit([_item("MUG-01"), _item("TEA-01", "variant"), _item("GIFT-CARD", "none")], BOOKS, STOCKED) == {}


def test_each_fault_is_told_with_what_was_expected() -> None:
    found = audit([_item("MUG-01", "none"), _item("mug-01 "), _item("TEA-O1"), _item("ZZZ")], BOOKS, STOCKED)
    assert {sku: finding.kind for sku, finding in found.items()} == {
        "MUG-01": FindingKind.STOCK_UNTRACKED,
        "mug-01 ": FindingKind.SKU_DIFFERS_IN_FORM,
        "TEA-O1": FindingKind.SKU_UNKNOWN,
        "ZZZ": FindingKind.SKU_UNKNOWN,
    }
    assert "'MUG-01' as Cin7 writes it" in found["mug-01 "].expected
    assert "perhaps TEA-01" in found["TEA-O1"].expected
    assert "perhaps" not in found["ZZZ"].expected


def test_hundreds_of_the_same_fault_are_one_finding() -> None:
    found = audit([_item(f"X{number}") for number in range(MOST_TOLD + 1)], BOOKS, STOCKED)
    assert list(found) == ["(sku_unknown)"]
    assert found["(sku_unknown)"].value.startswith(f"{MOST_TOLD + 1} SKUs, such as X0, X1, X10")


def test_a_variant_that_is_counted_with_its_product_is_not_tracked() -> None:
    found = audit([_item("MUG-01", "with_product")], BOOKS, STOCKED)["MUG-01"]
    assert found.kind is FindingKind.STOCK_UNTRACKED
    assert found.expected.startswith("stock tracked by variant")


def test_what_nobody_counts_is_told_when_it_cannot_be_shipped_and_can_be_bought() -> None:
    units = {"OUT": Decimal(0), "OWED": Decimal(-2), "THERE": Decimal(3), "OLD": Decimal(5), "COUNTED": Decimal(0)}
    items = [_item(sku, "none") for sku in ("OUT", "THERE", "OLD", "UNREAD")]
    items += [_item("OWED", "with_product"), _item("COUNTED"), ShopItem("HIDDEN", 1, None, "none", on_sale=False)]
    found = sellable_at_zero(items, units | {"HIDDEN": Decimal(0)}, {"OLD"})
    assert {sku: finding.value for sku, finding in found.items()} == {
        "OUT": "on sale, 0 available in Cin7",
        "OLD": "on sale, deprecated or not sellable in Cin7",
        "OWED": "on sale, -2 available in Cin7",
    }
    assert {finding.kind for finding in found.values()} == {FindingKind.SELLABLE_AT_ZERO}
