"""What a shop shows is held against what it was told, SKU by SKU."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from weighbridge.domain.finding import FindingKind
from weighbridge.domain.stock_parity import ALL_TOGETHER, MOST_TOLD, differences, parity_findings

LEVELS = st.dictionaries(st.sampled_from(["MUG", "TEA", "SET", "CUP"]), st.integers(0, 9))


@settings(deadline=None)
@given(LEVELS, LEVELS)
def test_telling_the_differences_again_leaves_none(told: dict[str, int], there: dict[str, int]) -> None:
    found = differences(told, there)
    assert list(found.values()) == sorted(found.values(), reverse=True), "what offers too much comes first"
    mended = {sku: level - found.get(sku, 0) for sku, level in there.items()}
    assert differences(told, mended) == {}
    assert all(there[sku] == told[sku] for sku in told.keys() & there.keys() - found.keys())
    assert parity_findings(told, found).keys() == found.keys()


def test_a_finding_says_what_is_shown_and_what_was_told() -> None:
    finding = parity_findings({"MUG": 10}, differences({"MUG": 10}, {"MUG": 25}))["MUG"]
    assert finding.kind is FindingKind.STOCK_DRIFT
    assert (finding.field, finding.value) == ("level of MUG at the shop", "25")
    assert finding.expected.startswith("10, which it was told")


def test_hundreds_of_differences_are_one_finding() -> None:
    told = {f"SKU-{number}": 5 for number in range(MOST_TOLD + 1)}
    there = dict.fromkeys(told, 4) | {"SKU-7": 90}
    found = parity_findings(told, differences(told, there))
    assert list(found) == [ALL_TOGETHER]
    assert found[ALL_TOGETHER].value == "201 of 201 levels differ, 1 of them offer too much, SKU-7 most"
