"""What a shop shows is held against what it was told, SKU by SKU."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.findings.finding import FindingKind
from weighbridge.domain.stock.available import Slot
from weighbridge.domain.stock.parity import ALL_TOGETHER, MOST_TOLD, differences, parity_findings

SLOTS = st.tuples(st.sampled_from(["MUG", "TEA", "SET", "CUP"]), st.integers(1, 2))
LEVELS = st.dictionaries(SLOTS, st.integers(0, 9))


@settings(deadline=None)
@given(LEVELS, LEVELS)
def test_telling_the_differences_again_leaves_none(told: dict[Slot, int], there: dict[Slot, int]) -> None:
    found = differences(told, there)
    assert list(found.values()) == sorted(found.values(), reverse=True), "what offers too much comes first"
    mended = {slot: level - found.get(slot, 0) for slot, level in there.items()}
    assert differences(told, mended) == {}
    assert all(there[slot] == told[slot] for slot in told.keys() & there.keys() - found.keys())
    assert len(parity_findings(told, found)) == len(found)


def test_a_finding_says_what_is_shown_and_what_was_told() -> None:
    mug = ("MUG", 1)
    finding = parity_findings({mug: 10}, differences({mug: 10}, {mug: 25}))["MUG"]
    assert finding.kind is FindingKind.STOCK_DRIFT
    assert (finding.field, finding.value) == ("level of MUG at the shop", "25")
    assert finding.expected.startswith("10, which it was told")


def test_locations_of_the_shop_are_told_apart() -> None:
    told = {("MUG", 1): 10, ("MUG", 2): 4}
    found = parity_findings(told, differences(told, {("MUG", 1): 10, ("MUG", 2): 9}))
    assert [(key, one.field) for key, one in found.items()] == [
        ("MUG at location 2", "level of MUG at location 2 at the shop")
    ]


def test_hundreds_of_differences_are_one_finding() -> None:
    told = {(f"SKU-{number}", 1): 5 for number in range(MOST_TOLD + 1)}
    there = dict.fromkeys(told, 4) | {("SKU-7", 1): 90}
    found = parity_findings(told, differences(told, there))
    assert list(found) == [ALL_TOGETHER]
    assert found[ALL_TOGETHER].value == "201 of 201 levels differ, 1 of them offer too much, SKU-7 most"
