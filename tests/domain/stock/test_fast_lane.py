"""Which SKUs the fast lane reads: whole groups that share parts, in the order of the names, within its calls."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.stock.fast_lane import fast_lane
from weighbridge.domain.stock.kits import Bill, Bills, Component

BILLS = Bills(
    [
        Bill("SET", (Component("MUG", Decimal(2)), Component("TEA", Decimal(4)))),
        Bill("GIFTBOX", (Component("SET", Decimal(1)), Component("RIBBON", Decimal(1)))),
        Bill("PAIR", (Component("CUP", Decimal(2)),)),
    ]
)
SOLD = ("SET", "GIFTBOX", "PAIR", "MUG", "TEA", "CUP", "HAT", "BAG")


def test_a_part_brings_along_whatever_shares_it() -> None:
    lane = fast_lane(["MUG"], SOLD, BILLS, 20)
    assert lane.told == {"MUG", "TEA", "SET", "GIFTBOX", "RIBBON"}
    assert lane.read == ("MUG", "RIBBON", "TEA")
    assert lane.findings == {}


def test_a_single_item_takes_one_call() -> None:
    lane = fast_lane(["HAT", "BAG", "HAT"], SOLD, BILLS, 2)
    assert (lane.told, lane.read) == ({"HAT", "BAG"}, ("HAT", "BAG"))


def test_a_name_that_nobody_sells_is_told_to_its_owner() -> None:
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
    assert set(named) <= lane.told | lane.findings.keys()
    assert not lane.told & lane.findings.keys()
    for group in BILLS.groups():
        assert group <= lane.told or not group & lane.told
    for sku in lane.told:
        assert BILLS.parts_of(sku) - BILLS.kits <= set(lane.read), "whatever decides about it is read"
