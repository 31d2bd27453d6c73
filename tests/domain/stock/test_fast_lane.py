"""The fast lane reads whole groups of SKUs that share components, in the order of the names, within its calls."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.findings.kind import FindingKind
from weighbridge.domain.stock.fast_lane import fast_lane
from weighbridge.domain.stock.kits import BillOfMaterials, BillsOfMaterials, Component

BILLS = BillsOfMaterials(
    [
        BillOfMaterials("SET", (Component("MUG", Decimal(2)), Component("TEA", Decimal(4)))),
        BillOfMaterials("GIFTBOX", (Component("SET", Decimal(1)), Component("RIBBON", Decimal(1)))),
        BillOfMaterials("PAIR", (Component("CUP", Decimal(2)),)),
    ]
)
SOLD = ("SET", "GIFTBOX", "PAIR", "MUG", "TEA", "CUP", "HAT", "BAG")


def test_a_component_brings_along_all_skus_that_share_it() -> None:
    lane = fast_lane(["MUG"], SOLD, BILLS, 20)
    assert lane.skus == {"MUG", "TEA", "SET", "GIFTBOX", "RIBBON"}
    assert lane.read == ("MUG", "RIBBON", "TEA")
    assert lane.findings == {}


def test_a_single_item_takes_one_call() -> None:
    lane = fast_lane(["HAT", "BAG", "HAT"], SOLD, BILLS, 2)
    assert (lane.skus, lane.read) == ({"HAT", "BAG"}, ("HAT", "BAG"))


def test_a_named_sku_that_the_store_does_not_sell_is_a_finding() -> None:
    lane = fast_lane(["hat", "BAG"], SOLD, BILLS, 20)
    assert lane.read == ("BAG",)
    finding = lane.findings["hat"]
    assert (finding.kind, finding.field, finding.value) == (
        FindingKind.FAST_LANE_UNUSABLE,
        "design.stock.fast_lane",
        "hat",
    )


@settings(deadline=None)
@given(named=st.lists(st.sampled_from([*SOLD, "GONE"])), most=st.integers(0, 6))
def test_whole_groups_or_nothing_within_the_calls(named: list[str], most: int) -> None:
    lane = fast_lane(named, SOLD, BILLS, most)
    assert len(lane.read) <= most
    assert set(named) <= lane.skus | lane.findings.keys()
    assert not lane.skus & lane.findings.keys()
    for group in BILLS.groups():
        assert group <= lane.skus or not group & lane.skus
    for sku in lane.skus:
        assert BILLS.components_of(sku) - BILLS.kits <= set(lane.read), (
            "every component that its level depends on is read"
        )
