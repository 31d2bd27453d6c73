"""SKUs that the store sells although no stock level can be published are reported, with the SKUs probably meant."""

from __future__ import annotations

from decimal import Decimal

from weighbridge.domain.catalogue.sku_audit import MAX_SINGLE_FINDINGS, audit, sellable_at_zero
from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.stock.available import StoreItem

CIN7_SKUS = ("MUG-01", "TEA-01", "GIFT-CARD")
STOCKED = ("MUG-01", "TEA-01")


def _item(sku: str, tracking: str = "product") -> StoreItem:
    return StoreItem(sku, 1, None, tracking)


def test_sound_skus_and_services_are_no_finding() -> None:
    assert audit([_item("MUG-01"), _item("TEA-01", "variant"), _item("GIFT-CARD", "none")], CIN7_SKUS, STOCKED) == {}


def test_each_sku_finding_says_what_was_expected() -> None:
    findings = audit([_item("MUG-01", "none"), _item("mug-01 "), _item("TEA-O1"), _item("ZZZ")], CIN7_SKUS, STOCKED)
    assert {sku: finding.kind for sku, finding in findings.items()} == {
        "MUG-01": FindingKind.STOCK_UNTRACKED,
        "mug-01 ": FindingKind.SKU_DIFFERS_IN_FORM,
        "TEA-O1": FindingKind.SKU_UNKNOWN,
        "ZZZ": FindingKind.SKU_UNKNOWN,
    }
    assert "'MUG-01' as in Cin7" in findings["mug-01 "].expected
    assert "perhaps TEA-01" in findings["TEA-O1"].expected
    assert "perhaps" not in findings["ZZZ"].expected


def test_hundreds_of_the_same_fault_are_one_finding() -> None:
    findings = audit([_item(f"X{number}") for number in range(MAX_SINGLE_FINDINGS + 1)], CIN7_SKUS, STOCKED)
    assert list(findings) == ["(sku_unknown)"]
    assert findings["(sku_unknown)"].value.startswith(f"{MAX_SINGLE_FINDINGS + 1} SKUs, such as X0, X1, X10")


def test_a_variant_counted_with_all_variants_of_a_product_is_not_tracked() -> None:
    finding = audit([_item("MUG-01", "with_product")], CIN7_SKUS, STOCKED)["MUG-01"]
    assert finding.kind is FindingKind.STOCK_UNTRACKED
    assert finding.expected.startswith("stock tracked by variant")


def test_untracked_items_are_reported_when_they_can_be_bought_but_not_shipped() -> None:
    units = {"OUT": Decimal(0), "OWED": Decimal(-2), "THERE": Decimal(3), "OLD": Decimal(5), "COUNTED": Decimal(0)}
    items = [_item(sku, "none") for sku in ("OUT", "THERE", "OLD", "UNREAD")]
    items += [_item("OWED", "with_product"), _item("COUNTED"), StoreItem("HIDDEN", 1, None, "none", on_sale=False)]
    findings = sellable_at_zero(items, units | {"HIDDEN": Decimal(0)}, {"OLD"})
    assert {sku: finding.value for sku, finding in findings.items()} == {
        "OUT": "on sale, 0 available in Cin7",
        "OLD": "on sale, deprecated or not sellable in Cin7",
        "OWED": "on sale, -2 available in Cin7",
    }
    assert {finding.kind for finding in findings.values()} == {FindingKind.SELLABLE_AT_ZERO}
